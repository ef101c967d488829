package store

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"gorm.io/gorm"

	"sessiongraph/models"
	"sessiongraph/models/mask"
	"sessiongraph/models/store/dialect"
)

// ContactsOf reads contacts by their callees; one without a session is not in the answer.
func (s *Store) ContactsOf(ctx context.Context, callees []string) (map[string]*models.ContactSummary, error) {
	table := s.contactsTable(ctx, dialect.In("s."+s.masksOf(ctx).calleeColumn(), callees))
	rows, err := s.readContacts(ctx, table, dialect.Where("c.callee IN ?", callees), "")
	if err != nil {
		return nil, fmt.Errorf("read contacts: %w", err)
	}
	found := make(map[string]*models.ContactSummary, len(rows))
	for _, row := range rows {
		found[row.Callee] = row
	}
	return found, nil
}

// CalleeOf returns the callee that has a pseudonym, of several the one seen last; "" if there is none.
func (s *Store) CalleeOf(ctx context.Context, pseudonym string) (string, error) {
	if s.masksOf(ctx) != nil || !mask.WellFormed(pseudonym) {
		return "", nil
	}
	has := dialect.Where("c.masked_callee = ?", pseudonym)
	table := s.contactsTable(ctx, dialect.Where("s.masked_callee = ?", pseudonym))
	rows, err := s.readContacts(ctx, table, has, " ORDER BY c.last_seen_at DESC, c.callee DESC LIMIT 1")
	if err != nil {
		return "", fmt.Errorf("read the contact of a pseudonym: %w", err)
	}
	if len(rows) == 0 {
		return "", nil
	}
	return rows[0].Callee, nil
}

// readContacts reads the contacts c of a table that pass; order is the statement from behind its WHERE on.
func (s *Store) readContacts(
	ctx context.Context, table dialect.Fragment, passes dialect.Predicate, order string,
) (contacts []*models.ContactSummary, err error) {
	statement := dialect.Select("SELECT c.callee, c.session_count, c.first_seen_at,"+
		" c.last_seen_at FROM "+table.SQL+" WHERE "+
		passes.SQL+order, slices.Concat(table.Args, passes.Args)...)
	err = s.eachRow(ctx, statement, func(scan scanner) error {
		c := &models.ContactSummary{}
		contacts = append(contacts, c)
		return scan(&c.Callee, &c.SessionCount, (*timeColumn)(&c.FirstSeenAt), (*timeColumn)(&c.LastSeenAt))
	})
	return contacts, err
}

// contactsOfSessions is what contacts are, read from the sessions that pass; a session without a callee has none.
func contactsOfSessions(calleeColumn, passes string) string {
	return "SELECT " + calleeColumn + " AS callee, COUNT(*) AS session_count, MIN(started_at) AS first_seen_at," +
		" MAX(ended_at) AS last_seen_at, MAX(masked_callee) AS masked_callee" +
		" FROM sessions s WHERE " + passes + " GROUP BY s." + calleeColumn
}

// contactsOfPseudonyms is what contacts are for those who see masks, read from the contacts that pass.
func contactsOfPseudonyms(passes string) string {
	return "SELECT masked_callee AS callee, CAST(SUM(session_count) AS BIGINT) AS session_count," +
		" MIN(first_seen_at) AS first_seen_at, MAX(last_seen_at) AS last_seen_at" +
		" FROM contacts s WHERE " + passes + " GROUP BY s.masked_callee"
}

// contactChanges are the contacts that a transaction changes: those that only get
// more sessions, and those that lose some and are counted again.
type contactChanges struct {
	added   map[string]*models.ContactSummary
	recount map[string]bool
}

func newContactChanges() *contactChanges {
	return &contactChanges{map[string]*models.ContactSummary{}, map[string]bool{}}
}

