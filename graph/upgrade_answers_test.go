package graph_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"math/rand/v2"
	"net/http"
	"os"
	"slices"
	"strings"
	"testing"

	"sessiongraph/internal/test/tools"
)

type mapEntry struct{ Name, Value string }

// worldFacts are what the sessions of a database have, to be asked for.
type worldFacts struct {
	Sessions struct {
		Nodes []struct {
			CallID, WorkflowID, WorkflowName, Channel, ChannelID, Callee, RobotID, Status string
			Intention                                                                     struct{ Label string }
			NerSlots, EventLabels, Variables                                              []mapEntry
			Messages                                                                      []struct {
				MsgID, Text string
				ReplyTo     *struct{ MsgID string }
			}
		}
	}
}

// The questions of compareAnswers that take a filter or a word.
const (
	passingSessions = `query ($filter: SessionFilter) {
		sessions(first: 1000, filter: $filter) { totalCount nodes { callId } } }`
	passingMessages = `query ($filter: MessageFilter) {
		messages(first: 1000, filter: $filter) { totalCount edges { node { id } session { callId } } } }`
	foundByWord = `query ($word: String) {
		sessions(first: 1000, filter: { search: $word }) { totalCount nodes { callId } }
		messages(first: 1000, filter: { search: $word }) { totalCount nodes { id } } }`
)

const factsDocument = `{ sessions(first: 1000) { nodes {
	callId workflowId workflowName channel channelId callee robotId status intention { label }
	nerSlots { name value } eventLabels { name value } variables { name value }
	messages { msgId text replyTo { msgId } }
} } }`

// compareAnswers asks two handlers for everything that lists, searches and counts.
func compareAnswers(t *testing.T, want, got http.Handler) {
	t.Helper()
	var facts worldFacts
	answered := answerOf(t, want, encodeJSON(object{"query": factsDocument}))
	if err := json.Unmarshal(answered.Data, &facts); err != nil {
		t.Fatal(err)
	}
	asked, found, failed := 0, 0, 0
	ask := func(document string, variables map[string]any) {
		body := encodeJSON(map[string]any{"query": document, "variables": variables})
		w, g := answerOf(t, want, body), answerOf(t, got, body)
		asked++
		if bytes.Contains(w.Data, []byte(`"callId"`)) {
			found++
		}
		if failed < 10 && (!bytes.Equal(w.Data, g.Data) || !slices.Equal(w.Errors, g.Errors)) {
			failed++
			t.Errorf("%.300s\n%s\nfresh    %.2000s %v\nupgraded %.2000s %v",
				document, encodeJSON(variables), w.Data, w.Errors, g.Data, g.Errors)
		}
	}

	for _, document := range wholeDocuments(t) {
		ask(document, nil)
	}
	for _, filter := range sample(facts.filters()) {
		ask(passingSessions, object{"filter": filter})
	}
	for _, filter := range sample(facts.messageFilters()) {
		ask(passingMessages, object{"filter": filter})
	}
	for _, word := range sample(facts.words()) {
		ask(foundByWord, object{"word": word})
	}
	schema := loadSchema(t, "../schema.graphqls")
	d := &documentMaker{Rand: rand.New(rand.NewPCG(1, 1)), schema: schema, values: argumentValues(t, want)}
	for range 100 {
		ask(d.next(t))
	}
	t.Logf("%d questions, %d of them found sessions", asked, found)
	if found < asked/2 {
		t.Error("most questions found nothing: the test tests little")
	}
}

// sample returns all, or some in a short run.
func sample[T any](all []T) (some []T) {
	for i, one := range all {
		if !testing.Short() || i%10 == 0 {
			some = append(some, one)
		}
	}
	return some
}

