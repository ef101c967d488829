import { useState } from 'react';
import type { Table } from '../../answer/tables';
import { useOpenPanel, useRunning } from '../graphiql';
import { Empty, Errors, Panel } from '../Panel';
import { RootChoice } from '../RootChoice';
import { useTables } from '../useTables';
import { DataTable } from './DataTable';

export function TablePanel() {
  const shown = useTables();
  const running = useRunning();
  const openPanel = useOpenPanel();
  const [key, setKey] = useState('');
  const [wrap, setWrap] = useState(false);
  if (!shown) {
    return (
      <Panel title="Table">
        <Empty>{running ? 'Waiting for the answer …' : 'Run an operation, and its answer is shown here as a table.'}</Empty>
      </Panel>
    );
  }
  const { answer, name, tables } = shown;
  const table = tables.find(({ root }) => root.key === key) ?? tables[0];
  return (
    <Panel title="Table" hint={name}>
      <Errors {...(answer.result.errors && { errors: answer.result.errors })} />
      {table && (
        <>
          <div className="panel-tools">
            <RootChoice tables={tables} chosen={table.root.key} onChoose={setKey} />
            <span className="panel-count" role="status">
              {countText(table)}
            </span>
            <label className="panel-check">
              <input type="checkbox" checked={wrap} onChange={(event) => setWrap(event.target.checked)} />
              Wrap texts
            </label>
            <button type="button" className="panel-button" onClick={() => openPanel('Chart')}>
              Chart
            </button>
            <button type="button" className="panel-button" onClick={() => openPanel('Export')}>
              Export
            </button>
          </div>
          {table.columns.length > 0 && table.rows.length > 0 ? (
            <DataTable
              key={table.root.key + table.columns.map((column) => column.name).join()}
              label={table.root.key}
              columns={table.columns}
              rows={table.rows}
              wrap={wrap}
            />
          ) : (
            <Empty>{table.columns.length > 0 ? 'Nothing was found.' : 'The operation selects nothing of a row.'}</Empty>
          )}
        </>
      )}
    </Panel>
  );
}

const counts = new Intl.NumberFormat('en');

function countText({ rows, totalCount, hasMore }: Table): string {
  const shown = `${counts.format(rows.length)} ${rows.length === 1 ? 'row' : 'rows'}`;
  if (totalCount !== undefined && totalCount > rows.length) return `${shown} of ${counts.format(totalCount)}`;
  return hasMore ? `${shown}, and more pages` : shown;
}
