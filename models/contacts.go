package models

import "cmp"

// ContactSummary is a callee and what its sessions are together: a row of the table
// contacts, which is kept in the transactions that change sessions.
type ContactSummary struct {
	Callee       string
	SessionCount int
	FirstSeenAt  Time   // its first session_start_time
	LastSeenAt   Time   // its last session_end_time
	MaskedCallee string // what a viewer sees in place of Callee who sees masks
}

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

// Compare compares the places of two contacts in this order.
func (o ContactOrder) Compare(a, b *ContactSummary) int {
	x, y := o.KeyOf(a), o.KeyOf(b)
	if o.Direction == Descending {
		x, y = y, x
	}
	return cmp.Or(cmp.Compare(x.Value, y.Value), cmp.Compare(x.Callee, y.Callee))
}

// ContactList is a query for contacts: those that pass the filter, in an order.
type ContactList struct {
	Filter *ContactFilter
	Order  ContactOrder
}
