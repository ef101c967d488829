package models

import (
	"cmp"
	"context"
	"fmt"
	"slices"
)

// ContactFilter is the GraphQL input of that name: what is set must hold, all of it.
type ContactFilter struct {
	Callee       *StringFilter
	Digits       *string // three or more of 0 to 9
	SessionCount *IntFilter
	LastSeenAt   *TimeFilter
	Sessions     *SessionFilter
}

// ContactOrderField is what a list of contacts is ordered by.
type ContactOrderField string

// The orders of contacts.
const (
	OrderLastSeen     ContactOrderField = "LAST_SEEN"
	OrderFirstSeen    ContactOrderField = "FIRST_SEEN"
	OrderSessionCount ContactOrderField = "SESSION_COUNT"
)

// ContactOrder is the order of a list of contacts. Ties are broken by callee, in the
// same direction.
type ContactOrder struct {
	Field     ContactOrderField
	Direction OrderDirection
}

// DefaultContactOrder is the last seen first.
func DefaultContactOrder() ContactOrder { return ContactOrder{OrderLastSeen, Descending} }

// String is the order's name.
func (o ContactOrder) String() string { return string(o.Field) + " " + string(o.Direction) }

func (o ContactOrder) column() string {
	switch o.Field {
	case OrderFirstSeen:
		return "first_seen_at"
	case OrderSessionCount:
		return "session_count"
	default:
		return "last_seen_at"
	}
}

// ContactKey is a place in an order of contacts: what they are ordered by (times in
// microseconds since 1970), then the callee.
type ContactKey struct {
	Value  int64
	Callee string
}

// KeyOf is the contact's place in this order.
func (o ContactOrder) KeyOf(c *ContactSummary) ContactKey {
	switch o.Field {
	case OrderFirstSeen:
		return ContactKey{c.FirstSeenAt.UnixMicro(), c.Callee}
	case OrderSessionCount:
		return ContactKey{int64(c.SessionCount), c.Callee}
	default:
		return ContactKey{c.LastSeenAt.UnixMicro(), c.Callee}
	}
}

func (o ContactOrder) compare(a, b *ContactSummary) int {
	x, y := o.KeyOf(a), o.KeyOf(b)
	if o.Direction == Descending {
		x, y = y, x
	}
	return cmp.Or(cmp.Compare(x.Value, y.Value), cmp.Compare(x.Callee, y.Callee))
}

// beyond passes the contacts on the later (or earlier) side of a place, with
// inclusive the one at the place, too.
func (o ContactOrder) beyond(key ContactKey, later, inclusive bool) condition {
	operator := ">"
	if later == (o.Direction == Descending) {
		operator = "<"
	}
	if inclusive {
		operator += "="
	}
	return where("(c."+o.column()+", c.callee) "+operator+" (?, ?)", key.Value, key.Callee)
}

// ContactList is a question for contacts: those that pass the filter, in an order.
type ContactList struct {
	Filter *ContactFilter
	Order  ContactOrder
}

// ContactWindow is the part of a list of contacts that a page shows, as Window is of sessions.
type ContactWindow struct {
	After, Before *ContactKey
	Limit         int
	Backward      bool
}

// contact is the filter as SQL over `contacts c`.
func (d filterSQL) contact(f *ContactFilter) condition {
	if f == nil {
		return everything
	}
	var parts []condition
	if f.Callee != nil {
		parts = append(parts, d.text("c.callee", f.Callee))
	}
	if f.Digits != nil {
		parts = append(parts, where(d.position(d.digits("c.callee"))+" > 0", *f.Digits))
	}
	if f.SessionCount != nil {
		parts = append(parts, integer("c.session_count", f.SessionCount))
	}
	if f.LastSeenAt != nil {
		parts = append(parts, instant("c.last_seen_at", f.LastSeenAt))
	}
	if f.Sessions != nil {
		switch c := d.session(f.Sessions); {
		case c.sql == everything.sql: // every contact has a session
		case f.Sessions.Search != nil: // few sessions pass: they are found once, not by contact
			parts = append(parts, condition{"c.callee IN (SELECT s.callee FROM sessions s WHERE " + c.sql + ")", c.args})
		default:
			parts = append(parts, exists("sessions s WHERE s.callee = c.callee", c))
		}
	}
	return allOf(parts...)
}

// ContactPage reads a page of the list, with one contact more than the window's
// limit where there are more to come.
func (s *Store) ContactPage(ctx context.Context, l ContactList, w ContactWindow) ([]*ContactSummary, error) {
	parts := []condition{filterSQL{s.dialect}.contact(l.Filter)}
	if w.After != nil {
		parts = append(parts, l.Order.beyond(*w.After, true, false))
	}
	if w.Before != nil {
		parts = append(parts, l.Order.beyond(*w.Before, false, false))
	}
	direction := l.Order.Direction
	if w.Backward {
		direction = direction.reversed()
	}
	c := allOf(parts...)
	var page []*ContactSummary
	err := s.answers(ctx).Raw(fmt.Sprintf("SELECT "+contactColumns+" FROM contacts c WHERE %s ORDER BY c.%s %s, c.callee %s LIMIT %d",
		c.sql, l.Order.column(), direction, direction, w.Limit+1), c.args...).Scan(&page).Error
	if err != nil {
		return nil, fmt.Errorf("read page of contacts: %w", err)
	}
	slices.SortFunc(page, l.Order.compare)
	return page, nil
}

// ContactsBeyond says whether the list goes on on the later (or earlier) side of a
// place; inclusive counts a contact at the place itself.
func (s *Store) ContactsBeyond(ctx context.Context, l ContactList, place ContactKey, later, inclusive bool) (bool, error) {
	c := allOf(filterSQL{s.dialect}.contact(l.Filter), l.Order.beyond(place, later, inclusive))
	var found []int
	if err := s.answers(ctx).Raw("SELECT 1 FROM contacts c WHERE "+c.sql+" LIMIT 1", c.args...).Scan(&found).Error; err != nil {
		return false, fmt.Errorf("look for contacts beyond a page: %w", err)
	}
	return len(found) > 0, nil
}

// CountContacts counts the list.
func (s *Store) CountContacts(ctx context.Context, l ContactList) (int, error) {
	c := filterSQL{s.dialect}.contact(l.Filter)
	var count int
	if err := s.answers(ctx).Raw("SELECT COUNT(*) FROM contacts c WHERE "+c.sql, c.args...).Scan(&count).Error; err != nil {
		return 0, fmt.Errorf("count contacts: %w", err)
	}
	return count, nil
}