// add notes a session that is new.
func (c *contactChanges) add(s *models.Session) {
	if s.Callee == "" {
		return
	}
	contact := c.added[s.Callee]
	if contact == nil {
		c.added[s.Callee] = &models.ContactSummary{Callee: s.Callee, SessionCount: 1, FirstSeenAt: s.StartedAt,
			LastSeenAt: s.EndedAt, MaskedCallee: s.MaskedCallee}
		return
	}
	contact.SessionCount++
	if s.StartedAt.Before(contact.FirstSeenAt.Time) {
		contact.FirstSeenAt = s.StartedAt
	}
	if s.EndedAt.After(contact.LastSeenAt.Time) {
		contact.LastSeenAt = s.EndedAt
	}
}

// remove notes sessions that will be deleted.
func (c *contactChanges) remove(tx *gorm.DB, ids []int64) error {
	var callees []string
	err := tx.Raw("SELECT DISTINCT callee FROM sessions WHERE id IN ? AND callee <> ''", ids).Scan(&callees).Error
	if err != nil {
		return fmt.Errorf("find contacts: %w", err)
	}
	for _, callee := range callees {
		c.recount[callee] = true
	}
	return nil
}

// apply writes the changes once the sessions are what they will be.
func (c *contactChanges) apply(tx *gorm.DB) error {
	if len(c.recount) > 0 {
		if err := recountContacts(tx, slices.Sorted(maps.Keys(c.recount))); err != nil {
			return err
		}
	}
	var added []*models.ContactSummary
	for _, callee := range slices.Sorted(maps.Keys(c.added)) {
		if !c.recount[callee] {
			added = append(added, c.added[callee])
		}
	}
	for rows := range slices.Chunk(added, insertValues/5) {
		var args []any
		for _, row := range rows {
			args = append(args, row.Callee, row.SessionCount, row.FirstSeenAt.UnixMicro(), row.LastSeenAt.UnixMicro(),
				row.MaskedCallee)
		}
		err := tx.Exec("INSERT INTO contacts (callee, session_count, first_seen_at, last_seen_at, masked_callee)"+
			" VALUES "+
			strings.TrimSuffix(strings.Repeat("(?,?,?,?,?),", len(rows)), ",")+
			" ON CONFLICT (callee) DO UPDATE SET session_count = contacts.session_count + excluded.session_count,"+
			" first_seen_at = CASE WHEN excluded.first_seen_at < contacts.first_seen_at THEN excluded.first_seen_at "+
			"ELSE contacts.first_seen_at END,"+
			" last_seen_at = CASE WHEN excluded.last_seen_at > contacts.last_seen_at THEN excluded.last_seen_at "+
			"ELSE contacts.last_seen_at END, masked_callee = excluded.masked_callee",
			args...).Error
		if err != nil {
			return fmt.Errorf("count contacts: %w", err)
		}
	}
	return nil
}

func recountContacts(tx *gorm.DB, callees []string) error {
	if err := tx.Exec("DELETE FROM contacts WHERE callee IN ?", callees).Error; err != nil {
		return fmt.Errorf("delete contacts: %w", err)
	}
	err := tx.Exec("INSERT INTO contacts (callee, session_count, first_seen_at, last_seen_at, masked_callee) "+
		contactsOfSessions("callee", "callee IN ? AND callee <> ''"), callees).Error
	if err != nil {
		return fmt.Errorf("count contacts again: %w", err)
	}
	return nil
}

// wrongContacts selects the callees whose contact is not what their sessions are together.
func wrongContacts() string {
	columns := "SELECT callee, session_count, first_seen_at, last_seen_at FROM "
	kept, right := columns+"contacts", columns+"("+contactsOfSessions("callee", "callee <> ''")+") r"
	return "SELECT callee FROM (" + kept + " EXCEPT " + right + ") a UNION SELECT callee FROM (" + right +
		" EXCEPT " + kept + ") b"
}

// repairContacts counts the contacts again that are wrong.
func (s *Store) repairContacts(ctx context.Context) error {
	var wrong []string
	if err := s.read.WithContext(ctx).Raw(wrongContacts()).Scan(&wrong).Error; err != nil {
		return fmt.Errorf("find wrong contacts: %w", err)
	}
	for callees := range slices.Chunk(wrong, removeBatch) {
		err := s.withLedgerTx(ctx, func(tx *gorm.DB, _ *ledgerSequences) error { return recountContacts(tx, callees) })
		if err != nil {
			return err
		}
	}
	return nil
}
