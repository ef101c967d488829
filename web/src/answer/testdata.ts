import { readFileSync } from 'node:fs';
import { buildSchema, parse, validate } from 'graphql';
import { operationOf, type Selected, selectionOf, type Variables } from './selection';
import { type Table, tablesOf } from './tables';

const text = readFileSync('../schema.graphqls', 'utf8');

/** The server's schema. */
export const schema = buildSchema(text.includes('directive @rows') ? text : `${text}\ndirective @rows on FIELD`);

/** What an operation selects. */
export function select(query: string, variables: Variables = {}): Selected[] {
  const document = parse(query);
  const [error] = validate(schema, document);
  if (error) throw error;
  const operation = operationOf(document);
  if (!operation) throw new Error('no operation');
  return selectionOf(schema, document, operation, variables);
}

/** The only table of an answer. */
export function tableOf(query: string, data: Record<string, unknown>, variables: Variables = {}): Table {
  const [table] = tablesOf(select(query, variables), data);
  if (!table) throw new Error('no table');
  return table;
}
