import { type FormEvent, useEffect, useId, useMemo, useRef, useState } from 'react';
import { parse } from 'graphql';
import { operationOf } from '../../answer/selection';
import { useStore } from '../../store';
import { useWorkbench } from '../../workbench';
import { useOpenPanel, useRunInTab, useSchema } from '../graphiql';
import { Empty, Errors, Panel } from '../Panel';
import { fieldsOf, partsOf, variablesOf } from './fields';
import { pseudonymsOf, type Question, searchQuestions, variablesText } from './library';
import { fragmentOf } from './links';
import { shareable } from './shareable';
import { VariableField } from './VariableField';

export function LibraryPanel() {
  const workbench = useWorkbench();
  const { questions, problem, search } = useStore(workbench.library);
  const id = useId();
  useEffect(() => {
    if (!workbench.library.value.questions) void workbench.library.load();
  }, [workbench]);
  const found = useMemo(() => searchQuestions(questions ?? [], search), [questions, search]);
  const yours = found.filter(({ builtIn }) => !builtIn);
  return (
    <Panel title="Library" hint={questions && `${found.length} questions`}>
      <div className="panel-tools">
        <span className="panel-field panel-field-wide">
          <label htmlFor={id}>Search</label>
          <input
            id={id}
            type="search"
            value={search}
            autoComplete="off"
            onChange={(event) => workbench.library.change({ search: event.target.value })}
          />
        </span>
      </div>
      <div className="library">
        {problem && (
          <>
            <Errors errors={[{ message: problem }]} />
            <button type="button" className="panel-button" onClick={() => void workbench.library.load()}>
              Try again
            </button>
          </>
        )}
        {!questions && !problem && <Empty>Loading the questions …</Empty>}
        {questions && found.length === 0 && <Empty>No question has these words.</Empty>}
        {yours.length > 0 && <h3>Your own questions</h3>}
        <Questions questions={yours} />
        {yours.length > 0 && found.length > yours.length && <h3>Built-in questions</h3>}
        <Questions questions={found.filter(({ builtIn }) => builtIn)} />
      </div>
    </Panel>
  );
}

function Questions({ questions }: { questions: Question[] }) {
  const { library } = useWorkbench();
  const { open } = useStore(library);
  if (questions.length === 0) return null;
  return (
    <ul>
      {questions.map((question) => {
        const isOpen = question.id === open;
        return (
          <li key={question.id} className={isOpen ? 'library-open' : undefined}>
            <button
              type="button"
              className="library-title"
              aria-expanded={isOpen}
              onClick={() => library.change({ open: isOpen ? '' : question.id })}
            >
              {question.title || question.name}
            </button>
            {isOpen && <QuestionForm question={question} />}
          </li>
        );
      })}
    </ul>
  );
}

function QuestionForm({ question }: { question: Question }) {
  const workbench = useWorkbench();
  const { library } = workbench;
  const { texts: allTexts, ran } = useStore(library);
  const schema = useSchema();
  const runInTab = useRunInTab();
  const openPanel = useOpenPanel();
  const form = useRef<HTMLFormElement>(null);
  const [problems, setProblems] = useState<ReadonlyMap<string, string>>(new Map());
  const fields = useMemo(() => {
    const operation = operationOf(parse(question.document));
    return schema && operation ? fieldsOf(schema, operation, question.description) : null;
  }, [schema, question]);
  useEffect(() => {
    form.current?.scrollIntoView({ block: 'nearest' });
  }, []);
  if (!fields || !runInTab) return <Empty>Loading the schema …</Empty>;
  const texts = allTexts[question.id] ?? {};
  const { text } = partsOf(question.description);

  function run(event: FormEvent) {
    event.preventDefault();
    if (!fields || !runInTab) return;
    const { variables, problems } = variablesOf(fields, texts);
    setProblems(problems);
    const first = fields.find(({ name }) => problems.has(name));
    if (first) {
      form.current?.querySelector<HTMLElement>(`[name="${first.name}"]`)?.focus();
      return;
    }
    library.change({ ran: question.id });
    runInTab(question.document, variablesText(variables));
  }

  return (
    <form ref={form} className="library-form" noValidate onSubmit={run}>
      {text && <p>{text}</p>}
      {fields.map((field) => (
        <VariableField
          key={field.name}
          field={field}
          text={texts[field.name] ?? ''}
          problem={problems.get(field.name) ?? ''}
          onChange={(value) => library.fill(question.id, { ...texts, [field.name]: value })}
        />
      ))}
      <div className="library-buttons">
        <button type="submit" className="panel-button panel-primary">
          Run
        </button>
        {ran === question.id && (
          <>
            <button type="button" className="panel-button" onClick={() => openPanel('Table')}>
              Table
            </button>
            <button type="button" className="panel-button" onClick={() => openPanel('Chart')}>
              Chart
            </button>
          </>
        )}
        <CopyLink question={question} read={() => variablesOf(fields, texts).variables} />
      </div>
    </form>
  );
}

/** Copies a link to a question with its variables, without what masks hide from others. */
function CopyLink({ question, read }: { question: Question; read: () => Record<string, unknown> }) {
  const workbench = useWorkbench();
  const schema = useSchema();
  const [note, setNote] = useState('');
  const [link, setLink] = useState('');

  async function copy() {
    if (!schema) return;
    let variables = read();
    let left: string[] = [];
    if (workbench.session.seesPersonalData) {
      const pseudonymOf = pseudonymsOf((query, values) => workbench.ask(query, values));
      const shared = await shareable(schema, parse(question.document), variables, pseudonymOf);
      variables = shared.variables;
      left = shared.leftOut;
    }
    const address = new URL(location.href);
    address.hash = fragmentOf({ operation: question.id, variables });
    const without = left.length > 0 ? ` Left out, as it may be personal data: ${left.join(', ')}.` : '';
    try {
      await navigator.clipboard.writeText(address.href);
      setNote(`The link is copied.${without}`);
      setLink('');
    } catch {
      setNote(`Copy this link.${without}`); // a page that was not loaded by HTTPS may have no clipboard
      setLink(address.href);
    }
  }

  return (
    <>
      <button type="button" className="panel-button" onClick={() => void copy()}>
        Copy link
      </button>
      <span role="status" className="library-note">
        {note}
        {link && <input readOnly aria-label="Link" value={link} onFocus={(event) => event.target.select()} />}
      </span>
    </>
  );
}
