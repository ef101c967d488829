import type { Column } from './tables';

const numbers = new Set(['Int', 'Float']);

export function isNumeric(column: Column): boolean {
  return !column.isList && numbers.has(column.type);
}

/** A value as a cell shows it; '' for null. */
export function textOf(value: unknown): string {
  if (value === null || value === undefined) return '';
  return typeof value === 'object' ? JSON.stringify(value) : String(value);
}

const decimals = new Intl.NumberFormat('en', { maximumFractionDigits: 4, useGrouping: false });

/** A number of at most four decimals; other values as they are. */
export function shortText(value: unknown): string {
  return typeof value === 'number' && !Number.isInteger(value) ? decimals.format(value) : textOf(value);
}

const collator = new Intl.Collator('en', { numeric: true });

/** Orders the values of a column: numbers and times by size, lists by length, other values as texts. */
export function compareValues(a: unknown, b: unknown): number {
  if (typeof a === 'number' && typeof b === 'number') return a - b;
  if (Array.isArray(a) && Array.isArray(b)) return a.length - b.length;
  if (isTime(a) && isTime(b)) return Date.parse(a) - Date.parse(b);
  return collator.compare(textOf(a), textOf(b));
}

function isTime(value: unknown): value is string {
  return typeof value === 'string' && /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z$/.test(value);
}

const pseudonym = /\b(phone|email|link|number|value):[0-9A-HJKMNP-TV-Z]{16}(?![0-9A-Za-z])/g;

/** A piece of a text, and whether it is a pseudonym that stands for a masked value. */
export interface Piece {
  text: string;
  masked: boolean;
}

/** Parts a text at the pseudonyms that stand in it. */
export function piecesOf(text: string): Piece[] {
  const pieces: Piece[] = [];
  let end = 0;
  for (const match of text.matchAll(pseudonym)) {
    if (match.index > end) pieces.push({ text: text.slice(end, match.index), masked: false });
    pieces.push({ text: match[0], masked: true });
    end = match.index + match[0].length;
  }
  if (end < text.length) pieces.push({ text: text.slice(end), masked: false });
  return pieces;
}
