import {
  type GraphQLNamedType,
  type GraphQLOutputType,
  getNamedType,
  getNullableType,
  isCompositeType,
  isListType,
  isObjectType,
} from 'graphql';
import type { Selected } from './selection';

/** A column, as the export has it: one for each scalar, or list, that is selected of a row. */
export interface Column {
  /** The response path below the row, joined with dots. */
  name: string;
  /** The keys from the row's value, or from the @rows element, to the column's. */
  path: string[];
  /** Whether the path begins at the element of the list that is marked @rows. */
  ofElement: boolean;
  /** The field's own name, and the type that has it. */
  field: string;
  parent: string;
  /** The name of the type of its values, or of its list's elements. */
  type: string;
  isList: boolean;
  /** What the elements of a list of objects select. */
  children: Selected[];
}

/** What a row shows: a node or an edge, and of a list marked @rows one element. */
export interface Row {
  value: unknown;
  element?: unknown;
}

/** One root field of an answer, as a table. */
export interface Table {
  root: Selected;
  columns: Column[];
  rows: Row[];
  /** How many rows there are on all pages, where the operation asks for it. */
  totalCount?: number;
  /** Whether the answer itself says that there are more pages. */
  hasMore: boolean;
}

/** The tables of an answer, one for each root field. */
export function tablesOf(roots: Selected[], data: Record<string, unknown> | null | undefined): Table[] {
  return roots.map((root) => tableOf(root, data?.[root.key]));
}

function tableOf(root: Selected, value: unknown): Table {
  if (isListType(getNullableType(root.type)) && root.children.length > 0)
    return { root, ...listOf(root, asList(value)), hasMore: false };
  const list = isConnection(getNamedType(root.type)) && root.children.find(isPageList);
  if (!list) {
    const of = root.children.length > 0 ? root.children : [root];
    const one = root.children.length > 0 ? value : { [root.key]: value };
    return { root, columns: columnsOf(of), rows: value == null ? [] : [{ value: one }], hasMore: false };
  }
  const connection = (value ?? {}) as Record<string, unknown>;
  const totalCount = connection[keyOf(root, 'totalCount') ?? ''];
  const pageInfo = connection[keyOf(root, 'pageInfo') ?? ''] as { hasNextPage?: boolean } | undefined;
  return {
    root,
    ...listOf(list, asList(connection[list.key])),
    ...(typeof totalCount === 'number' && { totalCount }),
    hasMore: pageInfo?.hasNextPage === true,
  };
}

/** The columns and rows of a list inside of a row. */
export function nestedTable(column: Column, value: unknown): { columns: Column[]; rows: Row[] } {
  const rows = asList(value).map((element) => ({ value: element }));
  if (column.children.length > 0) return { columns: columnsOf(column.children), rows };
  return { columns: [{ ...column, path: [], isList: false, ofElement: false }], rows };
}

/** A table, and with it, for each list of objects in its rows, the table of which that list's elements are the rows. */
export function withListsUnfolded(table: Table): Table[] {
  const lists = table.columns.filter(({ isList, ofElement, children }) => isList && !ofElement && children.length > 0);
  return [
    table,
    ...lists.map((list) => ({
      root: { ...table.root, key: `${table.root.key}.${list.name}` },
      ...unfold(table.columns, list, table.rows),
      hasMore: table.hasMore,
    })),
  ];
}

/** The value of a row in a column. */
export function cellOf(row: Row, column: Column): unknown {
  let value = column.ofElement ? row.element : row.value;
  for (const key of column.path) {
    if (value === null || typeof value !== 'object') return null;
    value = (value as Record<string, unknown>)[key];
  }
  return value ?? null;
}

/** Whether a column's values name sessions. */
export function isCallId({ field, parent }: Column): boolean {
  return field === 'callId' && parent === 'Session';
}

function listOf(list: Selected, values: unknown[]): { columns: Column[]; rows: Row[] } {
  const columns = list.children.flatMap((child) => {
    if (list.name !== 'edges') return columnsOf([child]);
    if (child.name === '__typename') return [];
    return child.name === 'node' ? columnsOf(child.children, { path: [child.key], name: [] }) : columnsOf([child]);
  });
  const rows = values.map((value) => ({ value }));
  const marked = columns.find((column) => column.isList && column.marked);
  return marked ? unfold(columns, marked, rows) : { columns, rows };
}

/** Makes each element of the list that is marked @rows a row. */
function unfold(columns: Column[], marked: Column, rows: Row[]): { columns: Column[]; rows: Row[] } {
  const ofElement =
    marked.children.length > 0
      ? columnsOf(marked.children, { path: [], name: marked.name.split('.') }, true)
      : [{ ...marked, path: [], isList: false, ofElement: true }];
  return {
    columns: columns.flatMap((column) => (column === marked ? ofElement : [column])),
    rows: rows.flatMap(({ value }): Row[] => {
      const elements = asList(cellOf({ value }, marked));
      return elements.length > 0 ? elements.map((element) => ({ value, element })) : [{ value }];
    }),
  };
}

interface Collected extends Column {
  marked: boolean;
}

function columnsOf(selected: Selected[], at: At = { path: [], name: [] }, ofElement = false): Collected[] {
  return selected.flatMap((field): Collected[] => {
    const path = [...at.path, field.key];
    const name = [...at.name, field.key];
    const isList = isListType(getNullableType(field.type));
    const type = getNamedType(field.type);
    if (!isList && isCompositeType(type)) return columnsOf(field.children, { path, name }, ofElement);
    const { parent, children, rows: marked } = field;
    return [
      { name: name.join('.'), path, ofElement, field: field.name, parent, type: type.name, isList, children, marked },
    ];
  });
}

interface At {
  path: string[];
  name: string[];
}

function isConnection(type: GraphQLNamedType): boolean {
  return isObjectType(type) && 'pageInfo' in type.getFields() && 'edges' in type.getFields();
}

function isPageList({ name, type }: { name: string; type: GraphQLOutputType }): boolean {
  return (name === 'nodes' || name === 'edges') && isListType(getNullableType(type));
}

function keyOf(root: Selected, name: string): string | undefined {
  return root.children.find((child) => child.name === name)?.key;
}

function asList(value: unknown): unknown[] {
  return Array.isArray(value) ? value : [];
}
