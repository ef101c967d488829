package graph_test

import (
	"bytes"
	"encoding/json"
	"reflect"
	"slices"
	"time"
)

// sessionDetails is a session with what is read for all sessions of a page together.
type sessionDetails struct {
	CallID       string `json:"callId"`
	WorkflowID   string `json:"workflowId"`
	WorkflowName string
	NodeTaskID   string `json:"nodeTaskId"`
	NodeTaskName string
	WabaTaskID   string `json:"wabaTaskId"`
	WfDetailUUID string `json:"wfDetailUuid"`
	Channel      string
	ChannelID    string `json:"channelId"`
	Callee       string
	RobotID      string `json:"robotId"`
	Status       string
	EndReason    string
	EndReasonRaw string
	Engaged      bool
	Abandoned    bool
	Handover     *struct {
		TakenOverAt, FirstReplyAt *time.Time
		SeatIDs                   []string `json:"seatIds"`
		WaitSeconds               *int
	}
	StartedAt       time.Time
	EndedAt         time.Time
	NotifiedAt      time.Time
	ReceivedAt      time.Time
	DurationSeconds int
	TalkRound       int
	MessageCount    int
	Version         int
	Deliveries      int
	Raw             json.RawMessage
	Versions        []versionAnswer
	NerSlots        []namedEntry
	EventLabels     []namedEntry
	Variables       []namedEntry
	Messages        []node
	Intention       intentionAnswer
	Contact         *contactAnswer
}

type versionAnswer struct {
	NotifiedAt time.Time
	Deliveries int
	Raw        json.RawMessage
}

type namedEntry struct {
	Name  string
	Value string
	JSON  json.RawMessage `json:"json"`
}

const (
	detailsDocument = `query ($filter: SessionFilter, $orderBy: SessionOrder, $first: Int, $names: [String!],
		$messages: MessageFilter, $firstMessages: Int, $lastMessages: Int,
	$inner: SessionFilter, $innerOrder: SessionOrder, $innerFirst: Int, $innerLast: Int) {
	sessions(filter: $filter, orderBy: $orderBy, first: $first) { nodes {
		callId workflowId workflowName nodeTaskId nodeTaskName wabaTaskId wfDetailUuid channel channelId callee
		robotId status endReason endReasonRaw engaged abandoned
		handover { takenOverAt seatIds firstReplyAt waitSeconds }
		startedAt endedAt notifiedAt receivedAt durationSeconds talkRound messageCount version deliveries raw
		versions { notifiedAt deliveries raw }
		nerSlots(names: $names) { name value json } eventLabels { name value json } variables { name value json }
		messages(filter: $messages, first: $firstMessages, last: $lastMessages) { ` + messageFields + ` }
		intention { label sessionCount share sessions(first: $innerFirst, last: $innerLast, filter: $inner, orderBy:
		$innerOrder) { ` + ownedPage + ` } }
		contact { callee sessionCount firstSeenAt lastSeenAt sessions(first: $innerFirst, last: $innerLast, filter:
		$inner, orderBy: $innerOrder) { ` + ownedPage + ` } }
	} } }`
	ownedPage = "totalCount pageInfo { hasNextPage hasPreviousPage } nodes { callId }"
)

// askDetails compares everything that is known of the sessions of one page.
func (q *question) askDetails() {
	filter, order := q.filter(), q.order()
	want := sorted(q.w.oracle.under(sessionPasses(filter)), order)
	want = want[:min(len(want), 1+q.IntN(10))]
	variables := map[string]any{"filter": filter, "orderBy": order, "first": len(want), "messages": q.messageFilter(),
		"inner": q.sessionFilter(1), "innerOrder": q.order()}
	if q.once(3) {
		variables["names"] = []any{draw(q.Rand, awkwardNames), draw(q.Rand, awkwardNames)}
	}
	if !q.once(3) {
		variables[draw(q.Rand, []string{"firstMessages", "lastMessages"})] = q.IntN(4)
	}
	variables[draw(q.Rand, []string{"innerFirst", "innerLast"})] = q.IntN(6)
	got := send[struct {
		Sessions struct{ Nodes []sessionDetails }
	}](q, detailsDocument, variables).Sessions.Nodes
	if len(got) != len(want) {
		q.Fatalf("%d sessions, want %d", len(got), len(want))
	}
	for i, s := range want {
		q.checkDetails(got[i], s, variables)
	}
}

