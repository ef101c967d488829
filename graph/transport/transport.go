// Package transport has the transports of GraphQL: HTTP, server-sent events and WebSocket.
package transport

import (
	"context"
	"time"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/gqlerror"
)

// Runner runs the operations that transports read.
type Runner interface {
	// Answer runs a query. Its response is nil if the client has gone.
	Answer(
		ctx context.Context, exec graphql.GraphExecutor, oc *graphql.OperationContext,
	) (*graphql.Response, *gqlerror.Error)
	// Respond runs an operation of any kind and passes each response, encoded, to send,
	// until there are no more or send returns false. It returns the errors that ended the
	// operation; there are none if its context ended.
	Respond(
		ctx context.Context, exec graphql.GraphExecutor, params *graphql.RawParams, send func(payload []byte) bool,
	) gqlerror.List
}

// Streams of responses: an idle one is kept alive, and a client that does not take a
// message within writeTimeout is disconnected.
const (
	keepAlive    = 12 * time.Second
	writeTimeout = 30 * time.Second
)
