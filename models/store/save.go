package store

import (
	"context"
	"crypto/sha256"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"gorm.io/gorm"

	"sessiongraph/models"
	"sessiongraph/models/store/dialect"
)

// PreparedDelivery is a delivery with what takes time to work out of its body. It is made
// outside of the transaction that stores it.
type PreparedDelivery struct {
	models.Delivery
	// Stored is set by Save.
	Stored Stored
	sum    [sha256.Size]byte
	packed []byte
	index  dialect.IndexText
	drift  []driftRow
}

// Stored is what Save made of a delivery.
type Stored struct {
	ID      int64 // number in the ledger
	Repeat  bool  // the body was there before
	Outcome models.Outcome
	Reason  string // of a notification in quarantine
	Version bool   // the body was new, its session was there before
}

// Bounds of what is kept of bodies that are no JSON object at all: anyone can send them.
const (
	maxRefused     = 1000
	maxRefusedBody = 64 << 10 // bytes, from the start
)

// maxRestoredBody bounds what a body of the ledger takes when it is decompressed, in bytes: more than any --max-body.
const maxRestoredBody = 1 << 30

// Prepare prepares a delivery for Save.
func (s *Store) Prepare(d models.Delivery) PreparedDelivery {
	kept := d.Body
	if d.Outcome == models.Refused {
		kept = kept[:min(len(kept), maxRefusedBody)]
	}
	prepared := PreparedDelivery{Delivery: d, sum: sha256.Sum256(d.Body), packed: s.bodies.Compress(nil, kept),
		drift: s.driftOf(d.Body, d.Outcome, d.ReceivedAt)}
	if d.Projection != nil {
		prepared.index = s.complete(d.Body, d.Projection)
	}
	return prepared
}

// preparedProjection is a projection with what the search index holds of it.
type preparedProjection struct {
	*models.Projection
	index dialect.IndexText
}

// Save stores deliveries in one transaction: ledger, projection and search
// together, all of them or none. They count as arrived in their order. An error
// that is ErrUnavailable may pass with time; one that is ErrRejected lies in the deliveries.
func (s *Store) Save(ctx context.Context, deliveries []PreparedDelivery) error {
	size := 0
	for _, a := range deliveries {
		size += len(a.Body)
	}
	var newDrift []models.DriftItem
	err := s.withLedgerTxWithin(ctx, s.db.SaveTimeout(size), func(tx *gorm.DB, sequences *ledgerSequences) error {
		state, err := readBatchState(tx, s.db, sequences, deliveries)
		if err != nil {
			return err
		}
		for i := range deliveries {
			deliveries[i].Stored = state.apply(deliveries[i])
		}
		if newDrift, err = writeDrift(tx, s.db, state.drift); err != nil {
			return err
		}
		return state.write(tx, s.db)
	})
	if err != nil {
		return fmt.Errorf("save %d notifications: %w", len(deliveries), err)
	}
	s.logDrift(ctx, newDrift)
	return nil
}

// SaveWithRetry is Save, repeated for some seconds while the database is not available.
func (s *Store) SaveWithRetry(ctx context.Context, deliveries []PreparedDelivery) error {
	return dialect.RetryUnavailable(ctx, func() error { return s.Save(ctx, deliveries) })
}

// ledgerSequences are the last numbers of notifications and of events. Their row is locked by each transaction that
// changes the ledger, so numbers are committed in their order and none is ever seen late.
type ledgerSequences struct {
	ID                 int64
	LastNotificationID int64
	LastEventSeq       int64 `gorm:"column:last_stored_seq"`
}

// TableName is the table, which has one row.
func (ledgerSequences) TableName() string { return "ledger_clock" }

const sequenceColumns = "id, last_notification_id, last_stored_seq"

// withLedgerTx runs a transaction that changes the ledger, one at a time. It is run again where it
// conflicts with others.
func (s *Store) withLedgerTx(ctx context.Context, work func(tx *gorm.DB, sequences *ledgerSequences) error) error {
	return s.withLedgerTxWithin(ctx, 0, work)
}

// withLedgerTxWithin is withLedgerTx with a limit on the time of each attempt, 0 for none.
func (s *Store) withLedgerTxWithin(
	ctx context.Context, limit time.Duration, work func(tx *gorm.DB, sequences *ledgerSequences) error,
) error {
	return dialect.RetryConflict(ctx, s.db, func() error { return s.tryLedgerTx(ctx, limit, work) })
}

