package models

import "cmp"

// SessionOrder is the order of a list of sessions. Ties are broken by id.
type SessionOrder struct {
	Field     SessionOrderField
	Direction OrderDirection
}

// DefaultSessionOrder is the newest start first.
func DefaultSessionOrder() SessionOrder { return SessionOrder{OrderStartedAt, Descending} }

// String names the order in cursors.
func (o SessionOrder) String() string { return string(o.Field) + " " + string(o.Direction) }

// KeyOf is the session's place in this order.
func (o SessionOrder) KeyOf(s *Session) SessionKey {
	value := int64(0)
	switch o.Field {
	case OrderEndedAt:
		value = s.EndedAt.UnixMicro()
	case OrderReceivedAt:
		value = s.ReceivedAt.UnixMicro()
	case OrderTalkRound:
		value = int64(s.TalkRound)
	case OrderDuration:
		value = int64(s.DurationSeconds)
	case OrderMessageCount:
		value = int64(s.MessageCount)
	default:
		value = s.StartedAt.UnixMicro()
	}
	return SessionKey{value, s.ID}
}

// SessionKey is a place in an order of sessions: what they are ordered by (times
// in microseconds since 1970), then their id.
type SessionKey struct{ Value, ID int64 }

// Compare compares the places of two sessions in this order.
func (o SessionOrder) Compare(a, b *Session) int {
	x, y := o.KeyOf(a), o.KeyOf(b)
	if o.Direction == Descending {
		x, y = y, x
	}
	return cmp.Or(cmp.Compare(x.Value, y.Value), cmp.Compare(x.ID, y.ID))
}

// Inclusive moves a place so that what lies beyond it on that side includes the place itself.
func (o SessionOrder) Inclusive(key SessionKey, later bool) SessionKey {
	if later == (o.Direction == Descending) {
		key.ID++
	} else {
		key.ID--
	}
	return key
}

// SessionScope is whose sessions a list holds.
type SessionScope string

// Everybody's sessions, those of an intention label, and those of a callee.
const (
	OfAll       SessionScope = ""
	OfIntention SessionScope = "intention"
	OfCallee    SessionScope = "callee"
)

// SessionList is a query for sessions: those that pass all the filters, in an
// order, of each of several owners.
type SessionList struct {
	Scope   SessionScope
	Filters []*SessionFilter
	Order   SessionOrder
}

// Of is the session's owner in this scope.
func (scope SessionScope) Of(s *Session) string {
	switch scope {
	case OfIntention:
		return s.Intention
	case OfCallee:
		return s.Callee
	default:
		return ""
	}
}
