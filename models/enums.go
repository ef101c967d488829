package models

// SenderType says who sent a message: AIRudder's `sender_type`. It is kept by its
// GraphQL name.
type SenderType string

// The senders that AIRudder names, and SenderUnknown for any it adds.
const (
	SenderSystem  SenderType = "SYSTEM"
	SenderUser    SenderType = "USER"
	SenderRobot   SenderType = "ROBOT"
	SenderAgent   SenderType = "AGENT"
	SenderChatbot SenderType = "CHATBOT"
	SenderUnknown SenderType = "UNKNOWN"
)

// SenderTypeOf reads AIRudder's `sender_type`.
func SenderTypeOf(wire string) SenderType {
	switch wire {
	case "system":
		return SenderSystem
	case "user":
		return SenderUser
	case "robot":
		return SenderRobot
	case "agent":
		return SenderAgent
	case "chatbot":
		return SenderChatbot
	default:
		return SenderUnknown
	}
}

// MessageStatus says how far a message got: AIRudder's messages[].status. It is
// kept by its GraphQL name.
type MessageStatus string

// The states that AIRudder names, and MessageStatusUnknown for any it adds.
const (
	MessageSent          MessageStatus = "SENT"
	MessageDelivery      MessageStatus = "DELIVERY"
	MessageRead          MessageStatus = "READ"
	MessageStatusUnknown MessageStatus = "UNKNOWN"
)

// MessageStatusOf reads AIRudder's messages[].status.
func MessageStatusOf(wire string) MessageStatus {
	switch wire {
	case "sent":
		return MessageSent
	case "delivery":
		return MessageDelivery
	case "read":
		return MessageRead
	default:
		return MessageStatusUnknown
	}
}

// SessionEndReason says what ended a session: AIRudder's `session_end_reason`. It
// is kept by its GraphQL name.
type SessionEndReason string

// The reasons that AIRudder names, and EndUnknown for any it adds.
const (
	EndRobot   SessionEndReason = "ROBOT"
	EndAgent   SessionEndReason = "AGENT"
	EndError   SessionEndReason = "ERROR"
	EndExpire  SessionEndReason = "EXPIRE"
	EndUser    SessionEndReason = "USER"
	EndUnknown SessionEndReason = "UNKNOWN"
)

// SessionEndReasonOf reads AIRudder's `session_end_reason`.
func SessionEndReasonOf(wire string) SessionEndReason {
	switch wire {
	case "robot":
		return EndRobot
	case "agent":
		return EndAgent
	case "error":
		return EndError
	case "expire":
		return EndExpire
	case "user":
		return EndUser
	default:
		return EndUnknown
	}
}

// OptionMatch says how surely the option that a user picked is known.
type OptionMatch string

// One option has the title that the user sent, or more than one has.
const (
	MatchExact     OptionMatch = "EXACT"
	MatchAmbiguous OptionMatch = "AMBIGUOUS"
)

// SessionOrderField is what a list of sessions is ordered by.
type SessionOrderField string

// The orders of a list of sessions.
const (
	OrderStartedAt    SessionOrderField = "STARTED_AT"
	OrderEndedAt      SessionOrderField = "ENDED_AT"
	OrderReceivedAt   SessionOrderField = "RECEIVED_AT"
	OrderTalkRound    SessionOrderField = "TALK_ROUND"
	OrderDuration     SessionOrderField = "DURATION"
	OrderMessageCount SessionOrderField = "MESSAGE_COUNT"
)

// OrderDirection is the direction of an order.
type OrderDirection string

// Ascending and descending.
const (
	Ascending  OrderDirection = "ASC"
	Descending OrderDirection = "DESC"
)

// Reversed is the other direction.
func (d OrderDirection) Reversed() OrderDirection {
	if d == Ascending {
		return Descending
	}
	return Ascending
}

// SessionDimension is what sessions are grouped by.
type SessionDimension string

// The dimensions of sessionStats.
const (
	ByIntention SessionDimension = "INTENTION"
	ByWorkflow  SessionDimension = "WORKFLOW"
	ByChannel   SessionDimension = "CHANNEL"
	ByRobot     SessionDimension = "ROBOT"
	ByEndReason SessionDimension = "END_REASON"
	ByStatus    SessionDimension = "STATUS"
)

// TimeInterval is the length of a time bucket.
type TimeInterval string

// The intervals of sessionStats, by the clock of the time zone asked for.
const (
	EveryHour  TimeInterval = "HOUR"
	EveryDay   TimeInterval = "DAY"
	EveryWeek  TimeInterval = "WEEK"
	EveryMonth TimeInterval = "MONTH"
)
