import {
  type DocumentNode,
  type FieldNode,
  type FragmentDefinitionNode,
  type GraphQLCompositeType,
  GraphQLIncludeDirective,
  type GraphQLOutputType,
  type GraphQLSchema,
  GraphQLSkipDirective,
  getArgumentValues,
  getDirectiveValues,
  getNamedType,
  getVariableValues,
  isCompositeType,
  isUnionType,
  Kind,
  type OperationDefinitionNode,
  type SelectionSetNode,
  TypeNameMetaFieldDef,
} from 'graphql';

/** A field that an operation selects, after fragments, @skip and @include. */
export interface Selected {
  /** Its key in the response: the alias, or else the name. */
  key: string;
  name: string;
  /** The name of the type that has the field. */
  parent: string;
  type: GraphQLOutputType;
  args: Record<string, unknown>;
  /** Whether it is marked @rows. */
  rows: boolean;
  children: Selected[];
}

export type Variables = Record<string, unknown>;

/** The operation that is run: that of the name, or the only one. */
export function operationOf(document: DocumentNode, name?: string | null): OperationDefinitionNode | undefined {
  const operations = document.definitions.filter((definition) => definition.kind === Kind.OPERATION_DEFINITION);
  return operations.length > 1 ? operations.find((operation) => operation.name?.value === name) : operations[0];
}

/** The root fields of an operation with all that they select, in the document's order. */
export function selectionOf(
  schema: GraphQLSchema,
  document: DocumentNode,
  operation: OperationDefinitionNode,
  variables: Variables,
): Selected[] {
  const root = schema.getRootType(operation.operation);
  if (!root) return [];
  const coerced = getVariableValues(schema, operation.variableDefinitions ?? [], variables).coerced ?? variables;
  const fragments = new Map<string, FragmentDefinitionNode>();
  for (const definition of document.definitions) {
    if (definition.kind === Kind.FRAGMENT_DEFINITION) fragments.set(definition.name.value, definition);
  }
  return collect({ schema, fragments, variables: coerced }, [{ type: root, set: operation.selectionSet }]);
}

interface Context {
  schema: GraphQLSchema;
  fragments: Map<string, FragmentDefinitionNode>;
  variables: Variables;
}

/** A selection set, and the type that it is applied to. */
interface Typed {
  type: GraphQLCompositeType;
  set: SelectionSetNode;
}

interface Collected {
  first: FieldNode;
  parent: GraphQLCompositeType;
  rows: boolean;
  sets: SelectionSetNode[];
}

/** Merges the selection sets that one value has, as the specification's CollectFields does. */
function collect(context: Context, sets: Typed[]): Selected[] {
  const fields = new Map<string, Collected>();
  for (const { type, set } of sets) collectSet(context, type, set, fields);
  return [...fields].flatMap(([key, { first, parent, rows, sets }]) => {
    const field = fieldOf(parent, first.name.value);
    if (!field) return [];
    const named = getNamedType(field.type);
    const children = isCompositeType(named) ? collect(context, sets.map((set) => ({ type: named, set }))) : [];
    let args: Record<string, unknown> = {};
    try {
      args = getArgumentValues(field, first, context.variables);
    } catch {
      // The server has refused such an argument.
    }
    return [{ key, name: field.name, parent: parent.name, type: field.type, args, rows, children }];
  });
}

function fieldOf(parent: GraphQLCompositeType, name: string) {
  if (name === TypeNameMetaFieldDef.name) return TypeNameMetaFieldDef;
  return isUnionType(parent) ? undefined : parent.getFields()[name];
}

function collectSet(
  context: Context,
  type: GraphQLCompositeType,
  set: SelectionSetNode,
  fields: Map<string, Collected>,
): void {
  for (const selection of set.selections) {
    if (getDirectiveValues(GraphQLSkipDirective, selection, context.variables)?.if === true) continue;
    if (getDirectiveValues(GraphQLIncludeDirective, selection, context.variables)?.if === false) continue;
    if (selection.kind === Kind.FIELD) {
      const key = selection.alias?.value ?? selection.name.value;
      const known = fields.get(key) ?? { first: selection, parent: type, rows: false, sets: [] };
      known.rows ||= selection.directives?.some(({ name }) => name.value === 'rows') ?? false;
      if (selection.selectionSet) known.sets.push(selection.selectionSet);
      fields.set(key, known);
      continue;
    }
    const fragment = selection.kind === Kind.FRAGMENT_SPREAD ? context.fragments.get(selection.name.value) : selection;
    if (!fragment) continue;
    const condition = fragment.typeCondition && context.schema.getType(fragment.typeCondition.name.value);
    collectSet(context, isCompositeType(condition) ? condition : type, fragment.selectionSet, fields);
  }
}
