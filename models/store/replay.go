package store

import (
	"context"
	"fmt"
	"slices"
	"time"

	"gorm.io/gorm"

	"sessiongraph/models"
	"sessiongraph/models/store/dialect"
	"sessiongraph/models/store/pacing"
)

// Replay projects the whole ledger again, in short transactions with pauses between
// them: it may be stopped at any time, and started again; other processes go on meanwhile.
func (s *Store) Replay(ctx context.Context, decode Decode, progress dialect.Progress) error {
	size := &pacing.Batch{Size: firstReplayBatch, Most: ledgerBatch}
	err := dialect.RetryUnavailable(ctx, func() error { return s.removeOrphans(ctx) })
	if err == nil {
		err = s.ledgerBatches(ctx, progress, nil, func(rows []*models.Notification) error {
			return s.replaySteps(ctx, rows, size, decode)
		})
	}
	if err == nil {
		err = dialect.RetryUnavailable(ctx, func() error { return s.repairContacts(ctx) })
	}
	if err != nil {
		return fmt.Errorf("replay: %w", err)
	}
	return nil
}

// removeOrphans removes sessions that the ledger has no notification of, and what
// belongs to no session, which would be in the way of the one that it belongs to.
//
// Finding them reads whole tables, so it does not hold the ledger's lock; what was
// found is looked at again under it.
func (s *Store) removeOrphans(ctx context.Context) error {
	type kind struct{ find, among string }
	kinds := []kind{{"SELECT s.id FROM sessions s WHERE NOT EXISTS (SELECT 1 FROM notifications n" +
		" WHERE n.call_id = s.call_id)", " AND s.id IN ?"}}
	for _, table := range childTables() {
		kinds = append(kinds, kind{"SELECT DISTINCT session_id FROM " + table + " WHERE session_id NOT IN (SELECT" +
			" id FROM sessions)", " AND session_id IN ?"})
	}
	for _, k := range kinds {
		var found []int64
		if err := s.read.WithContext(ctx).Raw(k.find).Scan(&found).Error; err != nil {
			return fmt.Errorf("find rows without a notification: %w", err)
		}
		for batch := range slices.Chunk(found, removeBatch) {
			err := s.withLedgerTx(ctx, func(tx *gorm.DB, _ *ledgerSequences) error {
				var orphans []int64
				if err := tx.Raw(k.find+k.among, batch).Scan(&orphans).Error; err != nil {
					return fmt.Errorf("find rows without a notification: %w", err)
				}
				return deleteSessions(tx, s.db, orphans)
			})
			if err != nil {
				return err
			}
		}
	}
	return s.removeUnusedDrift(ctx)
}

// childTables have the parts of sessions, each by its session_id.
func childTables() []string {
	tables := []string{"messages", "session_prompts"}
	for _, m := range models.SessionMaps() {
		tables = append(tables, string(m.Map))
	}
	return tables
}

// firstReplayBatch is how many rows the first transaction of a replay takes.
const firstReplayBatch = 5

func (s *Store) replaySteps(
	ctx context.Context, rows []*models.Notification, size *pacing.Batch, decode Decode,
) error {
	for len(rows) > 0 {
		batch := rows[:min(size.Size, len(rows))]
		decode := decodeOnce(decode)
		for _, n := range batch { // without the lock
			if body, err := s.unpackBody(n.Body); err == nil {
				decode(body)
			}
		}
		var held time.Duration
		err := dialect.RetryUnavailable(ctx, func() error {
			var err error
			held, err = s.replayBatch(ctx, batch, decode)
			return err
		})
		if err != nil {
			return err
		}
		size.Adapt(len(batch), held)
		if err := pacing.LeaveLock(ctx, held); err != nil {
			return err
		}
		rows = rows[len(batch):]
	}
	return nil
}

// replayBatch returns for how long it held the ledger's lock.
func (s *Store) replayBatch(
	ctx context.Context, rows []*models.Notification, decode Decode,
) (held time.Duration, err error) {
	var began time.Time
	defer func() { held = time.Since(began) }()
	var newDrift []models.DriftItem
	err = s.withLedgerTx(ctx, func(tx *gorm.DB, sequences *ledgerSequences) (err error) {
		began = time.Now()
		newDrift, err = s.replayRows(tx, sequences, rows, decode, nil)
		return err
	})
	if err == nil {
		s.logDrift(ctx, newDrift)
	}
	return 0, err
}

