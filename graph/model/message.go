package model

import (
	"context"

	"sessiongraph/graph/apierror"
	"sessiongraph/models"
)

// messageBatch is messages whose fields are loaded together.
type messageBatch struct {
	source   Source
	messages []*Message
	answers  loadOnce[map[models.MsgKey]*Message]
	sessions loadOnce[map[int64]*Session]
}

func newMessageBatch(source Source) *messageBatch { return &messageBatch{source: source} }

// add adds rows of one session. It is called before any field is loaded.
func (b *messageBatch) add(callID string, rows []*models.Message) []*Message {
	added := make([]*Message, len(rows))
	messages := make([]Message, len(rows))
	for i, row := range rows {
		added[i] = &messages[i]
		added[i].Message, added[i].callID, added[i].batch = row, callID, b
	}
	b.messages = append(b.messages, added...)
	return added
}

// Message is a message in its batch.
type Message struct {
	*models.Message
	callID string
	batch  *messageBatch
	parts  loadOnce[models.MessageParts]
	reply  loadOnce[*models.Reply]
}

// IsNode marks the members of GraphQL's Node.
func (*Message) IsNode() {}

// ID is the message's node id.
func (m *Message) ID() string {
	return nodeID{kind: messageNode, key: m.callID, msgID: m.MsgID, ordinal: m.MsgOrdinal}.String()
}

func (m *Message) split() models.MessageParts {
	parts, _ := m.parts.get(func() (models.MessageParts, error) { return m.Parts(), nil })
	return parts
}

func (m *Message) answered() *models.Reply {
	reply, _ := m.reply.get(func() (*models.Reply, error) { return m.split().Reply(m.SessionID), nil })
	return reply
}

// session returns the message's session.
func (m *Message) session(ctx context.Context) (*Session, error) {
	all, err := m.batch.sessions.get(func() (map[int64]*Session, error) {
		ids := distinct(m.batch.messages, func(m *Message) int64 { return m.SessionID })
		rows, err := m.batch.source.Store.SessionsByID(ctx, ids)
		if err != nil {
			return nil, err
		}
		found := make(map[int64]*Session, len(rows))
		batch := newSessionBatch(m.batch.source)
		for id, row := range rows {
			found[id] = batch.add([]*models.Session{row})[0]
		}
		return found, nil
	})
	if err == nil && all[m.SessionID] == nil {
		err = apierror.New(apierror.Unavailable,
			"the session of this message was removed while it was read: send the query again")
	}
	return all[m.SessionID], err
}

// Content is the decoded content.
func (m *Message) Content() models.MessageContent { return m.split().Content(m.answered()) }

// Text is the content as plain text.
func (m *Message) Text() string { return m.Content().Text() }

// ReplyTo is the embedded copy of the answered message; nil if there is none.
func (m *Message) ReplyTo() *MessageReply {
	reply := m.answered()
	if reply == nil {
		return nil
	}
	return &MessageReply{reply, m}
}

// MessageReply is the embedded copy of an answered message.
type MessageReply struct {
	*models.Reply
	answer *Message
}

// Message is the answered message, nil if its session does not have it.
func (r *MessageReply) Message(ctx context.Context) (*Message, error) {
	if r.MsgID == "" {
		return nil, nil
	}
	batch := r.answer.batch
	all, err := batch.answers.get(func() (map[models.MsgKey]*Message, error) { return batch.answered(ctx) })
	return all[models.MsgKey{SessionID: r.SessionID, MsgID: r.MsgID}], err
}

func (b *messageBatch) answered(ctx context.Context) (map[models.MsgKey]*Message, error) {
	callIDs := map[models.MsgKey]string{}
	var keys []models.MsgKey
	for _, m := range b.messages {
		if reply := m.split().AnsweredMsgID(); reply != "" {
			key := models.MsgKey{SessionID: m.SessionID, MsgID: reply}
			if _, twice := callIDs[key]; !twice {
				callIDs[key] = m.callID
				keys = append(keys, key)
			}
		}
	}
	rows, err := b.source.Store.MessagesByMsgID(ctx, keys)
	if err != nil {
		return nil, err
	}
	found := make(map[models.MsgKey]*Message, len(rows))
	batch := newMessageBatch(b.source)
	for key, row := range rows {
		found[key] = batch.add(callIDs[key], []*models.Message{row})[0]
	}
	return found, nil
}
