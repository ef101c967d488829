package cli

import (
	"context"
	"fmt"

	"sessiongraph/ingest"
	"sessiongraph/models/store"
)

// Verify are the settings of verify.
type Verify struct{ Database }

// Help returns the text that --help adds to the summary.
func (Verify) Help() string {
	return "It prints each difference, for replay to mend, with exit status 1. It can run beside the server," +
		" and takes 1 to 2 minutes for 100,000 notifications."
}

// Run prints each difference between the ledger and its projection; any is an error.
func (c Verify) Run(ctx context.Context, s Streams) error {
	return c.withStore(ctx, func(database *store.Store) error {
		shown := newProgress(s.Err, "verified", 0)
		found := 0
		err := database.Verify(ctx, ingest.Project, shown.set, func(difference string) {
			found++
			_, _ = fmt.Fprintln(s.Out, visible(difference))
		})
		shown.end()
		if err == nil && found > 0 {
			err = fmt.Errorf("verify: %d differences", found)
		}
		if err != nil {
			return err
		}
		_, err = fmt.Fprintf(s.Out, "%d notifications verified, no difference\n", shown.done)
		return err
	})
}
