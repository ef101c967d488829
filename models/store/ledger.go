package store

import (
	"bytes"
	"context"
	"crypto/sha256"
	"database/sql"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"time"

	"gorm.io/gorm"

	"sessiongraph/models"
	"sessiongraph/models/store/dialect"
	"sessiongraph/models/store/pacing"
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
		err := s.read.WithContext(ctx).Raw("SELECT COALESCE(MIN(id), 1) - 1 FROM (SELECT id FROM notifications WHERE outcome IN ? ORDER BY id DESC LIMIT ?) AS latest",
			outcomes, filter.Latest).Scan(&last).Error
		if err != nil {
			return fmt.Errorf("read quarantine: %w", err)
		}
	}
	for {
		var rows []*models.Notification
		err := s.read.WithContext(ctx).Omit("Body").Where("outcome IN ? AND id > ?", outcomes, last).Order("id").Limit(ledgerBatch).Find(&rows).Error
		if err != nil {
			return fmt.Errorf("read quarantine: %w", err)
		}
		for _, n := range rows {
			if err := each(n); err != nil {
				return err
			}
			last = n.ID
		}
		if len(rows) < ledgerBatch {
			return nil
		}
	}
}

// Notification reads one row of the ledger, and its body as it was sent (of a refused
// one the beginning). Both are nil where the ledger has no such number.
func (s *Store) Notification(ctx context.Context, id int64) (*models.Notification, []byte, error) {
	var rows []*models.Notification
	if err := s.read.WithContext(ctx).Where("id = ?", id).Find(&rows).Error; err != nil {
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
	if err := s.read.WithContext(ctx).Raw("SELECT outcome, notifications AS count FROM ledger_counts").Scan(&rows).Error; err != nil {
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
func (s *Store) Ledger(ctx context.Context, progress dialect.Progress, damaged Damaged, each func(n *models.Notification, body []byte) error) error {
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
func (s *Store) ledgerBatches(ctx context.Context, progress dialect.Progress, damaged Damaged, each func([]*models.Notification) error) error {
	db := s.read.WithContext(ctx)
	var end int64 // what arrives meanwhile is left for another time
	if err := db.Raw("SELECT last_notification_id FROM ledger_clock WHERE id = 1").Scan(&end).Error; err != nil {
		return fmt.Errorf("read ledger sequences: %w", err)
	}
	var total int
	if err := db.Raw("SELECT COUNT(*) FROM notifications WHERE id <= ?", end).Scan(&total).Error; err != nil && (damaged == nil || !isDamage(err)) {
		return fmt.Errorf("count ledger: %w", err)
	}

	done := 0
	for last := int64(0); last < end; {
		var rows []*models.Notification
		err := db.Where("id > ? AND id <= ?", last, end).Order("id").Limit(ledgerBatch).Find(&rows).Error
		switch {
		case err != nil && damaged != nil && isDamage(err):
			from := last + 1
			last = min(last+ledgerBatch, end)
			rows, err = readSingly(db, from, last, damaged)
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
func readSingly(db *gorm.DB, from, to int64, damaged Damaged) ([]*models.Notification, error) {
	var all []*models.Notification
	for id := from; id <= to; id++ {
		var rows []*models.Notification
		err := db.Where("id = ?", id).Find(&rows).Error
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
	return !errors.Is(err, dialect.ErrUnavailable) && !errors.Is(err, context.Canceled) && !errors.Is(err, context.DeadlineExceeded)
}

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
	kinds := []kind{{"SELECT s.id FROM sessions s WHERE NOT EXISTS (SELECT 1 FROM notifications n WHERE n.call_id = s.call_id)", " AND s.id IN ?"}}
	for _, table := range childTables() {
		kinds = append(kinds, kind{"SELECT DISTINCT session_id FROM " + table + " WHERE session_id NOT IN (SELECT id FROM sessions)", " AND session_id IN ?"})
	}
	for _, k := range kinds {
		var found []int64
		if err := s.read.WithContext(ctx).Raw(k.find).Scan(&found).Error; err != nil {
			return fmt.Errorf("find what the ledger does not know: %w", err)
		}
		for batch := range slices.Chunk(found, removeBatch) {
			err := s.withLedgerTx(ctx, func(tx *gorm.DB, _ *ledgerSequences) error {
				var orphans []int64
				if err := tx.Raw(k.find+k.among, batch).Scan(&orphans).Error; err != nil {
					return fmt.Errorf("find what the ledger does not know: %w", err)
				}
				return deleteSessions(tx, s.db, orphans)
			})
			if err != nil {
				return err
			}
		}
	}
	return nil
}

// childTables have the parts of sessions, each by its session_id.
func childTables() []string { return []string{"messages", "ner_slots", "event_labels", "variables"} }

// SaveInTime is Save for those who can wait while another process has the database
// for itself.
func (s *Store) SaveInTime(ctx context.Context, deliveries []PreparedDelivery) error {
	return dialect.RetryUnavailable(ctx, func() error { return s.Save(ctx, deliveries) })
}

// firstReplayBatch is how many rows the first transaction of a replay takes.
const firstReplayBatch = 5

func (s *Store) replaySteps(ctx context.Context, rows []*models.Notification, size *pacing.Batch, decode Decode) error {
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
func (s *Store) replayBatch(ctx context.Context, rows []*models.Notification, decode Decode) (held time.Duration, err error) {
	var began time.Time
	defer func() { held = time.Since(began) }()
	return 0, s.withLedgerTx(ctx, func(tx *gorm.DB, sequences *ledgerSequences) error {
		began = time.Now()
		return s.replayRows(tx, sequences, rows, decode, nil)
	})
}

// replayRows reads rows of the ledger again, and rebuilds the sessions that they
// were and now are of. All of their sessions go before the first is made: a session
// has the id of its first notification, which may have been another's. A row that
// is read as before is written again only where rewrite asks for it.
func (s *Store) replayRows(tx *gorm.DB, sequences *ledgerSequences, rows []*models.Notification, decode Decode, rewrite func(*models.Notification) bool) error {
	var callIDs []string
	for _, n := range rows {
		body, err := s.unpackBody(n.Body)
		if err != nil {
			return fmt.Errorf("notification %d: %w", n.ID, err)
		}
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
		if err := tx.Model(&again).Select("CallID", "Callee", "NotifiedAt", "Outcome", "Reason").Updates(&again).Error; err != nil {
			return fmt.Errorf("update notification %d: %w", n.ID, err)
		}
	}
	slices.Sort(callIDs)
	callIDs = slices.Compact(callIDs)
	var replaced []int64
	if err := tx.Raw("SELECT id FROM sessions WHERE call_id IN ?", callIDs).Scan(&replaced).Error; err != nil {
		return fmt.Errorf("read sessions: %w", err)
	}
	if err := deleteSessions(tx, s.db, replaced); err != nil {
		return err
	}
	k := newBatchState(sequences)
	for _, callID := range callIDs {
		if err := s.rebuild(tx, k, callID, decode); err != nil {
			return fmt.Errorf("session %q: %w", callID, err)
		}
	}
	return k.write(tx, s.db)
}

// setDecoded takes over what a body's decoding says of its row.
func setDecoded(n *models.Notification, p *models.Projection, outcome models.Outcome, reason string) {
	n.Outcome, n.Reason = outcome, reason
	n.CallID, n.Callee, n.NotifiedAt = nil, nil, nil
	if p != nil {
		n.CallID, n.Callee, n.NotifiedAt = &p.Session.CallID, &p.Session.Callee, &p.Session.NotifiedAt
	}
}

// sameReading says whether two states of a row say the same of its body.
func sameReading(n, other *models.Notification) bool {
	return n.Outcome == other.Outcome && n.Reason == other.Reason && pointed(n.CallID) == pointed(other.CallID) &&
		pointed(n.Callee) == pointed(other.Callee) && pointed(n.NotifiedAt) == pointed(other.NotifiedAt)
}

// expected is what the ledger says a session is: nil where none of its
// notifications can be projected.
func (s *Store) expected(tx *gorm.DB, callID string, decode Decode) (*preparedProjection, *models.Notification, error) {
	var rows []*models.Notification
	if err := tx.Where("call_id = ?", callID).Order("id").Find(&rows).Error; err != nil {
		return nil, nil, fmt.Errorf("read its notifications: %w", err)
	}
	var newest *models.Projection
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
		p.Session.NotificationID, p.Session.ReceivedAt, p.Session.Projection = n.ID, n.FirstReceivedAt, ProjectionVersion
		if newest == nil || newer(&p.Session, &newest.Session) {
			newest, source = p, n
		}
	}
	if newest == nil {
		return nil, nil, nil
	}
	newest.Session.ID, newest.Session.Version, newest.Session.Deliveries = first, version, deliveries
	return &preparedProjection{newest, s.db.Prepare(newest)}, source, nil
}

// rebuild has a session, whose rows are gone, made from its notifications again.
// Another of them may become the session.
func (s *Store) rebuild(tx *gorm.DB, k *batchState, callID string, decode Decode) error {
	p, source, err := s.expected(tx, callID, decode)
	if err != nil || p == nil {
		return err
	}
	k.sessions[callID], k.projected[callID] = &p.Session, p
	if source.EventSeq == nil {
		k.sequences.LastEventSeq++
		if err := tx.Model(source).Update("stored_seq", k.sequences.LastEventSeq).Error; err != nil {
			return fmt.Errorf("number its event: %w", err)
		}
	}
	return nil
}

// Verify compares the ledger with the tables made from it, and tells each
// difference in one line. Only reading fails it.
func (s *Store) Verify(ctx context.Context, decode Decode, progress dialect.Progress, tell func(difference string)) error {
	damaged := func(id int64, err error) { tell(fmt.Sprintf("notification %d: it cannot be read: %v", id, err)) }
	err := s.ledgerBatches(ctx, progress, damaged, func(rows []*models.Notification) error {
		decode := decodeOnce(decode)
		return s.read.WithContext(ctx).Transaction(func(tx *gorm.DB) error {
			callIDs := map[string]bool{}
			for _, n := range rows {
				body, err := s.unpackBody(n.Body)
				if err != nil {
					tell(fmt.Sprintf("notification %d: its body cannot be read: %v", n.ID, err))
					continue
				}
				if n.Outcome == models.Refused {
					continue
				}
				s.verifyNotification(n, body, decode, tell)
				if n.CallID != nil {
					callIDs[*n.CallID] = true
				}
			}
			for callID := range callIDs {
				switch err := s.verifySession(tx, callID, decode, tell); {
				case err != nil && isDamage(err):
					tell(fmt.Sprintf("session %s: it cannot be read: %v", callID, err))
				case err != nil:
					return fmt.Errorf("session %q: %w", callID, err)
				}
			}
			return nil
		}, s.snapshot()...)
	})
	if err != nil {
		return fmt.Errorf("verify: %w", err)
	}
	if err := s.verifyOrphans(ctx, tell); err != nil {
		return err
	}
	outdated, err := s.Outdated(ctx)
	if err == nil && outdated > 0 {
		tell(fmt.Sprintf("%d sessions were stored by an older version of sessiongraph and not compared: start the server, or run replay, to bring them up to date", outdated))
	}
	return err
}

// decodeOnce decodes each body once: decoding is half of what verify and replay do,
// which need most of them twice.
func decodeOnce(decode Decode) Decode {
	type result struct {
		p       *models.Projection
		outcome models.Outcome
		reason  string
	}
	results := map[[sha256.Size]byte]result{}
	return func(body []byte) (*models.Projection, models.Outcome, string) {
		sum := sha256.Sum256(body)
		r, known := results[sum]
		if !known {
			r.p, r.outcome, r.reason = decode(body)
			results[sum] = r
		}
		return r.p, r.outcome, r.reason
	}
}

func (s *Store) snapshot() []*sql.TxOptions {
	if options := s.db.SnapshotOptions(); options != nil {
		return []*sql.TxOptions{options}
	}
	return nil
}

func (s *Store) verifyNotification(n *models.Notification, body []byte, decode Decode, tell func(string)) {
	if sum := sha256.Sum256(body); !bytes.Equal(sum[:], n.SHA256) {
		tell(fmt.Sprintf("notification %d: its body has another SHA-256 than when it arrived", n.ID))
	}
	p, outcome, reason := decode(body)
	want := *n
	setDecoded(&want, p, outcome, reason)
	for _, column := range []struct {
		name      string
		got, want any
	}{
		{"outcome", n.Outcome, want.Outcome}, {"reason", n.Reason, want.Reason},
		{"call_id", pointed(n.CallID), pointed(want.CallID)}, {"callee", pointed(n.Callee), pointed(want.Callee)},
		{"timestamp", pointed(n.NotifiedAt), pointed(want.NotifiedAt)},
	} {
		if column.got != column.want {
			tell(fmt.Sprintf("notification %d: %s differs from its body (replay mends it)", n.ID, column.name))
		}
	}
}

func pointed[T any](p *T) any {
	if p == nil {
		return nil
	}
	return *p
}

// verifySession compares the rows of a session with what its notifications say.
func (s *Store) verifySession(tx *gorm.DB, callID string, decode Decode, tell func(string)) error {
	p, _, err := s.expected(tx, callID, decode)
	if err != nil || p == nil {
		return err
	}
	var sessions []*models.Session
	if err := tx.Where("call_id = ?", callID).Find(&sessions).Error; err != nil {
		return fmt.Errorf("read it: %w", err)
	}
	if len(sessions) == 0 {
		tell(fmt.Sprintf("session %s: it is missing", callID))
		return nil
	}
	got := sessions[0]
	if got.Projection < ProjectionVersion {
		return nil // Verify says how many there are
	}
	if !reflect.DeepEqual(*got, p.Session) {
		tell(fmt.Sprintf("session %s: its row differs from the ledger", callID))
	}
	verifyParts(got, tx, s.db, p.Projection, tell)
	return tx.Error
}

func verifyParts(s *models.Session, tx *gorm.DB, d dialect.Dialect, p *models.Projection, tell func(string)) {
	differs := func(part string, equal bool, err error) {
		if err != nil {
			_ = tx.AddError(err)
		} else if !equal {
			tell(fmt.Sprintf("session %s: its %s differ from the ledger", s.CallID, part))
		}
	}
	messages, err := storedMessages(tx, d, s.ID)
	differs("messages", slices.EqualFunc(messages, p.Messages, func(a, b models.Message) bool { return equalMessages(a, b) && a.SearchText == d.StoredText(&b) }), err)
	var slots []models.NerSlot
	err = tx.Where("session_id = ?", s.ID).Order("position").Find(&slots).Error
	differs("NER slots", slices.EqualFunc(slots, p.NerSlots, func(a models.NerSlot, b models.NamedValue) bool { return equalEntries(a.NamedValue, b) }), err)
	var labels []models.EventLabel
	err = tx.Where("session_id = ?", s.ID).Order("position").Find(&labels).Error
	differs("event labels", slices.EqualFunc(labels, p.EventLabels, func(a models.EventLabel, b models.NamedValue) bool { return equalEntries(a.NamedValue, b) }), err)
	var variables []models.Variable
	err = tx.Where("session_id = ?", s.ID).Order("position").Find(&variables).Error
	differs("variables", slices.EqualFunc(variables, p.Variables, func(a models.Variable, b models.NamedValue) bool { return equalEntries(a.NamedValue, b) }), err)
}

func equalMessages(a, b models.Message) bool {
	sameTime := (a.SentAt == nil) == (b.SentAt == nil) && (a.SentAt == nil || a.SentAt.Equal(b.SentAt.Time))
	return a.Position == b.Position && a.MsgID == b.MsgID && a.MsgOrdinal == b.MsgOrdinal && a.SenderType == b.SenderType && sameTime && a.Status == b.Status &&
		a.ContentType == b.ContentType && pointed(a.MsgIDFolded) == pointed(b.MsgIDFolded) && a.HasReply == b.HasReply
}

// storedMessages are the rows of a session's messages.
func storedMessages(tx *gorm.DB, d dialect.Dialect, sessionID int64) (messages []models.Message, err error) {
	statement := dialect.Where("SELECT m.session_id, m.position, m.msg_id, m.msg_id_folded, m.msg_ordinal, m.sender_type, m.sent_at, m.status, m.content_type,"+
		" m.has_reply, m.folded FROM messages m WHERE m.session_id = ? ORDER BY m.position", sessionID)
	err = eachRow(tx, d, statement, func(scan scanner) error {
		var m models.Message
		err := scan(&m.SessionID, &m.Position, &m.MsgID, &m.MsgIDFolded, &m.MsgOrdinal, &m.SenderType, &m.SentAt, &m.Status, &m.ContentType, &m.HasReply, &m.SearchText)
		messages = append(messages, m)
		return err
	})
	return messages, err
}

func equalEntries(a, b models.NamedValue) bool {
	return a.Name == b.Name && a.Position == b.Position && a.Value == b.Value &&
		pointed(a.CaseFolded) == pointed(b.CaseFolded) && pointed(a.Number) == pointed(b.Number) && bytes.Equal(a.JSON, storedJSON(&b))
}

// verifyOrphans finds rows that belong to no session, and sessions that belong to
// no notification or are not found by search.
func (s *Store) verifyOrphans(ctx context.Context, tell func(string)) error {
	queries := []dialect.Difference{
		{SQL: "SELECT call_id FROM sessions s WHERE NOT EXISTS (SELECT 1 FROM notifications n WHERE n.call_id = s.call_id)", Message: "session %s: the ledger has no notification of it"},
		{SQL: "SELECT CAST(COUNT(*) AS TEXT) FROM (" + wrongContacts() + ") c HAVING COUNT(*) > 0", Message: "%s contacts differ from their sessions (replay mends it)"},
	}
	for _, table := range childTables() {
		queries = append(queries, dialect.Difference{
			SQL: "SELECT DISTINCT session_id FROM " + table + " WHERE session_id NOT IN (SELECT id FROM sessions)", Message: table + " of session number %s, which does not exist"})
	}
	queries = append(queries, s.db.IndexDifferences()...)
	for _, q := range queries {
		var found []string
		if err := s.read.WithContext(ctx).Raw(q.SQL).Scan(&found).Error; err != nil {
			return fmt.Errorf("verify: %w", err)
		}
		for _, name := range found {
			tell(fmt.Sprintf(q.Message, name))
		}
	}
	return nil
}

func inQuarantine() []models.Outcome { return []models.Outcome{models.Quarantined, models.Refused} }
