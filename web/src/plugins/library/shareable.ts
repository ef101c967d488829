import {
  type DocumentNode,
  type GraphQLInputType,
  type GraphQLSchema,
  getNamedType,
  isInputObjectType,
  Kind,
  TypeInfo,
  type ValueNode,
  visit,
  visitWithTypeInfo,
} from 'graphql';
import type { Variables } from '../../answer/selection';
import { piecesOf } from '../../answer/values';

/**
 * What a value is in an operation: a callee, or another value that masks hide; or an object that holds such values.
 * Words of a search count as such: they may stand in what masks hide.
 */
type Place = 'plain' | 'calleeFilter' | 'namedValue' | 'callee' | 'masked';

const strictness: Place[] = ['plain', 'namedValue', 'calleeFilter', 'callee', 'masked'];

/** The pseudonym that stands for a callee; null for one that is not known. */
export type PseudonymOf = (callee: string) => Promise<string | null>;

/** Variables that say nothing of whom masks hide, and the names of those of which something was left out. */
export interface Shareable {
  variables: Variables;
  leftOut: string[];
}

/**
 * Makes variables that may stand in a link: callees become their pseudonyms, and other values that masks hide are left
 * out, but for those that are pseudonyms already.
 */
export async function shareable(
  schema: GraphQLSchema,
  document: DocumentNode,
  variables: Variables,
  pseudonymOf: PseudonymOf,
): Promise<Shareable> {
  const shared: Variables = {};
  const leftOut: string[] = [];
  const uses = usesOf(schema, document);
  for (const [name, value] of Object.entries(variables)) {
    const use = uses.get(name);
    if (!use) continue;
    const omit = () => {
      if (!leftOut.includes(name)) leftOut.push(name);
    };
    const kept = await share(value, use.type, use.place, pseudonymOf, omit);
    if (kept !== undefined) shared[name] = kept;
  }
  return { variables: shared, leftOut };
}

async function share(
  value: unknown,
  type: GraphQLInputType,
  place: Place,
  pseudonymOf: PseudonymOf,
  omit: () => void,
): Promise<unknown> {
  if (value === null || typeof value === 'boolean') return value;
  if (Array.isArray(value)) {
    const kept = await Promise.all(value.map((element) => share(element, type, place, pseudonymOf, omit)));
    return kept.filter((element) => element !== undefined);
  }
  if (place === 'callee' && typeof value === 'string') {
    if (value === '' || isPseudonym(value)) return value;
    const pseudonym = await pseudonymOf(value);
    if (pseudonym) return pseudonym;
  }
  if (place === 'callee' || (place === 'masked' && !isPseudonym(value))) {
    omit();
    return undefined;
  }
  const named = getNamedType(type);
  if (typeof value !== 'object' || !isInputObjectType(named)) return value;
  const kept: Record<string, unknown> = {};
  for (const [name, child] of Object.entries(value)) {
    const field = named.getFields()[name];
    const result = field && (await share(child, field.type, placeIn(place, named.name, name), pseudonymOf, omit));
    if (result !== undefined) kept[name] = result;
  }
  return kept;
}

function isPseudonym(value: unknown): boolean {
  const pieces = typeof value === 'string' ? piecesOf(value) : [];
  return pieces.length === 1 && pieces[0]?.masked === true;
}

/** What a field of an input object is. */
function placeIn(place: Place, type: string, field: string): Place {
  if (place === 'masked' || place === 'callee') return place;
  if (place === 'calleeFilter') return ['eq', 'ne', 'in', 'notIn'].includes(field) ? 'callee' : 'masked';
  if (place === 'namedValue') return field === 'value' || field === 'number' ? 'masked' : 'plain';
  if (field === 'search' || field === 'digits') return 'masked';
  if (field === 'callee') return 'calleeFilter';
  return type === 'SessionFilter' && (field === 'nerSlots' || field === 'variables') ? 'namedValue' : 'plain';
}

interface Use {
  type: GraphQLInputType;
  place: Place;
}

/** Where an operation uses its variables: of several places the strictest. */
function usesOf(schema: GraphQLSchema, document: DocumentNode): Map<string, Use> {
  const uses = new Map<string, Use>();
  function use(node: ValueNode, type: GraphQLInputType, place: Place): void {
    if (node.kind === Kind.VARIABLE) {
      const known = uses.get(node.name.value);
      if (!known || strictness.indexOf(known.place) < strictness.indexOf(place)) {
        uses.set(node.name.value, { type, place });
      }
    } else if (node.kind === Kind.LIST) {
      for (const value of node.values) use(value, type, place);
    } else if (node.kind === Kind.OBJECT) {
      const named = getNamedType(type);
      if (!isInputObjectType(named)) return;
      for (const { name, value } of node.fields) {
        const field = named.getFields()[name.value];
        if (field) use(value, field.type, placeIn(place, named.name, name.value));
      }
    }
  }
  const types = new TypeInfo(schema);
  visit(
    document,
    visitWithTypeInfo(types, {
      Argument({ name, value }) {
        const argument = types.getArgument();
        if (argument) use(value, argument.type, name.value === 'callee' ? 'callee' : 'plain');
      },
    }),
  );
  return uses;
}
