package graph_test

import (
	"cmp"
	"encoding/json"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"sessiongraph/internal/test/expected"
)

// oracle is what a plain reading of the contract makes of the notifications that
// were delivered: every question is a loop over it. It shares no code with what it
// is compared with.
type oracle struct {
	sessions []*oracleSession // by id
	byCallID map[string]*oracleSession
	bodies   map[string]bool
	arrived  int
	clocks   oracleClocks
	callees  sync.Once
	ofCallee map[string][]*oracleSession
}

type oracleSession struct {
	id         int // in order of first arrival
	body       []byte
	texts      map[string]string // by the name in SessionFilter
	endReason  string
	endWord    string // session_end_reason
	times      map[string]time.Time
	numbers    map[string]int
	entries    map[string]map[string]string // nerSlots, eventLabels, variables
	jsons      map[string]map[string]json.RawMessage
	messages   []*oracleMessage
	transcript []string // folded texts
	prompts    []*oraclePrompt
	stored     int // the number of the shown version, in order of arrival
	version    int
	deliveries int
}

type oracleMessage struct {
	session                               *oracleSession
	position                              int
	msgID, senderType, status, kind, text string
	folded                                string
	toSeat                                string // of a take-over
	hasReply                              bool
	answered                              string // the msg_id that its reply names
	content                               json.RawMessage
	sentAt                                *time.Time
}

func newOracle() *oracle {
	return &oracle{byCallID: map[string]*oracleSession{}, bodies: map[string]bool{}}
}

// number is a number by its name in SessionFilter.
func (s *oracleSession) number(name string) int {
	switch name {
	case "version":
		return s.version
	case "deliveries":
		return s.deliveries
	default:
		return s.numbers[name]
	}
}

func (s *oracleSession) engaged() bool {
	return slices.ContainsFunc(s.messages, func(m *oracleMessage) bool { return m.senderType == "USER" })
}

func (s *oracleSession) handedOver() bool {
	return slices.ContainsFunc(s.messages, func(m *oracleMessage) bool {
		return m.senderType == "AGENT" || m.toSeat != ""
	})
}

// handover are the seats that took the session over, and the messages by which the first did and a person replied.
func (s *oracleSession) handover() (seats []string, takenOver, replied *oracleMessage) {
	seats = []string{}
	for _, m := range s.messages {
		if m.toSeat != "" && takenOver == nil {
			takenOver = m
		}
		if m.toSeat != "" && !slices.Contains(seats, m.toSeat) {
			seats = append(seats, m.toSeat)
		}
		if m.senderType == "AGENT" && replied == nil {
			replied = m
		}
	}
	return seats, takenOver, replied
}

func (s *oracleSession) waitSeconds() *int {
	_, takenOver, replied := s.handover()
	if takenOver == nil || replied == nil || takenOver.sentAt == nil || replied.sentAt == nil {
		return nil
	}
	length := int(replied.sentAt.Sub(*takenOver.sentAt) / time.Second)
	if length < 0 {
		return nil
	}
	return &length
}

func (s *oracleSession) abandoned() bool {
	if s.endReason != "EXPIRE" && s.endReason != "USER" {
		return false
	}
	for _, m := range slices.Backward(s.messages) {
		if m.senderType != "SYSTEM" {
			return m.senderType == "ROBOT" || m.senderType == "CHATBOT"
		}
	}
	return false
}

func (s *oracleSession) callID() string { return s.texts["callId"] }

