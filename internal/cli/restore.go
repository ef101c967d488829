package cli

import (
	"context"
	"errors"
	"fmt"

	"sessiongraph/models/store"
)

// Restore are the settings of restore.
type Restore struct {
	Database
	File string `arg:"" help:"File that backup has written."`
}

// Help returns the text that --help adds to the summary.
func (Restore) Help() string {
	return "--db names the file to make, which must not exist: stop the server, and move the old file away, with" +
		" those named like it that end in -wal and -shm. The copy is checked before it gets its name;" +
		" sessiongraph verify then compares its sessions with its ledger. PostgreSQL has pg_restore.\n\n" +
		"  sessiongraph restore --db sessiongraph.db backup.db"
}

// Run makes a database of a backup.
func (c Restore) Run(ctx context.Context, s Streams) error {
	shown := newProgress(s.Err, "restored bytes", 0)
	err := store.Restore(ctx, c.File, string(c.DB), shown.set)
	shown.end()
	if err != nil {
		return err
	}
	database, err := store.Open(ctx, string(c.DB), store.Options{MustExist: true})
	if err != nil {
		return err
	}
	counts, err := database.CountOutcomes(ctx)
	if err = errors.Join(err, database.Close()); err != nil {
		return err
	}
	total := 0
	for _, count := range counts {
		total += count
	}
	_, err = fmt.Fprintf(s.Out,
		"restored %s with %d notifications; sessiongraph verify compares them with the tables\n", c.DB, total)
	return err
}
