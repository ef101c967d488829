import { useId } from 'react';
import type { Table } from '../answer/tables';

/** Chooses one of an operation's root fields, where it has several. */
export function RootChoice(props: { tables: Table[]; chosen: string; onChoose: (key: string) => void }) {
  const id = useId();
  if (props.tables.length < 2) return null;
  return (
    <span className="panel-field">
      <label htmlFor={id}>Field</label>
      <select id={id} value={props.chosen} onChange={(event) => props.onChoose(event.target.value)}>
        {props.tables.map(({ root }) => (
          <option key={root.key} value={root.key}>
            {root.key}
          </option>
        ))}
      </select>
    </span>
  );
}
