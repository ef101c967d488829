// node subscribe.mjs URL ws|sse [AFTER]
//
// Subscribes to the sessions that are stored, as an app in JavaScript would: prints
// one line of JSON for each, {"cursor", "callId"}, until it is killed. A connection
// that ends is made again, from the last session that was seen. A refused
// subscription prints {"errors"} and exits with 1.
import { createClient as overWebSocket } from 'graphql-ws';
import { createClient as overEvents } from 'graphql-sse';
import WebSocket from 'ws';

const [url, kind, after = null] = process.argv.slice(2);

const retryAttempts = 1000;
const soon = () => new Promise((resolve) => setTimeout(resolve, 100));

const clients = {
  ws: () =>
    overWebSocket({
      url: url.replace(/^http/, 'ws'),
      webSocketImpl: WebSocket,
      retryAttempts,
      retryWait: soon,
      // By default a connection that is reset is given up: ws in Node calls it an error.
      shouldRetry: () => true,
    }),
  sse: () => overEvents({ url, retryAttempts, retry: soon }),
};

const operation = {
  query: `subscription Stored($after: String) {
    sessionStored(after: $after) { cursor session { callId } }
  }`,
  variables: { after },
};

function refused(errors) {
  console.log(JSON.stringify({ errors }));
  process.exit(1);
}

clients[kind]().subscribe(operation, {
  next({ data, errors }) {
    if (errors) {
      refused(errors);
    }
    const { cursor, session } = data.sessionStored;
    // Both libraries send the operation again as it then is: without this, from
    // where it once began.
    operation.variables.after = cursor;
    console.log(JSON.stringify({ cursor, callId: session.callId }));
  },
  error(reason) {
    // An error, a list of GraphQL's, or the event of a WebSocket that was closed.
    refused(Array.isArray(reason) ? reason : [{ message: String(reason.reason || reason.message || reason) }]);
  },
  complete() {
    process.exit(0);
  },
});
