package graph

import (
	"context"
	"runtime"
	"sync"
	"time"

	"github.com/99designs/gqlgen/graphql"
)

// Bounds of the streams, of WebSockets and server-sent events alike.
const (
	maxSubscriptions = 1000 // of all clients together
	maxPerConnection = 50   // operations that one WebSocket has under way
	keepAlive        = 12 * time.Second
	// A client that takes nothing for so long is cut off. One that takes an event
	// after slowReceiver is told why its events end.
	writeTimeout = 30 * time.Second
	slowReceiver = 15 * time.Second
)

// Bounds of what is run at once. Operations that return or search much have places of
// their own: they cannot keep the others waiting, nor all connections of the database.
const (
	largeCost        = 4000 // of an operation that counts as large
	smallPerCore     = 8
	largePerCore     = 2
	admissionTimeout = 2 * time.Second
)

// admission bounds how much is run at once.
type admission struct {
	small, large chan struct{}

	mu            sync.Mutex
	subscriptions int
}

func newAdmission() *admission {
	cores := runtime.GOMAXPROCS(0)
	return &admission{small: make(chan struct{}, smallPerCore*cores), large: make(chan struct{}, largePerCore*cores)}
}

const costExtension = "cost"

// enter waits for a place for the operation; leave gives it back.
func (a *admission) enter(ctx context.Context, oc *graphql.OperationContext) (leave func(), err error) {
	places := a.small
	if cost, _ := oc.Stats.GetExtension(costExtension).(float64); cost >= largeCost {
		places = a.large
	}
	select {
	case places <- struct{}{}:
		return func() { <-places }, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// enterSoon waits for a short time only.
func (a *admission) enterSoon(ctx context.Context, oc *graphql.OperationContext) (leave func(), err error) {
	wait, cancel := context.WithTimeout(ctx, admissionTimeout)
	defer cancel()
	if leave, err = a.enter(wait, oc); err != nil && ctx.Err() == nil {
		err = coded(codeUnavailable, "the server runs as many operations as it can: try again in a moment")
	}
	return leave, err
}

// subscribe counts a subscription until ctx ends.
func (a *admission) subscribe(ctx context.Context) error {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.subscriptions >= maxSubscriptions {
		return coded(codeTooMany, "the server has %d subscriptions, as many as it takes: try again later", a.subscriptions)
	}
	a.subscriptions++
	context.AfterFunc(ctx, func() {
		a.mu.Lock()
		defer a.mu.Unlock()
		a.subscriptions--
	})
	return nil
}
