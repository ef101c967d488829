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
});