func (s *Store) tryLedgerTx(
	ctx context.Context, limit time.Duration, work func(tx *gorm.DB, sequences *ledgerSequences) error,
) error {
	stored, seq := false, int64(0)
	err := s.transaction(ctx, limit, func(tx *gorm.DB) error {
		var sequences ledgerSequences
		if err := tx.Raw(s.db.LockLedger(sequenceColumns)).Scan(&sequences).Error; err != nil {
			return fmt.Errorf("lock ledger: %w", err)
		}
		before := sequences
		if err := work(tx, &sequences); err != nil {
			return err
		}
		if sequences == before {
			return nil
		}
		if err := tx.Save(&sequences).Error; err != nil {
			return fmt.Errorf("move ledger sequences: %w", err)
		}
		if seq = sequences.LastEventSeq; seq == before.LastEventSeq {
			return nil
		}
		stored = true
		if err := s.history.begin(tx, before.LastEventSeq); err != nil {
			return err
		}
		return s.db.Notify(tx)
	})
	if err == nil {
		err = s.db.Check() // what was committed to a file that is gone is lost
	}
	if err == nil && stored {
		s.history.stored(seq)
		s.notifier.wake()
	}
	s.db.CheckLog()
	return err
}

// batchState is what the database holds of the bodies and sessions that a batch of
// deliveries touches, and, as they are taken one by one, what has to change.
type batchState struct {
	sequences     *ledgerSequences
	notifications map[string]*models.Notification // by SHA-256
	sessions      map[string]*models.Session      // by call_id

	added     []*models.Notification
	drift     map[int64][]driftRow // of those that are added
	redeliver map[int64]*models.Notification
	counted   map[string]*models.Session     // only version and deliveries changed
	replaced  map[string]int64               // sessions whose rows have to go first, by call_id
	projected map[string]*preparedProjection // what the sessions now are, by call_id
}

func newBatchState(sequences *ledgerSequences) *batchState {
	return &batchState{
		sequences:     sequences,
		notifications: map[string]*models.Notification{},
		sessions:      map[string]*models.Session{},
		drift:         map[int64][]driftRow{},
		redeliver:     map[int64]*models.Notification{},
		counted:       map[string]*models.Session{},
		replaced:      map[string]int64{},
		projected:     map[string]*preparedProjection{},
	}
}

func readBatchState(
	tx *gorm.DB, d dialect.Dialect, sequences *ledgerSequences, deliveries []PreparedDelivery,
) (*batchState, error) {
	k := newBatchState(sequences)
	var sums [][]byte
	var callIDs []string
	for _, a := range deliveries {
		sums = append(sums, a.sum[:])
		if a.Projection != nil {
			callIDs = append(callIDs, a.Projection.Session.CallID)
		}
	}
	notifications, err := withoutBody.read(tx, d, "WHERE sha256 IN ?", sums)
	if err != nil {
		return nil, fmt.Errorf("read ledger: %w", err)
	}
	for _, n := range notifications {
		k.notifications[string(n.SHA256)] = n
	}
	if len(callIDs) > 0 {
		columns := sessionColumnList()
		sessions, err := columns.read(tx, d, columns.by("call_id", dialect.ToAny(callIDs), dialect.AlwaysTrue))
		if err != nil {
			return nil, fmt.Errorf("read sessions: %w", err)
		}
		for _, session := range sessions {
			k.sessions[session.CallID] = session
		}
	}
	return k, nil
}

// apply decides what one delivery changes.
func (k *batchState) apply(a PreparedDelivery) Stored {
	if n, repeat := k.notifications[string(a.sum[:])]; repeat {
		again := extraDeliveries(&a.Delivery, n)
		n.Deliveries += again
		if last := lastReceivedAt(&a.Delivery); last.After(n.LastReceivedAt.Time) {
			n.LastReceivedAt = last
		}
		k.redeliver[n.ID] = n
		if n.Outcome == models.Projected && n.CallID != nil {
			if session := k.sessions[*n.CallID]; session != nil {
				session.Deliveries += again
				k.counted[session.CallID] = session
			}
		}
		return Stored{ID: n.ID, Repeat: true, Outcome: n.Outcome, Reason: n.Reason}
	}
	k.sequences.LastNotificationID++
	n := &models.Notification{
		ID:              k.sequences.LastNotificationID,
		SHA256:          a.sum[:],
		Body:            a.packed,
		BodySize:        len(a.Body),
		Sign:            a.Sign,
		FirstReceivedAt: a.ReceivedAt,
		LastReceivedAt:  lastReceivedAt(&a.Delivery),
		Deliveries:      max(1, extraDeliveries(&a.Delivery, &models.Notification{})),
		Outcome:         a.Outcome,
		Reason:          a.Reason,
	}
	k.notifications[string(n.SHA256)] = n
	k.added = append(k.added, n)
	if len(a.drift) > 0 {
		k.drift[n.ID] = a.drift
	}
	version := false
	if a.Projection != nil {
		version = k.sessions[a.Projection.Session.CallID] != nil
		k.project(n, &preparedProjection{a.Projection, a.index})
	}
	return Stored{ID: n.ID, Outcome: n.Outcome, Reason: n.Reason, Version: version}
}

