package cli

import (
	"context"
	"errors"
	"fmt"

	"sessiongraph/ingest"
	"sessiongraph/models/store"
)

// withStore is open without options.
func (d Database) withStore(ctx context.Context, work func(*store.Store) error) error {
	return d.open(ctx, store.Options{}, work)
}

// open runs work on the open database, and closes it.
func (d Database) open(ctx context.Context, options store.Options, work func(*store.Store) error) error {
	options.MustExist, options.Direct = true, string(d.DBDirect)
	database, err := store.Open(ctx, string(d.DB), options)
	if err != nil {
		return err
	}
	return errors.Join(work(database), database.Close())
}

// withCurrent runs work that changes the database, after an upgrade of the sessions that an
// older version of this program stored.
func (d Database) withCurrent(ctx context.Context, s Streams, work func(*store.Store) error) error {
	return d.withStore(ctx, func(database *store.Store) error {
		if err := upgrade(ctx, database, s); err != nil {
			return err
		}
		return work(database)
	})
}

// upgrade upgrades the sessions that an older version of this program stored.
func upgrade(ctx context.Context, database *store.Store, s Streams) error {
	shown := newProgress(s.Err, "sessions upgraded:", 0)
	left, err := database.Upgrade(ctx, ingest.Project, shown.set)
	shown.end()
	if left > 0 {
		_, _ = fmt.Fprintf(s.Err, "%d sessions not upgraded: verify lists the damaged notifications\n", left)
	}
	return err
}
