import { createGraphiQLFetcher } from '@graphiql/toolkit';

const url = new URL('query', location.href);

const subscriptionUrl = new URL(url);
subscriptionUrl.protocol = url.protocol === 'https:' ? 'wss:' : 'ws:';

/**
 * Sends queries over HTTP and subscriptions over WebSocket.
 * What stands in the Headers pane becomes the WebSocket's connection parameters.
 */
export const fetcher = createGraphiQLFetcher({
  url: url.href,
  subscriptionUrl: subscriptionUrl.href,
  // The server has no @defer and no @stream.
  enableIncrementalDelivery: false,
  fetch: (address, init) => fetch(address, withoutNeedlessName(init)),
});

/** Right after a change of tabs GraphiQL still sends the name of the old tab's operation. */
function withoutNeedlessName(init?: RequestInit): RequestInit | undefined {
  if (typeof init?.body !== 'string') return init;
  const request = JSON.parse(init.body) as { query: string; operationName?: string };
  const names = [...request.query.matchAll(/^\s*(?:query|mutation|subscription)\s+(\w+)/gm)];
  if (names.length === 1) delete request.operationName;
  return { ...init, body: JSON.stringify(request) };
}
