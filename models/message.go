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
func (m Message) Content() MessageContent {
	var answered MessageContent
	if reply := m.Reply(); reply != nil {
		answered = reply.Content
	}
	return DecodeContent(m.Raw.Get("content"), answered)
}

// Reply decodes the snapshot of the message that this one answers: AIRudder's
// `reply`; nil where it answers none.
func (m Message) Reply() *Reply {
	snapshot := m.Raw.Get("reply")
	if snapshot.Kind() != IsObject {
		return nil
	}
	return &Reply{
		SessionID:  m.SessionID,
		MsgID:      snapshot.Get("msg_id").Text(),
		SenderType: SenderTypeOf(snapshot.Get("sender_type").Text()),
		SentAt:     ReadTime(snapshot.Get("timestamp")),
		Content:    DecodeContent(snapshot.Get("content"), nil),
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
	m := Message{
		Position:    position,
		MsgID:       raw.Get("msg_id").Text(),
		SenderType:  SenderTypeOf(raw.Get("sender_type").Text()),
		SentAt:      ReadTime(raw.Get("timestamp")),
		Status:      MessageStatusOf(raw.Get("status").Text()),
		ContentType: raw.Get("content").Get("type").Text(),
		HasReply:    raw.Get("reply").Kind() == IsObject,
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
