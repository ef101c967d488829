import type { Column, Row, Table } from '../../answer/tables';
import { cellOf } from '../../answer/tables';
import { isNumeric, shortText, textOf } from '../../answer/values';
import { bucketOf, bucketsBetween, type Interval } from './buckets';

/** So many series are drawn; the rest is one more. */
export const mostSeries = 12;

/** So many bars are drawn; the rest would be one that dwarfs them. */
export const mostCategories = 40;

/** What is drawn of a table: by the names of its columns; '' for no grouping. */
export interface Choice {
  measure: string;
  category: string;
  group: string;
}

/** A place on the axis, and the values of the series there, in the order of Drawing.series. */
export interface Point {
  /** The category; of a time bucket its start in milliseconds. */
  key: string;
  label: string;
  values: (number | null)[];
}

export interface Drawing {
  series: string[];
  points: Point[];
  /** Whether the axis is time. */
  isTime: boolean;
  /** Whether values of several series or categories have a sum. */
  addsUp: boolean;
  /** What is not drawn, and why. */
  notes: string[];
}

/** The columns that can be drawn. */
export function measuresOf({ columns }: Table): Column[] {
  return columns.filter(isNumeric);
}

/** The columns by which values can be told apart. */
export function categoriesOf({ columns }: Table): Column[] {
  return columns.filter((column) => !column.isList && !isNumeric(column) && column.type !== 'JSON');
}

/** What is drawn as long as nobody chooses otherwise; null for a table without numbers or without names. */
export function defaultChoice(table: Table): Choice | null {
  const measures = elementsFirst(measuresOf(table));
  const measure = measures.find(({ field }) => field.endsWith('Count')) ?? measures[0];
  const named = categoriesOf(table).filter(({ field, type }) => type !== 'Time' && type !== 'ID' && !/Id$/.test(field));
  const varied = named.filter((column) => countValues(table, column) > 1);
  const objects = new Set(table.rows.map(({ value }) => value)).size;
  const category =
    categoriesOf(table).find(isBucket) ??
    varied.find((column) => !column.ofElement && countValues(table, column) >= objects * 0.8) ??
    varied[0] ??
    named[0] ??
    categoriesOf(table)[0];
  if (!measure || !category) return null;
  const repeats = countValues(table, category) < table.rows.length * 0.8;
  const group = repeats ? elementsFirst(varied).find((column) => column !== category) : undefined;
  return { measure: measure.name, category: category.name, group: group?.name ?? '' };
}

/** The columns of the list whose elements are rows come first: the others repeat. */
function elementsFirst(columns: Column[]): Column[] {
  return columns.toSorted((a, b) => Number(b.ofElement) - Number(a.ofElement));
}

/** Whether sums of a column mean something: of counts they do, of means, medians and distinct counts they do not. */
export function addsUp({ field, parent, type }: Column): boolean {
  if (type === 'Int') return !/^(contactCount|distinctValues)$|median|average|p90/i.test(field);
  return field === 'share' && (parent === 'SessionStats' || parent === 'Intention');
}

/** The series and points of a table. */
export function drawingOf(table: Table, choice: Choice): Drawing | null {
  const column = (name: string) => table.columns.find((column) => column.name === name);
  const [measure, category, group] = [column(choice.measure), column(choice.category), column(choice.group)];
  if (!measure || !category) return null;
  const notes: string[] = [];
  const sums = addsUp(measure);
  const cells = cellsOf(table.rows, { measure, category, ...(group && { group }) }, sums);
  if (cells.mixed > 0) {
    notes.push(
      `${cells.mixed} points have several rows and are not drawn: ${measure.name} has no sum. ` +
        'Group by what tells the rows apart.',
    );
  }
  const isTime = isBucket(category) && cells.categories.size > 0;
  const series = seriesOf(cells, choice, sums, notes);
  const keys = isTime ? timeKeys(table, [...cells.categories.keys()], notes) : topCategories(cells, sums, notes);
  const points = keys.map((key) => ({
    key,
    label: cells.categories.get(key) ?? key,
    values: series.map(({ groups }) => {
      const values = groups.map((group) => cells.values.get(key)?.get(group));
      const known = values.filter((value) => typeof value === 'number');
      if (known.length > 0) return known.reduce((sum, value) => sum + value, 0);
      return sums ? 0 : null;
    }),
  }));
  return { series: series.map(({ name }) => name), points, isTime, addsUp: sums, notes };
}

interface Cells {
  /** The categories in the order of the rows, with what they are called. */
  categories: Map<string, string>;
  /** By category, then by group; null where rows have no sum. */
  values: Map<string, Map<string, number | null>>;
  /** The sum of each group. */
  groups: Map<string, number>;
  mixed: number;
}

