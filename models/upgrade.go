package models

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"gorm.io/gorm"
)

// ProjectionVersion is the version of what this program makes of a notification. A
// change of the decoding or of the projection's tables needs a larger one, with an
// index of its own in migrations: Upgrade then makes older sessions again.
const ProjectionVersion = 3

// The condition of the index sessions_outdated, word by word: that is how SQLite
// and PostgreSQL see that the index serves.
const outdated = "projection < 3"

// Bounds of one transaction of Upgrade. While it runs no other process stores.
const (
	upgradeBatch = 100
	upgradeHold  = 50 * time.Millisecond
)

// Outdated counts the sessions that an older version of this program projected.
func (s *Store) Outdated(ctx context.Context) (int, error) {
	var count int
	if err := s.read.WithContext(ctx).Raw("SELECT COUNT(*) FROM sessions WHERE " + outdated).Scan(&count).Error; err != nil {
		return 0, fmt.Errorf("count outdated sessions: %w", err)
	}
	return count, nil
}

// Upgrade makes the sessions that an older version of this program projected again
// from the ledger, with the same ids, versions and deliveries, and without events.
// It works in short transactions: it may be stopped at any time and started again,
// and other processes may do the same or store meanwhile. A session that cannot be
// projected is logged and left as it is; their number is returned.
func (s *Store) Upgrade(ctx context.Context, decode Decode, progress Progress) (left int, err error) {
	total, err := s.Outdated(ctx)
	if err != nil || total == 0 {
		return 0, err
	}
	progress(0, total)
	done, limit := 0, upgradeBatch
	for after := int64(0); ; {
		var step upgradeStep
		started := time.Now()
		err := s.retrying(ctx, func() (err error) {
			step, err = s.upgradeBatch(ctx, decode, after, limit)
			return err
		})
		switch {
		case ctx.Err() != nil || errors.Is(err, ErrUnavailable):
			return left, fmt.Errorf("upgrade sessions: %w", errors.Join(ctx.Err(), err))
		case err != nil && limit > 1:
			limit = 1 // find the one
			continue
		case err != nil && step.callID == "":
			return left, fmt.Errorf("upgrade sessions: %w", err)
		case err != nil:
			s.log.ErrorContext(ctx, "session not upgraded", "call_id", step.callID, "error", err)
			left++
			after, limit = step.last, upgradeBatch
			continue
		case step.sessions == 0:
			return left, nil
		}
		after, limit = step.last, min(2*limit, upgradeBatch)
		done += step.sessions
		progress(done, max(done, total))
		if err := pause(ctx, time.Since(started)/4); err != nil { // others get their turn
			return left, fmt.Errorf("upgrade sessions: %w", err)
		}
	}
}

func pause(ctx context.Context, length time.Duration) error {
	select {
	case <-time.After(length):
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// upgradeStep is what one transaction of Upgrade came to.
type upgradeStep struct {
	sessions int
	last     int64  // the last session's id
	callID   string // and its call_id
}

// upgradeBatch makes up to limit outdated sessions again whose ids are above after.
func (s *Store) upgradeBatch(ctx context.Context, decode Decode, after int64, limit int) (step upgradeStep, err error) {
	err = s.change(ctx, func(tx *gorm.DB, clock *ledgerClock) error {
		step = upgradeStep{}
		decode := decodeOnce(decode)
		var sessions []*Session
		err := tx.Raw("SELECT id, call_id FROM sessions WHERE "+outdated+" AND id > ? ORDER BY id LIMIT ?", after, limit).Scan(&sessions).Error
		if err != nil {
			return fmt.Errorf("find outdated sessions: %w", err)
		}
		started := time.Now()
		for _, session := range sessions {
			if step.sessions > 0 && time.Since(started) > upgradeHold {
				break
			}
			step.last, step.callID = session.ID, session.CallID
			if err := s.reproject(tx, clock, session, decode); err != nil {
				return fmt.Errorf("session %s: %w", session.CallID, err)
			}
			step.sessions++
		}
		return nil
	})
	return step, err
}

// reproject reads all notifications of a session again, and rebuilds it and each
// session that they turn out to be of. Its call_id is left to the database to compare:
// an older version may have stored it in another form (encodeText).
func (s *Store) reproject(tx *gorm.DB, clock *ledgerClock, session *Session, decode Decode) error {
	var rows []*Notification
	if err := tx.Where("call_id = (SELECT call_id FROM sessions WHERE id = ?)", session.ID).Order("id").Find(&rows).Error; err != nil {
		return fmt.Errorf("read its notifications: %w", err)
	}
	if err := deleteSessions(tx, s.dialect, []int64{session.ID}); err != nil {
		return err
	}
	rewrite := slices.ContainsFunc(rows, func(n *Notification) bool {
		return n.CallID != nil && n.Callee != nil && encodeText(*n.CallID+*n.Callee) != *n.CallID+*n.Callee
	})
	return s.replayRows(tx, clock, rows, decode, rewrite)
}
