package store

import (
	"context"
	"errors"
	"fmt"

	"gorm.io/gorm"

	"sessiongraph/models"
	"sessiongraph/models/store/dialect"
)

// Decode reads a notification's body: a projection, or the outcome and reason for
// which there is none.
type Decode func(body []byte) (p *models.Projection, outcome models.Outcome, reason string)

// Rows of the ledger that replay, verify and export handle at once.
const ledgerBatch = 100

// QuarantineFilter says which notifications Quarantine reads.
type QuarantineFilter struct {
	Outcome models.Outcome // Quarantined or Refused; both where it is empty
	Latest  int            // only so many, the last to arrive; all where it is 0
}

// Quarantine reads, in order of arrival, what could not be projected, without
// bodies, and calls each with one after the other.
func (s *Store) Quarantine(ctx context.Context, filter QuarantineFilter, each func(*models.Notification) error) error {
	outcomes := inQuarantine()
	if filter.Outcome != "" {
		outcomes = []models.Outcome{filter.Outcome}
	}
	last := int64(0)
	if filter.Latest > 0 {
		err := s.read.WithContext(ctx).Raw("SELECT COALESCE(MIN(id), 1) - 1 FROM (SELECT id"+
			" FROM notifications WHERE outcome IN ? ORDER BY id DESC LIMIT ?) AS latest",
			outcomes, filter.Latest).Scan(&last).Error
		if err != nil {
			return fmt.Errorf("read quarantine: %w", err)
		}
	}
	return s.quarantineBatches(ctx, withoutBody, outcomes, last, func(rows []*models.Notification) error {
		for _, n := range rows {
			if err := each(n); err != nil {
				return err
			}
		}
		return nil
	})
}

// quarantineBatches reads columns of the notifications behind one that have one of the outcomes, and calls
// each with some at a time.
func (s *Store) quarantineBatches(
	ctx context.Context, columns notificationColumns, outcomes []models.Outcome, after int64,
	each func([]*models.Notification) error,
) error {
	for {
		rows, err := columns.read(s.read.WithContext(ctx), s.db,
			"WHERE outcome IN ? AND id > ? ORDER BY id LIMIT ?", outcomes, after, ledgerBatch)
		if err != nil {
			return fmt.Errorf("read quarantine: %w", err)
		}
		if err := each(rows); err != nil {
			return err
		}
		if len(rows) < ledgerBatch {
			return nil
		}
		after = rows[len(rows)-1].ID
	}
}

// Notification reads one row of the ledger, and its body as it was sent (of a refused
// one the beginning). Both are nil where the ledger has no such number.
func (s *Store) Notification(ctx context.Context, id int64) (*models.Notification, []byte, error) {
	rows, err := withBody.read(s.read.WithContext(ctx), s.db, "WHERE id = ?", id)
	if err != nil {
		return nil, nil, fmt.Errorf("read notification %d: %w", id, err)
	}
	if len(rows) == 0 {
		return nil, nil, nil
	}
	body, err := s.unpackBody(rows[0].Body)
	if err != nil {
		return nil, nil, fmt.Errorf("notification %d: %w", id, err)
	}
	return rows[0], body, nil
}

// CountOutcomes returns how many notifications the ledger has of each outcome. It reads
// counts that are kept with the ledger, and takes the same time for any size of it.
func (s *Store) CountOutcomes(ctx context.Context) (map[models.Outcome]int, error) {
	type count struct {
		Outcome models.Outcome
		Count   int
	}
	var rows []count
	err := s.read.WithContext(ctx).Raw("SELECT outcome, notifications AS count FROM ledger_counts").Scan(&rows).Error
	if err != nil {
		return nil, fmt.Errorf("count outcomes: %w", err)
	}
	counts := map[models.Outcome]int{}
	for _, row := range rows {
		counts[row.Outcome] = row.Count
	}
	return counts, nil
}

// Damaged receives the rows of the ledger that cannot be read, whose page of the file
// or whose body is broken, and why.
type Damaged func(id int64, err error)

// Ledger reads the whole ledger in order of arrival, bodies as they were sent. Without
// damaged it ends at a row that cannot be read.
func (s *Store) Ledger(
	ctx context.Context, progress dialect.Progress, damaged Damaged,
	each func(n *models.Notification, body []byte) error,
) error {
	return s.ledgerBatches(ctx, progress, damaged, func(rows []*models.Notification) error {
		for _, n := range rows {
			body, err := s.unpackBody(n.Body)
			switch {
			case err != nil && damaged != nil:
				damaged(n.ID, err)
				continue
			case err != nil:
				return fmt.Errorf("notification %d: %w", n.ID, err)
			}
			if err := each(n, body); err != nil {
				return err
			}
		}
		return nil
	})
}

// ledgerBatches reads what the ledger has now, and calls each with some rows at a
// time.
func (s *Store) ledgerBatches(
	ctx context.Context, progress dialect.Progress, damaged Damaged, each func([]*models.Notification) error,
) error {
	db := s.read.WithContext(ctx)
	var end int64 // what arrives meanwhile is left for another time
	if err := db.Raw("SELECT last_notification_id FROM ledger_clock WHERE id = 1").Scan(&end).Error; err != nil {
		return fmt.Errorf("read ledger sequences: %w", err)
	}
	var total int
	err := db.Raw("SELECT COUNT(*) FROM notifications WHERE id <= ?", end).Scan(&total).Error
	if err != nil && (damaged == nil || !isDamage(err)) {
		return fmt.Errorf("count ledger: %w", err)
	}

	done := 0
	for last := int64(0); last < end; {
		rows, err := withBody.read(db, s.db, "WHERE id > ? AND id <= ? ORDER BY id LIMIT ?", last, end, ledgerBatch)
		switch {
		case err != nil && damaged != nil && isDamage(err):
			from := last + 1
			last = min(last+ledgerBatch, end)
			rows, err = readSingly(db, s.db, from, last, damaged)
		case len(rows) > 0:
			last = rows[len(rows)-1].ID
		default:
			last = end
		}
		if err != nil {
			return fmt.Errorf("read ledger: %w", err)
		}
		if len(rows) == 0 {
			continue
		}
		if err := each(rows); err != nil {
			return err
		}
		done += len(rows)
		progress(done, max(done, total))
	}
	return nil
}

// readSingly reads rows of the ledger that can be read.
func readSingly(
	db *gorm.DB, d dialect.Dialect, from, to int64, damaged Damaged,
) ([]*models.Notification, error) {
	var all []*models.Notification
	for id := from; id <= to; id++ {
		rows, err := withBody.read(db, d, "WHERE id = ?", id)
		switch {
		case err == nil:
			all = append(all, rows...)
		case isDamage(err):
			damaged(id, err)
		default:
			return nil, err
		}
	}
	return all, nil
}

// isDamage reports whether a read failed for what was to be read, not for the
// database's being away or the caller's giving up.
func isDamage(err error) bool {
	return !errors.Is(err, dialect.ErrUnavailable) && !errors.Is(err, context.Canceled) &&
		!errors.Is(err, context.DeadlineExceeded)
}

func inQuarantine() []models.Outcome { return []models.Outcome{models.Quarantined, models.Refused} }
