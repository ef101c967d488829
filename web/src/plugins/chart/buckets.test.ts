import assert from 'node:assert/strict';
import { test } from 'node:test';
import { bucketOf, bucketsBetween, type Interval } from './buckets';

const cases: { name: string; interval: Interval; timeZone: string; from: string; to: string; want: string[] }[] = [
  {
    name: 'days of UTC',
    interval: 'DAY',
    timeZone: 'UTC',
    from: '2026-02-27T00:00:00Z',
    to: '2026-03-01T12:00:00Z',
    want: ['2026-02-27T00:00:00Z', '2026-02-28T00:00:00Z', '2026-03-01T00:00:00Z'],
  },
  {
    name: 'days around the change to summer time',
    interval: 'DAY',
    timeZone: 'Europe/Berlin',
    from: '2026-03-27T23:00:00Z',
    to: '2026-03-30T00:00:00Z',
    want: ['2026-03-27T23:00:00Z', '2026-03-28T23:00:00Z', '2026-03-29T22:00:00Z'],
  },
  {
    name: 'a day without midnight begins at one',
    interval: 'DAY',
    timeZone: 'America/Sao_Paulo',
    from: '2018-11-03T03:00:00Z',
    to: '2018-11-05T02:00:00Z',
    want: ['2018-11-03T03:00:00Z', '2018-11-04T03:00:00Z', '2018-11-05T02:00:00Z'],
  },
  {
    name: 'hours, one of them twice',
    interval: 'HOUR',
    timeZone: 'Europe/Berlin',
    from: '2026-10-24T23:00:00Z',
    to: '2026-10-25T02:00:00Z',
    want: ['2026-10-24T23:00:00Z', '2026-10-25T00:00:00Z', '2026-10-25T01:00:00Z', '2026-10-25T02:00:00Z'],
  },
  {
    name: 'weeks that begin on Monday',
    interval: 'WEEK',
    timeZone: 'Asia/Kolkata',
    from: '2026-11-01T18:30:00Z',
    to: '2026-11-15T18:30:00Z',
    want: ['2026-11-01T18:30:00Z', '2026-11-08T18:30:00Z', '2026-11-15T18:30:00Z'],
  },
  {
    name: 'months',
    interval: 'MONTH',
    timeZone: 'America/New_York',
    from: '2026-10-01T04:00:00Z',
    to: '2027-01-01T05:00:00Z',
    want: ['2026-10-01T04:00:00Z', '2026-11-01T04:00:00Z', '2026-12-01T05:00:00Z', '2027-01-01T05:00:00Z'],
  },
  { name: 'an unknown time zone', interval: 'DAY', timeZone: 'Nowhere', from: '2026-01-01T00:00:00Z', to: '2026-01-02T00:00:00Z', want: [] },
  { name: 'too many', interval: 'HOUR', timeZone: 'UTC', from: '2020-01-01T00:00:00Z', to: '2026-01-02T00:00:00Z', want: [] },
];

const text = (at: number) => new Date(at).toISOString().replace('.000', '');

for (const { name, interval, timeZone, from, to, want } of cases) {
  test(`buckets: ${name}`, () => {
    assert.deepEqual(bucketsBetween(Date.parse(from), Date.parse(to), interval, timeZone).map(text), want);
    for (const start of want) {
      assert.equal(text(bucketOf(Date.parse(start), interval, timeZone)), start);
      assert.equal(text(bucketOf(Date.parse(start) + 1_799_000, interval, timeZone)), start);
    }
  });
}
