package model

import (
	"context"

	"sessiongraph/models"
)

// transcripts are messages that were read together.
type transcripts struct {
	shared
	source   Source
	messages []*Message
}

func newTranscripts(source Source) *transcripts { return &transcripts{source: source} }

// add makes rows of one session part of the transcripts; all are added before any is asked.
func (t *transcripts) add(callID string, rows []*models.Message) []*Message {
	added := make([]*Message, len(rows))
	for i, row := range rows {
		added[i] = &Message{row, callID, t}
	}
	t.messages = append(t.messages, added...)
	return added
}

// Message is a message among those that were read with it.
type Message struct {
	*models.Message
	callID      string
	transcripts *transcripts
}

// IsNode marks the members of GraphQL's Node.
func (*Message) IsNode() {}

// ID is the message's node id.
func (m *Message) ID() string {
	return nodeID{kind: messageNode, key: m.callID, msgID: m.MsgID, ordinal: m.MsgOrdinal}.String()
}

// ReplyTo is what the notification embeds of the message that this one answers.
func (m *Message) ReplyTo() *MessageReply {
	reply := m.Reply()
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
	all, err := together(&t.shared, "answered", nil, func() (map[models.MsgKey]*Message, error) { return t.answered(ctx) })
	return all[models.MsgKey{SessionID: r.SessionID, MsgID: r.MsgID}], err
}

func (t *transcripts) answered(ctx context.Context) (map[models.MsgKey]*Message, error) {
	callIDs := map[models.MsgKey]string{}
	var keys []models.MsgKey
	for _, m := range t.messages {
		if reply := m.Raw.Get("reply").Get("msg_id").Text(); reply != "" {
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
