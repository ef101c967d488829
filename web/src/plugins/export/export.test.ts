import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parse } from 'graphql';
import { type Format, fileName, rowCounter, sizeText } from './formats';
import { limitOf, withoutLimit } from './limit';

const counted: { name: string; format: Format; text: string; want: number | null }[] = [
  { name: 'a header alone', format: 'csv', text: 'a,b\r\n', want: 0 },
  { name: 'rows', format: 'csv', text: 'a,b\r\n1,2\r\n3,4\r\n', want: 2 },
  { name: 'lines and quotes in cells', format: 'csv', text: 'a\r\n"x\r\ny ""z"\r\n""\r\n', want: 2 },
  { name: 'objects', format: 'ndjson', text: '{"a":"\\n"}\n{}\n', want: 2 },
  { name: 'Parquet', format: 'parquet', text: 'PAR1\n', want: null },
];

for (const { name, format, text, want } of counted) {
  test(`rows are counted, however their bytes are cut: ${format}, ${name}`, () => {
    const bytes = new TextEncoder().encode(text);
    for (const size of [1, 2, 3, 100]) {
      const counter = rowCounter(format);
      for (let at = 0; at < bytes.length; at += size) counter.add(bytes.subarray(at, at + size));
      assert.equal(counter.rows, want);
    }
  });
}

test('files are named after their operation and the day', () => {
  const now = new Date('2026-11-29T12:00:00Z');
  assert.equal(fileName('SessionsByDay', 'csv', now), 'sessions-by-day-2026-11-29.csv');
  assert.equal(fileName('', 'parquet', now), 'export-2026-11-29.parquet');
});

test('sizes in words', () => {
  assert.deepEqual([0, 999, 1000, 1_234_567, 5e12].map(sizeText), ['0 B', '999 B', '1.0 kB', '1.2 MB', '5000.0 GB']);
});

const nodes = '{ nodes { callId } }';

const limits = [
  { name: 'none', query: `{ sessions(filter: {}) ${nodes} }`, want: null, query2: null },
  {
    name: 'a literal',
    query: `{ sessions(first: 20, filter: {}) ${nodes} }`,
    want: { argument: 'first', count: 20 },
    query2: `{ sessions(filter: {}) ${nodes} }`,
  },
  {
    name: 'a default of a variable that can be null',
    query: `query Q($n: Int = 50) { sessions(last: $n) ${nodes} }`,
    want: { argument: 'last', count: 50 },
    variables2: { n: null },
  },
  {
    name: 'a variable that cannot be null',
    query: `query Q($n: Int!, $f: SessionFilter) { sessions(first: $n, filter: $f) ${nodes} }`,
    variables: { n: 7, f: {} },
    want: { argument: 'first', count: 7 },
    query2: `query Q($f: SessionFilter) { sessions(filter: $f) ${nodes} }`,
    variables2: { f: {} },
  },
  {
    name: 'a variable that is used twice',
    query: 'query Q($n: Int = 3) { contacts(first: $n) { nodes { sessions(first: $n) { totalCount } } } }',
    want: { argument: 'first', count: 3 },
    query2: 'query Q($n: Int = 3) { contacts { nodes { sessions(first: $n) { totalCount } } } }',
  },
  { name: 'a limit inside', query: '{ contacts { nodes { sessions(first: 2) { totalCount } } } }', want: null },
  { name: 'null', query: `query Q($n: Int = 3) { sessions(first: $n) ${nodes} }`, variables: { n: null }, want: null },
];

const plain = (text: string) => text.replace(/\s+/g, ' ').trim();

for (const { name, query, variables = {}, want, query2, variables2 } of limits) {
  test(`the limit of an operation: ${name}`, () => {
    const document = parse(query);
    assert.deepEqual(limitOf(document, null, variables), want);
    if (!want) return;
    const unlimited = withoutLimit(document, query, null, variables);
    assert.equal(plain(unlimited.query), plain(query2 ?? query));
    assert.deepEqual(unlimited.variables, variables2 ?? variables);
    assert.equal(limitOf(parse(unlimited.query), null, unlimited.variables), null);
  });
}