// extraDeliveries is how many deliveries more of a known notification a delivery stands for.
// A row of another ledger may be imported twice, and counts once.
func extraDeliveries(d *models.Delivery, known *models.Notification) int {
	if d.Imported == nil {
		return 1
	}
	return max(0, d.Imported.Deliveries-known.Deliveries)
}

func lastReceivedAt(d *models.Delivery) models.Time {
	if d.Imported == nil {
		return d.ReceivedAt
	}
	return d.Imported.LastReceivedAt
}

// project makes a notification that is new to the projection its session, or a
// version more of it where a newer one is known.
func (k *batchState) project(n *models.Notification, p *preparedProjection) {
	n.Outcome, n.Reason = models.Projected, ""
	n.CallID, n.Callee, n.NotifiedAt = &p.Session.CallID, &p.Session.Callee, &p.Session.NotifiedAt
	session := p.Session
	session.ID, session.Version, session.Deliveries = n.ID, 1, n.Deliveries
	session.NotificationID, session.ReceivedAt, session.Projection = n.ID, n.FirstReceivedAt, ProjectionVersion
	if current := k.sessions[session.CallID]; current != nil {
		current.Version++
		current.Deliveries += n.Deliveries
		if !newer(&session, current) {
			k.counted[current.CallID] = current
			return
		}
		if k.projected[current.CallID] == nil || k.replaced[current.CallID] != 0 {
			k.replaced[current.CallID] = current.ID
		}
		session.ID, session.Version, session.Deliveries = current.ID, current.Version, current.Deliveries
	}
	k.sequences.LastEventSeq++
	seq := k.sequences.LastEventSeq
	n.EventSeq = &seq
	k.sessions[session.CallID] = &session
	k.projected[session.CallID] = p
}

// newer says which of two notifications of one session is the session: the one
// with the larger timestamp, of equals the one that first arrived later.
func newer(a, b *models.Session) bool {
	if !a.NotifiedAt.Equal(b.NotifiedAt.Time) {
		return a.NotifiedAt.After(b.NotifiedAt.Time)
	}
	return a.NotificationID > b.NotificationID
}

var (
	intoNotifications = insertInto("notifications", string(withBody))
	intoSessions      = insertInto("sessions", strings.ReplaceAll(storedColumns().sql(), "s.", ""))
	// text and raw are of earlier versions, for which they are read from the ledger now.
	intoMessages = insertInto("messages", "session_id, position, msg_id, msg_id_folded, msg_ordinal, sender_type, "+
		"sent_at, status, content_type,"+
		" has_reply, folded, masked_folded", "text", "raw")
	intoPrompts = insertInto("session_prompts", "session_id, prompts")
)

func (k *batchState) write(tx *gorm.DB, d dialect.Dialect) error {
	err := intoNotifications.run(tx, d, len(k.added), func(i int, values []any) []any {
		return append(values, notificationFields(k.added[i])...)
	})
	if err != nil {
		return fmt.Errorf("write ledger: %w", err)
	}
	if slices.ContainsFunc(k.added, func(n *models.Notification) bool { return n.Outcome == models.Refused }) {
		err := tx.Exec("DELETE FROM notifications WHERE outcome = ? AND id <= (SELECT id FROM notifications"+
			" WHERE outcome = ? ORDER BY id DESC LIMIT 1 OFFSET ?)",
			models.Refused, models.Refused, maxRefused).Error
		if err != nil {
			return fmt.Errorf("bound what was refused: %w", err)
		}
	}
	for _, n := range k.added {
		delete(k.redeliver, n.ID)
	}
	for _, id := range slices.Sorted(maps.Keys(k.redeliver)) {
		n := k.redeliver[id]
		err := tx.Exec("UPDATE notifications SET deliveries = ?, last_received_at = ? WHERE id = ?",
			n.Deliveries, n.LastReceivedAt.UnixMicro(), n.ID).Error
		if err != nil {
			return fmt.Errorf("count delivery: %w", err)
		}
	}
	for _, callID := range slices.Sorted(maps.Keys(k.counted)) {
		if k.projected[callID] != nil {
			continue
		}
		session := k.counted[callID]
		err := tx.Exec("UPDATE sessions SET version = ?, deliveries = ? WHERE id = ?",
			session.Version, session.Deliveries, session.ID).Error
		if err != nil {
			return fmt.Errorf("count version: %w", err)
		}
	}
	changes := newContactChanges()
	if err := deleteProjections(tx, d, slices.Sorted(maps.Values(k.replaced)), changes); err != nil {
		return err
	}
	sessions := make([]*models.Session, 0, len(k.projected))
	for callID := range k.projected {
		sessions = append(sessions, k.sessions[callID])
	}
	slices.SortFunc(sessions, func(a, b *models.Session) int { return int(a.ID - b.ID) })
	if err := k.insertProjections(tx, d, sessions); err != nil {
		return err
	}
	for _, session := range sessions {
		changes.add(session)
	}
	if err := changes.apply(tx); err != nil {
		return err
	}
	// Last: with any other statement of several rows FTS5 writes to the file what it has collected.
	return d.IndexSessions(tx, k.indexed(sessions))
}

