package models

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
)

// SessionOrder is the order of a list of sessions. Ties are broken by id.
type SessionOrder struct {
	Field     SessionOrderField
	Direction OrderDirection
}

// DefaultSessionOrder is the newest start first.
func DefaultSessionOrder() SessionOrder { return SessionOrder{OrderStartedAt, Descending} }

// String names the order in cursors.
func (o SessionOrder) String() string { return string(o.Field) + " " + string(o.Direction) }

func (o SessionOrder) column() string {
	switch o.Field {
	case OrderEndedAt:
		return "ended_at"
	case OrderReceivedAt:
		return "received_at"
	case OrderTalkRound:
		return "talk_round"
	case OrderDuration:
		return "duration_seconds"
	case OrderMessageCount:
		return "message_count"
	default:
		return "started_at"
	}
}

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

// SessionOwner is whose sessions a list holds.
type SessionOwner string

// Everybody's sessions, those of an intention label, and those of a callee.
const (
	OfAll       SessionOwner = ""
	OfIntention SessionOwner = "intention"
	OfCallee    SessionOwner = "callee"
)

// SessionList is a question for sessions: those that pass all the filters, in an
// order, of each of several owners.
type SessionList struct {
	Owner   SessionOwner
	Filters []*SessionFilter
	Order   SessionOrder
}

// Window is the part of a list that a page shows: between two places, from the
// start on, or from the end on where Backward is set.
type Window struct {
	After, Before *SessionKey
	Limit         int
	Backward      bool
}

// arms runs one SELECT for each of n parents, many in a statement. Every arm has
// the same text, so that its plan is the one of the index it was written for.
func arms[T any](ctx context.Context, s *Store, n int, arm func(i int) condition) ([]T, error) {
	var all []T
	err := eachArms(n, arm, func(statement condition) error {
		var rows []T
		if err := s.answers(ctx).Raw(statement.sql, statement.args...).Scan(&rows).Error; err != nil {
			return err
		}
		all = append(all, rows...)
		return nil
	})
	return all, err
}

// sessionArms is arms for columns of sessions.
func sessionArms(ctx context.Context, s *Store, columns sessionColumns, n int, arm func(i int) condition) ([]*Session, error) {
	var all []*Session
	err := eachArms(n, arm, func(statement condition) error {
		sessions, err := columns.read(s.answers(ctx), s.dialect, statement)
		all = append(all, sessions...)
		return err
	})
	return all, err
}

func eachArms(n int, arm func(i int) condition, read func(condition) error) error {
	for start := 0; start < n; {
		var texts []string
		var args []any
		for len(texts) < 200 && start < n {
			part := arm(start)
			if len(texts) > 0 && len(args)+len(part.args) > 30000 {
				break
			}
			texts = append(texts, "SELECT * FROM ("+part.sql+") x")
			args = append(args, part.args...)
			start++
		}
		if err := read(condition{strings.Join(texts, " UNION ALL "), args}); err != nil {
			return err
		}
	}
	return nil
}

// condition passes the sessions of one owner.
func (o SessionOwner) condition(owner string) condition {
	if o == OfAll {
		return everything
	}
	return where("s."+string(o)+" = ?", owner)
}

// filter is what the sessions of one owner have to pass.
func (s *Store) filter(l SessionList, owner string) condition {
	var parts []condition
	if l.Owner != OfAll {
		parts = append(parts, l.Owner.condition(owner))
	}
	for _, f := range l.Filters {
		if c := (filterSQL{s.dialect}).session(f); c.sql != everything.sql {
			parts = append(parts, c)
		}
	}
	return allOf(parts...)
}

func (o SessionOrder) beyond(key *SessionKey, later bool) condition {
	operator := ">"
	if later == (o.Direction == Descending) {
		operator = "<"
	}
	return where("(s."+o.column()+", s.id) "+operator+" (?, ?)", key.Value, key.ID)
}

// SessionPages reads one page of the list for each owner, in the list's order.
// A page has one session more than the window's limit where there are more to come.
func (s *Store) SessionPages(ctx context.Context, l SessionList, w Window, owners []string) (map[string][]*Session, error) {
	direction := l.Order.Direction
	if w.Backward {
		direction = direction.reversed()
	}
	search := s.pageSearch(l.Filters, nil)
	columns := shownColumns(ctx)
	sessions, err := sessionArms(ctx, s, columns, len(owners), func(i int) condition {
		parts := []condition{l.Owner.condition(owners[i])}
		if w.After != nil {
			parts = append(parts, l.Order.beyond(w.After, true))
		}
		if w.Before != nil {
			parts = append(parts, l.Order.beyond(w.Before, false))
		}
		order := fmt.Sprintf("ORDER BY s.%s %s, s.id %s", l.Order.column(), direction, direction)
		return search.page(columns.sql(), allOf(parts...), order, w.Limit+1)
	})
	if err != nil {
		return nil, fmt.Errorf("read sessions: %w", err)
	}
	pages := make(map[string][]*Session, len(owners))
	for _, session := range sessions {
		owner := l.Owner.of(session)
		pages[owner] = append(pages[owner], session)
	}
	for _, page := range pages {
		slices.SortFunc(page, l.Order.compare)
	}
	return pages, nil
}

func (o SessionOrder) compare(a, b *Session) int {
	x, y := o.KeyOf(a), o.KeyOf(b)
	if o.Direction == Descending {
		x, y = y, x
	}
	return cmp.Or(cmp.Compare(x.Value, y.Value), cmp.Compare(x.ID, y.ID))
}

func (o SessionOwner) of(s *Session) string {
	switch o {
	case OfIntention:
		return s.Intention
	case OfCallee:
		return s.Callee
	default:
		return ""
	}
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

// Beyond says of which owners the list holds a session on the later (or, with
// later false, earlier) side of a place.
func (s *Store) Beyond(ctx context.Context, l SessionList, places map[string]SessionKey, later bool) (map[string]bool, error) {
	owners := make([]string, 0, len(places))
	for owner := range places {
		owners = append(owners, owner)
	}
	slices.Sort(owners)
	search := s.pageSearch(l.Filters, nil)
	rows, err := arms[*Session](ctx, s, len(owners), func(i int) condition {
		place := places[owners[i]]
		c := allOf(l.Owner.condition(owners[i]), l.Order.beyond(&place, later))
		return search.page("s.intention, s.callee, s.notification_id", c, "", 1)
	})
	if err != nil {
		return nil, fmt.Errorf("look for sessions beyond a page: %w", err)
	}
	found := map[string]bool{}
	for _, row := range rows {
		found[l.Owner.of(row)] = true
	}
	return found, nil
}

// CountSessions counts the sessions of each owner in the list.
func (s *Store) CountSessions(ctx context.Context, l SessionList, owners []string) (map[string]int, error) {
	type count struct {
		Owner string
		Count int
	}
	rows, err := arms[count](ctx, s, len(owners), func(i int) condition {
		c := s.filter(l, owners[i])
		return condition{"SELECT CAST(? AS TEXT) AS owner, COUNT(*) AS count FROM sessions s WHERE " + c.sql, append([]any{owners[i]}, c.args...)}
	})
	if err != nil {
		return nil, fmt.Errorf("count sessions: %w", err)
	}
	counts := map[string]int{}
	for _, row := range rows {
		counts[row.Owner] = row.Count
	}
	return counts, nil
}
