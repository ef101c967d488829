package store

import (
	"context"
	"errors"
	"time"

	"sessiongraph/models/store/dialect"
)

// retrying waits for a database that another process has locked.
func (s *Store) retrying(ctx context.Context, work func() error) error {
	for attempt := 1; ; attempt++ {
		err := work()
		if !errors.Is(err, dialect.ErrUnavailable) || attempt == 20 {
			return err
		}
		select {
		case <-time.After(250 * time.Millisecond):
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}
