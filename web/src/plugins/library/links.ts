import type { Variables } from '../../answer/selection';

/** A question of the library, as a link names it. */
export interface Link {
  operation: string;
  variables: Variables;
}

/** The fragment of the address that opens a question. It holds no token. */
export function fragmentOf({ operation, variables }: Link): string {
  const fragment = new URLSearchParams({ operation });
  if (Object.keys(variables).length > 0) fragment.set('variables', JSON.stringify(variables));
  return `#${fragment}`;
}

/** The question that a fragment names; null for another fragment. */
export function linkOf(fragment: string): Link | null {
  const fields = new URLSearchParams(fragment.replace(/^#/, ''));
  const operation = fields.get('operation');
  if (!operation) return null;
  try {
    const variables: unknown = JSON.parse(fields.get('variables') ?? '{}');
    if (variables && typeof variables === 'object' && !Array.isArray(variables)) {
      return { operation, variables: variables as Variables };
    }
  } catch {
    // The question opens without its variables.
  }
  return { operation, variables: {} };
}
