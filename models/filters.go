package models

// SessionFilter is the GraphQL input of that name: what is set must hold, all of
// it. A nil field is as if absent; an empty Or or In passes nothing.
type SessionFilter struct {
	And             []*SessionFilter
	Or              []*SessionFilter
	Not             *SessionFilter
	CallID          *StringFilter
	WorkflowID      *StringFilter
	WorkflowName    *StringFilter
	NodeTaskID      *StringFilter
	NodeTaskName    *StringFilter
	WabaTaskID      *StringFilter
	WfDetailUUID    *StringFilter
	Channel         *StringFilter
	ChannelID       *StringFilter
	Callee          *StringFilter
	RobotID         *StringFilter
	Status          *StringFilter
	Intention       *StringFilter
	EndReason       []SessionEndReason
	StartedAt       *TimeFilter
	EndedAt         *TimeFilter
	ReceivedAt      *TimeFilter
	NotifiedAt      *TimeFilter
	Version         *IntFilter
	Deliveries      *IntFilter
	TalkRound       *IntFilter
	DurationSeconds *IntFilter
	MessageCount    *IntFilter
	NerSlots        []*NamedValueFilter
	EventLabels     []*NamedValueFilter
	Variables       []*NamedValueFilter
	Engaged         *bool
	HandedOver      *bool
	Abandoned       *bool
	Messages        *MessageFilter
	Search          *string
}

// MessageFilter is the GraphQL input of that name.
type MessageFilter struct {
	And         []*MessageFilter
	Or          []*MessageFilter
	Not         *MessageFilter
	Position    *IntFilter
	HasReply    *bool
	SenderType  []SenderType
	Status      []MessageStatus
	ContentType []string
	MsgID       *StringFilter
	SentAt      *TimeFilter
	Search      *string
}

// StringFilter compares strings as they are stored, or, by the operators that ignore
// case, as search does.
type StringFilter struct {
	Eq                 *string
	Ne                 *string
	In                 []string
	NotIn              []string
	Contains           *string
	StartsWith         *string
	EndsWith           *string
	EqIgnoreCase       *string
	ContainsIgnoreCase *string
}

// IntFilter compares whole numbers.
type IntFilter struct{ Eq, Ne, Gte, Gt, Lte, Lt *int }

// FloatFilter compares numbers.
type FloatFilter struct{ Eq, Ne, Gte, Gt, Lte, Lt *float64 }

// TimeFilter compares instants, to the nanosecond.
type TimeFilter struct{ Gte, Gt, Lte, Lt *Time }

// NamedValueFilter asks for an entry of an open map: that it exists, that it does
// not, or that it exists with a value that passes, as text or as a number.
type NamedValueFilter struct {
	Name   string
	Value  *StringFilter
	Number *FloatFilter
	Exists *bool
}
