package cli

import (
	"context"
	"fmt"
	"time"

	"sessiongraph/models"
	"sessiongraph/models/store"
)

// Prune are the settings of prune.
type Prune struct {
	Removing
	Before Moment `required:"" placeholder:"TIME" help:"Remove sessions that ended before this time, in RFC 3339 (2025-01-01T00:00:00Z) or as a date in UTC (2025-01-01), or more than this long ago (90d, 12w, 36h)."`
}

// Help returns the text that --help adds to the summary.
func (Prune) Help() string { return removingHelp }

// Validate rejects a time in the future: all sessions ended before it.
func (c Prune) Validate() error {
	if at := c.Before.Time(time.Now()); at.After(time.Now()) {
		return fmt.Errorf("--before: %s is in the future", at.Format(time.RFC3339))
	}
	return nil
}

// Run removes the sessions that ended before the time.
func (c Prune) Run(ctx context.Context, s Streams) error {
	before := models.TimeOf(c.Before.Time(time.Now()))
	return c.open(ctx, s, func(database *store.Store) error {
		if c.DryRun {
			counted, err := database.Prunable(ctx, before)
			if err != nil {
				return err
			}
			return printRemoved(s.Out, "would prune", counted)
		}
		return c.run(s, "pruned", func(progress store.RemovalProgress) (store.Removed, error) {
			return database.Prune(ctx, before, progress)
		})
	})
}
