package models

// EventPlace is a place in the history of a database's events.
type EventPlace struct {
	Seq     int64 // grows from one event to the next, in the order of their commits
	History int64 // of the process that stored it, see histories
	Check   int64 // of the notification that was stored
}

// SessionEvent records that a session was stored, new or in a newer version.
type SessionEvent struct {
	EventPlace
	SessionID      int64
	NotificationID int64 // which the session was read from
}
