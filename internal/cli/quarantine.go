package cli

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"text/tabwriter"
	"time"

	"sessiongraph/models"
	"sessiongraph/models/store"
)

// Quarantine has the subcommands of quarantine.
type Quarantine struct {
	List ListQuarantine `cmd:"" default:"withargs" help:"List quarantined notifications with time and reason, oldest first (the default)."`
	Show ShowQuarantine `cmd:"" help:"Print the body of a notification byte for byte."`
}

// Help returns the text that --help adds to the summary.
func (Quarantine) Help() string {
	return "A notification is in quarantine if it lacks what a session needs, or was refused as no JSON object. " +
		"sessiongraph quarantine lists them with number, time and reason; " +
		"--limit=N and --outcome=quarantined|refused narrow the list, --json changes its format. " +
		"sessiongraph quarantine show N prints the body of number N. Both take --db."
}

// ListQuarantine are the settings of quarantine list.
type ListQuarantine struct {
	Database
	Limit   Count             `placeholder:"N" help:"Only the last N received."`
	Outcome QuarantineOutcome `placeholder:"OUTCOME" help:"Only quarantined (JSON objects that lack what a session needs) or only refused (anything else)."`
	JSON    bool              `name:"json" help:"One JSON object per line instead of a table."`
}

// QuarantineOutcome is quarantined or refused.
type QuarantineOutcome models.Outcome

// UnmarshalText reads an outcome's name.
func (o *QuarantineOutcome) UnmarshalText(text []byte) error {
	switch outcome := models.Outcome(text); outcome {
	case models.Quarantined, models.Refused:
		*o = QuarantineOutcome(outcome)
		return nil
	}
	return fmt.Errorf("invalid outcome %q (want quarantined or refused)", text)
}

// listed is a notification as quarantine --json shows it.
type listed struct {
	Notification    int64          `json:"notification"`
	FirstReceivedAt models.Time    `json:"firstReceivedAt"`
	LastReceivedAt  models.Time    `json:"lastReceivedAt"`
	Deliveries      int            `json:"deliveries"`
	Bytes           int            `json:"bytes"`
	Outcome         models.Outcome `json:"outcome"`
	Reason          string         `json:"reason"`
}

// Run lists quarantined notifications.
func (c ListQuarantine) Run(ctx context.Context, s Streams) error {
	return c.withStore(ctx, func(database *store.Store) error {
		filter := store.QuarantineFilter{Outcome: models.Outcome(c.Outcome), Latest: int(c.Limit)}
		if c.JSON {
			lines := json.NewEncoder(s.Out)
			return database.Quarantine(ctx, filter, func(n *models.Notification) error {
				return lines.Encode(listed{
					n.ID, n.FirstReceivedAt, n.LastReceivedAt, n.Deliveries, n.BodySize, n.Outcome, n.Reason,
				})
			})
		}
		table := tabwriter.NewWriter(s.Out, 0, 0, 2, ' ', 0)
		found := 0
		err := database.Quarantine(ctx, filter, func(n *models.Notification) error {
			if found++; found == 1 {
				_, _ = fmt.Fprintln(table, "NOTIFICATION\tFIRST RECEIVED\tDELIVERIES\tBYTES\tOUTCOME\tREASON")
			}
			_, err := fmt.Fprintf(table, "%d\t%s\t%d\t%d\t%s\t%s\n",
				n.ID, n.FirstReceivedAt.Format(time.RFC3339), n.Deliveries, n.BodySize, n.Outcome, visible(n.Reason))
			return err
		})
		if err == nil && found == 0 {
			_, err = fmt.Fprintln(table, "nothing is in quarantine")
		}
		return errors.Join(err, table.Flush())
	})
}

// ShowQuarantine are the settings of quarantine show.
type ShowQuarantine struct {
	Database
	Notification int64 `arg:"" help:"Number of the notification, from the list or the log."`
}

// Run prints the body byte for byte; on a terminal control characters are escaped.
func (c ShowQuarantine) Run(ctx context.Context, s Streams) error {
	return c.withStore(ctx, func(database *store.Store) error {
		n, body, err := database.Notification(ctx, c.Notification)
		if err != nil {
			return err
		}
		if n == nil {
			return fmt.Errorf("quarantine: no notification %d", c.Notification)
		}
		if len(body) < n.BodySize {
			_, _ = fmt.Fprintf(s.Err, "the first %d of %d bytes, a refused body is stored in part:\n",
				len(body), n.BodySize)
		}
		if isTerminal(s.Out) {
			body = []byte(visibleBut(string(body), "\n\t") + "\n")
		}
		_, err = s.Out.Write(body)
		return err
	})
}
