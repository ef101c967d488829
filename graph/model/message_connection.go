package model

import (
	"context"

	"sessiongraph/models"
)

// messagesField is the field, by its type and name, whose list holds messages across sessions.
const messagesField = "Query.messages"

// MessageConnection is a page of messages across sessions. What is not selected is
// not read.
type MessageConnection struct {
	source  Source
	list    models.MessageList
	window  models.MessageWindow
	page    loadOnce[*messagePage]
	count   loadOnce[int]
	beyonds [2]loadOnce[bool]
}

// MessageEdge is a message in a page, with its session.
type MessageEdge struct {
	Cursor string
	Node   *Message
	page   *messagePage
}

// messagePage is what was read of a connection.
type messagePage struct {
	source   Source
	keys     []models.MessageListKey
	messages []*Message
	more     bool
	sessions loadOnce[map[int64]*Session]
}

// Messages is a page of messages across sessions.
func Messages(source Source, page Page, filter *models.MessageFilter, sessions *models.SessionFilter) (*MessageConnection, error) {
	limit, backward, err := page.Size(source.MaxPage)
	if err != nil {
		return nil, err
	}
	c := &MessageConnection{
		source: source,
		list:   models.MessageList{Filter: filter, Sessions: sessions},
		window: models.MessageWindow{Limit: limit, Backward: backward},
	}
	for _, cursor := range []struct {
		argument string
		value    *string
		into     **models.MessageListKey
	}{{"after", page.After, &c.window.After}, {"before", page.Before, &c.window.Before}} {
		if cursor.value == nil {
			continue
		}
		var key models.MessageListKey
		if err := c.cursors().Open(cursor.argument, *cursor.value, &key.StartedAt, &key.SessionID, &key.Position); err != nil {
			return nil, err
		}
		*cursor.into = &key
	}
	return c, nil
}

func (c *MessageConnection) cursors() Cursors {
	return c.source.Codec.Cursors(List{Field: messagesField})
}

func sealMessage(cursors Cursors, key models.MessageListKey) string {
	return cursors.Seal(key.StartedAt, key.SessionID, key.Position)
}

func (c *MessageConnection) load(ctx context.Context) (*messagePage, error) {
	return c.page.get(func() (*messagePage, error) {
		rows, err := c.source.Store.MessagePage(ctx, c.list, c.window)
		if err != nil {
			return nil, err
		}
		page := &messagePage{source: c.source, more: len(rows) > c.window.Limit}
		if page.more && c.window.Backward {
			rows = rows[len(rows)-c.window.Limit:]
		} else if page.more {
			rows = rows[:c.window.Limit]
		}
		transcripts := newTranscripts(c.source)
		page.messages = []*Message{}
		for _, row := range rows {
			page.keys = append(page.keys, row.Key())
			page.messages = append(page.messages, transcripts.add(row.CallID, []*models.Message{&row.Message})...)
		}
		return page, nil
	})
}

// Nodes are the page's messages.
func (c *MessageConnection) Nodes(ctx context.Context) ([]*Message, error) {
	page, err := c.load(ctx)
	if err != nil {
		return nil, err
	}
	return page.messages, nil
}

// Edges are the page's messages, each with its cursor and its session.
func (c *MessageConnection) Edges(ctx context.Context) ([]*MessageEdge, error) {
	page, err := c.load(ctx)
	if err != nil {
		return nil, err
	}
	cursors := c.cursors()
	edges := make([]*MessageEdge, len(page.messages))
	for i, m := range page.messages {
		edges[i] = &MessageEdge{sealMessage(cursors, page.keys[i]), m, page}
	}
	return edges, nil
}

// Session is the message's session.
func (e *MessageEdge) Session(ctx context.Context) (*Session, error) {
	all, err := e.page.sessions.get(func() (map[int64]*Session, error) {
		ids := distinct(e.page.messages, func(m *Message) int64 { return m.SessionID })
		rows, err := e.page.source.Store.SessionsByID(ctx, ids)
		if err != nil {
			return nil, err
		}
		found := make(map[int64]*Session, len(rows))
		together := newSiblings(e.page.source)
		for id, row := range rows {
			found[id] = together.add([]*models.Session{row})[0]
		}
		return found, nil
	})
	if err == nil && all[e.Node.SessionID] == nil {
		err = models.InputErrorf("the session of this message was removed while it was read: send the query again")
	}
	return all[e.Node.SessionID], err
}

// TotalCount counts the list, cursors aside.
func (c *MessageConnection) TotalCount(ctx context.Context) (int, error) {
	return c.count.get(func() (int, error) { return c.source.Store.CountMessages(ctx, c.list) })
}

// PageInfo says where the page stands in its list.
func (c *MessageConnection) PageInfo(ctx context.Context) (*PageInfo, error) {
	page, err := c.load(ctx)
	if err != nil {
		return nil, err
	}
	info := &PageInfo{beyond: func(later bool) (bool, error) { return c.beyond(ctx, page, later) }}
	if n := len(page.keys); n > 0 {
		cursors := c.cursors()
		start, end := sealMessage(cursors, page.keys[0]), sealMessage(cursors, page.keys[n-1])
		info.StartCursor, info.EndCursor = &start, &end
	}
	return info, nil
}

func (c *MessageConnection) beyond(ctx context.Context, page *messagePage, later bool) (bool, error) {
	if later != c.window.Backward && page.more {
		return true, nil
	}
	place := c.window.After
	if later {
		place = c.window.Before
	}
	if place == nil {
		return false, nil
	}
	inclusive := true
	if n := len(page.keys); n > 0 {
		inclusive, place = false, &page.keys[0]
		if later {
			place = &page.keys[n-1]
		}
	}
	return c.beyonds[end(later)].get(func() (bool, error) {
		return c.source.Store.MessagesBeyond(ctx, c.list, *place, later, inclusive)
	})
}