func (q *question) checkDetails(got sessionDetails, s *oracleSession, variables map[string]any) {
	q.Helper()
	same := func(what string, got, want any) {
		q.Helper()
		if !reflect.DeepEqual(got, want) {
			q.Errorf("%s of session %q:\n got %s\nwant %s\n%s", what, s.callID(), encodeJSON(got), encodeJSON(want),
				encodeJSON(json.RawMessage(s.body)))
		}
	}
	same("texts", map[string]string{
		"callId": got.CallID, "workflowId": got.WorkflowID, "workflowName": got.WorkflowName,
		"nodeTaskId": got.NodeTaskID, "nodeTaskName": got.NodeTaskName,
		"wabaTaskId": got.WabaTaskID, "wfDetailUuid": got.WfDetailUUID, "channel": got.Channel,
		"channelId": got.ChannelID, "callee": got.Callee,
		"robotId": got.RobotID, "status": got.Status, "intention": got.Intention.Label,
	}, s.texts)
	same("endReason", []string{got.EndReason, got.EndReasonRaw}, []string{s.endReason, s.endWord})
	same("engaged and abandoned", []bool{got.Engaged, got.Abandoned}, []bool{s.engaged(), s.abandoned()})
	same("handed over", got.Handover != nil, s.handedOver())
	if got.Handover != nil {
		q.checkHandover(got, s, same)
	}
	for name, at := range map[string]time.Time{"startedAt": got.StartedAt, "endedAt": got.EndedAt,
		"notifiedAt": got.NotifiedAt, "receivedAt": got.ReceivedAt} {
		same(name, at.UTC().Format(time.RFC3339Nano), s.times[name].UTC().Format(time.RFC3339Nano))
	}
	same("numbers", map[string]int{"talkRound": got.TalkRound, "durationSeconds": got.DurationSeconds,
		"messageCount": got.MessageCount}, s.numbers)
	same("version and deliveries", [2]int{got.Version, got.Deliveries}, [2]int{s.version, s.deliveries})
	deliveries := 0
	for i, version := range got.Versions {
		deliveries += version.Deliveries
		if i > 0 && version.NotifiedAt.After(got.Versions[i-1].NotifiedAt) {
			same("order of versions", i, version.NotifiedAt)
		}
	}
	same("number and deliveries of versions", [2]int{len(got.Versions), deliveries}, [2]int{s.version, s.deliveries})
	same("raw of the first version", decodedJSON(got.Versions[0].Raw), decodedJSON(s.body))
	same("raw", decodedJSON(got.Raw), decodedJSON(s.body))
	q.checkEntries(got, s, variables["names"], same)
	same("messages", messageKeys(s, got.Messages), selectedMessages(s, variables))
	q.checkOwners(got, s, variables, same)
}

func (q *question) checkHandover(got sessionDetails, s *oracleSession, same func(string, any, any)) {
	seats, takenOver, replied := s.handover()
	same("seats", got.Handover.SeatIDs, seats)
	for what, c := range map[string]struct {
		got  *time.Time
		want *oracleMessage
	}{"take-over": {got.Handover.TakenOverAt, takenOver}, "first reply": {got.Handover.FirstReplyAt, replied}} {
		want := c.want != nil && c.want.sentAt != nil
		if (c.got != nil) != want || want && !c.got.Equal(*c.want.sentAt) {
			same("time of "+what, c.got, want)
		}
	}
	same("wait", got.Handover.WaitSeconds, s.waitSeconds())
}

