package models

import (
	"math"
	"slices"
)

// SessionFacts are what a session's messages say of it as a whole. They are worked
// out when it is stored, so that filters and counts need not read its messages.
type SessionFacts struct {
	EndReasonRaw string   // session_end_reason
	Engaged      bool     // the customer sent at least one message
	HandedOver   bool     // a person was called in
	Abandoned    bool     // the customer left while the robot waited for an answer
	TakenOverAt  *Time    // of the first take-over by a seat
	FirstReplyAt *Time    // of the first message by an agent
	WaitSeconds  *int     // whole seconds from TakenOverAt to FirstReplyAt, nil where negative
	SeatIDs      []string // the seats that took it over, in order, each once
}

// Event of a system message by which a seat takes a session over.
const takeOver = "conversation.take_over"

// ReadSessionFacts works out the facts of a session that ended for that reason
// (AIRudder's session_end_reason) with those messages.
func ReadSessionFacts(endReason string, messages []Message) SessionFacts {
	f := SessionFacts{EndReasonRaw: endReason, SeatIDs: []string{}}
	var last SenderType // of the last message that is not the system's
	replied := false
	for i := range messages {
		m := &messages[i]
		if m.SenderType != SenderSystem {
			last = m.SenderType
		}
		switch {
		case m.SenderType == SenderUser:
			f.Engaged = true
		case m.SenderType == SenderAgent && !replied:
			replied, f.FirstReplyAt = true, m.SentAt
		}
		if seat := m.takenOverBy(); seat != "" {
			if len(f.SeatIDs) == 0 {
				f.TakenOverAt = m.SentAt
			}
			if !slices.Contains(f.SeatIDs, seat) {
				f.SeatIDs = append(f.SeatIDs, seat)
			}
		}
	}
	f.HandedOver = replied || len(f.SeatIDs) > 0
	reason := SessionEndReasonOf(endReason)
	f.Abandoned = (reason == EndExpire || reason == EndUser) && (last == SenderRobot || last == SenderChatbot)
	if f.TakenOverAt != nil && f.FirstReplyAt != nil && !f.FirstReplyAt.Before(f.TakenOverAt.Time) {
		wait := int(min(math.MaxInt32, (f.FirstReplyAt.UnixMicro()-f.TakenOverAt.UnixMicro())/1e6))
		f.WaitSeconds = &wait
	}
	return f
}

// takenOverBy is the seat that a system event names as taking the session over, ""
// for any other message.
func (m *Message) takenOverBy() string {
	if m.ContentType != "system" {
		return ""
	}
	event := m.Raw.Get("content").Get("system")
	if event.Get("type").Text() != takeOver {
		return ""
	}
	return event.Get("to_seat_id").Text()
}

// Handover says when and by whom a session was taken over from the robot.
type Handover struct {
	TakenOverAt  *Time    // of the first take-over by a seat
	SeatIDs      []string // in order, each once
	FirstReplyAt *Time    // of the first message by an agent
	WaitSeconds  *int     // whole seconds between the two
}

// Handover is nil where no person was called in.
func (f *SessionFacts) Handover() *Handover {
	if !f.HandedOver {
		return nil
	}
	return &Handover{f.TakenOverAt, f.SeatIDs, f.FirstReplyAt, f.WaitSeconds}
}
