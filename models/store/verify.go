package store

import (
	"bytes"
	"context"
	"crypto/sha256"
	"fmt"
	"reflect"
	"slices"

	"gorm.io/gorm"

	"sessiongraph/models"
	"sessiongraph/models/store/dialect"
)

// Verify compares the ledger with the tables made from it, and reports each
// difference in one line. Only reading fails it.
func (s *Store) Verify(
	ctx context.Context, decode Decode, progress dialect.Progress, report func(difference string),
) error {
	damaged := func(id int64, err error) { report(fmt.Sprintf("notification %d: it cannot be read: %v", id, err)) }
	err := s.ledgerBatches(ctx, progress, damaged, func(rows []*models.Notification) error {
		decode := decodeOnce(decode)
		return s.read.WithContext(ctx).Transaction(func(tx *gorm.DB) error {
			callIDs, drift := map[string]bool{}, map[int64][]driftRow{}
			for _, n := range rows {
				body, err := s.unpackBody(n.Body)
				if err != nil {
					report(fmt.Sprintf("notification %d: its body cannot be read: %v", n.ID, err))
					continue
				}
				drift[n.ID] = s.driftOf(body, n.Outcome, n.FirstReceivedAt)
				if n.Outcome == models.Refused {
					continue
				}
				s.verifyNotification(n, body, decode, report)
				if n.CallID != nil {
					callIDs[*n.CallID] = true
				}
			}
			for callID := range callIDs {
				switch err := s.verifySession(tx, callID, decode, report); {
				case err != nil && isDamage(err):
					report(fmt.Sprintf("session %s: it cannot be read: %v", callID, err))
				case err != nil:
					return fmt.Errorf("session %q: %w", callID, err)
				}
			}
			return s.verifyDrift(tx, drift, report)
		}, s.db.SnapshotOptions())
	})
	if err != nil {
		return fmt.Errorf("verify: %w", err)
	}
	if err := s.verifyOrphans(ctx, report); err != nil {
		return err
	}
	outdated, err := s.Outdated(ctx)
	if err == nil && outdated > 0 {
		report(fmt.Sprintf("%d sessions were stored by an older version of sessiongraph and not compared: start the "+
			"server, or run replay, to bring them up to date", outdated))
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

func (s *Store) verifyNotification(n *models.Notification, body []byte, decode Decode, report func(string)) {
	if sum := sha256.Sum256(body); !bytes.Equal(sum[:], n.SHA256) {
		report(fmt.Sprintf("notification %d: its body has another SHA-256 than when it arrived", n.ID))
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
			report(fmt.Sprintf("notification %d: %s differs from its body (replay mends it)", n.ID, column.name))
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
func (s *Store) verifySession(tx *gorm.DB, callID string, decode Decode, report func(string)) error {
	p, _, err := s.expected(tx, callID, decode)
	if err != nil || p == nil {
		return err
	}
	columns := storedColumns()
	sessions, err := columns.read(tx, s.db, columns.by("call_id", []any{callID}, dialect.AlwaysTrue))
	if err != nil {
		return fmt.Errorf("read it: %w", err)
	}
	if len(sessions) == 0 {
		report(fmt.Sprintf("session %s: it is missing", callID))
		return nil
	}
	got := sessions[0]
	if got.Projection < ProjectionVersion {
		return nil // Verify says how many there are
	}
	if got.Masks != p.Session.Masks { // it was stored with another key, which the server's next start mends
		got.MaskedCallee, got.Masks = p.Session.MaskedCallee, 0
		p.Session.Masks = 0
	}
	if !reflect.DeepEqual(*got, p.Session) {
		report(fmt.Sprintf("session %s: its row differs from the ledger", callID))
	}
	verifyParts(got, tx, s.db, p.Projection, report)
	return tx.Error
}

func verifyParts(s *models.Session, tx *gorm.DB, d dialect.Dialect, p *models.Projection, report func(string)) {
	differs := func(part string, equal bool, err error) {
		if err != nil {
			_ = tx.AddError(err)
		} else if !equal {
			report(fmt.Sprintf("session %s: its %s differ from the ledger", s.CallID, part))
		}
	}
	messages, err := storedMessages(tx, d, s.ID)
	differs("messages", slices.EqualFunc(messages, p.Messages, func(a, b models.Message) bool {
		return equalMessages(a, b) && a.SearchText == d.StoredText(&b) &&
			(s.Masks == 0 || pointed(a.MaskedText) == pointed(b.MaskedText))
	}), err)
	prompts, err := storedPrompts(tx, d, s.ID)
	differs("prompts", bytes.Equal(prompts, p.PackedPrompts), err)
	for _, m := range models.SessionMaps() {
		entries, err := storedEntries(tx, d, m.Map, s.ID)
		differs(m.Named,
			slices.EqualFunc(entries, *m.Of(p), func(a, b models.NamedValue) bool {
				return equalEntries(a, b) && (s.Masks == 0 || a.Masked == b.Masked)
			}), err)
	}
}

func equalMessages(a, b models.Message) bool {
	sameTime := (a.SentAt == nil) == (b.SentAt == nil) && (a.SentAt == nil || a.SentAt.Equal(b.SentAt.Time))
	return a.Position == b.Position && a.MsgID == b.MsgID && a.MsgOrdinal == b.MsgOrdinal &&
		a.SenderType == b.SenderType && sameTime && a.Status == b.Status &&
		a.ContentType == b.ContentType && pointed(a.MsgIDFolded) == pointed(b.MsgIDFolded) && a.HasReply == b.HasReply
}

// storedMessages are the rows of a session's messages.
func storedMessages(tx *gorm.DB, d dialect.Dialect, sessionID int64) (messages []models.Message, err error) {
	statement := dialect.Select("SELECT m.session_id, m.position, m.msg_id, m.msg_id_folded, m.msg_ordinal,"+
		" m.sender_type, m.sent_at, m.status, m.content_type,"+
		" m.has_reply, m.folded, m.masked_folded FROM messages m WHERE m.session_id = ? ORDER BY m.position",
		sessionID)
	err = eachRow(tx, d, statement, func(scan scanner) error {
		var m models.Message
		err := scan(&m.SessionID, &m.Position, &m.MsgID, &m.MsgIDFolded, &m.MsgOrdinal, &m.SenderType,
			optionalTimeColumn{&m.SentAt}, &m.Status, &m.ContentType, &m.HasReply, &m.SearchText, &m.MaskedText)
		messages = append(messages, m)
		return err
	})
	return messages, err
}

// storedPrompts are a session's prompts as they are stored, nil where it has none.
func storedPrompts(tx *gorm.DB, d dialect.Dialect, sessionID int64) (prompts []byte, err error) {
	statement := dialect.Select("SELECT p.prompts FROM session_prompts p WHERE p.session_id = ?", sessionID)
	err = eachRow(tx, d, statement, func(scan scanner) error { return scan(&prompts) })
	return prompts, err
}

// storedEntries are the rows of one of a session's open maps.
func storedEntries(
	tx *gorm.DB, d dialect.Dialect, table models.OpenMap, sessionID int64,
) (entries []models.NamedValue, err error) {
	masked := "''"
	if table.IsMasked() {
		masked = "e.masked_value"
	}
	statement := dialect.Select("SELECT e.name, e.position, e.value, e.folded, e.number, e.json, "+masked+" FROM "+
		string(table)+" e WHERE e.session_id = ? ORDER BY e.position", sessionID)
	err = eachRow(tx, d, statement, func(scan scanner) error {
		var v models.NamedValue
		err := scan(&v.Name, &v.Position, &v.Value, &v.CaseFolded, &v.Number, (*[]byte)(&v.JSON), &v.Masked)
		entries = append(entries, v)
		return err
	})
	return entries, err
}

func equalEntries(a, b models.NamedValue) bool {
	return a.Name == b.Name && a.Position == b.Position && a.Value == b.Value &&
		pointed(a.CaseFolded) == pointed(b.CaseFolded) && pointed(a.Number) == pointed(b.Number) &&
		bytes.Equal(a.JSON, storedJSON(&b))
}

// verifyOrphans finds rows that belong to no session, and sessions that belong to
// no notification or are not found by search.
func (s *Store) verifyOrphans(ctx context.Context, report func(string)) error {
	queries := []dialect.Difference{
		{SQL: "SELECT call_id FROM sessions s WHERE NOT EXISTS (SELECT 1 FROM notifications n" +
			" WHERE n.call_id = s.call_id)", Message: "session %s: the ledger has no notification of it"},
		{SQL: "SELECT CAST(COUNT(*) AS TEXT) FROM (" + wrongContacts() + ") c HAVING COUNT(*) > 0",
			Message: "%s contacts differ from their sessions (replay mends it)"},
	}
	for _, table := range childTables() {
		queries = append(queries, dialect.Difference{
			SQL:     "SELECT DISTINCT session_id FROM " + table + " WHERE session_id NOT IN (SELECT id FROM sessions)",
			Message: table + " of session number %s, which does not exist"})
	}
	for _, unused := range unusedDrift() {
		queries = append(queries, dialect.Difference{
			SQL:     "SELECT CAST(COUNT(*) AS TEXT) " + unused + " HAVING COUNT(*) > 0",
			Message: "%s rows of drift belong to no notification (replay mends it)"})
	}
	queries = append(queries, s.db.IndexDifferences()...)
	for _, q := range queries {
		var found []string
		if err := s.read.WithContext(ctx).Raw(q.SQL).Scan(&found).Error; err != nil {
			return fmt.Errorf("verify: %w", err)
		}
		for _, name := range found {
			report(fmt.Sprintf(q.Message, name))
		}
	}
	return nil
}
