package cli

import (
	"context"
	"fmt"

	"sessiongraph/ingest"
	"sessiongraph/models"
	"sessiongraph/models/store"
)

// Replay are the settings of replay.
type Replay struct{ Database }

// Run projects the whole ledger again.
func (c Replay) Run(ctx context.Context, s Streams) error {
	return c.withCurrent(ctx, s, func(database *store.Store) error {
		shown := newProgress(s.Err, "replayed", 0)
		err := database.Replay(ctx, ingest.Project, shown.set)
		shown.end()
		if err != nil {
			return err
		}
		counts, err := database.CountOutcomes(ctx)
		if err != nil {
			return err
		}
		_, err = fmt.Fprintf(s.Out, "%d notifications replayed: %d projected, %d quarantined, %d refused\n",
			shown.done,
			counts[models.Projected], counts[models.Quarantined], counts[models.Refused])
		return err
	})
}

// Help returns the text that --help adds to the summary.
func (Replay) Help() string {
	return "What is in quarantine becomes a session where this version understands it." +
		" It can run beside the server, which continues to store notifications, and may be stopped and run again." +
		" It takes some 15 minutes for 100,000 notifications."
}
