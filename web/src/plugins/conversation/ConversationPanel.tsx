import { type FormEvent, useEffect, useId, useMemo, useState } from 'react';
import type { Table } from '../../answer/tables';
import { cellOf, isCallId, nestedTable } from '../../answer/tables';
import type { Result } from '../../fetcher';
import { useStore } from '../../store';
import { useWorkbench } from '../../workbench';
import { Masked } from '../Masked';
import { Empty, Errors, Panel } from '../Panel';
import { useTables } from '../useTables';
import { Chat } from './Chat';
import { type Conversation, conversationQuery } from './query';

export function ConversationPanel() {
  const workbench = useWorkbench();
  const callId = useStore(workbench.callId);
  const loaded = useConversation(callId);
  const found = useCallIds();
  const place = found.indexOf(callId);
  return (
    <Panel title="Conversation">
      <CallIdForm key={callId} callId={callId} found={found} />
      {found.length > (place < 0 ? 0 : 1) && (
        <div className="panel-tools">
          <button
            type="button"
            className="panel-button"
            disabled={place <= 0}
            onClick={() => workbench.callId.set(found[place - 1] ?? '')}
          >
            Previous
          </button>
          <button
            type="button"
            className="panel-button"
            disabled={place === found.length - 1}
            onClick={() => workbench.callId.set(found[place + 1] ?? '')}
          >
            Next
          </button>
          <span className="panel-count">
            {place < 0 ? `Sessions in the answer: ${found.length}` : `${place + 1} of ${found.length} in the answer`}
          </span>
        </div>
      )}
      {callId ? <Loaded loaded={loaded} callId={callId} /> : <Empty>Choose a session by its call id.</Empty>}
    </Panel>
  );
}

function Loaded({ loaded, callId }: { loaded: Loaded | null; callId: string }) {
  if (!loaded || loaded.callId !== callId) return <Empty>Reading the conversation …</Empty>;
  const { result } = loaded;
  if (typeof result === 'string') return <Errors errors={[{ message: result }]} />;
  const session = result.data?.session as Conversation | null | undefined;
  return (
    <>
      <Errors {...(result.errors && { errors: result.errors })} />
      {session && (
        <>
          <dl className="chat-facts">
            <dt>Customer</dt>
            <dd>{session.callee ? <Masked text={session.callee} /> : 'unknown'}</dd>
            <dt>Campaign</dt>
            <dd>{session.workflowName || '–'}</dd>
            <dt>Channel</dt>
            <dd>{session.channel || '–'}</dd>
            <dt>Intention</dt>
            <dd>{session.intention.label || '–'}</dd>
            <dt>Ended by</dt>
            <dd>{session.endReason === 'UNKNOWN' ? session.endReasonRaw || 'unknown' : session.endReason.toLowerCase()}</dd>
            {session.handover && (
              <>
                <dt>Hand-over</dt>
                <dd>{handoverText(session.handover)}</dd>
              </>
            )}
            <dt>Session</dt>
            <dd>{periodText(session.startedAt, session.endedAt)}</dd>
          </dl>
          <Chat messages={session.messages} />
        </>
      )}
      {result.data && !session && <Empty>There is no session with the call id {callId}.</Empty>}
    </>
  );
}

/** Who took over, and how long the customer waited. */
function handoverText({ seatIds, waitSeconds }: NonNullable<Conversation['handover']>): string {
  const seats = seatIds.length > 0 ? `to seat ${seatIds.join(', then ')}` : 'to a person';
  return waitSeconds === null ? seats : `${seats}, answered after ${waitSeconds} s`;
}

/** A session's time, its date once. */
function periodText(startedAt: string, endedAt: string): string {
  const [day, end] = [startedAt.slice(0, 10), endedAt.slice(0, 10)];
  return `${day} ${startedAt.slice(11, 19)} to ${end === day ? '' : `${end} `}${endedAt.slice(11, 19)} UTC`;
}

function CallIdForm({ callId, found }: { callId: string; found: string[] }) {
  const workbench = useWorkbench();
  const [typed, setTyped] = useState(callId);
  const id = useId();
  function submit(event: FormEvent) {
    event.preventDefault();
    workbench.callId.set(typed.trim());
  }
  return (
    <form className="panel-tools" onSubmit={submit}>
      <span className="panel-field panel-field-wide">
        <label htmlFor={id}>Call id</label>
        <input
          id={id}
          value={typed}
          list={`${id}-found`}
          autoComplete="off"
          spellCheck={false}
          onChange={(event) => setTyped(event.target.value)}
        />
        <datalist id={`${id}-found`}>
          {found.map((callId) => (
            <option key={callId} value={callId} />
          ))}
        </datalist>
      </span>
      <button type="submit" className="panel-button">
        Open
      </button>
    </form>
  );
}

interface Loaded {
  callId: string;
  result: Result | string;
}

/** Asks for a conversation, by the built-in document of the server. */
function useConversation(callId: string): Loaded | null {
  const workbench = useWorkbench();
  const [loaded, setLoaded] = useState<Loaded | null>(null);
  useEffect(() => {
    if (!callId) return;
    const ended = new AbortController();
    workbench.ask(conversationQuery, { callId }, ended.signal).then(
      (result) => setLoaded({ callId, result }),
      (error: unknown) => {
        if (!ended.signal.aborted) setLoaded({ callId, result: String(error) });
      },
    );
    return () => ended.abort();
  }, [workbench, callId]);
  return loaded;
}

/** The call ids of the sessions that the answer has, in its order, each once. */
function useCallIds(): string[] {
  const shown = useTables();
  return useMemo(() => [...new Set(shown?.tables.flatMap(callIdsOf))], [shown]);
}

function callIdsOf({ columns, rows }: Pick<Table, 'columns' | 'rows'>): string[] {
  return rows.flatMap((row) =>
    columns.flatMap((column) => {
      const value = cellOf(row, column);
      if (column.isList && column.children.length > 0) return callIdsOf(nestedTable(column, value));
      return isCallId(column) && typeof value === 'string' ? [value] : [];
    }),
  );
}