func (q *question) checkEntries(got sessionDetails, s *oracleSession, names any, same func(string, any, any)) {
	for kind, entries := range map[string][]namedEntry{"nerSlots": got.NerSlots, "eventLabels": got.EventLabels,
		"variables": got.Variables} {
		texts, wantTexts := map[string]string{}, map[string]string{}
		jsons, wantJSONs := map[string]any{}, map[string]any{}
		for _, entry := range entries {
			if _, twice := texts[entry.Name]; twice {
				same(kind, entry.Name+" stands twice", nil)
			}
			texts[entry.Name], jsons[entry.Name] = entry.Value, decodedJSON(entry.JSON)
		}
		for name, value := range s.entries[kind] {
			if kind == "nerSlots" && names != nil && !slices.Contains(names.([]any), any(name)) {
				continue
			}
			wantTexts[name], wantJSONs[name] = value, decodedJSON(s.jsons[kind][name])
		}
		same("values of "+kind, texts, wantTexts)
		same("json of "+kind, jsons, wantJSONs)
	}
}

func messageKeys(s *oracleSession, messages []node) []string {
	keys := []string{}
	for _, m := range messages {
		keys = append(keys, messageKey(s.callID(), m))
	}
	return keys
}

func selectedMessages(s *oracleSession, variables map[string]any) []string {
	keys := []string{}
	passes := messagePasses(variables["messages"].(map[string]any))
	for _, m := range s.messages {
		if passes(m) {
			keys = append(keys, m.key())
		}
	}
	if first, given := variables["firstMessages"].(int); given {
		keys = keys[:min(first, len(keys))]
	}
	if last, given := variables["lastMessages"].(int); given {
		keys = keys[max(0, len(keys)-last):]
	}
	return keys
}

// checkOwners holds the session's intention and contact, which count all sessions,
// to what they are.
func (q *question) checkOwners(
	got sessionDetails, s *oracleSession, variables map[string]any, same func(string, any, any),
) {
	q.Helper()
	alike := func(field string) []*oracleSession {
		return q.w.oracle.under(func(other *oracleSession) bool { return other.texts[field] == s.texts[field] })
	}
	all := alike("intention")
	same("sessionCount of intention", got.Intention.SessionCount, len(all))
	if share := float64(len(all)) / float64(len(q.w.oracle.sessions)); !near(got.Intention.Share, share) {
		same("share of intention", got.Intention.Share, share)
	}
	pages := map[string]*connection{"intention": got.Intention.Sessions}
	if (got.Contact == nil) != (s.texts["callee"] == "") {
		same("contact", got.Contact, s.texts["callee"])
	} else if got.Contact != nil {
		contact := *got.Contact
		contact.Sessions = nil
		contact.FirstSeenAt, contact.LastSeenAt = contact.FirstSeenAt.UTC(), contact.LastSeenAt.UTC()
		same("contact", contact, contactOf(s.texts["callee"], alike("callee")))
		pages["callee"] = got.Contact.Sessions
	}
	passes := sessionPasses(variables["inner"].(map[string]any))
	order, _ := variables["innerOrder"].(map[string]any)
	for field, page := range pages {
		list := callIDs(slices.DeleteFunc(sorted(alike(field), order), func(other *oracleSession) bool {
			return !passes(other)
		}))
		from, to := 0, len(list)
		if first, given := variables["innerFirst"].(int); given {
			to = min(first, to)
		} else {
			from = max(0, to-variables["innerLast"].(int))
		}
		nodes := make([]string, len(page.Nodes))
		for i, n := range page.Nodes {
			nodes[i] = n.CallID
		}
		if !slices.Equal(nodes, list[from:to]) {
			q.Errorf("sessions of %s of %q: %s", field, s.callID(), q.w.difference(nodes, list[from:to]))
		}
		same("count of sessions of "+field, *page.TotalCount, len(list))
		same("pageInfo of sessions of "+field, page.PageInfo,
			pageInfo{HasNextPage: to < len(list), HasPreviousPage: from > 0})
	}
}

// decodedJSON compares as it was sent, numbers to the last digit.
func decodedJSON(raw []byte) any {
	decoder := json.NewDecoder(bytes.NewReader(raw))
	decoder.UseNumber()
	var value any
	if err := decoder.Decode(&value); err != nil {
		return err.Error()
	}
	return value
}
