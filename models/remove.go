package models

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"regexp"

	"gorm.io/gorm"
)

// Removed counts what erase or prune took away.
type Removed struct {
	Sessions      int
	Messages      int
	Notifications int
}

func (r *Removed) add(other Removed) {
	r.Sessions += other.Sessions
	r.Messages += other.Messages
	r.Notifications += other.Notifications
}

// Sessions that are removed in one transaction.
const removeBatch = 200

// Erase removes all that was received of one callee: its sessions, in every
// version, and what in quarantine speaks of it. Afterwards the database's files do
// not hold it any more; where that could not be done, erasing again does it.
func (s *Store) Erase(ctx context.Context, callee string, progress Progress) (Removed, error) {
	if callee == "" {
		return Removed{}, errors.New("erase: an empty callee names nobody")
	}
	sessions := "SELECT DISTINCT call_id FROM notifications WHERE callee = ? AND call_id IS NOT NULL LIMIT ?"
	removed, err := s.removeSessions(ctx, progress, sessions, callee)
	if err == nil {
		var more Removed
		more, err = s.removeQuarantined(ctx, func(n *Notification) (bool, error) {
			body, err := s.unpackBody(n.Body)
			return mentions(body, callee), err
		})
		removed.add(more)
	}
	return removed, s.finishRemoval(ctx, true, err)
}

// mentions says whether a body that could not be read as a session is of a callee, or
// has it somewhere, escaped or not. Where letters or digits go on before or behind
// it, it is another's name.
func mentions(body []byte, callee string) bool {
	if JSON(body).Get("callee").Text() == callee {
		return true
	}
	return hasName(body, callee) || hasName(unescaped(body), callee)
}

var escapes = regexp.MustCompile(`\\(?:u[0-9a-fA-F]{4}|["\\/bfnrt])`)

// unescaped is a body with what JSON may escape of a name written out.
func unescaped(body []byte) []byte {
	return escapes.ReplaceAllFunc(body, func(escape []byte) []byte {
		var text string
		if json.Unmarshal([]byte(`"`+string(escape)+`"`), &text) != nil {
			return escape
		}
		return []byte(text)
	})
}

func hasName(body []byte, callee string) bool {
	for at := 0; ; at++ {
		found := bytes.Index(body[at:], []byte(callee))
		if found < 0 {
			return false
		}
		at += found
		end := at + len(callee)
		longer := at > 0 && isAlphanumeric(body[at-1]) && isAlphanumeric(callee[0]) ||
			end < len(body) && isAlphanumeric(body[end]) && isAlphanumeric(callee[len(callee)-1])
		if !longer {
			return true
		}
	}
}

func isAlphanumeric(b byte) bool {
	return '0' <= b && b <= '9' || 'a' <= b && b <= 'z' || 'A' <= b && b <= 'Z'
}

// Prune removes the sessions that ended before a time, and what came into
// quarantine before it.
func (s *Store) Prune(ctx context.Context, before Time, progress Progress) (Removed, error) {
	removed, err := s.removeSessions(ctx, progress, "SELECT call_id FROM sessions WHERE ended_at < ? ORDER BY ended_at LIMIT ?", before)
	if err == nil {
		var more Removed
		more, err = s.removeQuarantined(ctx, func(n *Notification) (bool, error) { return n.LastReceivedAt.Before(before.Time), nil })
		removed.add(more)
	}
	return removed, s.finishRemoval(ctx, removed.Notifications > 0, err)
}

func (s *Store) finishRemoval(ctx context.Context, scrub bool, err error) error {
	if err == nil && scrub {
		err = s.retrying(ctx, func() error { return s.dialect.scrub(s.write.WithContext(ctx)) })
	}
	if err != nil {
		return fmt.Errorf("remove notifications: %w", err)
	}
	return nil
}

// removeSessions removes the sessions whose call_ids the query gives, a bounded
// number in each transaction, until it gives none.
func (s *Store) removeSessions(ctx context.Context, progress Progress, query string, argument any) (Removed, error) {
	var removed Removed
	for {
		var callIDs []string
		var batch Removed
		err := s.retrying(ctx, func() error {
			callIDs, batch = nil, Removed{}
			return s.change(ctx, func(tx *gorm.DB, _ *ledgerClock) error {
				if err := tx.Raw(query, argument, removeBatch).Scan(&callIDs).Error; err != nil {
					return fmt.Errorf("find sessions: %w", err)
				}
				if len(callIDs) == 0 {
					return nil
				}
				var err error
				batch, err = removeCallIDs(tx, s.dialect, callIDs)
				return err
			})
		})
		if err != nil {
			return removed, err
		}
		removed.add(batch)
		if len(callIDs) == 0 {
			return removed, nil
		}
		progress(removed.Sessions, 0)
	}
}

func removeCallIDs(tx *gorm.DB, d dialect, callIDs []string) (Removed, error) {
	var ids []int64
	if err := tx.Raw("SELECT id FROM sessions WHERE call_id IN ?", callIDs).Scan(&ids).Error; err != nil {
		return Removed{}, fmt.Errorf("find sessions: %w", err)
	}
	removed := Removed{Sessions: len(ids)}
	if len(ids) > 0 {
		if err := tx.Raw("SELECT COUNT(*) FROM messages WHERE session_id IN ?", ids).Scan(&removed.Messages).Error; err != nil {
			return Removed{}, fmt.Errorf("count messages: %w", err)
		}
	}
	if err := deleteSessions(tx, d, ids); err != nil {
		return Removed{}, err
	}
	gone := tx.Exec("DELETE FROM notifications WHERE call_id IN ?", callIDs)
	if gone.Error != nil {
		return Removed{}, fmt.Errorf("delete notifications: %w", gone.Error)
	}
	removed.Notifications = int(gone.RowsAffected)
	return removed, nil
}

// removeQuarantined removes what is in quarantine and is chosen.
func (s *Store) removeQuarantined(ctx context.Context, chosen func(*Notification) (bool, error)) (Removed, error) {
	var removed Removed
	for last := int64(0); ; {
		var rows []*Notification
		err := s.read.WithContext(ctx).Where("outcome IN ? AND id > ?", inQuarantine(), last).Order("id").Limit(ledgerBatch).Find(&rows).Error
		if err != nil {
			return removed, fmt.Errorf("read quarantine: %w", err)
		}
		var ids []int64
		for _, n := range rows {
			last = n.ID
			yes, err := chosen(n)
			if err != nil {
				return removed, err
			}
			if yes {
				ids = append(ids, n.ID)
			}
		}
		if len(ids) > 0 {
			err := s.retrying(ctx, func() error {
				return s.change(ctx, func(tx *gorm.DB, _ *ledgerClock) error {
					return tx.Exec("DELETE FROM notifications WHERE id IN ? AND outcome IN ?", ids, inQuarantine()).Error
				})
			})
			if err != nil {
				return removed, fmt.Errorf("delete from quarantine: %w", err)
			}
			removed.Notifications += len(ids)
		}
		if len(rows) < ledgerBatch {
			return removed, nil
		}
	}
}

// Backup copies a live database, consistent as of one moment, into a new file.
func (s *Store) Backup(ctx context.Context, file string) error {
	if err := s.dialect.backup(s.write.WithContext(ctx), file); err != nil {
		return fmt.Errorf("back up to %s: %w", file, err)
	}
	return nil
}
