package graph

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/gqlerror"

	"sessiongraph/graph/view"
)

// Bounds of the streams, of WebSockets and server-sent events alike.
const (
	maxSubscriptions = 1000 // of all clients together
	maxPerConnection = 50   // operations that one WebSocket has under way
	keepAlive        = 12 * time.Second
	// A client that takes nothing for so long is cut off. An event waits for less
	// (view.PatienceWithReceiver), so that a client that is slow, but not gone, hears why.
	writeTimeout = 30 * time.Second
)

// admission bounds how many subscriptions there are.
type admission struct {
	mu   sync.Mutex
	live int
}

// enter counts a subscription until ctx ends.
func (a *admission) enter(ctx context.Context) error {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.live >= maxSubscriptions {
		return coded(codeTooMany, "the server has %d subscriptions, as many as it takes: try again later", a.live)
	}
	a.live++
	context.AfterFunc(ctx, func() {
		a.mu.Lock()
		defer a.mu.Unlock()
		a.live--
	})
	return nil
}

// ending is why a subscription ends, where it does not end by itself.
type ending struct {
	mu  sync.Mutex
	err *gqlerror.Error
}

type endingKey struct{}

func withEnding(ctx context.Context) (context.Context, *ending) {
	e := &ending{}
	return context.WithValue(ctx, endingKey{}, e), e
}

func (e *ending) reason() *gqlerror.Error {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.err
}

// subscriptionFailed tells the subscriber why its events end early, and the log
// what was wrong here.
func (r *Resolver) subscriptionFailed(ctx context.Context) func(error) {
	return func(err error) {
		shown := coded(codeTooSlow, "events were not taken in time: subscribe again with after, the cursor of the last event that you saw")
		if !errors.Is(err, view.ErrSlowReceiver) {
			shown = presentError(r.log)(ctx, err)
		}
		if e, ok := ctx.Value(endingKey{}).(*ending); ok {
			e.mu.Lock()
			defer e.mu.Unlock()
			e.err = shown
		}
	}
}

// respond runs an operation and hands on its responses until there are no more or
// send says that nobody takes them. It returns the errors that end it.
func respond(ctx context.Context, exec graphql.GraphExecutor, params *graphql.RawParams, send func(*graphql.Response) bool) gqlerror.List {
	oc, errs := exec.CreateOperationContext(ctx, params)
	ctx = graphql.WithOperationContext(ctx, oc)
	if errs != nil {
		return exec.DispatchError(ctx, shortenList(errs)).Errors
	}
	ctx, end := withEnding(ctx)
	next, ctx := exec.DispatchOperation(ctx, oc)
	for {
		response := next(ctx)
		if response == nil {
			if reason := end.reason(); reason != nil {
				return gqlerror.List{reason}
			}
			return nil
		}
		response.Errors = shortenList(response.Errors)
		if !send(response) {
			return nil
		}
	}
}