// deliver takes one notification. One without a call_id is for the quarantine.
func (o *oracle) deliver(t testing.TB, body []byte, at time.Time) {
	t.Helper()
	s := readOracleSession(t, body)
	if s == nil {
		return
	}
	s.times["receivedAt"] = at
	o.arrived++
	s.stored = o.arrived
	known := o.byCallID[s.callID()]
	repeat := o.bodies[string(body)]
	o.bodies[string(body)] = true
	if known == nil {
		s.id, s.version, s.deliveries = len(o.sessions)+1, 1, 1
		o.sessions = append(o.sessions, s)
		o.byCallID[s.callID()] = s
		return
	}
	known.deliveries++
	if repeat {
		return
	}
	known.version++
	if s.times["notifiedAt"].Before(known.times["notifiedAt"]) {
		return
	}
	s.id, s.version, s.deliveries = known.id, known.version, known.deliveries
	o.sessions[s.id-1] = s
	o.byCallID[s.callID()] = s
}

var oracleTextFields = map[string]string{
	"callId": "call_id", "workflowId": "workflow_id", "workflowName": "workflow_name", "nodeTaskId": "nodetask_id",
	"nodeTaskName": "nodetask_name", "wabaTaskId": "waba_task_id", "wfDetailUuid": "wfdetail_uuid",
	"channel":   "channel",
	"channelId": "channel_id", "callee": "callee", "robotId": "robot_id", "status": "status", "intention": "intention",
}

func readOracleSession(t testing.TB, body []byte) *oracleSession {
	t.Helper()
	wire := map[string]json.RawMessage{}
	if json.Unmarshal(body, &wire) != nil || wire["call_id"] == nil {
		return nil
	}
	s := &oracleSession{
		body:    body,
		texts:   map[string]string{},
		times:   map[string]time.Time{},
		numbers: map[string]int{},
		entries: map[string]map[string]string{},
		jsons:   map[string]map[string]json.RawMessage{},
	}
	for name, field := range oracleTextFields {
		s.texts[name] = wireText(wire[field])
	}
	s.endWord = wireText(wire["session_end_reason"])
	s.endReason = knownOr(wireText(wire["session_end_reason"]), "robot", "agent", "error", "expire", "user")
	for name, field := range map[string]string{"startedAt": "session_start_time", "endedAt": "session_end_time"} {
		at, err := time.Parse(time.RFC3339, wireText(wire[field]))
		if err != nil {
			t.Fatalf("oracle cannot read %s of %s: %v", field, body, err)
		}
		s.times[name] = at
	}
	seconds, err := strconv.ParseInt(wireText(wire["timestamp"]), 10, 64)
	if err != nil {
		t.Fatalf("oracle cannot read timestamp of %s: %v", body, err)
	}
	s.times["notifiedAt"] = time.Unix(seconds, 0)
	s.numbers["talkRound"], _ = strconv.Atoi(wireText(wire["talk_round"]))
	s.numbers["durationSeconds"] = int(s.times["endedAt"].Sub(s.times["startedAt"]) / time.Second)
	for name, field := range map[string]string{"nerSlots": "ner_slots", "eventLabels": "event_label",
		"variables": "variables"} {
		s.entries[name], s.jsons[name] = map[string]string{}, map[string]json.RawMessage{}
		if raw := wire[field]; raw != nil {
			if err := json.Unmarshal(raw, new(map[string]json.RawMessage)); err != nil {
				continue // no object, no entries
			}
			for key, value := range mustDecode[map[string]json.RawMessage](t, raw) {
				s.jsons[name][key] = value
				s.entries[name][key] = wireText(value)
				if string(value) == "null" {
					s.entries[name][key] = "null"
				}
			}
		}
	}
	for i, raw := range mustDecode[[]map[string]json.RawMessage](t, wire["messages"]) {
		s.messages = append(s.messages, readOracleMessage(t, s, i, raw))
	}
	for _, m := range s.messages {
		s.transcript = append(s.transcript, m.folded)
	}
	s.numbers["messageCount"] = len(s.messages)
	s.prompts = s.readPrompts(t)
	return s
}

