package cli

import (
	"context"
	"errors"
	"fmt"
	"io"

	"sessiongraph/models/store"
)

// Removing is what erase and prune share.
type Removing struct {
	Database
	DryRun bool `help:"Print what would be removed, and remove nothing."`
}

// open opens the database; a dry run leaves it as it is.
func (r Removing) open(ctx context.Context, s Streams, work func(*store.Store) error) error {
	if r.DryRun {
		return r.withStore(ctx, work)
	}
	return r.withCurrent(ctx, s, work)
}

const removingHelp = "It can run beside the server, which goes on storing. Rows are deleted in short transactions, then the files are cleaned" +
	" of what deleted rows leave: on SQLite about a minute per GB. Interrupted, run it again. On SQLite the file keeps its size; freed space is used again."

// run removes with progress, and prints what was removed also where it then fails.
func (Removing) run(s Streams, what string, work func(store.RemovalProgress) (store.Removed, error)) error {
	shown, cleaned := newProgress(s.Err, what, 0), newProgress(s.Err, "cleaning the files:", 0)
	removed, err := work(store.RemovalProgress{Removed: shown.set, Cleaned: cleaned.set})
	shown.end()
	cleaned.end()
	return errors.Join(err, printRemoved(s.Out, what, removed))
}

func printRemoved(out io.Writer, what string, removed store.Removed) error {
	_, err := fmt.Fprintf(out, "%s %d sessions with %d messages, %d notifications\n", what, removed.Sessions, removed.Messages, removed.Notifications)
	return err
}
