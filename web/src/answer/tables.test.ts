import assert from 'node:assert/strict';
import { test } from 'node:test';
import { tableOf } from './testdata';
import { cellOf, nestedTable, tablesOf } from './tables';
import { select } from './testdata';

const cases = [
  {
    name: 'scalars by their paths, in the order of the document',
    query: '{ sessions { totalCount nodes { callId contact { callee } intention { label } startedAt } pageInfo { endCursor } } }',
    want: ['callId', 'contact.callee', 'intention.label', 'startedAt'],
  },
  {
    name: 'aliases count',
    query: '{ all: sessions { rows: nodes { id: callId who: contact { callee } } } }',
    want: ['id', 'who.callee'],
  },
  {
    name: 'below node with edges, cursor and session by their own names',
    query: '{ messages { edges { __typename cursor session { callId } node { text content { __typename } } } } }',
    want: ['cursor', 'session.callId', 'text', 'content.__typename'],
  },
  {
    name: 'fragments are merged where a field stands first',
    query: `{ messages { nodes { content { ... on TemplateContent { body name } } text ...M } } }
      fragment M on Message { position content { ... on InteractiveListContent { button body } } }`,
    want: ['content.body', 'content.name', 'content.button', 'text', 'position'],
  },
  {
    name: '@skip and @include',
    query: `query($yes: Boolean! = true, $no: Boolean!) { sessions { nodes {
      a: callId @skip(if: $yes) b: callId @include(if: $yes) ... @include(if: $no) { c: callId } d: callId } } }`,
    variables: { no: false },
    want: ['b', 'd'],
  },
  {
    name: 'lists are one column',
    query: '{ sessions { nodes { messages { text } contact { sessions { nodes { callId } } } versions { raw } } } }',
    want: ['messages', 'contact.sessions.nodes', 'versions'],
  },
  { name: 'a list without pages', query: '{ intentions { label share } }', want: ['label', 'share'] },
  { name: 'a single object', query: '{ session(callId: "a") { callId raw nerSlots { name } } }', want: ['callId', 'raw', 'nerSlots'] },
  { name: 'a connection without nodes', query: '{ sessions { totalCount } }', want: ['totalCount'] },
  {
    name: '@rows makes the elements rows',
    query: '{ sessions { nodes { callId messages @rows { text content { ... on Content { type } } } channel } } }',
    want: ['callId', 'messages.text', 'messages.content.type', 'channel'],
  },
];

for (const { name, query, variables, want } of cases) {
  test(`columns: ${name}`, () => {
    const { columns } = tableOf(query, {}, variables ?? {});
    assert.deepEqual(columns.map((column) => column.name), want);
  });
}

test('cells are read by response keys', () => {
  const table = tableOf('{ s: sessions { edges { cursor node { c: contact { callee } messages { text } } } totalCount } }', {
    s: {
      totalCount: 3,
      edges: [
        { cursor: 'x', node: { c: { callee: '+1' }, messages: [{ text: 'a' }, { text: 'b' }] } },
        { cursor: 'y', node: { c: null, messages: [] } },
      ],
    },
  });
  const cells = table.rows.map((row) => table.columns.map((column) => cellOf(row, column)));
  assert.deepEqual(cells, [
    ['x', '+1', [{ text: 'a' }, { text: 'b' }]],
    ['y', null, []],
  ]);
  assert.equal(table.totalCount, 3);
});

test('@rows repeats what stands outside, and an empty list gives one row', () => {
  const query = '{ sessions { nodes { callId messages @rows { text } } } }';
  const { columns, rows } = tableOf(query, {
    sessions: { nodes: [{ callId: 'a', messages: [{ text: '1' }, { text: '2' }] }, { callId: 'b', messages: [] }] },
  });
  const cells = rows.map((row) => columns.map((column) => cellOf(row, column)));
  assert.deepEqual(cells, [['a', '1'], ['a', '2'], ['b', null]]);
});

test('lists open as tables of their own', () => {
  const { columns, rows } = tableOf('{ sessions { nodes { messages { text replyTo { msgId } } } } }', {
    sessions: { nodes: [{ messages: [{ text: 'a', replyTo: { msgId: '7' } }, { text: 'b', replyTo: null }] }] },
  });
  const [messages] = columns;
  assert.ok(messages && rows[0]);
  const nested = nestedTable(messages, cellOf(rows[0], messages));
  assert.deepEqual(nested.columns.map(({ name }) => name), ['text', 'replyTo.msgId']);
  assert.deepEqual(nested.rows.map((row) => nested.columns.map((column) => cellOf(row, column))), [['a', '7'], ['b', null]]);
});

test('a list of scalars opens as one column', () => {
  const { columns, rows } = tableOf('{ viewer { scopes } }', { viewer: { scopes: ['READ', 'PII'] } });
  const [scopes] = columns;
  assert.ok(scopes && rows[0]);
  const nested = nestedTable(scopes, cellOf(rows[0], scopes));
  assert.deepEqual(nested.columns.map(({ name }) => name), ['scopes']);
  assert.deepEqual(nested.rows.map((row) => nested.columns.map((column) => cellOf(row, column))), [['READ'], ['PII']]);
});

test('an operation of several root fields has several tables, null is one without rows', () => {
  const tables = tablesOf(select('{ a: session(callId: "x") { callId } intentions { label } }'), {
    a: null,
    intentions: [{ label: 'A' }],
  });
  assert.deepEqual(tables.map(({ root, rows }) => [root.key, rows.length]), [['a', 0], ['intentions', 1]]);
});
