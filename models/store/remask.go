package store

import (
	"context"
	"fmt"
	"time"

	"gorm.io/gorm"

	"sessiongraph/models"
	"sessiongraph/models/store/dialect"
	"sessiongraph/models/store/pacing"
)

// maxRemaskBatch is how many sessions a transaction of Remask masks again at most.
const maxRemaskBatch = 400

// Remask masks again what was stored with another key, or with other names of values that are shown, and returns of
// how many sessions. It works in short transactions: it may be stopped at any time and started again, and other
// processes may store meanwhile.
func (s *Store) Remask(ctx context.Context, progress dialect.Progress) (done int, err error) {
	var total int
	id := s.masking.now().id
	err = s.read.WithContext(ctx).Raw("SELECT COUNT(*) FROM sessions WHERE masks < ? OR masks > ?", id, id).
		Scan(&total).Error
	if err != nil {
		return 0, fmt.Errorf("count sessions with other masks: %w", err)
	}
	size := &pacing.Batch{Size: firstUpgradeBatch, Most: maxRemaskBatch}
	for total > 0 {
		var masked int
		var held time.Duration
		err := dialect.RetryUnavailable(ctx, func() (err error) {
			masked, held, err = s.remaskBatch(ctx, size.Size)
			return err
		})
		if err == nil && masked > 0 {
			size.Adapt(masked, held)
			err = dialect.Pause(ctx, held/4)
		}
		done += masked
		if err != nil {
			return done, fmt.Errorf("mask sessions again: %w", err)
		}
		if masked == 0 {
			break
		}
		progress(done, max(done, total))
	}
	return done, nil
}

// remaskBatch masks up to limit sessions again, and returns for how long it held the ledger's lock.
func (s *Store) remaskBatch(ctx context.Context, limit int) (done int, held time.Duration, err error) {
	err = s.withLedgerTx(ctx, func(tx *gorm.DB, _ *ledgerSequences) error {
		began, m := time.Now(), s.masking.now()
		var sessions []models.Session
		statement := dialect.Select("SELECT s.id, s.callee, s.notification_id FROM sessions s WHERE s.masks < ?"+
			" OR s.masks > ? LIMIT ?", m.id, m.id, limit)
		err := eachRow(tx, s.db, statement, func(scan scanner) error {
			var session models.Session
			err := scan(&session.ID, &session.Callee, &session.NotificationID)
			sessions = append(sessions, session)
			return err
		})
		if err != nil {
			return fmt.Errorf("find sessions with other masks: %w", err)
		}
		for i := range sessions {
			if err := s.remask(tx, m, &sessions[i]); err != nil {
				return fmt.Errorf("session number %d: %w", sessions[i].ID, err)
			}
		}
		done, held = len(sessions), time.Since(began)
		return nil
	})
	return done, held, err
}

func (s *Store) remask(tx *gorm.DB, m *masks, session *models.Session) error {
	values := m.Values(session.Callee)
	callee := values.Value(session.Callee)
	err := tx.Exec("UPDATE sessions SET masked_callee = ?, masks = ? WHERE id = ?", callee, m.id, session.ID).Error
	if err != nil {
		return fmt.Errorf("mask callee: %w", err)
	}
	err = tx.Exec("UPDATE contacts SET masked_callee = ? WHERE callee = ? AND masked_callee <> ?", callee,
		session.Callee, callee).Error
	if err != nil {
		return fmt.Errorf("mask contact: %w", err)
	}
	for _, named := range models.SessionMaps() {
		if !named.Map.IsMasked() {
			continue
		}
		entries, err := storedEntries(tx, s.db, named.Map, session.ID)
		if err != nil {
			return fmt.Errorf("read %s: %w", named.Named, err)
		}
		for i := range entries {
			e := &entries[i]
			restoreJSON(e)
			err := tx.Exec("UPDATE "+string(named.Map)+" SET masked_value = ? WHERE session_id = ? AND name = ?",
				values.Entry(e), session.ID, e.Name).Error
			if err != nil {
				return fmt.Errorf("mask %s: %w", named.Named, err)
			}
		}
	}
	if !s.db.StoresMaskedTexts() {
		return nil
	}
	return s.remaskTexts(tx, m, session)
}

// remaskTexts masks again what is searched of a session's messages. Of a body that cannot be read nothing is found.
func (s *Store) remaskTexts(tx *gorm.DB, m *masks, session *models.Session) error {
	rows, err := withBody.read(tx, s.db, "WHERE id = ?", session.NotificationID)
	if err != nil {
		return fmt.Errorf("read notification: %w", err)
	}
	var texts []string
	for _, n := range rows {
		if body, err := s.unpackBody(n.Body); err == nil {
			texts = m.blank.SearchTexts(body)
		}
	}
	messages, err := storedMessages(tx, s.db, session.ID)
	if err != nil {
		return fmt.Errorf("read messages: %w", err)
	}
	for i, message := range messages {
		masked := new(string)
		if i < len(texts) {
			masked = &texts[i]
		}
		if *masked == message.SearchText {
			masked = nil
		}
		if pointed(masked) == pointed(message.MaskedText) {
			continue
		}
		err := tx.Exec("UPDATE messages SET masked_folded = ? WHERE session_id = ? AND position = ?", masked,
			session.ID, message.Position).Error
		if err != nil {
			return fmt.Errorf("mask message: %w", err)
		}
	}
	return nil
}
