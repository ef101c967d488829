import {
  type ColumnDef,
  createSortedRowModel,
  type Row as TableRow,
  rowSortingFeature,
  tableFeatures,
  useTable,
} from '@tanstack/react-table';
import { useVirtualizer } from '@tanstack/react-virtual';
import { type ReactNode, useMemo, useRef, useState } from 'react';
import { type Column, cellOf, isCallId, nestedTable, type Row } from '../../answer/tables';
import { compareValues, isNumeric, shortText, textOf } from '../../answer/values';
import { useWorkbench } from '../../workbench';
import { useOpenPanel } from '../graphiql';
import { ConversationIcon } from '../icons';
import { Masked } from '../Masked';

const features = tableFeatures({ rowSortingFeature, sortedRowModel: createSortedRowModel() });

type Features = typeof features;

interface DataTableProps {
  /** What the rows are, for those who do not see the table. */
  label: string;
  columns: Column[];
  rows: Row[];
  wrap: boolean;
  nested?: boolean;
}

/** Shows rows in a table of which only the visible part is in the page. Lists open in place, below their row. */
export function DataTable({ label, columns, rows, wrap, nested = false }: DataTableProps) {
  const [opened, setOpened] = useState<ReadonlyMap<string, Column>>(new Map());
  const scroll = useRef<HTMLDivElement>(null);
  const definitions = useMemo(() => columns.map(definitionOf), [columns]);
  const widths = useMemo(() => columns.map((column) => widthOf(column, rows)), [columns, rows]);
  const table = useTable({ features, columns: definitions, data: rows, enableMultiSort: false });
  const sorted = table.getRowModel().rows;
  const virtualizer = useVirtualizer({
    count: sorted.length,
    getScrollElement: () => scroll.current,
    estimateSize: () => 33,
    getItemKey: (index) => sorted[index]?.id ?? index,
    overscan: 12,
  });
  const items = virtualizer.getVirtualItems();
  const before = items[0]?.start ?? 0;
  const after = virtualizer.getTotalSize() - (items.at(-1)?.end ?? 0);

  function toggle(row: string, column: Column) {
    const next = new Map(opened);
    if (next.get(row) === column) next.delete(row);
    else next.set(row, column);
    setOpened(next);
  }

  return (
    <div ref={scroll} className={`data-table${nested ? ' data-table-nested' : ''}`} tabIndex={0} role="region" aria-label={label}>
      <table aria-rowcount={rows.length + 1} style={{ width: widths.reduce((sum, width) => sum + width, 0) }}>
        <colgroup>
          {widths.map((width, index) => (
            <col key={index} style={{ width }} />
          ))}
        </colgroup>
        <thead>
          <tr aria-rowindex={1}>
            {table.getFlatHeaders().map(({ id, column }, index) => {
              const sort = column.getIsSorted();
              return (
                <th key={id} scope="col" aria-sort={sort ? (sort === 'asc' ? 'ascending' : 'descending') : 'none'}>
                  <button type="button" onClick={() => column.toggleSorting()} title={`Sort by ${columns[index]?.name}`}>
                    <span className="data-table-name">{columns[index]?.name}</span>
                    <span aria-hidden className="data-table-sort">
                      {sort ? (sort === 'asc' ? '▲' : '▼') : ''}
                    </span>
                  </button>
                </th>
              );
            })}
          </tr>
        </thead>
        {before > 0 && <Space height={before} columns={columns.length} />}
        {items.map((item) => {
          const row = sorted[item.index];
          if (!row) return null;
          const open = opened.get(row.id);
          return (
            <tbody key={item.key} ref={virtualizer.measureElement} data-index={item.index}>
              <tr aria-rowindex={item.index + 2} className={item.index % 2 ? 'odd' : undefined}>
                {columns.map((column, index) => (
                  <td key={index} className={classOf(column, wrap)}>
                    <Cell
                      column={column}
                      row={row}
                      isOpen={open === column}
                      onToggle={() => toggle(row.id, column)}
                    />
                  </td>
                ))}
              </tr>
              {open && (
                <tr className="data-table-detail">
                  <td colSpan={columns.length}>
                    <Detail column={open} value={cellOf(row.original, open)} wrap={wrap} />
                  </td>
                </tr>
              )}
            </tbody>
          );
        })}
        {after > 0 && <Space height={after} columns={columns.length} />}
      </table>
    </div>
  );
}

function Detail({ column, value, wrap }: { column: Column; value: unknown; wrap: boolean }) {
  const { columns, rows } = useMemo(() => nestedTable(column, value), [column, value]);
  return <DataTable nested label={column.name} columns={columns} rows={rows} wrap={wrap} />;
}

interface CellProps {
  column: Column;
  row: TableRow<Features, Row>;
  isOpen: boolean;
  onToggle: () => void;
}

function Cell({ column, row, isOpen, onToggle }: CellProps): ReactNode {
  const { callId } = useWorkbench();
  const openPanel = useOpenPanel();
  const value = cellOf(row.original, column);
  if (value === null) return <span className="data-table-null">null</span>;
  if (column.isList && Array.isArray(value)) {
    if (value.length === 0) return <span className="data-table-null">0</span>;
    return (
      <button type="button" className="data-table-open" aria-expanded={isOpen} onClick={onToggle}>
        <span aria-hidden>{isOpen ? '▾' : '▸'}</span> {value.length}
        <span className="visually-hidden"> {column.name}</span>
      </button>
    );
  }
  const text = textOf(value);
  if (isCallId(column)) {
    return (
      <button
        type="button"
        className="data-table-call"
        title={`Open the conversation of ${text}`}
        onClick={() => {
          callId.set(text);
          openPanel('Conversation');
        }}
      >
        <ConversationIcon />
        {text}
      </button>
    );
  }
  return (
    <span title={text}>
      <Masked text={shortText(value)} />
    </span>
  );
}

function Space({ height, columns }: { height: number; columns: number }) {
  return (
    <tbody aria-hidden>
      <tr style={{ height }}>
        <td colSpan={columns} />
      </tr>
    </tbody>
  );
}

function definitionOf(column: Column, index: number): ColumnDef<Features, Row, unknown> {
  return {
    id: String(index),
    accessorFn: (row) => cellOf(row, column) ?? undefined,
    sortUndefined: 'last',
    sortDescFirst: isNumeric(column),
    sortFn: (a, b, id) => compareValues(a.getValue(id), b.getValue(id)),
  };
}

/** How wide a column is, by its name and its first values. */
function widthOf(column: Column, rows: Row[]): number {
  if (isCallId(column)) return 180;
  let letters = column.name.length + 2;
  for (const row of rows.slice(0, 100)) {
    const value = cellOf(row, column);
    if (!Array.isArray(value)) letters = Math.max(letters, shortText(value).length);
  }
  return Math.min(Math.max(letters * 8.2 + 24, 76), 340);
}

function classOf(column: Column, wrap: boolean): string {
  return `${isNumeric(column) || column.isList ? 'number' : 'text'}${wrap ? ' wrap' : ''}`;
}
