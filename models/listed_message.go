package models

// MessageList is a query for messages across sessions, those of the latest
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
