package models

import (
	"context"
	"fmt"
	"slices"
)

// SessionsByCallID reads sessions by AIRudder's call_id; what is not there is not
// in the answer.
func (s *Store) SessionsByCallID(ctx context.Context, callIDs []string) (map[string]*Session, error) {
	var sessions []*Session
	if err := s.answers(ctx).Where("call_id IN ?", callIDs).Find(&sessions).Error; err != nil {
		return nil, fmt.Errorf("read sessions by call_id: %w", err)
	}
	found := make(map[string]*Session, len(sessions))
	for _, session := range sessions {
		found[session.CallID] = session
	}
	return found, nil
}

// Selected is the part of a transcript that is asked for: the messages that pass
// the filter, and of those the first or the last so many, where set.
type Selected struct {
	Filter      *MessageFilter
	First, Last *int
}

// MessagesOf reads the messages of several sessions, each session's in
// conversation order.
func (s *Store) MessagesOf(ctx context.Context, sessionIDs []int64, selected Selected) (map[int64][]*Message, error) {
	filter := (filterSQL{s.dialect}).message(selected.Filter)
	filter.sql = "(" + filter.sql + ")"
	var messages []*Message
	var err error
	if selected.First == nil && selected.Last == nil {
		err = s.answers(ctx).Raw("SELECT "+messageColumns+" FROM messages m WHERE m.session_id IN ("+marks(len(sessionIDs))+") AND "+filter.sql+
			" ORDER BY m.session_id, m.position", append(anys(sessionIDs), filter.args...)...).Scan(&messages).Error
	} else {
		limit, direction := 0, "ASC"
		if selected.First != nil {
			limit = *selected.First
		} else {
			limit, direction = *selected.Last, "DESC"
		}
		messages, err = arms[*Message](ctx, s, len(sessionIDs), func(i int) condition {
			return condition{fmt.Sprintf("SELECT "+messageColumns+" FROM messages m WHERE m.session_id = ? AND %s ORDER BY m.position %s LIMIT %d",
				filter.sql, direction, limit), append([]any{sessionIDs[i]}, filter.args...)}
		})
	}
	if err != nil {
		return nil, fmt.Errorf("read messages: %w", err)
	}
	found := make(map[int64][]*Message, len(sessionIDs))
	for _, m := range messages {
		found[m.SessionID] = append(found[m.SessionID], m)
	}
	for _, transcript := range found {
		slices.SortFunc(transcript, func(a, b *Message) int { return a.Position - b.Position })
	}
	return found, nil
}

// Columns are named: what a newer instance adds while this one runs is not read.
const (
	sessionColumns = "s.id, s.notification_id, s.call_id, s.workflow_id, s.workflow_name, s.node_task_id, s.node_task_name, s.waba_task_id, s.wf_detail_uuid," +
		" s.channel, s.channel_id, s.callee, s.robot_id, s.status, s.started_at, s.ended_at, s.duration_seconds, s.notified_at, s.received_at," +
		" s.end_reason, s.intention, s.talk_round, s.message_count, s.version, s.deliveries, s.projection, s.end_reason_raw, s.engaged, s.handed_over, s.abandoned," +
		" s.taken_over_at, s.first_reply_at, s.wait_seconds, s.seat_ids"
	messageColumns = "m.session_id, m.position, m.msg_id, m.msg_ordinal, m.sender_type, m.sent_at, m.status, m.content_type, m.text, m.raw"
)

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

// MessagesByMsgID reads the messages that replies answer: of those with one
// msg_id in one session the first.
func (s *Store) MessagesByMsgID(ctx context.Context, keys []MsgKey) (map[MsgKey]*Message, error) {
	found := map[MsgKey]*Message{}
	messages, err := arms[*Message](ctx, s, len(keys), func(i int) condition {
		return where("SELECT "+messageColumns+" FROM messages m WHERE m.session_id = ? AND m.msg_id = ? ORDER BY m.position LIMIT 1", keys[i].SessionID, keys[i].MsgID)
	})
	if err != nil {
		return nil, fmt.Errorf("read answered messages: %w", err)
	}
	for _, m := range messages {
		found[MsgKey{m.SessionID, m.MsgID}] = m
	}
	return found, nil
}

