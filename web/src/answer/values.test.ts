import assert from 'node:assert/strict';
import { test } from 'node:test';
import { compareValues, piecesOf, shortText, textOf } from './values';

test('values are ordered by what they are', () => {
  const ordered: [unknown, unknown][] = [
    [2, 10],
    ['2026-01-01T00:00:00Z', '2026-01-01T00:00:00.5Z'],
    ['item 2', 'item 10'],
    [[1], [1, 2]],
    [false, true],
    [{ a: 1 }, { a: 2 }],
  ];
  for (const [less, more] of ordered) {
    assert.ok(compareValues(less, more) < 0, `${textOf(less)} before ${textOf(more)}`);
    assert.ok(compareValues(more, less) > 0, `${textOf(more)} after ${textOf(less)}`);
  }
});

test('numbers are shown with four decimals at most', () => {
  assert.deepEqual([0.123456, 12, 0.5, null, 'a', { b: [1] }].map(shortText), ['0.1235', '12', '0.5', '', 'a', '{"b":[1]}']);
});

test('pseudonyms are found where they stand', () => {
  const masked = (text: string) => piecesOf(text).filter((piece) => piece.masked).map((piece) => piece.text);
  assert.deepEqual(masked('call phone:0123456789ABCDEF or email:ZZZZZZZZZZZZZZZZ.'), ['phone:0123456789ABCDEF', 'email:ZZZZZZZZZZZZZZZZ']);
  assert.deepEqual(masked('phone:0123456789ABCDE phone:0123456789ABCDEFG phone:0123456789ABCDEU'), []);
  assert.equal(piecesOf('a value:0123456789ABCDEF b').map(({ text }) => text).join('|'), 'a |value:0123456789ABCDEF| b');
});