function cellsOf(rows: Row[], of: { measure: Column; category: Column; group?: Column }, sums: boolean): Cells {
  const cells: Cells = { categories: new Map(), values: new Map(), groups: new Map(), mixed: 0 };
  for (const row of rows) {
    const value = cellOf(row, of.measure);
    const name = nameOf(cellOf(row, of.category));
    const key = isBucket(of.category) && Number.isFinite(Date.parse(name)) ? String(Date.parse(name)) : name;
    const group = of.group ? nameOf(cellOf(row, of.group)) : of.measure.name;
    cells.categories.set(key, name);
    const groups = cells.values.get(key) ?? new Map<string, number | null>();
    cells.values.set(key, groups);
    const known = groups.get(group);
    if (typeof value !== 'number') continue;
    cells.groups.set(group, (cells.groups.get(group) ?? 0) + value);
    if (known !== undefined && !sums) {
      if (known !== null) cells.mixed++;
      groups.set(group, null);
    } else {
      groups.set(group, (known ?? 0) + value);
    }
  }
  return cells;
}

interface Series {
  name: string;
  groups: string[];
}

function seriesOf({ groups }: Cells, choice: Choice, sums: boolean, notes: string[]): Series[] {
  const sorted = [...groups].sort(([, a], [, b]) => b - a).map(([group]) => group);
  const shown = sorted.slice(0, mostSeries).map((group) => ({ name: group, groups: [group] }));
  const rest = sorted.slice(mostSeries);
  if (rest.length === 0) return shown;
  if (sums) return [...shown, { name: unused(`other (${rest.length})`, sorted), groups: rest }];
  notes.push(`${rest.length} more values of ${choice.group} are not drawn: ${choice.measure} has no sum.`);
  return shown;
}

function topCategories({ categories, values }: Cells, sums: boolean, notes: string[]): string[] {
  const keys = [...categories.keys()];
  if (keys.length <= mostCategories) return keys;
  const total = new Map(keys.map((key) => [key, [...(values.get(key)?.values() ?? [])].reduce(plus, 0)]));
  const top = new Set(keys.toSorted((a, b) => (total.get(b) ?? 0) - (total.get(a) ?? 0)).slice(0, mostCategories));
  const rest = keys.filter((key) => !top.has(key));
  const together = rest.reduce((sum, key) => sum + (total.get(key) ?? 0), 0);
  notes.push(
    `The ${mostCategories} largest are drawn, ${rest.length} more are not` +
      (sums ? `: together they have ${shortText(together)}.` : '.'),
  );
  return keys.filter((key) => top.has(key));
}

function plus(a: number, b: number | null): number {
  return a + (b ?? 0);
}

/** The buckets of the axis: those of the rows, and the empty ones between them and up to the limits of the filter. */
function timeKeys({ root }: Table, known: string[], notes: string[]): string[] {
  const times = known.map(Number).filter(Number.isFinite);
  const { interval, timeZone = 'UTC', filter } = root.args as StatsArguments;
  let filled: number[] = [];
  if (interval && times.length > 0) {
    const { gte, gt, lt, lte } = filter?.startedAt ?? {};
    const from = timeOf(gte ?? gt);
    const to = timeOf(lt) === null ? timeOf(lte) : (timeOf(lt) ?? 0) - 1;
    const first = Math.min(...times, ...(from === null ? [] : [bucketOf(from, interval, timeZone)]));
    filled = bucketsBetween(first, Math.max(...times, to ?? 0), interval, timeZone);
    if (filled.length === 0) filled = bucketsBetween(Math.min(...times), Math.max(...times), interval, timeZone);
    if (filled.length === 0) notes.push('Empty buckets are left out: there are too many, or the time zone is unknown.');
  }
  return [...new Set([...times, ...filled])].sort((a, b) => a - b).map(String);
}

interface StatsArguments {
  interval?: Interval | null;
  timeZone?: string;
  filter?: { startedAt?: { gte?: unknown; gt?: unknown; lt?: unknown; lte?: unknown } | null } | null;
}

function timeOf(value: unknown): number | null {
  const time = typeof value === 'string' ? Date.parse(value) : Number.NaN;
  return Number.isFinite(time) ? time : null;
}

/** Whether a column has the starts of time buckets. */
export function isBucket({ field, parent }: Column): boolean {
  return field === 'bucket' && parent === 'SessionStats';
}

function nameOf(value: unknown): string {
  return value === null ? 'none' : textOf(value) || '(empty)';
}

/** A name that no other has. */
function unused(name: string, others: string[]): string {
  return others.includes(name) ? unused(`${name} `, others) : name;
}

function countValues({ rows }: Table, column: Column): number {
  return new Set(rows.map((row) => textOf(cellOf(row, column)))).size;
}
