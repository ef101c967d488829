import {
  type ArgumentNode,
  type DocumentNode,
  type FieldNode,
  Kind,
  type OperationDefinitionNode,
  print,
  visit,
} from 'graphql';
import { operationOf, type Variables } from '../../answer/selection';

/** The argument of an operation's only list that bounds its rows; null without one. */
export interface Limit {
  argument: 'first' | 'last';
  count: number;
}

/** How many rows an operation asks for at most. */
export function limitOf(document: DocumentNode, name: string | null, variables: Variables): Limit | null {
  const operation = operationOf(document, name);
  for (const { name, value } of limitArguments(operation)) {
    const given = value.kind === Kind.VARIABLE ? variableOf(operation, value.name.value, variables) : value;
    const count = typeof given === 'number' ? given : given?.kind === Kind.INT ? Number(given.value) : null;
    if (count !== null) return { argument: name.value as Limit['argument'], count };
  }
  return null;
}

/** An operation and its variables. */
export interface Request {
  query: string;
  variables: Variables;
}

/**
 * The same operation without a limit on its rows. Where a variable is all that has to change, its text stays as it is:
 * it may be a trusted document.
 */
export function withoutLimit(document: DocumentNode, text: string, name: string | null, variables: Variables): Request {
  const operation = operationOf(document, name);
  const limits = limitArguments(operation);
  const names = limits.map(({ value }) => (value.kind === Kind.VARIABLE ? value.name.value : ''));
  const uses = usesOf(document);
  const canBeNull = names.every((name) =>
    operation?.variableDefinitions?.some(
      ({ variable, type }) => variable.name.value === name && type.kind !== Kind.NON_NULL_TYPE && uses.get(name) === 1,
    ),
  );
  if (canBeNull) {
    return { query: text, variables: { ...variables, ...Object.fromEntries(names.map((name) => [name, null])) } };
  }
  const cut = visit(document, { Argument: (node) => (limits.includes(node) ? null : undefined) });
  const left = usesOf(cut);
  const query = print(
    visit(cut, { VariableDefinition: ({ variable }) => (left.has(variable.name.value) ? undefined : null) }),
  );
  return { query, variables: Object.fromEntries(Object.entries(variables).filter(([name]) => left.has(name))) };
}

function limitArguments(operation: OperationDefinitionNode | undefined): ArgumentNode[] {
  const fields = operation?.selectionSet.selections.filter((node): node is FieldNode => node.kind === Kind.FIELD) ?? [];
  return fields
    .flatMap(({ arguments: all }) => all ?? [])
    .filter(({ name, value }) => ['first', 'last'].includes(name.value) && value.kind !== Kind.NULL);
}

function variableOf(operation: OperationDefinitionNode | undefined, name: string, variables: Variables) {
  const given = variables[name];
  if (given !== undefined) return typeof given === 'number' ? given : null;
  return operation?.variableDefinitions?.find(({ variable }) => variable.name.value === name)?.defaultValue ?? null;
}

/** How often variables are used, definitions aside. */
function usesOf(document: DocumentNode): Map<string, number> {
  const uses = new Map<string, number>();
  visit(document, {
    VariableDefinition: () => false,
    Variable({ name }) {
      uses.set(name.value, (uses.get(name.value) ?? 0) + 1);
    },
  });
  return uses;
}
