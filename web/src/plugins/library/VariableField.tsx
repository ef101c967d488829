import { type ReactNode, useId } from 'react';
import type { Field } from './fields';

interface VariableFieldProps {
  field: Field;
  text: string;
  problem: string;
  onChange: (text: string) => void;
}

/** Asks for a variable of an operation. */
export function VariableField({ field, text, problem, onChange }: VariableFieldProps) {
  const id = useId();
  const { name, kind, required, fallback, hint } = field;
  const note = [hint, kind === 'time' && 'In UTC.', kind === 'json' && `JSON of the type ${field.type}.`]
    .filter(Boolean)
    .join(' ');
  const shared = {
    id,
    name,
    value: text,
    'aria-describedby': `${id}-note`,
    'aria-invalid': problem !== '',
    required,
  };
  const other = { ...shared, placeholder: fallback, autoComplete: 'off', spellCheck: false };
  let control: ReactNode;
  switch (kind) {
    case 'enum':
    case 'boolean':
      control = (
        <select {...shared} onChange={(event) => onChange(event.target.value)}>
          <option value="">{fallback ? `${fallback} (default)` : ''}</option>
          {(kind === 'enum' ? field.options : ['true', 'false']).map((option) => (
            <option key={option}>{option}</option>
          ))}
        </select>
      );
      break;
    case 'enums':
      return <Choices field={field} text={text} problem={problem} onChange={onChange} />;
    case 'json':
      control = <textarea {...other} rows={3} onChange={(event) => onChange(event.target.value)} />;
      break;
    default:
      control = (
        <input
          {...other}
          type={inputs[kind]}
          {...(kind === 'time' && { step: 1 })}
          {...(name === 'timeZone' && { list: `${id}-zones` })}
          onChange={(event) => onChange(event.target.value)}
        />
      );
  }
  return (
    <div className="library-field">
      <label htmlFor={id}>{name}</label>
      {control}
      {name === 'timeZone' && (
        <datalist id={`${id}-zones`}>
          {Intl.supportedValuesOf('timeZone').map((zone) => (
            <option key={zone} value={zone} />
          ))}
        </datalist>
      )}
      <span id={`${id}-note`} className={problem ? 'library-note library-problem' : 'library-note'}>
        {problem ? `${name} ${problem}` : note}
      </span>
    </div>
  );
}

const inputs = { time: 'datetime-local', integer: 'number', number: 'number', text: 'text' };

/** Asks for a list of an enum's values, in the order in which they are chosen. */
function Choices({ field, text, problem, onChange }: VariableFieldProps) {
  const chosen = text ? text.split(' ') : [];
  return (
    <fieldset className="library-field">
      <legend>{field.name}</legend>
      <span className="library-choices">
        {field.options.map((option) => (
          <label key={option} className="panel-check">
            <input
              type="checkbox"
              name={field.name}
              checked={chosen.includes(option)}
              onChange={(event) => {
                const others = chosen.filter((other) => other !== option);
                onChange((event.target.checked ? [...others, option] : others).join(' '));
              }}
            />
            {option}
          </label>
        ))}
      </span>
      <span className={problem ? 'library-note library-problem' : 'library-note'}>
        {problem ? `${field.name} ${problem}` : [field.hint, field.fallback && `Default: ${field.fallback}`].filter(Boolean).join(' ')}
      </span>
    </fieldset>
  );
}
