import { type DocumentNode, parse } from 'graphql';
import { type FormEvent, useState } from 'react';
import { operationOf, type Variables } from '../../answer/selection';
import { useStore } from '../../store';
import { useWorkbench } from '../../workbench';
import { parseVariables, useTab } from '../graphiql';
import { Errors, Panel } from '../Panel';
import type { ExportState } from './exporter';
import { type Format, formats, sizeText } from './formats';
import { limitOf, withoutLimit } from './limit';

export function ExportPanel() {
  const { exporter } = useWorkbench();
  const state = useStore(exporter);
  const tab = parseTab(useTab());
  const [format, setFormat] = useState<Format>('csv');
  const [rawFormulas, setRawFormulas] = useState(false);
  const [byteOrderMark, setByteOrderMark] = useState(false);
  const [chosenAllRows, setAllRows] = useState<boolean | null>(null);
  const [toDisk, setToDisk] = useState(false);
  const running = state.step === 'running';
  const limit = tab.document && limitOf(tab.document, tab.name, tab.variables);
  const allRows = chosenAllRows ?? limit?.count !== 1; // one is asked for where the question is of one

  function start(event: FormEvent) {
    event.preventDefault();
    const { document, query, name, variables } = tab;
    if (!document || running) return;
    const request = allRows ? withoutLimit(document, query, name, variables) : { query, variables };
    void exporter.start({ ...request, operationName: name, format, rawFormulas, byteOrderMark, toDisk });
  }

  return (
    <Panel title="Export" hint={tab.name}>
      <form className="export" onSubmit={start}>
        <p>
          Saves what the operation of the open tab finds, page after page, as one file. Its columns are those of the
          Table.
        </p>
        <fieldset disabled={running}>
          <legend>Format</legend>
          {Object.entries(formats).map(([value, { name, use }]) => (
            <label key={value} className="panel-check">
              <input
                type="radio"
                name="format"
                value={value}
                checked={format === value}
                onChange={() => setFormat(value as Format)}
              />
              <span>
                {name} <span className="library-note">{use}</span>
              </span>
            </label>
          ))}
        </fieldset>
        <fieldset disabled={running}>
          <legend>Options</legend>
          {limit && (
            <Check
              checked={allRows}
              onChange={setAllRows}
              label={`All rows, not the ${limit.argument} ${limit.count} alone`}
              note={`The operation asks for ${limit.argument}: ${limit.count}. This leaves it out.`}
            />
          )}
          {format === 'csv' && (
            <>
              <Check
                checked={rawFormulas}
                onChange={setRawFormulas}
                label="Leave formulas as they are"
                note={"A text that begins with =, +, - or @ gets a ' in front, so that no spreadsheet computes it. This leaves it as it was sent."}
              />
              <Check
                checked={byteOrderMark}
                onChange={setByteOrderMark}
                label="Byte order mark"
                note="By it Excel sees that the text is UTF-8. Other programs may take it for a part of the first column's name."
              />
            </>
          )}
          {'showSaveFilePicker' in window && (
            <Check
              checked={toDisk}
              onChange={setToDisk}
              label="Write to the disk while it arrives"
              note="For files that are too large to be kept in memory."
            />
          )}
        </fieldset>
        {tab.problem && <p className="library-note library-problem">{tab.problem}</p>}
        <div className="library-buttons">
          <button type="submit" className="panel-button panel-primary" disabled={running || !tab.document}>
            Export
          </button>
          {running && (
            <button type="button" className="panel-button" onClick={() => exporter.cancel()}>
              Cancel
            </button>
          )}
        </div>
        {running && <progress aria-label="Export" />}
        <Progress state={state} />
      </form>
    </Panel>
  );
}

function Progress({ state }: { state: ExportState }) {
  if (state.step === 'failed') return <Errors errors={state.errors} />;
  return (
    <p role="status" className="export-state">
      {state.step === 'cancelled' && 'Cancelled. Nothing was saved.'}
      {state.step === 'running' && `Reading: ${amount(state)}`}
      {state.step === 'done' && (
        <>
          <strong>{state.file}</strong> is saved: {amount(state)}.{' '}
          <span className="library-note">
            The server has ended the answer properly: where something fails it breaks the connection off, and nothing is
            saved. {state.rows === null ? 'The rows of Parquet are not counted here.' : 'The rows were counted here.'} A
            browser cannot read the server’s own count and checksum (X-Row-Count, X-Content-SHA256); curl shows them.
          </span>
        </>
      )}
    </p>
  );
}

const counts = new Intl.NumberFormat('en');

function amount({ rows, bytes }: { rows: number | null; bytes: number }): string {
  return rows === null ? sizeText(bytes) : `${counts.format(rows)} ${rows === 1 ? 'row' : 'rows'}, ${sizeText(bytes)}`;
}

interface CheckProps {
  checked: boolean;
  onChange: (checked: boolean) => void;
  label: string;
  note: string;
}

function Check({ checked, onChange, label, note }: CheckProps) {
  return (
    <label className="panel-check">
      <input type="checkbox" checked={checked} onChange={(event) => onChange(event.target.checked)} />
      <span>
        {label}
        <span className="library-note">{note}</span>
      </span>
    </label>
  );
}

interface Tab {
  query: string;
  document: DocumentNode | null;
  name: string | null;
  variables: Variables;
  /** Why it cannot be exported. */
  problem: string;
}

/** The operation of the open tab, as far as it can be read. */
function parseTab(tab: { query: string; variables: string; operationName: string | null }): Tab {
  const nothing = { query: tab.query, document: null, name: null, variables: {} };
  let document: DocumentNode;
  try {
    document = parse(tab.query);
  } catch (error) {
    return { ...nothing, problem: `The operation cannot be read: ${error instanceof Error ? error.message : error}` };
  }
  try {
    const variables = parseVariables(tab.variables);
    const name = operationOf(document, tab.operationName)?.name?.value ?? null;
    return { query: tab.query, document, name, variables, problem: '' };
  } catch {
    return { ...nothing, problem: 'The variables are not JSON.' };
  }
}