// MessagesByKey reads messages by their keys.
func (s *Store) MessagesByKey(ctx context.Context, keys []MessageKey) (map[MessageKey]*Message, error) {
	messages, err := arms[*Message](ctx, s, len(keys), func(i int) condition {
		return where("SELECT "+messageColumns+" FROM messages m WHERE m.session_id = ? AND m.msg_id = ? AND m.msg_ordinal = ?",
			keys[i].SessionID, keys[i].MsgID, keys[i].Ordinal)
	})
	if err != nil {
		return nil, fmt.Errorf("read messages by key: %w", err)
	}
	found := map[MessageKey]*Message{}
	for _, m := range messages {
		found[MessageKey{MsgKey{m.SessionID, m.MsgID}, m.MsgOrdinal}] = m
	}
	return found, nil
}

// NerSlotsOf reads the NER slots of several sessions in the order they were sent.
func (s *Store) NerSlotsOf(ctx context.Context, sessionIDs []int64) (map[int64][]*NerSlot, error) {
	return entriesBySession(ctx, s, sessionIDs, func(e *NerSlot) int64 { return e.SessionID })
}

// EventLabelsOf reads the event labels of several sessions in the order they were sent.
func (s *Store) EventLabelsOf(ctx context.Context, sessionIDs []int64) (map[int64][]*EventLabel, error) {
	return entriesBySession(ctx, s, sessionIDs, func(e *EventLabel) int64 { return e.SessionID })
}

// VariablesOf reads the variables of several sessions in the order they were sent.
func (s *Store) VariablesOf(ctx context.Context, sessionIDs []int64) (map[int64][]*Variable, error) {
	return entriesBySession(ctx, s, sessionIDs, func(e *Variable) int64 { return e.SessionID })
}

func entriesBySession[E any](ctx context.Context, s *Store, sessionIDs []int64, sessionID func(*E) int64) (map[int64][]*E, error) {
	var entries []*E
	if err := s.answers(ctx).Where("session_id IN ?", sessionIDs).Order("session_id, position").Find(&entries).Error; err != nil {
		return nil, fmt.Errorf("read %T: %w", entries, err)
	}
	found := make(map[int64][]*E, len(sessionIDs))
	for _, e := range entries {
		found[sessionID(e)] = append(found[sessionID(e)], e)
	}
	return found, nil
}

// BodiesOf reads notifications, as they were sent, by their ids in the ledger.
func (s *Store) BodiesOf(ctx context.Context, notificationIDs []int64) (map[int64]JSON, error) {
	var rows []*Notification
	if err := s.answers(ctx).Select("id", "body").Where("id IN ?", notificationIDs).Find(&rows).Error; err != nil {
		return nil, fmt.Errorf("read notifications: %w", err)
	}
	found := make(map[int64]JSON, len(rows))
	for _, n := range rows {
		body, err := s.unpackBody(n.Body)
		if err != nil {
			return nil, fmt.Errorf("read notification %d: %w", n.ID, err)
		}
		found[n.ID] = body
	}
	return found, nil
}

// VersionsOf reads the projected notifications of several sessions by call_id, without
// bodies, newest first: the first of each is the one that the session shows.
func (s *Store) VersionsOf(ctx context.Context, callIDs []string) (map[string][]*Notification, error) {
	var rows []*Notification
	err := s.answers(ctx).Raw("SELECT id, call_id, notified_at, first_received_at, deliveries FROM notifications"+
		" WHERE call_id IN ? AND outcome = ? ORDER BY notified_at DESC, id DESC", callIDs, Projected).Scan(&rows).Error
	if err != nil {
		return nil, fmt.Errorf("read versions of sessions: %w", err)
	}
	found := make(map[string][]*Notification, len(callIDs))
	for _, n := range rows {
		found[*n.CallID] = append(found[*n.CallID], n)
	}
	return found, nil
}

func anys[T any](values []T) []any {
	out := make([]any, len(values))
	for i, v := range values {
		out[i] = v
	}
	return out
}
