import { lazy, Suspense, useId, useMemo, useState } from 'react';
import { type Table, withListsUnfolded } from '../../answer/tables';
import { useOpenPanel, useRunning } from '../graphiql';
import { Empty, Errors, Panel } from '../Panel';
import { RootChoice } from '../RootChoice';
import { useTables } from '../useTables';
import type { Shape } from './Chart';
import { categoriesOf, type Choice, defaultChoice, drawingOf, isBucket, measuresOf } from './series';

// Recharts is as large as the rest of the page's own code: it is loaded when a chart is opened.
const Chart = lazy(() => import('./Chart'));

export function ChartPanel() {
  const shown = useTables();
  const running = useRunning();
  const [key, setKey] = useState('');
  const tables = useMemo(() => shown?.tables.flatMap(withListsUnfolded).filter(defaultChoice) ?? [], [shown]);
  if (!shown) {
    return (
      <Panel title="Chart">
        <Empty>{running ? 'Waiting for the answer …' : 'Run an operation with numbers, and they are drawn here.'}</Empty>
      </Panel>
    );
  }
  const table = tables.find(({ root }) => root.key === key) ?? tables[0];
  return (
    <Panel title="Chart" hint={shown.name}>
      <Errors {...(shown.answer.result.errors && { errors: shown.answer.result.errors })} />
      {table ? (
        <ChartOf key={signatureOf(table)} table={table} tables={tables} onChoose={setKey} />
      ) : (
        shown.answer.result.data && (
          <Empty>There is nothing to draw: the answer has no list with numbers in it.</Empty>
        )
      )}
    </Panel>
  );
}

/** Choices hold as long as an answer has the same columns. */
function signatureOf({ root, columns, rows }: Table): string {
  return [root.key, rows.length > 0, ...columns.map(({ name }) => name)].join();
}

interface ChartOfProps {
  table: Table;
  tables: Table[];
  onChoose: (key: string) => void;
}

function ChartOf({ table, tables, onChoose }: ChartOfProps) {
  const openPanel = useOpenPanel();
  const [choice, setChoice] = useState<Choice>(() => defaultChoice(table) ?? { measure: '', category: '', group: '' });
  const [shape, setShape] = useState<Shape | ''>('');
  const drawing = useMemo(() => drawingOf(table, choice), [table, choice]);
  if (!drawing) return null;
  const categories = categoriesOf(table);
  const category = categories.find(({ name }) => name === choice.category);
  const stacks = drawing.addsUp && drawing.series.length > 1;
  const shapes: Shape[] = ['bars', ...(stacks ? (['stacked'] as const) : []), ...(drawing.isTime ? (['lines'] as const) : [])];
  const drawn = shape && shapes.includes(shape) ? shape : stacks ? 'stacked' : drawing.isTime ? 'lines' : 'bars';
  const { interval, timeZone } = table.root.args as { interval?: string; timeZone?: string };
  const summary =
    `${choice.measure} by ${choice.category}${choice.group && `, for each ${choice.group}`}: ` +
    `${drawing.points.length} ${drawing.points.length === 1 ? 'point' : 'points'}` +
    (drawing.series.length > 1 ? ` of ${drawing.series.length} series` : '');
  return (
    <>
      <div className="panel-tools">
        <RootChoice tables={tables} chosen={table.root.key} onChoose={onChoose} />
        <Select
          label="Measure"
          value={choice.measure}
          options={measuresOf(table).map(({ name }) => [name, name])}
          onChange={(measure) => setChoice({ ...choice, measure })}
        />
        <Select
          label="By"
          value={choice.category}
          options={categories.map(({ name }) => [name, name])}
          onChange={(category) => setChoice({ ...choice, category, group: choice.group === category ? '' : choice.group })}
        />
        <Select
          label="Group by"
          value={choice.group}
          options={[
            ['', 'nothing'],
            ...categories.filter((column) => column !== category).map(({ name }): [string, string] => [name, name]),
          ]}
          onChange={(group) => setChoice({ ...choice, group })}
        />
        <Select
          label="As"
          value={drawn}
          options={shapes.map((shape) => [shape, shapeNames[shape]])}
          onChange={(shape) => setShape(shape as Shape)}
        />
      </div>
      <figure className="chart" aria-label={summary}>
        {drawing.points.length > 0 ? (
          <Suspense fallback={<Empty>Loading the chart …</Empty>}>
            <Chart
              drawing={drawing}
              shape={drawn}
              measure={choice.measure}
              interval={category && isBucket(category) ? interval : undefined}
              timeZone={timeZone ?? 'UTC'}
            />
          </Suspense>
        ) : (
          <Empty>Nothing was found.</Empty>
        )}
        <figcaption>
          {drawing.notes.map((note) => (
            <p key={note}>{note}</p>
          ))}
          <p>
            {summary}. The table has the same figures as text.{' '}
            <button type="button" className="panel-button" onClick={() => openPanel('Table')}>
              Open the table
            </button>
          </p>
        </figcaption>
      </figure>
    </>
  );
}

const shapeNames: Record<Shape, string> = { bars: 'Bars', stacked: 'Stacked bars', lines: 'Lines' };

interface SelectProps {
  label: string;
  value: string;
  /** Value and text of each. */
  options: [string, string][];
  onChange: (value: string) => void;
}

function Select({ label, value, options, onChange }: SelectProps) {
  const id = useId();
  return (
    <span className="panel-field">
      <label htmlFor={id}>{label}</label>
      <select id={id} value={value} onChange={(event) => onChange(event.target.value)}>
        {options.map(([value, text]) => (
          <option key={value} value={value}>
            {text}
          </option>
        ))}
      </select>
    </span>
  );
}
