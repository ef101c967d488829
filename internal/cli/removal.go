package cli

import (
	"context"
	"errors"
	"fmt"
	"io"

	"sessiongraph/models/store"
)

// Removing has the settings of erase and prune.
type Removing struct {
	Database
	DryRun bool `help:"Print what would be removed, and remove nothing."`
}

// open runs work on the open database, which a dry run does not upgrade.
func (r Removing) open(ctx context.Context, s Streams, work func(*store.Store) error) error {
	if r.DryRun {
		return r.withStore(ctx, work)
	}
	return r.withCurrent(ctx, s, work)
}

const removingHelp = "It can run beside the server, which continues to store notifications." +
	" Rows are deleted in short transactions," +
	" then their remains are overwritten in the files: on SQLite about a minute per GB." +
	" An interrupted removal can be run again. On SQLite the file keeps its size; freed space is used again."

// run removes with progress, and prints what was removed even if it then fails.
func (Removing) run(s Streams, what string, work func(store.RemovalProgress) (store.Removed, error)) error {
	shown, cleaned := newProgress(s.Err, what, 0), newProgress(s.Err, "cleaning the files:", 0)
	removed, err := work(store.RemovalProgress{Removed: shown.set, Cleaned: cleaned.set})
	shown.end()
	cleaned.end()
	return errors.Join(err, printRemoved(s.Out, what, removed))
}

func printRemoved(out io.Writer, what string, removed store.Removed) error {
	_, err := fmt.Fprintf(out, "%s %d sessions with %d messages, %d notifications\n",
		what, removed.Sessions, removed.Messages, removed.Notifications)
	return err
}
