/** The intervals of sessionStats. */
export type Interval = 'HOUR' | 'DAY' | 'WEEK' | 'MONTH';

const hour = 3_600_000;

/** More buckets than this are not filled in: nobody sees them in a chart. */
const mostBuckets = 5000;

/**
 * The instants, in milliseconds, at which the buckets from one instant to another start, in a time zone. The first is
 * one that the server has named. An unknown time zone, or too many buckets, give none.
 */
export function bucketsBetween(first: number, last: number, interval: Interval, timeZone: string): number[] {
  const zone = zoneOf(timeZone);
  if (!zone) return [];
  const buckets: number[] = [];
  for (let at = first; at <= last; at = nextBucket(at, interval, zone)) {
    buckets.push(at);
    if (buckets.length > mostBuckets) return [];
  }
  return buckets;
}

/** The start of the bucket that an instant lies in. */
export function bucketOf(at: number, interval: Interval, timeZone: string): number {
  const zone = zoneOf(timeZone);
  if (!zone) return at;
  const [year, month, day, ...time] = zone(at);
  switch (interval) {
    case 'HOUR':
      return at - (localTime([1970, 0, 1, ...time]) % hour);
    case 'DAY':
      return startOfDay(year, month, day, zone);
    case 'WEEK':
      return startOfDay(year, month, day - ((new Date(Date.UTC(year, month, day)).getUTCDay() + 6) % 7), zone);
    case 'MONTH':
      return startOfDay(year, month, 1, zone);
  }
}

function nextBucket(at: number, interval: Interval, zone: Zone): number {
  const [year, month, day] = zone(at);
  switch (interval) {
    case 'HOUR':
      return at + hour; // an hour that the clock repeats is two buckets
    case 'DAY':
      return startOfDay(year, month, day + 1, zone);
    case 'WEEK':
      return startOfDay(year, month, day + 7, zone);
    case 'MONTH':
      return startOfDay(year, month + 1, 1, zone);
  }
}

/** Year, month (from 0), day, hour, minute, second. */
type Local = [number, number, number, number, number, number];

/** What the clocks of a time zone show at an instant. */
type Zone = (at: number) => Local;

function zoneOf(timeZone: string): Zone | null {
  try {
    const format = new Intl.DateTimeFormat('en', {
      timeZone,
      hourCycle: 'h23',
      year: 'numeric',
      month: 'numeric',
      day: 'numeric',
      hour: 'numeric',
      minute: 'numeric',
      second: 'numeric',
    });
    return (at) => {
      const parts = new Map(format.formatToParts(at).map(({ type, value }) => [type, Number(value)]));
      const [year = 0, month = 1, ...rest] = ['year', 'month', 'day', 'hour', 'minute', 'second'].map(
        (part) => parts.get(part as Intl.DateTimeFormatPartTypes) ?? 0,
      );
      return [year, month - 1, ...rest] as Local;
    };
  } catch {
    return null;
  }
}

function localTime(local: Local): number {
  return Date.UTC(...local);
}

/** The first instant of a day: its midnight, or where the clocks skip that, the instant at which they do. */
function startOfDay(year: number, month: number, day: number, zone: Zone): number {
  const midnight = Date.UTC(year, month, day);
  const offsets = [-15 * hour, 15 * hour].map((away) => localTime(zone(midnight + away)) - midnight - away);
  const starts = offsets.map((offset) => midnight - offset);
  return starts.find((start) => localTime(zone(start)) === midnight) ?? Math.max(...starts);
}
