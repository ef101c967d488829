package store

import (
	"context"
	"fmt"
	"time"

	"sessiongraph/models"
	"sessiongraph/models/store/dialect"
)

// Status is what an operator wants to know of a database.
type Status struct {
	Database       string // kind and address, without a password
	Migration      string // the last one of its tables
	Projection     int    // version of what notifications are made into
	Outdated       int    // sessions of an older version
	Outcomes       map[models.Outcome]int
	LastReceivedAt *models.Time
	RemovalDue     bool // files still hold what was removed
	LogBytes       int64
	Sizes          []dialect.Size // the largest first
}

// Status reads the state of the database. It takes longer for a larger file of SQLite, whose pages are counted.
func (s *Store) Status(ctx context.Context) (status Status, err error) {
	status = Status{Database: s.Name(), Projection: dialect.ProjectionVersion, LogBytes: s.db.LogSize()}
	read := s.read.WithContext(ctx)
	if err := read.Raw("SELECT MAX(id) FROM migrations").Scan(&status.Migration).Error; err != nil {
		return status, fmt.Errorf("read the version of the tables: %w", err)
	}
	if status.Outdated, err = s.Outdated(ctx); err != nil {
		return status, err
	}
	if status.Outcomes, err = s.CountOutcomes(ctx); err != nil {
		return status, err
	}
	if status.LastReceivedAt, err = s.LastReceivedAt(ctx); err != nil {
		return status, err
	}
	if status.RemovalDue, err = s.RemovalDue(ctx); err != nil {
		return status, err
	}
	if status.Sizes, err = s.db.Sizes(ctx); err != nil {
		return status, fmt.Errorf("read the sizes of tables: %w", err)
	}
	return status, nil
}

// LastReceivedAt is when a notification was last received for the first time; nil for none.
func (s *Store) LastReceivedAt(ctx context.Context) (*models.Time, error) {
	var at *models.Time
	statement := dialect.Select("SELECT first_received_at FROM notifications ORDER BY id DESC LIMIT 1")
	err := s.eachRow(ctx, statement, func(scan scanner) error { return scan(optionalTimeColumn{&at}) })
	if err != nil {
		return nil, fmt.Errorf("read the last arrival: %w", err)
	}
	return at, nil
}

// ClockDifference returns how far the clock of the database's server is ahead of this machine's; 0 for a file.
func (s *Store) ClockDifference(ctx context.Context) (time.Duration, error) {
	return s.db.ClockDifference(ctx)
}

// CheckSpace returns an error where the disk of the database has less than so many bytes free.
func (s *Store) CheckSpace(needed int64) error { return s.db.CheckSpace(needed) }

// LogSize returns the bytes of the log that an SQLite file has beside it.
func (s *Store) LogSize() int64 { return s.db.LogSize() }

// RecentlySigned passes the bodies and signatures of the notifications that arrived last to each.
func (s *Store) RecentlySigned(ctx context.Context, count int, each func(sign string, body []byte)) error {
	rows, err := withBody.read(s.read.WithContext(ctx), s.db, "WHERE outcome <> ? ORDER BY id DESC LIMIT ?",
		models.Refused, count)
	if err != nil {
		return fmt.Errorf("read the notifications that arrived last: %w", err)
	}
	for _, n := range rows {
		body, err := s.unpackBody(n.Body)
		if err != nil {
			return fmt.Errorf("notification %d: %w", n.ID, err)
		}
		each(n.Sign, body)
	}
	return nil
}
