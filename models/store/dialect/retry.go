package dialect

import (
	"context"
	"errors"
	"math/rand/v2"
	"time"
)

// Policies by which work is tried again.
const (
	// A database that another process has locked, or that is away: some five seconds.
	unavailableAttempts = 20
	unavailablePause    = 250 * time.Millisecond

	// A transaction that conflicts with others.
	conflictAttempts = 8
	conflictPause    = 10 * time.Millisecond // at most, and longer from one attempt to the next

	// A query that meets a broken connection, as all do after a restart.
	queryPatience = time.Second
	queryPause    = 100 * time.Millisecond
)

// RetryUnavailable runs work again while the database is not available, for some seconds.
func RetryUnavailable(ctx context.Context, work func() error) error {
	for attempt := 1; ; attempt++ {
		err := work()
		if !errors.Is(err, ErrUnavailable) || attempt == unavailableAttempts {
			return err
		}
		if err := Pause(ctx, unavailablePause); err != nil {
			return err
		}
	}
}

// RetryConflict runs a transaction again that the database gave up because of others.
func RetryConflict(ctx context.Context, d Dialect, work func() error) error {
	for attempt := 1; ; attempt++ {
		err := work()
		if err == nil || attempt == conflictAttempts || !d.IsConflict(err) {
			return err
		}
		if err := Pause(ctx, rand.N(time.Duration(attempt)*conflictPause)); err != nil {
			return err
		}
	}
}

// RetryQuery runs a query again for a moment while its server is not available.
func RetryQuery(ctx context.Context, d Dialect, query func() error) {
	for end := time.Now().Add(queryPatience); ; {
		if err := query(); err == nil || !d.IsUnavailable(err) || time.Now().After(end) {
			return
		}
		if Pause(ctx, queryPause) != nil {
			return
		}
	}
}

// Pause waits for a length of time, or until ctx ends.
func Pause(ctx context.Context, length time.Duration) error {
	select {
	case <-time.After(length):
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
