import assert from 'node:assert/strict';
import { test } from 'node:test';
import { withListsUnfolded } from '../../answer/tables';
import { tableOf } from '../../answer/testdata';
import { addsUp, defaultChoice, drawingOf } from './series';

const stats = (fields: string, args = 'interval: DAY') => `{ sessionStats(${args}) { ${fields} } }`;

function draw(query: string, data: Record<string, unknown>, choice = {}) {
  const table = tableOf(query, data);
  const chosen = defaultChoice(table);
  assert.ok(chosen);
  const drawing = drawingOf(table, { ...chosen, ...choice });
  assert.ok(drawing);
  return { ...drawing, choice: chosen };
}

test('empty buckets are zero, also those up to the limits of the filter', () => {
  const args = 'interval: DAY, filter: {startedAt: {gte: "2026-10-31T10:00:00Z", lt: "2026-11-05T00:00:00Z"}}';
  const { points, isTime, choice } = draw(stats('bucket sessionCount', args), {
    sessionStats: [{ bucket: '2026-11-01T00:00:00Z', sessionCount: 3 }, { bucket: '2026-11-03T00:00:00Z', sessionCount: 4 }],
  });
  assert.deepEqual(choice, { measure: 'sessionCount', category: 'bucket', group: '' });
  assert.ok(isTime);
  assert.deepEqual(
    points.map(({ key, values }) => [new Date(Number(key)).toISOString().slice(0, 10), ...values]),
    [['2026-10-31', 0], ['2026-11-01', 3], ['2026-11-02', 0], ['2026-11-03', 4], ['2026-11-04', 0]],
  );
});

test('groups are series, the largest first, and empty ones zero', () => {
  const { series, points, choice } = draw(stats('bucket intention sessionCount'), {
    sessionStats: [
      { bucket: '2026-11-01T00:00:00Z', intention: 'A', sessionCount: 3 },
      { bucket: '2026-11-01T00:00:00Z', intention: null, sessionCount: 1 },
      { bucket: '2026-11-02T00:00:00Z', intention: 'B', sessionCount: 9 },
    ],
  });
  assert.equal(choice.group, 'intention');
  assert.deepEqual(series, ['B', 'A', 'none']);
  assert.deepEqual(points.map(({ values }) => values), [[0, 3, 1], [9, 0, 0]]);
});

test('beyond twelve series the rest is one', () => {
  const rows = Array.from({ length: 15 }, (_, index) => ({
    bucket: '2026-11-01T00:00:00Z', intention: `i${index}`, sessionCount: 100 - index, averageTalkRound: index,
  }));
  const counted = draw(stats('bucket intention sessionCount averageTalkRound'), { sessionStats: rows });
  assert.equal(counted.series.length, 13);
  assert.equal(counted.series[12], 'other (3)');
  assert.equal(counted.points[0]?.values[12], 88 + 87 + 86);
  const averaged = draw(stats('bucket intention sessionCount averageTalkRound'), { sessionStats: rows }, { measure: 'averageTalkRound' });
  assert.equal(averaged.series.length, 12);
  assert.match(averaged.notes.join(), /3 more values/);
});

test('counts of several rows are added, averages are not', () => {
  const rows = { sessionStats: [
    { intention: 'A', channel: 'x', sessionCount: 3, averageTalkRound: 2 },
    { intention: 'A', channel: 'y', sessionCount: 4, averageTalkRound: 5 },
  ] };
  const query = stats('intention channel sessionCount averageTalkRound', 'groupBy: [INTENTION, CHANNEL]');
  const choice = { category: 'intention', group: '' };
  assert.deepEqual(draw(query, rows, choice).points.map(({ values }) => values), [[7]]);
  const averaged = draw(query, rows, { ...choice, measure: 'averageTalkRound' });
  assert.deepEqual(averaged.points.map(({ values }) => values), [[null]]);
  assert.equal(averaged.notes.length, 1);
});

test('beyond forty categories the rest is named', () => {
  const rows = Array.from({ length: 45 }, (_, index) => ({ label: `i${index}`, sessionCount: 100 - index }));
  const { points, notes } = draw('{ intentions { label sessionCount } }', { intentions: rows });
  assert.equal(points.length, 40);
  assert.deepEqual(notes, ['The 40 largest are drawn, 5 more are not: together they have 290.']);
});

test('a table without numbers has no chart', () => {
  assert.equal(defaultChoice(tableOf('{ sessions { nodes { callId } } }', { sessions: { nodes: [{ callId: 'a' }] } })), null);
});

test('which measures add up', () => {
  const { columns } = tableOf(stats('sessionCount share contactCount messageCount averageTalkRound averageDurationSeconds'), {});
  assert.deepEqual(columns.filter(addsUp).map(({ name }) => name), ['sessionCount', 'share', 'messageCount']);
});

test('what is drawn of prompts, and of their options', () => {
  const table = tableOf('{ promptStats { kind templateId body sentCount answerRate options { title pickedCount } } }', {
    promptStats: ['How?', 'When?', 'Why?'].map((body, index) => ({
      kind: index > 0 ? 'LIST' : 'BUTTONS', templateId: null, body, sentCount: 9, answerRate: 1,
      options: [{ title: 'Yes', pickedCount: 2 }, { title: 'No', pickedCount: 3 }],
    })),
  });
  const [prompts, options] = withListsUnfolded(table).map(defaultChoice);
  assert.deepEqual(prompts, { measure: 'sentCount', category: 'body', group: '' });
  assert.deepEqual(options, { measure: 'options.pickedCount', category: 'body', group: 'options.title' });
});
