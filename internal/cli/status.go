package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"text/tabwriter"
	"time"

	"sessiongraph/internal/buildinfo"
	"sessiongraph/models"
	"sessiongraph/models/store"
	"sessiongraph/models/store/postgres"
)

// Status are the settings of status.
type Status struct {
	Database
	DBReplica Replicas `name:"db-replica" env:"SESSIONGRAPH_DB_REPLICAS" secret:"" group:"Database:" placeholder:"URL" help:"PostgreSQL replicas of --db, comma separated."`
	Retention Age      `env:"SESSIONGRAPH_RETENTION" group:"Database:" placeholder:"AGE" help:"Print what serve would delete with this --retention, e.g. 90d, 12w or 36h."`
}

// Help returns the text that --help adds to the summary.
func (Status) Help() string {
	return "It can run beside the server. On SQLite it counts the pages of the whole file: some seconds for each GB."
}

// Run prints the state of the database.
func (c Status) Run(ctx context.Context, s Streams) error {
	return c.withStore(ctx, func(database *store.Store) error {
		status, err := database.Status(ctx)
		if err != nil {
			return err
		}
		table := tabwriter.NewWriter(s.Out, 0, 0, 2, ' ', 0)
		line := func(name, format string, args ...any) {
			_, _ = fmt.Fprintf(table, "%s\t%s\n", name, fmt.Sprintf(format, args...))
		}
		line("program", "%s", buildinfo.Read())
		line("database", "%s", status.Database)
		line("tables", "%s, projection %d, %d sessions of an older one", status.Migration, status.Projection,
			status.Outdated)
		for _, outcome := range []models.Outcome{models.Projected, models.Quarantined, models.Refused} {
			line(string(outcome), "%d notifications", status.Outcomes[outcome])
		}
		if status.LastReceivedAt == nil {
			line("last arrival", "none")
		} else {
			line("last arrival", "%s, %s ago", status.LastReceivedAt.Format(time.RFC3339),
				time.Since(status.LastReceivedAt.Time).Round(time.Second))
		}
		if err := c.retention(ctx, database, line); err != nil {
			return err
		}
		if status.RemovalDue {
			line("removal", "the files still hold what was removed: erase or prune again, or restart the server")
		}
		for _, address := range c.DBReplica {
			lag, err := postgres.ReplicaLag(ctx, address)
			if err != nil {
				line("replica", "%s: %v", postgres.WithoutPassword(address), err)
			} else {
				line("replica", "%s: %v behind", postgres.WithoutPassword(address), lag)
			}
		}
		return errors.Join(table.Flush(), printSizes(s.Out, status))
	})
}

// retention prints what --retention would delete now.
func (c Status) retention(ctx context.Context, database *store.Store, line func(string, string, ...any)) error {
	if c.Retention == 0 {
		line("retention", "none")
		return nil
	}
	age := time.Duration(c.Retention)
	removed, err := database.Prunable(ctx, models.Time{Time: time.Now().Add(-age)})
	if err != nil {
		return err
	}
	line("retention", "%s: would delete %d sessions with %d messages, %d notifications", formatAge(age),
		removed.Sessions, removed.Messages, removed.Notifications)
	return nil
}

// formatAge returns an age in days where it is some.
func formatAge(age time.Duration) string {
	if day := 24 * time.Hour; age%day == 0 {
		return fmt.Sprintf("%dd", age/day)
	}
	return age.String()
}

func printSizes(out io.Writer, status store.Status) error {
	total := status.LogBytes
	for _, size := range status.Sizes {
		total += size.Bytes
	}
	table := tabwriter.NewWriter(out, 0, 0, 2, ' ', tabwriter.AlignRight)
	_, _ = fmt.Fprintf(table, "\nBYTES\t SHARE\t\n%d\t100 %%\t  total\n", total)
	row := func(name string, bytes int64) {
		_, _ = fmt.Fprintf(table, "%d\t%d %%\t  %s\n", bytes, 100*bytes/max(total, 1), name)
	}
	for _, size := range status.Sizes {
		name := size.Name
		if size.IsIndex {
			name += " (index)"
		}
		row(name, size.Bytes)
	}
	if status.LogBytes > 0 {
		row("write-ahead log", status.LogBytes)
	}
	return table.Flush()
}
