package model

import (
	"context"

	"sessiongraph/models"
)

// MessageConnection is a page of messages across sessions.
type MessageConnection struct {
	*Connection[models.MessageListKey, *models.ListedMessage, *Message]
}

// MessageEdge is a message in a page, with its session.
type MessageEdge struct{ *Edge[*Message] }

// messageLister lists the messages of all sessions.
type messageLister struct {
	models.MessageList
	source Source
}

// Messages returns a page of the messages that pass the filter, of sessions that pass
// theirs.
func Messages(
	source Source, page Page, filter *models.MessageFilter, sessions *models.SessionFilter,
) (*MessageConnection, error) {
	list := messageLister{models.MessageList{Filter: filter, Sessions: sessions}, source}
	connection, err := onlyPage[models.MessageListKey, *models.ListedMessage, *Message](source, list, page)
	if err != nil {
		return nil, err
	}
	return &MessageConnection{connection}, nil
}

// Edges are the page's messages, each with its cursor and its session.
func (c *MessageConnection) Edges(ctx context.Context) ([]*MessageEdge, error) {
	edges, err := c.Connection.Edges(ctx)
	if err != nil {
		return nil, err
	}
	withSession := make([]*MessageEdge, len(edges))
	for i, edge := range edges {
		withSession[i] = &MessageEdge{edge}
	}
	return withSession, nil
}

// Session is the message's session.
func (e *MessageEdge) Session(ctx context.Context) (*Session, error) { return e.Node.session(ctx) }

func (messageLister) id(string) List { return List{Field: "Query.messages"} }

func (messageLister) key(row *models.ListedMessage) models.MessageListKey { return row.Key() }

func (messageLister) seal(cursors Cursors, key models.MessageListKey) string {
	return cursors.Seal(key.StartedAt, key.SessionID, key.Position)
}

func (messageLister) open(cursors Cursors, argument, cursor string) (key models.MessageListKey, err error) {
	err = cursors.Open(argument, cursor, &key.StartedAt, &key.SessionID, &key.Position)
	return key, err
}

func (l messageLister) read(
	ctx context.Context, page models.PageSpec[models.MessageListKey], _ []string,
) (map[string][]*models.ListedMessage, error) {
	rows, err := l.source.Store.MessagePage(ctx, l.MessageList, page)
	return map[string][]*models.ListedMessage{"": rows}, err
}

func (l messageLister) nodes(rows []*models.ListedMessage) []*Message {
	batch := newMessageBatch(l.source)
	messages := make([]*Message, len(rows))
	for i, row := range rows {
		messages[i] = batch.add(row.CallID, []*models.Message{&row.Message})[0]
	}
	return messages
}

func (l messageLister) count(ctx context.Context, _ []string) (map[string]int, error) {
	count, err := l.source.Store.CountMessages(ctx, l.MessageList)
	return map[string]int{"": count}, err
}

func (l messageLister) beyond(
	ctx context.Context, from map[string]place[models.MessageListKey], later bool,
) (map[string]bool, error) {
	found, err := l.source.Store.MessagesBeyond(ctx, l.MessageList, from[""].key, later, from[""].inclusive)
	return map[string]bool{"": found}, err
}
