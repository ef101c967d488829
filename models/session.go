package models

// Session is one conversation of a chatbot with a customer, as the newest of its
// notifications tells it.
type Session struct {
	ID              int64 `gorm:"primaryKey;autoIncrement:false"` // the ledger id of its first notification
	NotificationID  int64 // the ledger id of the notification it was read from
	CallID          string
	WorkflowID      string
	WorkflowName    string
	NodeTaskID      string // nodetask_id
	NodeTaskName    string // nodetask_name
	WabaTaskID      string
	WfDetailUUID    string `gorm:"column:wf_detail_uuid"` // wfdetail_uuid
	Channel         string
	ChannelID       string
	Callee          string
	RobotID         string
	Status          string
	StartedAt       Time // session_start_time
	EndedAt         Time // session_end_time
	DurationSeconds int  // whole seconds from StartedAt to EndedAt
	NotifiedAt      Time // timestamp
	ReceivedAt      Time // when its notification was first stored here
	EndReason       SessionEndReason
	Intention       string
	TalkRound       int
	MessageCount    int
	Version         int // how many different notifications there were of it
	Deliveries      int // how often it was sent, repeats included
}

// Message is one of a session's messages.
type Message struct {
	SessionID   int64 `gorm:"primaryKey;autoIncrement:false"`
	Position    int   `gorm:"primaryKey;autoIncrement:false"` // 0-based place in the notification's messages
	MsgID       string
	SenderType  SenderType
	SentAt      *Time // timestamp; nil where it cannot be read
	Status      MessageStatus
	ContentType string // content.type
	Text        string // what a person reads of its content
	Folded      string // Text as Fold has it, which search reads
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
		Raw:         raw.Compact(),
	}
	m.Text = m.Content().Text()
	m.Folded = Fold(m.Text)
	return m
}

// NamedValue is one entry of a notification's open maps.
type NamedValue struct {
	SessionID int64  `gorm:"primaryKey;autoIncrement:false"`
	Name      string `gorm:"primaryKey"`
	Position  int    // 0-based place in its map
	Value     string // a string as it is, anything else as compact JSON
	JSON      JSON   `gorm:"column:json"` // the value as it was sent
}

// NerSlot is an entry of `ner_slots`: a thing that the robot recognised by name.
type NerSlot struct{ NamedValue }

// EventLabel is an entry of `event_label`.
type EventLabel struct{ NamedValue }

// Variable is an entry of `variables`: what the campaign's list said of the callee.
type Variable struct{ NamedValue }

// ReadNamedValues reads one of a notification's open maps in the order it was
// sent; of a name that stands twice the last value counts. Anything but an object
// has no entries.
func ReadNamedValues(object JSON) []NamedValue {
	var values []NamedValue
	at := map[string]int{}
	for name, value := range object.Fields() {
		entry := NamedValue{Name: name, Position: len(values), Value: value.Literal(), JSON: value.Compact()}
		if i, twice := at[name]; twice {
			entry.Position = i
			values[i] = entry
			continue
		}
		at[name] = len(values)
		values = append(values, entry)
	}
	return values
}