// indexed are the sessions as the search index holds them.
func (k *batchState) indexed(sessions []*models.Session) []dialect.IndexedSession {
	indexed := make([]dialect.IndexedSession, len(sessions))
	for i, session := range sessions {
		indexed[i] = dialect.IndexedSession{ID: session.ID, IndexText: k.projected[session.CallID].index}
	}
	return indexed
}

func (k *batchState) insertProjections(tx *gorm.DB, d dialect.Dialect, sessions []*models.Session) error {
	columns := storedColumns()
	err := intoSessions.run(tx, d, len(sessions), func(i int, values []any) []any {
		return append(values, columns.fields(sessions[i])...)
	})
	if err != nil {
		return fmt.Errorf("write sessions: %w", err)
	}
	var messages []*models.Message
	entries := map[models.OpenMap][]models.NamedValue{}
	for _, session := range sessions {
		p := k.projected[session.CallID]
		for i := range p.Messages {
			p.Messages[i].SessionID = session.ID
			messages = append(messages, &p.Messages[i])
		}
		for _, m := range models.SessionMaps() {
			for _, v := range *m.Of(p.Projection) {
				v.SessionID = session.ID
				entries[m.Map] = append(entries[m.Map], v)
			}
		}
	}
	err = intoMessages.run(tx, d, len(messages), func(i int, values []any) []any {
		m := messages[i]
		return append(values, m.SessionID, m.Position, m.MsgID, m.MsgIDFolded, m.MsgOrdinal, string(m.SenderType),
			optionalTimeColumn{&m.SentAt},
			string(m.Status), m.ContentType, m.HasReply, d.StoredText(m), m.MaskedText)
	})
	if err != nil {
		return fmt.Errorf("write messages: %w", err)
	}
	prompted := slices.DeleteFunc(slices.Clone(sessions), func(session *models.Session) bool {
		return k.projected[session.CallID].PackedPrompts == nil
	})
	err = intoPrompts.run(tx, d, len(prompted), func(i int, values []any) []any {
		p := k.projected[prompted[i].CallID]
		return append(values, prompted[i].ID, p.PackedPrompts)
	})
	if err != nil {
		return fmt.Errorf("write prompts: %w", err)
	}
	for _, m := range models.SessionMaps() {
		rows := entries[m.Map]
		columns := "session_id, name, position, value, folded, number, json"
		if m.Map.IsMasked() {
			columns += ", masked_value"
		}
		err := insertInto(string(m.Map), columns).run(tx, d, len(rows), func(i int, values []any) []any {
			v := &rows[i]
			values = append(values, v.SessionID, v.Name, v.Position, v.Value, v.CaseFolded, v.Number, storedJSON(v))
			if m.Map.IsMasked() {
				values = append(values, v.Masked)
			}
			return values
		})
		if err != nil {
			return fmt.Errorf("write %s: %w", m.Map, err)
		}
	}
	return nil
}

// deleteSessions removes the projection of sessions, search and contacts included.
func deleteSessions(tx *gorm.DB, d dialect.Dialect, ids []int64) error {
	changes := newContactChanges()
	if err := deleteProjections(tx, d, ids, changes); err != nil {
		return err
	}
	return changes.apply(tx)
}

// deleteProjections removes the projection of sessions, search included, and notes
// what that changes of contacts.
func deleteProjections(tx *gorm.DB, d dialect.Dialect, ids []int64, changes *contactChanges) error {
	if len(ids) == 0 {
		return nil
	}
	if err := changes.remove(tx, ids); err != nil {
		return err
	}
	if err := d.UnindexSessions(tx, ids); err != nil {
		return err
	}
	for _, table := range childTables() {
		if err := tx.Exec("DELETE FROM "+table+" WHERE session_id IN ?", ids).Error; err != nil {
			return fmt.Errorf("delete %s: %w", table, err)
		}
	}
	if err := tx.Exec("DELETE FROM sessions WHERE id IN ?", ids).Error; err != nil {
		return fmt.Errorf("delete sessions: %w", err)
	}
	return nil
}

// unpackBody is the body of a ledger row as it was sent.
func (s *Store) unpackBody(packed []byte) ([]byte, error) {
	return s.bodies.Restore(nil, packed)
}
