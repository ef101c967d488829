package store

import (
	"context"
	"errors"
	"fmt"
	"time"

	"gorm.io/gorm"

	"sessiongraph/models"
	"sessiongraph/models/store/dialect"
	"sessiongraph/models/store/pacing"
)

// ProjectionVersion is the version of what this program makes of a notification.
const ProjectionVersion = dialect.ProjectionVersion

// Sessions of one transaction of Upgrade: of the first, and at most.
const (
	firstUpgradeBatch = 5
	maxUpgradeBatch   = 100
)

// Outdated counts the sessions that an older version of this program projected.
func (s *Store) Outdated(ctx context.Context) (int, error) {
	var count int
	err := s.read.WithContext(ctx).Raw("SELECT COUNT(*) FROM sessions WHERE " + dialect.Outdated).Scan(&count).Error
	if err != nil {
		return 0, fmt.Errorf("count outdated sessions: %w", err)
	}
	return count, nil
}

// Upgrade projects again, from the ledger, the sessions that an older version of this program
// projected, and looks again for drift in what is in quarantine. Sessions keep their ids, versions
// and deliveries, and have no new events. It works in short transactions: it may be stopped at any
// time and started again, and other processes may do the same or store meanwhile. A session that
// cannot be projected is logged and left as it is; their number is returned.
func (s *Store) Upgrade(ctx context.Context, decode Decode, progress dialect.Progress) (left int, err error) {
	total, err := s.Outdated(ctx)
	if err != nil || total == 0 {
		return 0, err
	}
	progress(0, total)
	if err := s.repairQuarantinedDrift(ctx); err != nil {
		return 0, fmt.Errorf("upgrade notifications in quarantine: %w", err)
	}
	size := &pacing.Batch{Size: firstUpgradeBatch, Most: maxUpgradeBatch}
	done := 0
	for after := int64(0); ; {
		var step upgradeStep
		err := dialect.RetryUnavailable(ctx, func() (err error) {
			step, err = s.upgradeBatch(ctx, decode, after, size.Size)
			return err
		})
		switch {
		case ctx.Err() != nil || errors.Is(err, dialect.ErrUnavailable) || err != nil && len(step.sessions) == 0:
			return left, fmt.Errorf("upgrade sessions: %w", errors.Join(ctx.Err(), err))
		case err != nil && len(step.sessions) > 1:
			size.Size = 1 // find the one
			continue
		case err != nil:
			s.log.ErrorContext(ctx, "session not upgraded", "call_id", step.sessions[0].CallID, "error", err)
			left++
			after = step.sessions[0].ID
			continue
		case len(step.sessions) == 0:
			return left, nil
		}
		after = step.sessions[len(step.sessions)-1].ID
		done += len(step.sessions)
		progress(done, max(done, total))
		size.Adapt(len(step.sessions), step.held)
		// Nothing is served before the upgrade ends, so that the pause is shorter than leaveLock's.
		if err := dialect.Pause(ctx, step.held/4); err != nil {
			return left, fmt.Errorf("upgrade sessions: %w", err)
		}
	}
}

// upgradeStep is one transaction of Upgrade.
type upgradeStep struct {
	sessions []*models.Session // by id
	held     time.Duration     // the ledger's lock
	newDrift []models.DriftItem
}

// upgradeBatch projects again up to limit outdated sessions whose ids are above after.
func (s *Store) upgradeBatch(
	ctx context.Context, decode Decode, after int64, limit int,
) (step upgradeStep, err error) {
	err = s.withLedgerTx(ctx, func(tx *gorm.DB, sequences *ledgerSequences) error {
		began := time.Now()
		step = upgradeStep{}
		columns := onlyColumns("id", "call_id")
		outdated := dialect.Select("SELECT "+columns.sql()+" FROM sessions s WHERE "+dialect.Outdated+
			" AND id > ? ORDER BY id LIMIT ?", after, limit)
		var err error
		if step.sessions, err = columns.read(tx, s.db, outdated); err != nil {
			return fmt.Errorf("find outdated sessions: %w", err)
		}
		if len(step.sessions) == 0 {
			return nil
		}
		step.newDrift, err = s.reproject(tx, sequences, step.sessions, decodeOnce(decode))
		step.held = time.Since(began)
		return err
	})
	if err == nil {
		s.logDrift(ctx, step.newDrift)
	}
	return step, err
}

// reproject reads all notifications of sessions again, and rebuilds these and each
// session that they turn out to be of. The call_ids are left to the database to compare:
// an older version may have stored them in another form (see Dialect.Encodes).
func (s *Store) reproject(
	tx *gorm.DB, sequences *ledgerSequences, sessions []*models.Session, decode Decode,
) ([]models.DriftItem, error) {
	ids := make([]int64, len(sessions))
	for i, session := range sessions {
		ids[i] = session.ID
	}
	rows, err := withBody.read(tx, s.db, "WHERE call_id IN (SELECT call_id FROM sessions WHERE id IN ?) ORDER BY id",
		ids)
	if err != nil {
		return nil, fmt.Errorf("read notifications: %w", err)
	}
	if err := deleteSessions(tx, s.db, ids); err != nil {
		return nil, err
	}
	return s.replayRows(tx, sequences, rows, decode, func(n *models.Notification) bool {
		return n.CallID != nil && s.db.Encodes(*n.CallID) || n.Callee != nil && s.db.Encodes(*n.Callee)
	})
}