// wholeDocuments ask for all fields of all that there is, and for all counts.
func wholeDocuments(t *testing.T) (all []string) {
	t.Helper()
	sdl, err := os.ReadFile("../schema.graphqls")
	if err != nil {
		t.Fatal(err)
	}
	except := map[string]string{
		"Session.nerSlot": "", "Contact.sessions": "", "Intention.sessions": "",
		"MessageReply.message": "{ id position }",
		"NerSlotKey.sessions":  "", "Session.messages": "", "MessageEdge.session": "{ callId }",
	}
	page := func(field, typeName string) string {
		return field + " { totalCount pageInfo { hasNextPage hasPreviousPage startCursor endCursor } " +
			"edges { cursor } nodes " + tools.Selection(t, string(sdl), typeName, except) + " }"
	}
	messages := tools.Selection(t, string(sdl), "Message", except)
	all = append(all,
		"{ "+page("sessions(first: 1000)", "Session")+" }",
		"{ sessions(first: 1000) { nodes { callId messages "+messages+" } } }",
		"{ "+page("messages(first: 1000)", "Message")+" }",
		"{ messages(last: 1000) { edges { node { id text } session { callId } } } }")
	for _, direction := range []string{"ASC", "DESC"} {
		for _, field := range []string{"STARTED_AT", "ENDED_AT", "RECEIVED_AT", "TALK_ROUND",
			"DURATION", "MESSAGE_COUNT"} {
			list := fmt.Sprintf("sessions(first: 1000, orderBy: { field: %s, direction: %s })", field, direction)
			all = append(all, "{ "+list+" { totalCount edges { cursor node { callId } } } }")
		}
		for _, field := range []string{"LAST_SEEN", "FIRST_SEEN", "SESSION_COUNT"} {
			list := fmt.Sprintf("contacts(first: 1000, orderBy: { field: %s, direction: %s })", field, direction)
			all = append(all, "{ "+page(list, "Contact")+" }")
		}
	}
	const values = " { name sessionCount distinctValues values(first: 100) { value sessionCount } } "
	all = append(all,
		"{ intentions { label sessionCount share } nerSlots"+values+"eventLabels"+values+"variables"+values+"}")

	all = append(all, "{ promptStats "+tools.Selection(t, string(sdl), "PromptStats", nil)+" }")
	measures := tools.Selection(t, string(sdl), "SessionStats", nil)
	for _, dimension := range []string{
		"", "INTENTION", "WORKFLOW", "CHANNEL", "ROBOT", "END_REASON", "STATUS", "INTENTION, WORKFLOW",
	} {
		all = append(all, "{ sessionStats(groupBy: ["+dimension+"]) "+measures+" }",
			"{ sessionStats(groupBy: ["+dimension+`], interval: DAY, timeZone: "Asia/Jakarta", nerSlot: "d") `+
				measures+" }")
	}
	return all
}

type object = map[string]any

// filters take each value that a session has, as it is and without regard to case.
func (f *worldFacts) filters() []object {
	all := map[string]object{}
	add := func(filter object) { all[string(encodeJSON(filter))] = filter }
	text := func(field, value string) {
		for _, operator := range []string{"eq", "containsIgnoreCase"} {
			add(object{field: object{operator: value}})
		}
	}
	for _, s := range f.Sessions.Nodes {
		text("callId", s.CallID)
		text("workflowId", s.WorkflowID)
		text("workflowName", s.WorkflowName)
		text("channel", s.Channel)
		text("channelId", s.ChannelID)
		text("callee", s.Callee)
		text("robotId", s.RobotID)
		text("status", s.Status)
		text("intention", s.Intention.Label)
		for field, entries := range map[string][]mapEntry{
			"nerSlots": s.NerSlots, "eventLabels": s.EventLabels, "variables": s.Variables,
		} {
			for _, entry := range entries {
				add(object{field: []object{{"name": entry.Name}}})
				add(object{field: []object{{"name": entry.Name,
					"value": object{"eqIgnoreCase": strings.ToUpper(entry.Value)}}}})
				add(object{field: []object{{"name": entry.Name, "number": object{}}}})
			}
		}
	}
	for _, field := range []string{"engaged", "handedOver", "abandoned"} {
		add(object{field: true})
	}
	for _, reason := range []string{"ROBOT", "AGENT", "ERROR", "EXPIRE", "USER", "UNKNOWN"} {
		add(object{"endReason": []string{reason}})
	}
	for n := range 12 {
		for _, field := range []string{"version", "deliveries", "talkRound", "messageCount"} {
			add(object{field: object{"eq": n}})
		}
	}
	sorted := make([]object, 0, len(all))
	for _, text := range slices.Sorted(maps.Keys(all)) {
		sorted = append(sorted, all[text])
	}
	return sorted
}

// messageFilters take each msg_id, and whatever else a message can be filtered by.
func (f *worldFacts) messageFilters() []object {
	all := []object{{"hasReply": true}, {"hasReply": false}}
	for _, sender := range []string{"SYSTEM", "USER", "ROBOT", "AGENT", "CHATBOT", "UNKNOWN"} {
		all = append(all, object{"senderType": []string{sender}})
	}
	for _, status := range []string{"SENT", "DELIVERY", "READ", "UNKNOWN"} {
		all = append(all, object{"status": []string{status}})
	}
	ids := map[string]bool{}
	for _, s := range f.Sessions.Nodes {
		for _, m := range s.Messages {
			ids[m.MsgID] = true
		}
	}
	for _, id := range slices.Sorted(maps.Keys(ids)) {
		all = append(all, object{"msgId": object{"eq": id}},
			object{"msgId": object{"containsIgnoreCase": strings.ToLower(id)}})
	}
	return all
}

// words are all that messages consist of, in capital letters, and a part of each.
func (f *worldFacts) words() []string {
	words := map[string]bool{}
	for _, s := range f.Sessions.Nodes {
		for _, m := range s.Messages {
			for _, word := range strings.Fields(m.Text) {
				runes := []rune(strings.ToUpper(word))
				words[string(runes[:min(len(runes), 40)])] = true
				words[string(runes[len(runes)/2:min(len(runes), len(runes)/2+2)])] = true
			}
		}
	}
	return slices.Sorted(maps.Keys(words))
}
