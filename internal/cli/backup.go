package cli

import (
	"context"
	"fmt"

	"sessiongraph/models/store"
)

// Backup are the settings of backup.
type Backup struct {
	Database
	File string `arg:"" help:"New file to copy the database to."`
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
