package limits

import (
	"context"
	"runtime"
	"sync"
	"time"

	"github.com/99designs/gqlgen/graphql"

	"sessiongraph/graph/apierror"
)

// Bounds of the operations that run at once. Expensive ones, and those that count what a search finds, have a bound of
// their own, so that they delay no others and do not take all connections of the database. With two for each core
// notifications wait several times as long beside them.
const (
	expensive        = 4000 // complexity
	cheapPerCore     = 8
	expensivePerCore = 1
	maxWait          = 2 * time.Second
)

// OperationLimiter bounds how many operations run at once.
type OperationLimiter struct{ cheap, expensive chan struct{} }

// NewOperationLimiter returns a limiter for this machine's cores.
func NewOperationLimiter() *OperationLimiter {
	cores := runtime.GOMAXPROCS(0)
	return &OperationLimiter{make(chan struct{}, cheapPerCore*cores), make(chan struct{}, expensivePerCore*cores)}
}

// Acquire blocks until the operation may run; release ends that.
func (l *OperationLimiter) Acquire(ctx context.Context, oc *graphql.OperationContext) (release func(), err error) {
	running := l.cheap
	cost, _ := oc.Stats.GetExtension(complexityKey).(float64)
	if countsFound, _ := oc.Stats.GetExtension(countsFoundKey).(bool); countsFound || cost >= expensive {
		running = l.expensive
	}
	select {
	case running <- struct{}{}:
		return func() { <-running }, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// AcquireSoon is Acquire, but fails with the code UNAVAILABLE after a short wait.
func (l *OperationLimiter) AcquireSoon(ctx context.Context, oc *graphql.OperationContext) (release func(), err error) {
	wait, cancel := context.WithTimeout(ctx, maxWait)
	defer cancel()
	if release, err = l.Acquire(wait, oc); err != nil && ctx.Err() == nil {
		err = apierror.New(apierror.Unavailable, "the server runs as many operations as it can: try again in a moment")
	}
	return release, err
}

// exportsPerCore are the exports that run at once, each of which has a connection of the database.
const exportsPerCore = 2

// ExportLimiter bounds how many exports run at once.
type ExportLimiter struct{ running chan struct{} }

// NewExportLimiter returns a limiter for this machine's cores.
func NewExportLimiter() *ExportLimiter {
	return &ExportLimiter{make(chan struct{}, exportsPerCore*runtime.GOMAXPROCS(0))}
}

// AcquireSoon waits shortly until the export may run, and fails with the code UNAVAILABLE; release ends that.
func (l *ExportLimiter) AcquireSoon(ctx context.Context) (release func(), err error) {
	wait, cancel := context.WithTimeout(ctx, maxWait)
	defer cancel()
	select {
	case l.running <- struct{}{}:
		return func() { <-l.running }, nil
	case <-wait.Done():
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		return nil, apierror.New(apierror.Unavailable, "the server runs as many exports as it can: try again later")
	}
}

const maxSubscriptions = 1000 // of all clients together

// SubscriptionLimiter bounds how many subscriptions there are at once.
type SubscriptionLimiter struct {
	mu   sync.Mutex
	open int
}

// Acquire counts a subscription until ctx ends.
func (l *SubscriptionLimiter) Acquire(ctx context.Context) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.open >= maxSubscriptions {
		return apierror.New(apierror.TooMany,
			"the server has %d subscriptions, as many as it takes: try again later", l.open)
	}
	l.open++
	context.AfterFunc(ctx, func() {
		l.mu.Lock()
		defer l.mu.Unlock()
		l.open--
	})
	return nil
}
