/** A format of exports. */
export type Format = 'csv' | 'ndjson' | 'parquet';

export const formats: Record<Format, { name: string; use: string; type: string }> = {
  csv: { name: 'CSV', use: 'for spreadsheets', type: 'text/csv' },
  ndjson: { name: 'NDJSON', use: 'a JSON object on each line, for programs', type: 'application/x-ndjson' },
  parquet: { name: 'Parquet', use: 'for DuckDB, pandas and data lakes', type: 'application/vnd.apache.parquet' },
};

/** Counts the rows of a file while its bytes pass by. */
export interface RowCounter {
  add(bytes: Uint8Array): void;
  /** Null for a format whose rows cannot be counted on the way. */
  readonly rows: number | null;
}

export function rowCounter(format: Format): RowCounter {
  switch (format) {
    case 'csv':
      return new CSVCounter();
    case 'ndjson':
      return new LineCounter();
    case 'parquet':
      return { add() {}, rows: null };
  }
}

const newline = 0x0a;
const quote = 0x22;

class LineCounter implements RowCounter {
  rows = 0;

  add(bytes: Uint8Array): void {
    for (const byte of bytes) if (byte === newline) this.rows++;
  }
}

/** Counts the lines of CSV that stand outside of quotes. An escaped quote is two, and so changes nothing. */
class CSVCounter implements RowCounter {
  #lines = 0;
  #quoted = false;

  add(bytes: Uint8Array): void {
    for (const byte of bytes) {
      if (byte === quote) this.#quoted = !this.#quoted;
      else if (byte === newline && !this.#quoted) this.#lines++;
    }
  }

  get rows(): number {
    return Math.max(this.#lines - 1, 0); // the first is the header
  }
}

/** The name of a file: that of the operation, and the day. */
export function fileName(operation: string, format: Format, now: Date): string {
  const name = operation.replace(/([a-z0-9])([A-Z])/g, '$1-$2').toLowerCase() || 'export';
  return `${name}-${now.toISOString().slice(0, 10)}.${format}`;
}

/** A number of bytes, in words. */
export function sizeText(bytes: number): string {
  const units = ['B', 'kB', 'MB', 'GB'];
  let size = bytes;
  let unit = 0;
  while (size >= 1000 && unit < units.length - 1) {
    size /= 1000;
    unit++;
  }
  return `${unit === 0 ? size : size.toFixed(1)} ${units[unit]}`;
}