func readOracleMessage(t testing.TB, s *oracleSession, position int, raw map[string]json.RawMessage) *oracleMessage {
	t.Helper()
	m := &oracleMessage{
		session:    s,
		position:   position,
		msgID:      wireText(raw["msg_id"]),
		senderType: knownOr(wireText(raw["sender_type"]), "system", "user", "robot", "agent", "chatbot"),
		status:     knownOr(wireText(raw["status"]), "sent", "delivery", "read"),
	}
	if seconds, err := strconv.ParseInt(wireText(raw["timestamp"]), 10, 64); err == nil {
		at := time.Unix(seconds, 0)
		m.sentAt = &at
	}
	content := mustDecode[oracleContent](t, raw["content"])
	m.kind, m.text = content.Type, content.read()
	if m.kind != "system" { // system events are not searched
		m.folded = oracleFold(m.text)
	}
	if content.System.Type == "conversation.take_over" && m.kind == "system" {
		m.toSeat = wireText(content.System.ToSeatID)
	}
	m.content = raw["content"]
	if m.hasReply = strings.HasPrefix(string(raw["reply"]), "{"); m.hasReply {
		m.answered = wireText(mustDecode[map[string]json.RawMessage](t, raw["reply"])["msg_id"])
	}
	return m
}

func mustDecode[T any](t testing.TB, raw []byte) T {
	t.Helper()
	var into T
	if err := json.Unmarshal(raw, &into); err != nil {
		t.Fatalf("oracle cannot read %s: %v", raw, err)
	}
	return into
}

// wireText is a string as it is, "" for null and what is not there, anything else as
// compact JSON whose strings are not escaped without need.
func wireText(raw json.RawMessage) string {
	var s string
	if raw == nil || string(raw) == "null" || json.Unmarshal(raw, &s) == nil {
		return s
	}
	return expected.PlainJSON(raw)
}

func knownOr(wire string, names ...string) string {
	if slices.Contains(names, wire) {
		return strings.ToUpper(wire)
	}
	return "UNKNOWN"
}

// under are the sessions that pass, by id.
func (o *oracle) under(passes func(*oracleSession) bool) []*oracleSession {
	var those []*oracleSession
	for _, s := range o.sessions {
		if passes(s) {
			those = append(those, s)
		}
	}
	return those
}

// sorted are sessions in the order of an input SessionOrder, nil for the default.
func sorted(sessions []*oracleSession, order map[string]any) []*oracleSession {
	field, direction := "STARTED_AT", "DESC"
	if order != nil {
		field = order["field"].(string)
		if d, given := order["direction"]; given {
			direction = d.(string)
		}
	}
	value := func(s *oracleSession) int64 {
		switch field {
		case "TALK_ROUND":
			return int64(s.numbers["talkRound"])
		case "DURATION":
			return int64(s.numbers["durationSeconds"])
		case "MESSAGE_COUNT":
			return int64(s.numbers["messageCount"])
		case "ENDED_AT":
			return s.times["endedAt"].UnixNano()
		case "RECEIVED_AT":
			return s.times["receivedAt"].UnixNano()
		default:
			return s.times["startedAt"].UnixNano()
		}
	}
	list := slices.Clone(sessions)
	slices.SortFunc(list, func(a, b *oracleSession) int {
		if direction == "DESC" {
			a, b = b, a
		}
		return cmp.Or(cmp.Compare(value(a), value(b)), cmp.Compare(a.id, b.id))
	})
	return list
}

func callIDs(sessions []*oracleSession) []string {
	ids := make([]string, len(sessions))
	for i, s := range sessions {
		ids[i] = s.callID()
	}
	return ids
}

// messagesUnder are the messages that pass of sessions that pass, as Query.messages lists them.
func (o *oracle) messagesUnder(session func(*oracleSession) bool, message func(*oracleMessage) bool) []*oracleMessage {
	var list []*oracleMessage
	for _, s := range sorted(o.under(session), nil) {
		for _, m := range slices.Backward(s.messages) {
			if message(m) {
				list = append(list, m)
			}
		}
	}
	return list
}
