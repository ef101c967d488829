import { createGraphiQLFetcher, type Fetcher } from '@graphiql/toolkit';
import { buildSchema, type ExecutionResult, introspectionFromSchema } from 'graphql';
import type { Session } from './session';

/** The address of the GraphQL route. */
export const url = new URL('query', location.href);

const subscriptionUrl = new URL(url);
subscriptionUrl.protocol = url.protocol === 'https:' ? 'wss:' : 'ws:';

const schemaUrl = new URL('schema.graphqls', location.href);

/** Sends queries over HTTP and subscriptions over WebSocket, with the token of the session. */
export function createFetcher(session: Session): Fetcher {
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
    return isEvents(answer) ? renewing(session, sent, answer, subscribe) : answer;
  };
}

/** Reads the schema from its file: where only trusted documents are taken, introspection is refused. */
async function schemaFetcher(): Promise<ExecutionResult> {
  const response = await fetch(schemaUrl);
  if (!response.ok) throw new Error(`${schemaUrl} answered ${response.status}`);
  return { data: { ...introspectionFromSchema(buildSchema(await response.text())) } };
}

/** Sends a request, and once more with each new token after one that the server does not know. */
async function fetchWithToken(session: Session, address: RequestInfo | URL, init?: RequestInit): Promise<Response> {
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

/** Right after a change of tabs GraphiQL still sends the name of the old tab's operation. */
function withoutNeedlessName(init?: RequestInit): RequestInit | undefined {
  if (typeof init?.body !== 'string') return init;
  const request = JSON.parse(init.body) as { query: string; operationName?: string };
  const names = [...request.query.matchAll(/^\s*(?:query|mutation|subscription)\s+(\w+)/gm)];
  if (names.length === 1) delete request.operationName;
  return { ...init, body: JSON.stringify(request) };
}
