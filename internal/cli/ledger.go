package cli

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"sessiongraph/ingest"
	"sessiongraph/models"
)

// withStore opens the database for the length of work.
func (d Database) withStore(ctx context.Context, work func(*models.Store) error) error {
	store, err := models.Open(ctx, string(d.DB), models.Options{MustExist: true})
	if err != nil {
		return err
	}
	return errors.Join(work(store), store.Close())
}

// withCurrent opens the database for work that changes it, and first brings the
// sessions up to date that an older version of this program stored.
func (d Database) withCurrent(ctx context.Context, s Streams, work func(*models.Store) error) error {
	return d.withStore(ctx, func(store *models.Store) error {
		if err := upgrade(ctx, store, s); err != nil {
			return err
		}
		return work(store)
	})
}

// upgrade brings the sessions up to date that an older version of this program stored.
func upgrade(ctx context.Context, store *models.Store, s Streams) error {
	shown := newProgress(s.Err, "sessions of an older version brought up to date:", 0)
	left, err := store.Upgrade(ctx, ingest.Project, shown.set)
	shown.end()
	if left > 0 {
		_, _ = fmt.Fprintf(s.Err, "%d sessions could not be brought up to date: verify says which notifications are damaged\n", left)
	}
	return err
}

// Replay are the settings of replay.
type Replay struct{ Database }

// Run projects the whole ledger again.
func (c Replay) Run(ctx context.Context, s Streams) error {
	return c.withCurrent(ctx, s, func(store *models.Store) error {
		shown := newProgress(s.Err, "replayed", 0)
		err := store.Replay(ctx, ingest.Project, shown.set)
		shown.end()
		if err != nil {
			return err
		}
		counts, err := store.CountOutcomes(ctx)
		if err != nil {
			return err
		}
		_, err = fmt.Fprintf(s.Out, "%d notifications replayed: %d projected, %d quarantined, %d refused\n", shown.done,
			counts[models.Projected], counts[models.Quarantined], counts[models.Refused])
		return err
	})
}

// Help is what --help adds.
func (Replay) Help() string {
	return "It can run beside the server, which goes on storing, and may be stopped and run again. It takes some 15 minutes for 100,000 notifications."
}

// Verify are the settings of verify.
type Verify struct{ Database }

// Help is what --help adds.
func (Verify) Help() string {
	return "It can run beside the server, and takes 1 to 2 minutes for 100,000 notifications."
}

// Run names each difference between the ledger and the tables made from it; any is an error.
func (c Verify) Run(ctx context.Context, s Streams) error {
	return c.withStore(ctx, func(store *models.Store) error {
		shown := newProgress(s.Err, "verified", 0)
		found := 0
		err := store.Verify(ctx, ingest.Project, shown.set, func(difference string) {
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

// Export are the settings of export.
type Export struct{ Database }

// exported is a row of the ledger as export writes it and import reads it.
type exported struct {
	Format          string         `json:"sessiongraph"`
	Body            []byte         `json:"body"` // base64: it may be anything
	Sign            string         `json:"sign,omitempty"`
	FirstReceivedAt time.Time      `json:"firstReceivedAt"`
	LastReceivedAt  time.Time      `json:"lastReceivedAt"`
	Deliveries      int            `json:"deliveries"`
	Outcome         models.Outcome `json:"outcome"`
	Reason          string         `json:"reason,omitempty"`
}

const exportFormat = "notification/1"

// readDelivery reads a line of import: a notification, or a row of a ledger as
// export writes it.
func readDelivery(line []byte, now time.Time) models.Delivery {
	var row exported
	begins := bytes.TrimLeft(bytes.TrimPrefix(line, []byte("{")), " \t\r\n")
	if bytes.HasPrefix(begins, []byte(`"sessiongraph"`)) && json.Unmarshal(line, &row) == nil && row.Format == exportFormat {
		d := ingest.NewDelivery(row.Body, row.Sign, row.FirstReceivedAt)
		d.Moved = &models.Moved{LastReceivedAt: models.TimeOf(row.LastReceivedAt), Deliveries: row.Deliveries}
		return d
	}
	return ingest.NewDelivery(line, "", now)
}

// Run writes the ledger, one notification a line, for import to read: all that was
// acknowledged. What was refused is not, and its body may be there in part only.
func (c Export) Run(ctx context.Context, s Streams) error {
	return c.withStore(ctx, func(store *models.Store) error {
		out := bufio.NewWriterSize(s.Out, 1<<20)
		lines := json.NewEncoder(out)
		shown := newProgress(s.Err, "exported", 0)
		var unreadable ranges
		err := store.Ledger(ctx, shown.set, func(id int64, _ error) { unreadable.add(id) }, func(n *models.Notification, body []byte) error {
			if n.Outcome == models.Refused {
				return nil
			}
			return lines.Encode(exported{exportFormat, body, n.Sign, n.FirstReceivedAt.Time, n.LastReceivedAt.Time, n.Deliveries, n.Outcome, n.Reason})
		})
		shown.end()
		if err == nil && unreadable.count > 0 {
			err = fmt.Errorf("export: the database is damaged, without notifications %s", &unreadable)
		}
		return errors.Join(err, out.Flush())
	})
}

// Backup are the settings of backup.
type Backup struct {
	Database
	File string `arg:"" help:"New file to copy the database to."`
}

// Run copies the database, also while it is served.
func (c Backup) Run(ctx context.Context, s Streams) error {
	return c.withStore(ctx, func(store *models.Store) error {
		shown := newProgress(s.Err, "backed up bytes", 0)
		err := store.Backup(ctx, c.File, shown.set)
		shown.end()
		if err != nil {
			return err
		}
		_, err = fmt.Fprintln(s.Out, "backed up to", c.File)
		return err
	})
}
