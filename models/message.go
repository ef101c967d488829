package models

import "unicode/utf8"

// Message is one of a session's messages, as its notification has it.
type Message struct {
	SessionID   int64
	Position    int // 0-based place in the notification's messages
	MsgID       string
	MsgIDFolded *string // MsgID as CaseFold has it, where the database needs that beside MsgID
	MsgOrdinal  int     // 0-based place among the session's messages of its MsgID
	SenderType  SenderType
	SentAt      *Time // timestamp; nil where it cannot be read
	Status      MessageStatus
	ContentType string // content.type
	HasReply    bool   // whether it has a readable Reply
	Raw         JSON   // the message as it was sent

	// TextSize and SearchText are set where a notification is decoded, and not where a session is read.
	TextSize   int    // bytes of Text
	SearchText string // what search reads: Text as CaseFold has it, unless it is a system event
	// MaskedText is SearchText with a blank in place of what is masked, where the database needs that and it differs.
	MaskedText *string
}

// SenderTypeRaw is the message's own `sender_type`, also where SenderType is SenderUnknown.
func (m *Message) SenderTypeRaw() string { return m.Raw.Get("sender_type").Text() }

// StatusRaw is the message's own `status`, also where Status is MessageStatusUnknown.
func (m *Message) StatusRaw() string { return m.Raw.Get("status").Text() }

// Content decodes what the message says.
func (m *Message) Content() MessageContent {
	p := m.Parts()
	return p.Content(p.Reply(m.SessionID))
}

// Text is what a person reads of the content.
func (m *Message) Text() string { return m.Content().Text() }

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

// maxSearchText bounds what search reads of one transcript, in bytes of its folded text.
// An index takes time for each run of three characters: what is longer, and random,
// would keep others from storing for seconds (docs/ingest.md).
const maxSearchText = 256 << 10

// searchText is what search reads of a content, at most so many bytes. System events
// are not searched: nobody said them.
func searchText(content MessageContent, text string, most int) string {
	if _, system := content.(*SystemContent); system {
		return ""
	}
	return firstBytes(CaseFold(firstBytes(text, most)), most)
}

// firstBytes cuts a text to at most so many bytes, between two characters.
func firstBytes(s string, most int) string {
	if len(s) <= most {
		return s
	}
	for most > 0 && !utf8.RuneStart(s[most]) {
		most--
	}
	return s[:most]
}

// readMessage reads one element of a notification's `messages`, whatever it is.
func readMessage(position int, raw JSON) Message {
	var part [6]JSON
	raw.pick(part[:], "msg_id", "sender_type", "timestamp", "status", "content", "reply")
	return Message{
		Position:    position,
		MsgID:       part[0].Text(),
		SenderType:  SenderTypeOf(part[1].word()),
		SentAt:      ReadTime(part[2]),
		Status:      MessageStatusOf(part[3].Text()),
		ContentType: part[4].Get("type").word(),
		HasReply:    part[5].Kind() == IsObject,
		Raw:         raw.OrEmptyObject().Compact(),
	}
}

// ReadMessages reads a notification's `messages`, each whatever it is, with what search reads of them.
func ReadMessages(list JSON) []Message {
	messages, _ := readMessages(list)
	return messages
}

// ReadConversation is ReadMessages and ReadPrompts.
func ReadConversation(list JSON) ([]Message, []Prompt) {
	messages, contents := readMessages(list)
	return messages, readPrompts(messages, func(i int) MessageContent { return contents[i] })
}

func readMessages(list JSON) ([]Message, []MessageContent) {
	messages := ReadTranscript(list)
	contents := make([]MessageContent, len(messages))
	searched := 0
	for i := range messages {
		m := &messages[i]
		contents[i] = m.Content()
		text := contents[i].Text()
		m.TextSize = len(text)
		m.SearchText = searchText(contents[i], text, maxSearchText-searched)
		searched += len(m.SearchText)
	}
	return messages, contents
}

// SearchTextOf is what search reads of one element of a notification's `messages`.
func SearchTextOf(raw JSON) string {
	m := readMessage(0, raw)
	content := m.Content()
	return searchText(content, content.Text(), maxSearchText)
}

// ReadTranscript is ReadMessages without what search reads. The messages are parts of the list.
func ReadTranscript(list JSON) []Message {
	var messages []Message
	for raw := range list.Items() {
		if messages == nil {
			messages = make([]Message, 0, 16)
		}
		messages = append(messages, readMessage(len(messages), raw))
	}
	numberMessages(messages)
	return messages
}

// fewMessages are numbered faster without a map.
const fewMessages = 40

// numberMessages sets each message's place among those of its MsgID.
func numberMessages(messages []Message) {
	if len(messages) <= fewMessages {
		for i := range messages {
			for j := i - 1; j >= 0; j-- {
				if messages[j].MsgID == messages[i].MsgID {
					messages[i].MsgOrdinal = messages[j].MsgOrdinal + 1
					break
				}
			}
		}
		return
	}
	count := make(map[string]int, len(messages))
	for i := range messages {
		m := &messages[i]
		m.MsgOrdinal = count[m.MsgID]
		count[m.MsgID]++
	}
}

// TranscriptRange is the part of a transcript that is asked for: the messages that pass
// the filter, and of those the first or the last so many, where set.
type TranscriptRange struct {
	Filter      *MessageFilter
	First, Last *int
}

// MessageKey names a message by AIRudder's msg_id within a session, and by its place
// among the session's messages of that msg_id: the same in every version that has it.
type MessageKey struct {
	MsgKey
	Ordinal int
}

// MsgKey names a message by AIRudder's msg_id within a session.
type MsgKey struct {
	SessionID int64
	MsgID     string
}
