package models

// Message is one of a session's messages.
type Message struct {
	SessionID   int64 `gorm:"primaryKey;autoIncrement:false"`
	Position    int   `gorm:"primaryKey;autoIncrement:false"` // 0-based place in the notification's messages
	MsgID       string
	MsgIDFolded *string `gorm:"column:msg_id_folded"` // MsgID as Fold has it, where the database needs that beside MsgID
	MsgOrdinal  int     // 0-based place among the session's messages of its MsgID
	SenderType  SenderType
	SentAt      *Time // timestamp; nil where it cannot be read
	Status      MessageStatus
	ContentType string // content.type
	Text        string // what a person reads of its content
	Folded      string // Text as Fold has it, which search reads
	HasReply    bool   // whether it has a readable Reply
	Raw         JSON   // the message as it was sent
}

// Content decodes what the message says.
func (m *Message) Content() MessageContent {
	p := m.Parts()
	return p.Content(p.Reply(m.SessionID))
}

// Reply decodes the snapshot of the message that this one answers: AIRudder's
// `reply`; nil where it answers none.
func (m *Message) Reply() *Reply { return m.Parts().Reply(m.SessionID) }

// MessageParts are the members of a message that are decoded when they are asked for.
type MessageParts struct {
	content, reply JSON
}

// Parts finds them.
func (m *Message) Parts() MessageParts {
	var part [2]JSON
	m.Raw.pick(part[:], "content", "reply")
	return MessageParts{part[0], part[1]}
}

// Content decodes what the message says; reply is what Reply returned.
func (p MessageParts) Content(reply *Reply) MessageContent {
	if reply == nil {
		return DecodeContent(p.content, nil)
	}
	return DecodeContent(p.content, reply.Content)
}

// AnsweredMsgID is the msg_id of the message that is answered; "" for none.
func (p MessageParts) AnsweredMsgID() string { return p.reply.Get("msg_id").Text() }

// Reply decodes the snapshot of the message that is answered; nil for none.
func (p MessageParts) Reply(sessionID int64) *Reply {
	if p.reply.Kind() != IsObject {
		return nil
	}
	var part [4]JSON
	p.reply.pick(part[:], "msg_id", "sender_type", "timestamp", "content")
	return &Reply{
		SessionID:  sessionID,
		MsgID:      part[0].Text(),
		SenderType: SenderTypeOf(part[1].word()),
		SentAt:     ReadTime(part[2]),
		Content:    DecodeContent(part[3], nil),
	}
}

// Reply is what a notification embeds of a message that is answered.
type Reply struct {
	SessionID  int64
	MsgID      string
	SenderType SenderType
	SentAt     *Time
	Content    MessageContent
}

// ReadMessage reads one element of a notification's `messages`, whatever it is.
func ReadMessage(position int, raw JSON) Message {
	var part [6]JSON
	raw.pick(part[:], "msg_id", "sender_type", "timestamp", "status", "content", "reply")
	m := Message{
		Position:    position,
		MsgID:       part[0].Text(),
		SenderType:  SenderTypeOf(part[1].word()),
		SentAt:      ReadTime(part[2]),
		Status:      MessageStatusOf(part[3].Text()),
		ContentType: part[4].Get("type").word(),
		HasReply:    part[5].Kind() == IsObject,
		Raw:         raw.Compact(),
	}
	m.Text = m.Content().Text()
	m.Folded = Fold(m.Text)
	return m
}

// numberMessages sets each message's place among those of its MsgID.
func numberMessages(messages []Message) {
	count := make(map[string]int, len(messages))
	for i := range messages {
		m := &messages[i]
		m.MsgOrdinal = count[m.MsgID]
		count[m.MsgID]++
	}
}
