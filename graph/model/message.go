package model

import (
	"context"

	"sessiongraph/models"
)

// transcripts are messages that were read together.
type transcripts struct {
	source   Source
	messages []*Message
	answers  loadOnce[map[models.MsgKey]*Message]
}

func newTranscripts(source Source) *transcripts { return &transcripts{source: source} }

// add makes rows of one session part of the transcripts; all are added before any is asked.
func (t *transcripts) add(callID string, rows []*models.Message) []*Message {
	added := make([]*Message, len(rows))
	together := make([]Message, len(rows))
	for i, row := range rows {
		added[i] = &together[i]
		added[i].Message, added[i].callID, added[i].transcripts = row, callID, t
	}
	t.messages = append(t.messages, added...)
	return added
}

// Message is a message among those that were read with it.
type Message struct {
	*models.Message
	callID      string
	transcripts *transcripts
	parts       loadOnce[models.MessageParts]
	reply       loadOnce[*models.Reply]
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

// Content is what the message says.
func (m *Message) Content() models.MessageContent { return m.split().Content(m.answered()) }

// Text is what a person reads of the content.
func (m *Message) Text() string { return m.Content().Text() }

// ReplyTo is what the notification embeds of the message that this one answers.
func (m *Message) ReplyTo() *MessageReply {
	reply := m.answered()
	if reply == nil {
		return nil
	}
	return &MessageReply{reply, m}
}

// MessageReply is the snapshot of an answered message.
type MessageReply struct {
	*models.Reply
	answer *Message
}

// Message is the answered message where its session holds it.
func (r *MessageReply) Message(ctx context.Context) (*Message, error) {
	if r.MsgID == "" {
		return nil, nil
	}
	t := r.answer.transcripts
	all, err := t.answers.get(func() (map[models.MsgKey]*Message, error) { return t.answered(ctx) })
	return all[models.MsgKey{SessionID: r.SessionID, MsgID: r.MsgID}], err
}

func (t *transcripts) answered(ctx context.Context) (map[models.MsgKey]*Message, error) {
	callIDs := map[models.MsgKey]string{}
	var keys []models.MsgKey
	for _, m := range t.messages {
		if reply := m.split().AnsweredMsgID(); reply != "" {
			key := models.MsgKey{SessionID: m.SessionID, MsgID: reply}
			if _, twice := callIDs[key]; !twice {
				callIDs[key] = m.callID
				keys = append(keys, key)
			}
		}
	}
	rows, err := t.source.Store.MessagesByMsgID(ctx, keys)
	if err != nil {
		return nil, err
	}
	found := make(map[models.MsgKey]*Message, len(rows))
	those := newTranscripts(t.source)
	for key, row := range rows {
		found[key] = those.add(callIDs[key], []*models.Message{row})[0]
	}
	return found, nil
}
