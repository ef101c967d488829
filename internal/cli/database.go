package cli

import (
	"context"
	"errors"
	"fmt"

	"sessiongraph/ingest"
	"sessiongraph/models/store"
)

// withStore opens the database for the length of work.
func (d Database) withStore(ctx context.Context, work func(*store.Store) error) error {
	database, err := store.Open(ctx, string(d.DB), store.Options{MustExist: true})
	if err != nil {
		return err
	}
	return errors.Join(work(database), database.Close())
}

// withCurrent opens the database for work that changes it, and first brings the
// sessions up to date that an older version of this program stored.
func (d Database) withCurrent(ctx context.Context, s Streams, work func(*store.Store) error) error {
	return d.withStore(ctx, func(database *store.Store) error {
		if err := upgrade(ctx, database, s); err != nil {
			return err
		}
		return work(database)
	})
}

// upgrade brings the sessions up to date that an older version of this program stored.
func upgrade(ctx context.Context, database *store.Store, s Streams) error {
	shown := newProgress(s.Err, "sessions of an older version brought up to date:", 0)
	left, err := database.Upgrade(ctx, ingest.Project, shown.set)
	shown.end()
	if left > 0 {
		_, _ = fmt.Fprintf(s.Err, "%d sessions could not be brought up to date: verify says which notifications are damaged\n", left)
	}
	return err
}
