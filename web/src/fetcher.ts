import { createGraphiQLFetcher, type Fetcher } from '@graphiql/toolkit';
import { buildSchema, type ExecutionResult, introspectionFromSchema } from 'graphql';
import type { Answers } from './answer/answers';
import type { Variables } from './answer/selection';
import type { Session } from './session';

/** The address of the GraphQL route. */
export const url = new URL('query', location.href);

const subscriptionUrl = new URL(url);
subscriptionUrl.protocol = url.protocol === 'https:' ? 'wss:' : 'ws:';

const schemaUrl = new URL('schema.graphqls', location.href);

/**
 * The fetcher of GraphiQL: sends queries over HTTP and subscriptions over WebSocket, with the token of the session.
 * What it gets is also the answer that the panels show.
 */
export function createFetcher(session: Session, answers: Answers): Fetcher {
  const send = createGraphiQLFetcher({
    url: url.href,
    subscriptionUrl: subscriptionUrl.href,
    get wsConnectionParams() {
      return session.headers;
    },
    // The server has no @defer and no @stream.
    enableIncrementalDelivery: false,
    schemaFetcher,
    fetch: (address, init) => fetchWithToken(session, address, withoutNeedlessName(init)),
  });
  return async (params, options) => {
    const subscribe = () => send(params, options);
    const sent = session.headers;
    const answer = await subscribe();
    const { query, operationName = null, variables = {} } = params;
    const record = (result: Result) => {
      if (operationName !== 'IntrospectionQuery') answers.set({ query, operationName, variables, result, at: Date.now() });
    };
    if (isEvents(answer)) return recording(renewing(session, sent, answer, subscribe), record);
    record(answer as Result);
    return answer;
  };
}

export type Result = ExecutionResult<Record<string, unknown>>;

/** Sends an operation of a panel's own, beside those of the editor. */
export async function ask(session: Session, query: string, variables: Variables, signal?: AbortSignal): Promise<Result> {
  const response = await fetchWithToken(session, url, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json', Accept: 'application/graphql-response+json, application/json' },
    body: JSON.stringify({ query, variables }),
    ...(signal && { signal }),
  });
  return (await response.json()) as Result;
}

/** Reads the schema from its file: where only trusted documents are taken, introspection is refused. */
async function schemaFetcher(): Promise<ExecutionResult> {
  const response = await fetch(schemaUrl);
  if (!response.ok) throw new Error(`${schemaUrl} answered ${response.status}`);
  return { data: { ...introspectionFromSchema(buildSchema(await response.text())) } };
}

/** Sends a request, and once more with each new token after one that the server does not know. */
export async function fetchWithToken(
  session: Session,
  address: RequestInfo | URL,
  init?: RequestInit,
): Promise<Response> {
  for (;;) {
    const sent = session.headers;
    const headers = { ...(init?.headers as Record<string, string>), ...sent };
    const response = await fetch(address, { ...init, headers });
    if (response.status !== 401 || !(await session.refused(sent))) return response;
  }
}

type Events = AsyncIterableIterator<ExecutionResult>;

function isEvents(answer: object): answer is Events {
  return Symbol.asyncIterator in answer;
}

/** Subscribes again with a new token when the server has closed a subscription's socket for want of one. */
function renewing(
  session: Session,
  sent: Record<string, string>,
  events: Events,
  subscribe: () => ReturnType<Fetcher>,
): Events {
  return {
    async next() {
      for (;;) {
        try {
          return await events.next();
        } catch (error) {
          const unauthenticated = error instanceof Error && /\bevent 440[13]\b/.test(error.message);
          if (!unauthenticated || !(await session.refused(sent))) throw error;
        }
        sent = session.headers;
        events = (await subscribe()) as Events;
      }
    },
    return: (value) => events.return?.(value) ?? Promise.resolve({ done: true, value }),
    [Symbol.asyncIterator]() {
      return this;
    },
  };
}

/** Passes events on, and each of them to record as well. */
function recording(events: Events, record: (result: Result) => void): Events {
  return {
    async next() {
      const next = await events.next();
      if (!next.done) record(next.value as Result);
      return next;
    },
    return: (value) => events.return?.(value) ?? Promise.resolve({ done: true, value }),
    [Symbol.asyncIterator]() {
      return this;
    },
  };
}

/** Right after a change of tabs GraphiQL still sends the name of the old tab's operation. */
function withoutNeedlessName(init?: RequestInit): RequestInit | undefined {
  if (typeof init?.body !== 'string') return init;
  const request = JSON.parse(init.body) as { query: string; operationName?: string };
  const names = [...request.query.matchAll(/^\s*(?:query|mutation|subscription)\s+(\w+)/gm)];
  if (names.length === 1) delete request.operationName;
  return { ...init, body: JSON.stringify(request) };
}
