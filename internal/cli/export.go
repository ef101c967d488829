package cli

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"sessiongraph/models"
	"sessiongraph/models/store"
)

// Export are the settings of export.
type Export struct{ Database }

// Help returns the text that --help adds to the summary.
func (Export) Help() string {
	return "A line has a body byte for byte, in base64, with its times and counts. What was refused is left out." +
		" For rows of sessions as CSV see sessiongraph query --help."
}

// exported is a row of the ledger as export writes it and import reads it.
type exported struct {
	Format          string         `json:"sessiongraph"`
	Body            []byte         `json:"body"` // base64, because it may be any bytes
	Sign            string         `json:"sign,omitempty"`
	FirstReceivedAt time.Time      `json:"firstReceivedAt"`
	LastReceivedAt  time.Time      `json:"lastReceivedAt"`
	Deliveries      int            `json:"deliveries"`
	Outcome         models.Outcome `json:"outcome"`
	Reason          string         `json:"reason,omitempty"`
}

const exportFormat = "notification/1"

// Run writes the acknowledged notifications of the ledger, one per line, as import reads
// them. Refused ones are left out: they were not acknowledged, and their bodies may be cut.
func (c Export) Run(ctx context.Context, s Streams) error {
	return c.withStore(ctx, func(database *store.Store) error {
		out := bufio.NewWriterSize(s.Out, 1<<20)
		lines := json.NewEncoder(out)
		shown := newProgress(s.Err, "exported", 0)
		var unreadable ranges
		skip := func(id int64, _ error) { unreadable.add(id) }
		err := database.Ledger(ctx, shown.set, skip, func(n *models.Notification, body []byte) error {
			if n.Outcome == models.Refused {
				return nil
			}
			return lines.Encode(exported{
				exportFormat, body, n.Sign, n.FirstReceivedAt.Time, n.LastReceivedAt.Time,
				n.Deliveries, n.Outcome, n.Reason,
			})
		})
		shown.end()
		if err == nil && unreadable.count > 0 {
			err = fmt.Errorf("export: the database is damaged, without notifications %s", &unreadable)
		}
		return errors.Join(err, out.Flush())
	})
}
