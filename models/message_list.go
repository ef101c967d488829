package models

import (
	"cmp"
	"context"
	"fmt"
	"slices"
)

// MessageList is a question for messages across sessions, those of the latest
// start first and each session's last message first.
type MessageList struct {
	Filter   *MessageFilter
	Sessions *SessionFilter
}

// MessageListKey is a place in a list of messages.
type MessageListKey struct {
	StartedAt int64 // its session's, in microseconds since 1970
	SessionID int64
	Position  int
}

// ListedMessage is a message with what names its place in a list.
type ListedMessage struct {
	Message
	CallID    string
	StartedAt Time
}

// Key is the message's place.
func (m *ListedMessage) Key() MessageListKey {
	return MessageListKey{m.StartedAt.UnixMicro(), m.SessionID, m.Position}
}

// MessageWindow is the part of a list of messages that a page shows, as Window is of sessions.
type MessageWindow struct {
	After, Before *MessageListKey
	Limit         int
	Backward      bool
}

func (s *Store) messageFilter(l MessageList) condition {
	sql := filterSQL{s.dialect}
	parts := []condition{sql.session(l.Sessions), sql.message(l.Filter)}
	if l.Filter != nil && l.Filter.Search != nil {
		if words := searchWords(*l.Filter.Search); len(words) > 0 {
			parts = append(parts, s.dialect.narrowMessages(words))
		}
	}
	return allOf(parts...)
}

func (k MessageListKey) beyond(later bool) condition {
	operator := ">"
	if later {
		operator = "<"
	}
	// The first comparison is the one that an index can use.
	return where("s.started_at "+operator+"= ? AND (s.started_at, s.id, m.position) "+operator+" (?, ?, ?)",
		k.StartedAt, k.StartedAt, k.SessionID, k.Position)
}

// MessagePage reads a page of the list, with one message more than the window's
// limit where there are more to come.
func (s *Store) MessagePage(ctx context.Context, l MessageList, w MessageWindow) ([]*ListedMessage, error) {
	parts := []condition{s.messageFilter(l)}
	if w.After != nil {
		parts = append(parts, w.After.beyond(true))
	}
	if w.Before != nil {
		parts = append(parts, w.Before.beyond(false))
	}
	direction := Descending
	if w.Backward {
		direction = Ascending
	}
	c := allOf(parts...)
	var page []*ListedMessage
	err := s.answers(ctx).Raw(fmt.Sprintf("SELECT "+messageColumns+", s.call_id, s.started_at FROM sessions s CROSS JOIN messages m"+
		" WHERE m.session_id = s.id AND %s ORDER BY s.started_at %s, s.id %s, m.position %s LIMIT %d",
		"("+c.sql+")", direction, direction, direction, w.Limit+1), c.args...).Scan(&page).Error
	if err != nil {
		return nil, fmt.Errorf("read page of messages: %w", err)
	}
	slices.SortFunc(page, func(a, b *ListedMessage) int {
		x, y := b.Key(), a.Key()
		return cmp.Or(cmp.Compare(x.StartedAt, y.StartedAt), cmp.Compare(x.SessionID, y.SessionID), cmp.Compare(x.Position, y.Position))
	})
	return page, nil
}

// MessagesBeyond says whether the list goes on on the later (or earlier) side of a
// place; inclusive counts a message at the place itself.
func (s *Store) MessagesBeyond(ctx context.Context, l MessageList, place MessageListKey, later, inclusive bool) (bool, error) {
	if inclusive && later {
		place.Position++
	} else if inclusive {
		place.Position--
	}
	c := allOf(s.messageFilter(l), place.beyond(later))
	var found []int
	err := s.answers(ctx).Raw("SELECT 1 FROM sessions s CROSS JOIN messages m WHERE m.session_id = s.id AND ("+c.sql+") LIMIT 1", c.args...).Scan(&found).Error
	if err != nil {
		return false, fmt.Errorf("look for messages beyond a page: %w", err)
	}
	return len(found) > 0, nil
}

// CountMessages counts the list.
func (s *Store) CountMessages(ctx context.Context, l MessageList) (int, error) {
	c := s.messageFilter(l)
	var count int
	err := s.answers(ctx).Raw("SELECT COUNT(*) FROM messages m JOIN sessions s ON s.id = m.session_id WHERE "+c.sql, c.args...).Scan(&count).Error
	if err != nil {
		return 0, fmt.Errorf("count messages: %w", err)
	}
	return count, nil
}

// SessionsByID reads sessions by their ids.
func (s *Store) SessionsByID(ctx context.Context, ids []int64) (map[int64]*Session, error) {
	var sessions []*Session
	if err := s.answers(ctx).Where("id IN ?", ids).Find(&sessions).Error; err != nil {
		return nil, fmt.Errorf("read sessions by id: %w", err)
	}
	found := make(map[int64]*Session, len(sessions))
	for _, session := range sessions {
		found[session.ID] = session
	}
	return found, nil
}
