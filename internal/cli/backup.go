package cli

import (
	"context"
	"fmt"

	"sessiongraph/models/store"
)

// Backup are the settings of backup.
type Backup struct {
	Database
	File string `arg:"" help:"File to write, which must not exist."`
}

// Help returns the text that --help adds to the summary.
func (Backup) Help() string {
	return "FILE appears when the copy is whole, readable by its owner alone; sessiongraph restore takes it." +
		" PostgreSQL has pg_dump."
}

// Run copies the database, also while the server runs.
func (c Backup) Run(ctx context.Context, s Streams) error {
	return c.withStore(ctx, func(database *store.Store) error {
		shown := newProgress(s.Err, "backed up bytes", 0)
		err := database.Backup(ctx, c.File, shown.set)
		shown.end()
		if err != nil {
			return err
		}
		_, err = fmt.Fprintln(s.Out, "backed up to", c.File)
		return err
	})
}
