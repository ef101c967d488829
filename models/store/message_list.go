package store

import (
	"cmp"
	"context"
	"fmt"
	"slices"

	"sessiongraph/models"
	"sessiongraph/models/store/dialect"
)

// messageList is what a message m of a session s has to pass.
func (d filterSQL) messageList(l models.MessageList) dialect.Predicate {
	parts := []dialect.Predicate{d.session(l.Sessions), d.SessionsWithMsgIDs(msgIDsOf(l.Filter)),
		d.message(l.Filter)}
	if words := messageSearchWords(l.Filter); len(words) > 0 {
		parts = append(parts, d.SearchSessions(words, d.masks.searchID()).Candidates)
	}
	return dialect.AllOf(parts...)
}

// messages is the statement that reads columns of messages m of sessions s that pass the list and are beyond places.
func (d filterSQL) messages(
	l models.MessageList, columns string, beyond []dialect.Predicate, direction models.OrderDirection, limit int,
) dialect.Statement {
	search := d.pageSearch([]*models.SessionFilter{l.Sessions}, messageSearchWords(l.Filter))
	search.rest = dialect.AllOf(search.rest, d.SessionsWithMsgIDs(msgIDsOf(l.Filter)))
	passes := dialect.AllOf(append(beyond, d.message(l.Filter))...)
	order := fmt.Sprintf("ORDER BY s.started_at %[1]s, s.id %[1]s", direction)
	plain := func(sessions dialect.Predicate) dialect.Statement {
		c := dialect.AllOf(sessions, passes)
		return dialect.Select(fmt.Sprintf("SELECT %s FROM sessions s CROSS JOIN messages m"+
			" WHERE m.session_id = s.id AND (%s) %s, m.position %s",
			columns, c.SQL, order, direction), c.Args...)
	}
	switch {
	case !search.searched:
		return plain(search.rest).Limit(limit)
	case search.Common.SQL == "":
		return plain(dialect.AllOf(search.rest, search.Candidates)).Limit(limit)
	}
	// Sessions are put in order, then read until so many of them have a message that passes.
	sessions := dialect.AllOf(search.rest, search.Candidates)
	collected := dialect.Select(fmt.Sprintf("SELECT %s FROM ("+
		"SELECT s.*, (SELECT '[' || group_concat(m.position) || ']' FROM messages m WHERE m.session_id = s.id"+
		" AND %s) AS positions FROM ("+
		"SELECT s.id, s.call_id, s.started_at, s.notification_id FROM sessions s WHERE %s %s LIMIT -1) s"+
		" WHERE %s AND positions IS NOT NULL LIMIT %d) s"+
		" CROSS JOIN json_each(s.positions) p CROSS JOIN messages m WHERE m.session_id = s.id"+
		" AND m.position = p.value %s, m.position %s",
		columns, passes.SQL, sessions.SQL, order, search.Holds.SQL, limit, order, direction),
		slices.Concat(passes.Args, sessions.Args, search.Holds.Args)...)
	return search.either(plain(dialect.AllOf(search.rest, search.Holds)), collected, limit)
}

// messageKeyset passes the messages on the later (or earlier) side of a place.
func messageKeyset(k *models.MessageListKey, later bool) dialect.Predicate {
	operator := ">"
	if later {
		operator = "<"
	}
	// The first comparison is the one that an index can use.
	return dialect.Where("s.started_at "+operator+"= ? AND (s.started_at, s.id, m.position) "+operator+" (?, ?, ?)",
		k.StartedAt, k.StartedAt, k.SessionID, k.Position)
}