// replayRows reads rows of the ledger again, and rebuilds the sessions that they
// were and now are of. All of their sessions go before the first is made: a session
// has the id of its first notification, which may have been another's. A row that
// is read as before is written again only where rewrite asks for it. It returns the
// items of drift that are new.
func (s *Store) replayRows(
	tx *gorm.DB, sequences *ledgerSequences, rows []*models.Notification, decode Decode,
	rewrite func(*models.Notification) bool,
) (newDrift []models.DriftItem, err error) {
	var callIDs []string
	drift := make(map[int64][]driftRow, len(rows))
	for _, n := range rows {
		body, err := s.unpackBody(n.Body)
		if err != nil {
			return nil, fmt.Errorf("notification %d: %w", n.ID, err)
		}
		drift[n.ID] = s.driftOf(body, n.Outcome, n.FirstReceivedAt)
		if n.CallID != nil {
			callIDs = append(callIDs, *n.CallID)
		}
		if n.Outcome == models.Refused { // its body may not be whole
			continue
		}
		p, outcome, reason := decode(body)
		again := *n
		setDecoded(&again, p, outcome, reason)
		if again.CallID != nil {
			callIDs = append(callIDs, *again.CallID)
		}
		if sameReading(&again, n) && (rewrite == nil || !rewrite(n)) {
			continue
		}
		err = tx.Exec("UPDATE notifications SET call_id = ?, callee = ?, notified_at = ?, outcome = ?,"+
			" reason = ? WHERE id = ?",
			again.CallID, again.Callee, optionalTimeColumn{&again.NotifiedAt}, again.Outcome,
			again.Reason, again.ID).Error
		if err != nil {
			return nil, fmt.Errorf("update notification %d: %w", n.ID, err)
		}
	}
	newDrift, err = repairDrift(tx, s.db, drift)
	if err != nil {
		return nil, err
	}
	slices.Sort(callIDs)
	callIDs = slices.Compact(callIDs)
	var replaced []int64
	if err := tx.Raw("SELECT id FROM sessions WHERE call_id IN ?", callIDs).Scan(&replaced).Error; err != nil {
		return nil, fmt.Errorf("read sessions: %w", err)
	}
	if err := deleteSessions(tx, s.db, replaced); err != nil {
		return nil, err
	}
	k := newBatchState(sequences)
	for _, callID := range callIDs {
		if err := s.rebuild(tx, k, callID, decode); err != nil {
			return nil, fmt.Errorf("session %q: %w", callID, err)
		}
	}
	return newDrift, k.write(tx, s.db)
}

// setDecoded sets the columns of a row that follow from its decoded body.
func setDecoded(n *models.Notification, p *models.Projection, outcome models.Outcome, reason string) {
	n.Outcome, n.Reason = outcome, reason
	n.CallID, n.Callee, n.NotifiedAt = nil, nil, nil
	if p != nil {
		n.CallID, n.Callee, n.NotifiedAt = &p.Session.CallID, &p.Session.Callee, &p.Session.NotifiedAt
	}
}

// sameReading reports whether two states of a row agree in what follows from its body.
func sameReading(n, other *models.Notification) bool {
	return n.Outcome == other.Outcome && n.Reason == other.Reason && pointed(n.CallID) == pointed(other.CallID) &&
		pointed(n.Callee) == pointed(other.Callee) && pointed(n.NotifiedAt) == pointed(other.NotifiedAt)
}

// expected is what the ledger says a session is: nil where none of its
// notifications can be projected.
func (s *Store) expected(
	tx *gorm.DB, callID string, decode Decode,
) (*preparedProjection, *models.Notification, error) {
	rows, err := withBody.read(tx, s.db, "WHERE call_id = ? ORDER BY id", callID)
	if err != nil {
		return nil, nil, fmt.Errorf("read its notifications: %w", err)
	}
	var newest *models.Projection
	var newestBody []byte
	var source *models.Notification
	var first int64
	version, deliveries := 0, 0
	for _, n := range rows {
		body, err := s.unpackBody(n.Body)
		if err != nil {
			return nil, nil, fmt.Errorf("notification %d: %w", n.ID, err)
		}
		p, outcome, _ := decode(body)
		if outcome != models.Projected || p.Session.CallID != callID {
			continue
		}
		if version == 0 {
			first = n.ID
		}
		version++
		deliveries += n.Deliveries
		p.Session.NotificationID, p.Session.ReceivedAt = n.ID, n.FirstReceivedAt
		p.Session.Projection = ProjectionVersion
		if newest == nil || newer(&p.Session, &newest.Session) {
			newest, newestBody, source = p, body, n
		}
	}
	if newest == nil {
		return nil, nil, nil
	}
	newest.Session.ID, newest.Session.Version, newest.Session.Deliveries = first, version, deliveries
	return &preparedProjection{newest, s.complete(newestBody, newest)}, source, nil
}

// rebuild projects a session, whose rows were deleted, from its notifications again. It may show
// another of them than before.
func (s *Store) rebuild(tx *gorm.DB, k *batchState, callID string, decode Decode) error {
	p, source, err := s.expected(tx, callID, decode)
	if err != nil || p == nil {
		return err
	}
	k.sessions[callID], k.projected[callID] = &p.Session, p
	if source.EventSeq == nil {
		k.sequences.LastEventSeq++
		err := tx.Exec("UPDATE notifications SET stored_seq = ? WHERE id = ?",
			k.sequences.LastEventSeq, source.ID).Error
		if err != nil {
			return fmt.Errorf("number its event: %w", err)
		}
	}
	return nil
}
