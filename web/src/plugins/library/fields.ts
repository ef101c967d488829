import {
  coerceInputValue,
  type GraphQLInputType,
  type GraphQLSchema,
  getNullableType,
  isEnumType,
  isListType,
  isNonNullType,
  isScalarType,
  type OperationDefinitionNode,
  print,
  typeFromAST,
} from 'graphql';
import type { Variables } from '../../answer/selection';

/** How a variable is asked for. */
export type Kind = 'enum' | 'enums' | 'time' | 'integer' | 'number' | 'boolean' | 'text' | 'json';

/** A variable of an operation, as a field of a form. */
export interface Field {
  name: string;
  type: GraphQLInputType;
  kind: Kind;
  /** Whether it has to be given. */
  required: boolean;
  /** The values of an enum. */
  options: string[];
  /** What it is without a value; '' for nothing. */
  fallback: string;
  /** What the operation's comment says of it. */
  hint: string;
}

/** What a form holds: the texts of its fields, by their names. */
export type Texts = Record<string, string>;

/** The fields of the form for an operation's variables. */
export function fieldsOf(schema: GraphQLSchema, operation: OperationDefinitionNode, description: string): Field[] {
  const { hints } = partsOf(description);
  return (operation.variableDefinitions ?? []).flatMap(({ variable, type: node, defaultValue }) => {
    const type = typeFromAST(schema, node) as GraphQLInputType | undefined;
    if (!type) return [];
    const name = variable.name.value;
    return [
      {
        name,
        type,
        ...shapeOf(type),
        required: isNonNullType(type) && !defaultValue,
        fallback: defaultValue ? print(defaultValue).replace(/^"(.*)"$/, '$1') : '',
        hint: hints.get(name) ?? '',
      },
    ];
  });
}

function shapeOf(of: GraphQLInputType): { kind: Kind; options: string[] } {
  const type = getNullableType(of);
  if (isEnumType(type)) return { kind: 'enum', options: namesOf(type) };
  if (isListType(type)) {
    const element = getNullableType(type.ofType);
    return isEnumType(element) ? { kind: 'enums', options: namesOf(element) } : { kind: 'json', options: [] };
  }
  return { kind: isScalarType(type) ? (scalars[type.name] ?? 'json') : 'json', options: [] };
}

const scalars: Record<string, Kind> = {
  Time: 'time',
  Int: 'integer',
  Float: 'number',
  Boolean: 'boolean',
  String: 'text',
  ID: 'text',
};

function namesOf(type: { getValues(): readonly { name: string }[] }): string[] {
  return type.getValues().map(({ name }) => name);
}

/** The lines of a description that say something of a variable, "from: …", and the others. */
export function partsOf(description: string): { text: string; hints: Map<string, string> } {
  const hints = new Map<string, string>();
  const text = description.split('\n').filter((line) => {
    const [, name, hint] = /^([A-Za-z_]\w*):\s+(.+)$/.exec(line.trim()) ?? [];
    if (name && hint && /^[a-z_]/.test(name)) hints.set(name, hint);
    return !(name && hints.has(name));
  });
  return { text: text.join('\n').trim(), hints };
}

/** The variables of a filled-in form, and what is wrong with it, by field. A field without a text is left out. */
export function variablesOf(fields: Field[], texts: Texts): { variables: Variables; problems: Map<string, string> } {
  const variables: Variables = {};
  const problems = new Map<string, string>();
  for (const field of fields) {
    const text = texts[field.name]?.trim() ?? '';
    if (!text) {
      if (field.required) problems.set(field.name, 'is needed');
      continue;
    }
    try {
      const value = valueOf(field, text);
      coerceInputValue(value, field.type, (_path, _value, error) => problems.set(field.name, error.message));
      variables[field.name] = value;
    } catch (error) {
      problems.set(field.name, error instanceof Error ? error.message : String(error));
    }
  }
  return { variables, problems };
}

function valueOf({ kind }: Field, text: string): unknown {
  switch (kind) {
    case 'time':
      return timeOf(text);
    case 'integer':
    case 'number':
      return Number(text);
    case 'boolean':
      return text === 'true';
    case 'enums':
      return text.split(' ');
    case 'json':
      return JSON.parse(text);
    default:
      return text;
  }
}

/** The time that a date and a time of UTC name, 2026-11-01T00:00. */
function timeOf(text: string): string {
  const time = new Date(`${text}Z`);
  if (Number.isNaN(time.getTime())) throw new Error('is not a time');
  return time.toISOString().replace('.000', '');
}

/** The texts with which a form shows variables, those of a link. */
export function textsOf(fields: Field[], variables: Variables): Texts {
  const texts: Texts = {};
  for (const { name, kind } of fields) {
    const value = variables[name];
    if (value === undefined || value === null) continue;
    texts[name] = textOf(kind, value);
  }
  return texts;
}

function textOf(kind: Kind, value: unknown): string {
  switch (kind) {
    case 'time': {
      const time = new Date(String(value));
      return Number.isNaN(time.getTime()) ? '' : time.toISOString().slice(0, 19);
    }
    case 'enums':
      return Array.isArray(value) ? value.join(' ') : String(value);
    case 'json':
      return JSON.stringify(value, null, 2);
    default:
      return String(value);
  }
}