// MessagePage reads a page of the list, with one message more than the window's
// limit where there are more to come.
func (s *Store) MessagePage(
	ctx context.Context, l models.MessageList, w models.PageSpec[models.MessageListKey],
) ([]*models.ListedMessage, error) {
	l.Sessions = visible(ctx, l.Sessions)
	var beyond []dialect.Predicate
	if w.After != nil {
		beyond = append(beyond, messageKeyset(w.After, true))
	}
	if w.Before != nil {
		beyond = append(beyond, messageKeyset(w.Before, false))
	}
	direction := models.Descending
	if w.Backward {
		direction = models.Ascending
	}
	const columns = "m.session_id, m.position, s.notification_id, s.call_id, s.started_at"
	statement := s.filters(ctx).messages(l, columns, beyond, direction, w.Limit+1)
	page, err := s.listedMessages(ctx, statement)
	if err != nil {
		return nil, fmt.Errorf("read page of messages: %w", err)
	}
	slices.SortFunc(page, func(a, b *models.ListedMessage) int {
		x, y := b.Key(), a.Key()
		return cmp.Or(cmp.Compare(x.StartedAt, y.StartedAt), cmp.Compare(x.SessionID, y.SessionID),
			cmp.Compare(x.Position, y.Position))
	})
	return page, nil
}

// listedMessages reads the messages that a statement names. A session's body is read once.
func (s *Store) listedMessages(ctx context.Context, named dialect.Statement) ([]*models.ListedMessage, error) {
	statement := dialect.Select("SELECT g.session_id, n.body, g.positions, g.call_id, g.started_at FROM ("+
		"SELECT x.session_id, x.notification_id, x.call_id, x.started_at, string_agg(CAST(x.position AS TEXT),"+
		" ',') AS positions FROM ("+named.SQL+") x"+
		" GROUP BY x.session_id, x.notification_id, x.call_id, x.started_at) g JOIN notifications n ON n.id = "+
		"g.notification_id", named.Args...)
	var page []*models.ListedMessage
	err := s.eachRow(ctx, statement, func(scan scanner) error {
		var row bodyRow
		var callID string
		var startedAt models.Time
		if err := scan(&row.sessionID, &row.packed, &row.positions, &callID, (*timeColumn)(&startedAt)); err != nil {
			return err
		}
		positions, err := row.at()
		if err != nil {
			return err
		}
		transcript, err := s.transcriptOf(ctx, row.sessionID, row.packed)
		if err != nil {
			return err
		}
		for _, position := range positions {
			if position < len(transcript.messages) {
				page = append(page, &models.ListedMessage{Message: *transcript.message(position), CallID: callID,
					StartedAt: startedAt})
			}
		}
		return nil
	})
	return page, err
}

// MessagesBeyond says whether the list goes on on the later (or earlier) side of a
// place; inclusive counts a message at the place itself.
func (s *Store) MessagesBeyond(
	ctx context.Context, l models.MessageList, place models.MessageListKey, later, inclusive bool,
) (bool, error) {
	l.Sessions = visible(ctx, l.Sessions)
	if inclusive && later {
		place.Position++
	} else if inclusive {
		place.Position--
	}
	direction := models.Ascending
	if later {
		direction = models.Descending
	}
	statement := s.filters(ctx).messages(l, "1", []dialect.Predicate{messageKeyset(&place, later)}, direction, 1)
	var found []int
	if err := s.reader(ctx).Raw(statement.SQL, statement.Args...).Scan(&found).Error; err != nil {
		return false, fmt.Errorf("look for messages beyond a page: %w", err)
	}
	return len(found) > 0, nil
}

// CountMessages counts the list.
func (s *Store) CountMessages(ctx context.Context, l models.MessageList) (int, error) {
	l.Sessions = visible(ctx, l.Sessions)
	c := s.filters(ctx).messageList(l)
	var count int
	err := s.reader(ctx).Raw("SELECT COUNT(*) FROM messages m JOIN sessions s ON s.id = m.session_id WHERE "+c.SQL,
		c.Args...).Scan(&count).Error
	if err != nil {
		return 0, fmt.Errorf("count messages: %w", err)
	}
	return count, nil
}

// SessionsByID reads sessions by their ids.
func (s *Store) SessionsByID(ctx context.Context, ids []int64) (map[int64]*models.Session, error) {
	columns := s.shownColumns(ctx)
	statement := columns.by("id", dialect.ToAny(ids), s.visibleSessions(ctx))
	sessions, err := columns.read(s.reader(ctx), s.db, statement)
	if err != nil {
		return nil, fmt.Errorf("read sessions by id: %w", err)
	}
	found := make(map[int64]*models.Session, len(sessions))
	for _, session := range sessions {
		found[session.ID] = session
	}
	return found, nil
}
