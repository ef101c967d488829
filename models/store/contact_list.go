package store

import (
	"context"
	"fmt"
	"slices"

	"sessiongraph/models"
	"sessiongraph/models/store/dialect"
)

// contactColumn is the column that contacts are ordered by.
func contactColumn(field models.ContactOrderField) string {
	switch field {
	case models.OrderFirstSeen:
		return "first_seen_at"
	case models.OrderSessionCount:
		return "session_count"
	default:
		return "last_seen_at"
	}
}

// contactKeyset passes the contacts on the later (or earlier) side of a place, with
// inclusive the one at the place, too.
func contactKeyset(o models.ContactOrder, key models.ContactKey, later, inclusive bool) dialect.Predicate {
	columns := "(c." + contactColumn(o.Field) + ", c.callee)"
	return keysetPredicate(columns, o.Direction, later, inclusive, key.Value, key.Callee)
}

// contact is the filter as SQL over `contacts c`, of which those sessions count that the viewer sees.
func (d filterSQL) contact(ctx context.Context, f *models.ContactFilter) dialect.Predicate {
	if f == nil {
		return dialect.AlwaysTrue
	}
	var parts []dialect.Predicate
	if f.Callee != nil { // of a contact that a viewer sees who sees masks it is the pseudonym
		parts = append(parts, d.maskedText("c.callee", "c.masked_callee", false, f.Callee))
	}
	if f.Digits != nil {
		parts = append(parts, dialect.Where(d.Position(d.Digits("c.callee"))+" > 0", *f.Digits))
	}
	if f.SessionCount != nil {
		parts = append(parts, integer("c.session_count", f.SessionCount))
	}
	if f.LastSeenAt != nil {
		parts = append(parts, instant("c.last_seen_at", f.LastSeenAt))
	}
	if f.Sessions != nil {
		callee := d.masks.calleeColumn()
		switch c := d.session(visible(ctx, f.Sessions)); {
		case c.SQL == dialect.AlwaysTrue.SQL: // every contact has a session
		case f.Sessions.Search != nil: // few sessions pass: they are found once, not by contact
			parts = append(parts, dialect.Where("c.callee IN (SELECT s."+callee+" FROM sessions s WHERE "+
				c.SQL+")", c.Args...))
		default:
			parts = append(parts, dialect.Exists("sessions s WHERE s."+callee+" = c.callee", c))
		}
	}
	return dialect.AllOf(parts...)
}

// ContactPage reads a page of the list, with one contact more than the window's
// limit where there are more to come.
func (s *Store) ContactPage(
	ctx context.Context, l models.ContactList, w models.PageSpec[models.ContactKey],
) ([]*models.ContactSummary, error) {
	parts := []dialect.Predicate{s.filters(ctx).contact(ctx, l.Filter)}
	if w.After != nil {
		parts = append(parts, contactKeyset(l.Order, *w.After, true, false))
	}
	if w.Before != nil {
		parts = append(parts, contactKeyset(l.Order, *w.Before, false, false))
	}
	direction := l.Order.Direction
	if w.Backward {
		direction = direction.Reversed()
	}
	order := fmt.Sprintf(" ORDER BY c.%s %s, c.callee %s LIMIT %d", contactColumn(l.Order.Field), direction,
		direction, w.Limit+1)
	page, err := s.readContacts(ctx, s.contactsTable(ctx, dialect.AlwaysTrue), dialect.AllOf(parts...), order)
	if err != nil {
		return nil, fmt.Errorf("read page of contacts: %w", err)
	}
	slices.SortFunc(page, l.Order.Compare)
	return page, nil
}

// ContactsBeyond says whether the list goes on on the later (or earlier) side of a
// place; inclusive counts a contact at the place itself.
func (s *Store) ContactsBeyond(
	ctx context.Context, l models.ContactList, place models.ContactKey, later, inclusive bool,
) (bool, error) {
	c := dialect.AllOf(s.filters(ctx).contact(ctx, l.Filter), contactKeyset(l.Order, place, later, inclusive))
	var found []int
	table := s.contactsTable(ctx, dialect.AlwaysTrue)
	err := s.reader(ctx).Raw("SELECT 1 FROM "+table.SQL+" WHERE "+c.SQL+" LIMIT 1",
		slices.Concat(table.Args, c.Args)...).Scan(&found).Error
	if err != nil {
		return false, fmt.Errorf("look for contacts beyond a page: %w", err)
	}
	return len(found) > 0, nil
}

// CountContacts counts the list.
func (s *Store) CountContacts(ctx context.Context, l models.ContactList) (int, error) {
	c := s.filters(ctx).contact(ctx, l.Filter)
	var count int
	table := s.contactsTable(ctx, dialect.AlwaysTrue)
	err := s.reader(ctx).Raw("SELECT COUNT(*) FROM "+table.SQL+" WHERE "+c.SQL,
		slices.Concat(table.Args, c.Args)...).Scan(&count).Error
	if err != nil {
		return 0, fmt.Errorf("count contacts: %w", err)
	}
	return count, nil
}
