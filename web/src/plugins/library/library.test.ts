import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parse } from 'graphql';
import { operationOf } from '../../answer/selection';
import { schema } from '../../answer/testdata';
import { fieldsOf, partsOf, textsOf, variablesOf } from './fields';
import { fragmentOf, linkOf } from './links';
import { shareable } from './shareable';

function fields(variables: string, description = '') {
  const operation = operationOf(parse(`query Q(${variables}) { viewer { name } }`));
  assert.ok(operation);
  return fieldsOf(schema, operation, description);
}

test('a form has a field of the right kind for each variable', () => {
  const all = fields(`$interval: TimeInterval! = DAY, $groupBy: [SessionDimension!], $from: Time, $first: Int = 20,
    $name: String!, $yes: Boolean, $filter: SessionFilter, $least: Float`, 'first: how many at most');
  assert.deepEqual(
    all.map(({ name, kind, required, fallback, hint }) => [name, kind, required, fallback, hint]),
    [
      ['interval', 'enum', false, 'DAY', ''],
      ['groupBy', 'enums', false, '', ''],
      ['from', 'time', false, '', ''],
      ['first', 'integer', false, '20', 'how many at most'],
      ['name', 'text', true, '', ''],
      ['yes', 'boolean', false, '', ''],
      ['filter', 'json', false, '', ''],
      ['least', 'number', false, '', ''],
    ],
  );
  assert.deepEqual(all[0]?.options, ['HOUR', 'DAY', 'WEEK', 'MONTH']);
});

test('a form gives variables, and variables a form', () => {
  const all = fields('$i: TimeInterval, $g: [SessionDimension!], $t: Time, $n: Int, $s: String, $b: Boolean, $f: SessionFilter');
  const texts = {
    i: 'DAY', g: 'INTENTION CHANNEL', t: '2026-11-01T08:30', n: '7', s: ' a ', b: 'false', f: '{"engaged": true}',
  };
  const { variables, problems } = variablesOf(all, texts);
  assert.deepEqual([...problems], []);
  assert.deepEqual(variables, {
    i: 'DAY', g: ['INTENTION', 'CHANNEL'], t: '2026-11-01T08:30:00Z', n: 7, s: 'a', b: false, f: { engaged: true },
  });
  assert.deepEqual(variablesOf(all, textsOf(all, variables)).variables, variables);
});

test('a form says what is wrong', () => {
  const all = fields('$name: String!, $n: Int, $f: SessionFilter, $g: SessionFilter, $t: Time');
  const { problems } = variablesOf(all, { n: '1.5', f: '{', g: '{"unknown": 1}', t: 'yesterday' });
  assert.deepEqual([...problems.keys()], ['name', 'n', 'f', 'g', 't']);
});

test('lines of a description belong to variables', () => {
  const { text, hints } = partsOf('A row for each day.\nfrom: sessions since then\nNote: not a variable');
  assert.equal(text, 'A row for each day.\nNote: not a variable');
  assert.deepEqual([...hints], [['from', 'sessions since then']]);
});

test('links carry an operation and its variables', () => {
  const link = { operation: 'A b&c', variables: { x: '#1 + 2%', n: [1] } };
  assert.deepEqual(linkOf(fragmentOf(link)), link);
  assert.deepEqual(linkOf(fragmentOf({ operation: 'A', variables: {} })), { operation: 'A', variables: {} });
  assert.deepEqual(linkOf('#operation=A&variables={'), { operation: 'A', variables: {} });
  assert.equal(linkOf('#other'), null);
  assert.equal(linkOf(''), null);
});

const pseudonym = 'phone:0123456789ABCDEF';

const links: { name: string; query: string; variables: Record<string, unknown>; want: Record<string, unknown>; leftOut?: string[] }[] = [
  {
    name: 'a callee as an argument',
    query: 'query($c: String!) { contact(callee: $c) { callee } }',
    variables: { c: '+1' },
    want: { c: pseudonym },
  },
  {
    name: 'a callee that nobody knows',
    query: 'query($c: String!) { contact(callee: $c) { callee } }',
    variables: { c: '+2' },
    want: {},
    leftOut: ['c'],
  },
  {
    name: 'callees deep in filters',
    query: 'query($f: SessionFilter, $x: Int) { sessions(first: $x, filter: {and: [$f]}) { totalCount } }',
    variables: { x: 3, f: { or: [{ callee: { in: ['+1', '+2', pseudonym, ''] } }, { callee: { contains: '12' } }], channel: { eq: 'w' } } },
    want: { x: 3, f: { or: [{ callee: { in: [pseudonym, pseudonym, ''] } }, { callee: {} }], channel: { eq: 'w' } } },
    leftOut: ['f'],
  },
  {
    name: 'a variable inside of a literal',
    query: 'query($v: String, $n: String!, $c: [String!]) { sessions(filter: {nerSlots: [{name: $n, value: {eq: $v}}], callee: {in: $c}}) { totalCount } }',
    variables: { v: 'Jane', n: 'name', c: ['+1'] },
    want: { n: 'name', c: [pseudonym] },
    leftOut: ['v'],
  },
  {
    name: 'values of slots and variables, but not of event labels',
    query: 'query($f: SessionFilter) { intentions(filter: $f) { label } }',
    variables: {
      f: {
        nerSlots: [{ name: 'a', value: { eq: 'x', in: [pseudonym] } }],
        variables: [{ name: 'b', number: { gt: 1 }, exists: true }],
        eventLabels: [{ name: 'c', value: { eq: 'y' } }],
      },
    },
    want: {
      f: {
        nerSlots: [{ name: 'a' }],
        variables: [{ name: 'b', exists: true }],
        eventLabels: [{ name: 'c', value: { eq: 'y' } }],
      },
    },
    leftOut: ['f'],
  },
  {
    name: 'words of a search, and digits',
    query: 'query($s: String, $d: String) { messages(filter: {search: $s}) { totalCount } contacts(filter: {digits: $d}) { totalCount } }',
    variables: { s: 'Jane', d: '123' },
    want: {},
    leftOut: ['s', 'd'],
  },
];

for (const { name, query, variables, want, leftOut = [] } of links) {
  test(`a link says nothing of whom masks hide: ${name}`, async () => {
    const asked = async (callee: string) => (callee === '+1' ? pseudonym : null);
    assert.deepEqual(await shareable(schema, parse(query), variables, asked), { variables: want, leftOut });
  });
}
