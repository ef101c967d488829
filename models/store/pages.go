package store

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"sessiongraph/models"
	"sessiongraph/models/store/dialect"
)

// orderColumn is the column that sessions are ordered by.
func orderColumn(field models.SessionOrderField) string {
	switch field {
	case models.OrderEndedAt:
		return "ended_at"
	case models.OrderReceivedAt:
		return "received_at"
	case models.OrderTalkRound:
		return "talk_round"
	case models.OrderDuration:
		return "duration_seconds"
	case models.OrderMessageCount:
		return "message_count"
	default:
		return "started_at"
	}
}

// unionAll runs one SELECT for each of n parents, many in a statement. Every arm has
// the same text, so that its plan is the one of the index it was written for.
func unionAll[T any](ctx context.Context, s *Store, n int, arm func(i int) dialect.Statement) ([]T, error) {
	var all []T
	err := eachUnionAll(n, arm, func(statement dialect.Statement) error {
		var rows []T
		if err := s.reader(ctx).Raw(statement.SQL, statement.Args...).Scan(&rows).Error; err != nil {
			return err
		}
		all = append(all, rows...)
		return nil
	})
	return all, err
}

// unionAllSessions is unionAll for columns of sessions.
func unionAllSessions(
	ctx context.Context, s *Store, columns sessionColumns, n int, arm func(i int) dialect.Statement,
) ([]*models.Session, error) {
	var all []*models.Session
	err := eachUnionAll(n, arm, func(statement dialect.Statement) error {
		sessions, err := columns.read(s.reader(ctx), s.db, statement)
		all = append(all, sessions...)
		return err
	})
	return all, err
}

// Bounds of one statement of eachUnionAll. SQLite joins at most 500 SELECTs, and takes at most 32,766 values.
const (
	maxArms      = 200
	maxArmValues = 30_000
)

// eachUnionAll calls read with statements that join the n arms, many in each.
func eachUnionAll(n int, arm func(i int) dialect.Statement, read func(dialect.Statement) error) error {
	for start := 0; start < n; {
		var texts []string
		var args []any
		for len(texts) < maxArms && start < n {
			part := arm(start)
			if len(texts) > 0 && len(args)+len(part.Args) > maxArmValues {
				break
			}
			texts = append(texts, "SELECT * FROM ("+part.SQL+") x")
			args = append(args, part.Args...)
			start++
		}
		if err := read(dialect.Select(strings.Join(texts, " UNION ALL "), args...)); err != nil {
			return err
		}
	}
	return nil
}

// ofOwner passes the sessions of one owner.
func (d filterSQL) ofOwner(scope models.SessionScope, owner string) dialect.Predicate {
	column := string(scope)
	switch scope {
	case models.OfAll:
		return dialect.AlwaysTrue
	case models.OfCallee:
		column = d.masks.calleeColumn()
	}
	return dialect.Where("s."+column+" = ?", owner)
}

// list is what the sessions of one owner have to pass.
func (d filterSQL) list(l models.SessionList, owner string) dialect.Predicate {
	var parts []dialect.Predicate
	if l.Scope != models.OfAll {
		parts = append(parts, d.ofOwner(l.Scope, owner))
	}
	for _, f := range l.Filters {
		if c := d.session(f); c.SQL != dialect.AlwaysTrue.SQL {
			parts = append(parts, c)
		}
	}
	return dialect.AllOf(parts...)
}

// sessionKeyset passes the sessions on the later (or earlier) side of a place.
func sessionKeyset(o models.SessionOrder, key *models.SessionKey, later bool) dialect.Predicate {
	return keysetPredicate("(s."+orderColumn(o.Field)+", s.id)", o.Direction, later, false, key.Value, key.ID)
}

// keysetPredicate passes the rows of a list on the later (or earlier) side of a place in the
// order of the columns, with inclusive those at the place, too.
func keysetPredicate(
	columns string, direction models.OrderDirection, later, inclusive bool, place ...any,
) dialect.Predicate {
	operator := ">"
	if later == (direction == models.Descending) {
		operator = "<"
	}
	if inclusive {
		operator += "="
	}
	return dialect.Where(columns+" "+operator+" ("+dialect.Placeholders(len(place))+")", place...)
}

// SessionPages reads one page of the list for each owner, in the list's order.
// A page has one session more than the window's limit where there are more to come.
func (s *Store) SessionPages(
	ctx context.Context, l models.SessionList, w models.PageSpec[models.SessionKey], owners []string,
) (map[string][]*models.Session, error) {
	direction := l.Order.Direction
	if w.Backward {
		direction = direction.Reversed()
	}
	search := s.filters(ctx).pageSearch(visibleList(ctx, l).Filters, nil)
	columns := s.shownColumns(ctx)
	sessions, err := unionAllSessions(ctx, s, columns, len(owners), func(i int) dialect.Statement {
		parts := []dialect.Predicate{s.filters(ctx).ofOwner(l.Scope, owners[i])}
		if w.After != nil {
			parts = append(parts, sessionKeyset(l.Order, w.After, true))
		}
		if w.Before != nil {
			parts = append(parts, sessionKeyset(l.Order, w.Before, false))
		}
		order := fmt.Sprintf("ORDER BY s.%s %s, s.id %s", orderColumn(l.Order.Field), direction, direction)
		return search.page(columns.sql(), dialect.AllOf(parts...), order, w.Limit+1)
	})
	if err != nil {
		return nil, fmt.Errorf("read sessions: %w", err)
	}
	pages := make(map[string][]*models.Session, len(owners))
	for _, session := range sessions {
		owner := l.Scope.Of(session)
		pages[owner] = append(pages[owner], session)
	}
	for _, page := range pages {
		slices.SortFunc(page, l.Order.Compare)
	}
	return pages, nil
}

// SessionsBeyond returns the owners whose lists have a session on the later (or, with later false,
// earlier) side of a place.
func (s *Store) SessionsBeyond(
	ctx context.Context, l models.SessionList, places map[string]models.SessionKey, later bool,
) (map[string]bool, error) {
	owners := make([]string, 0, len(places))
	for owner := range places {
		owners = append(owners, owner)
	}
	slices.Sort(owners)
	search := s.filters(ctx).pageSearch(visibleList(ctx, l).Filters, nil)
	columns := onlyColumns("intention", "callee", "notification_id").seenBy(s.masksOf(ctx))
	rows, err := unionAllSessions(ctx, s, columns, len(owners), func(i int) dialect.Statement {
		place := places[owners[i]]
		c := dialect.AllOf(s.filters(ctx).ofOwner(l.Scope, owners[i]), sessionKeyset(l.Order, &place, later))
		return search.page(columns.sql(), c, "", 1)
	})
	if err != nil {
		return nil, fmt.Errorf("look for sessions beyond a page: %w", err)
	}
	found := map[string]bool{}
	for _, row := range rows {
		found[l.Scope.Of(row)] = true
	}
	return found, nil
}

// CountSessions counts the sessions of each owner in the list.
func (s *Store) CountSessions(ctx context.Context, l models.SessionList, owners []string) (map[string]int, error) {
	type count struct {
		Owner string
		Count int
	}
	l = visibleList(ctx, l)
	rows, err := unionAll[count](ctx, s, len(owners), func(i int) dialect.Statement {
		c := s.filters(ctx).list(l, owners[i])
		return dialect.Select("SELECT CAST(? AS TEXT) AS owner, COUNT(*) AS count FROM sessions s WHERE "+c.SQL,
			append([]any{owners[i]}, c.Args...)...)
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
