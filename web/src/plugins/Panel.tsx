import { Component, type ComponentType, type ReactNode, useEffect, useState } from 'react';

const wideClass = 'wide-panel';

/** The frame of a panel: its heading, a switch between the panel beside the editors and the panel alone, its content. */
export function Panel({ title, hint, children }: { title: string; hint?: ReactNode; children: ReactNode }) {
  const [wide, setWide] = useState(() => document.body.classList.contains(wideClass));
  useEffect(() => {
    document.body.classList.toggle(wideClass, wide);
  }, [wide]);
  useEffect(() => () => document.body.classList.remove(wideClass), []);
  return (
    <section className="panel" aria-label={title} tabIndex={-1}>
      <header className="panel-header">
        <h2>{title}</h2>
        {hint && <p className="panel-hint">{hint}</p>}
        <button
          type="button"
          className="panel-wide"
          aria-pressed={wide}
          title={wide ? 'Show the editors again' : 'Hide the editors'}
          onClick={() => setWide(!wide)}
        >
          {wide ? 'Narrow' : 'Wide'}
        </button>
      </header>
      {children}
    </section>
  );
}

/** Says plainly that there is nothing to show, and what to do about it. */
export function Empty({ children }: { children: ReactNode }) {
  return <p className="panel-empty">{children}</p>;
}

/** The errors of an answer. */
export function Errors({ errors }: { errors?: readonly { message: string; path?: readonly (string | number)[] }[] }) {
  if (!errors?.length) return null;
  return (
    <div className="panel-errors" role="alert">
      <strong>{errors.length === 1 ? 'An error' : `${errors.length} errors`}</strong>
      <ul>
        {errors.map((error, index) => (
          <li key={index}>
            {error.message}
            {error.path?.length ? <code> {error.path.join('.')}</code> : null}
          </li>
        ))}
      </ul>
    </div>
  );
}

/** The content of a panel that says so when it fails, instead of taking the page with it. */
export function guarded(title: string, Content: ComponentType): ComponentType {
  return () => (
    <Guard title={title}>
      <Content />
    </Guard>
  );
}

class Guard extends Component<{ title: string; children: ReactNode }, { problem: string }> {
  override state = { problem: '' };

  static getDerivedStateFromError(error: unknown) {
    return { problem: error instanceof Error ? error.message : String(error) };
  }

  override render() {
    if (!this.state.problem) return this.props.children;
    return (
      <Panel title={this.props.title}>
        <Errors errors={[{ message: `This panel cannot show the answer: ${this.state.problem}` }]} />
      </Panel>
    );
  }
}
