package bench

import (
	"encoding/json"
	"fmt"
	"net/http"
	"regexp"
	"testing"

	"sessiongraph/internal/simulate"
)

// question is what a client sends.
type question struct {
	name, query string
	// variables may ask the server itself, before anything is measured.
	variables func(*testing.B, http.Handler) object
}

type object = map[string]any

const (
	page = "query ($after: String, $filter: SessionFilter) { sessions(first: 50, after: $after, filter: " +
		"$filter) { pageInfo { hasNextPage endCursor } nodes { "
	listed = page + "callId startedAt endedAt workflowName channel callee endReason talkRound messageCount " +
		"intention { label } } } }"
	withLast = page + "callId startedAt workflowName callee messages(last: 1) { senderType text } } } }"
	withAll  = page + "callId startedAt workflowName callee messages { senderType sentAt text content { ... on " +
		"Content { type text } } } } } }"
	howMany = "query ($filter: SessionFilter) { sessions(filter: $filter) { totalCount } }"
	words   = `query ($word: String) { messages(first: 20, filter: { search: $word }) { nodes { text sentAt } } }`
	byDay   = "query ($filter: SessionFilter, $zone: String) { sessionStats(filter: $filter, interval: DAY, " +
		"timeZone: $zone, groupBy: [INTENTION]) { bucket intention sessionCount } }"
	measures = "{ sessionStats(interval: DAY, groupBy: [INTENTION]) { bucket intention sessionCount share " +
		"contactCount messageCount averageTalkRound averageDurationSeconds } }"
	outcomes = "{ sessionStats(interval: DAY) { bucket engagedCount handoverRate abandonedCount deflectionRate " +
		"medianWaitSeconds p90WaitSeconds } }"
	callbacks = "{ sessionStats(interval: DAY) { bucket callbackCount } }"
	prompts   = "query ($filter: SessionFilter) { promptStats(filter: $filter) { body sentCount sessionCount " +
		"answerRate offMenuCount medianAnswerSeconds options { title pickedCount } } }"
	slots = "query ($filter: SessionFilter) { nerSlots(filter: $filter) { name sessionCount distinctValues " +
		"values(first: 5) { value sessionCount } } }"
	whole = "query ($callId: String!) { session(callId: $callId) { callId startedAt callee nerSlots { name value } " +
		"messages { senderType sentAt text content { ... on Content { type text } } } } }"
)

var (
	june   = object{"startedAt": object{"gte": "2025-06-01T00:00:00Z", "lt": "2025-07-01T00:00:00Z"}}
	rating = object{"nerSlots": []object{{"name": "rating"}}}
	bad    = object{"nerSlots": []object{{"name": "rating", "value": object{"eq": "1"}}}}
)

func questions(count int) []question {
	return []question{
		{"first page of 50", listed, nil},
		{"first page, each with its last message", withLast, nil},
		{"first page, each with all messages", withAll, nil},
		{fmt.Sprintf("page %d", count/2/50), listed, func(b *testing.B, h http.Handler) object {
			return object{"after": cursorAt(b, h, count/2)}
		}},
		{"a campaign and intention in a month", listed, campaign},
		{"ended by one of two rare reasons", listed, filter(object{"endReason": []string{"AGENT", "ERROR"}})},
		{"ended by one of two usual reasons", listed, filter(object{"endReason": []string{"ROBOT", "USER"}})},
		{"a NER slot with a value", listed, filter(bad)},
		{"search: a common word", listed, search("thank")},
		{"search: a rare word", listed, func(b *testing.B, _ http.Handler) object {
			return object{"filter": object{"search": order(b)}}
		}},
		{"search: two words", listed, search("payment agent")},
		{"search: two Chinese characters", listed, search("贷款")},
		{"search: one Chinese character", listed, search("款")},
		{"search: two letters", listed, search("ok")},
		{"search: one letter", listed, search("e")},
		{"search: how many", howMany, search("thank")},
		{"messages with a common word", words, func(*testing.B, http.Handler) object {
			return object{"word": "thank"}
		}},
		{"messages with a rare word", words, func(b *testing.B, _ http.Handler) object {
			return object{"word": order(b)}
		}},
		{"how many sessions", howMany, nil},
		{"how many in a month", howMany, filter(june)},
		{"how many with a NER slot", howMany, filter(rating)},
		{"intentions", "{ intentions { label sessionCount share } }", nil},
		{"by day and intention", byDay, nil},
		{"by day and intention in a month", byDay, filter(june)},
		{"by day in Jakarta and intention", byDay, func(*testing.B, http.Handler) object {
			return object{"zone": "Asia/Jakarta"}
		}},
		{"by day and intention, all measures", measures, nil},
		{"outcomes and waits by day", outcomes, nil},
		{"callbacks by day", callbacks, nil},
		{"prompts", prompts, nil},
		{"prompts of a month", prompts, filter(june)},
		{"by value of a NER slot", `{ sessionStats(nerSlot: "rating") { nerSlotValue sessionCount } }`, nil},
		{"names of NER slots", "{ nerSlots { name sessionCount } }", nil},
		{"NER slot catalogue", slots, nil},
		{"NER slot catalogue of a month", slots, filter(june)},
		{"one session with its messages", whole, func(b *testing.B, h http.Handler) object {
			return object{"callId": newest(b, h).CallID}
		}},
	}
}

func filter(f object) func(*testing.B, http.Handler) object {
	return func(*testing.B, http.Handler) object { return object{"filter": f} }
}

func search(words string) func(*testing.B, http.Handler) object {
	return filter(object{"search": words})
}

func campaign(b *testing.B, h http.Handler) object {
	return object{"filter": object{
		"workflowId": object{"eq": newest(b, h).WorkflowID}, "intention": object{"eq": "A"},
		"startedAt": june["startedAt"],
	}}
}

type listedSession struct{ CallID, WorkflowID string }

func newest(b *testing.B, h http.Handler) listedSession {
	b.Helper()
	var answer struct {
		Data struct {
			Sessions struct{ Nodes []listedSession }
		}
	}
	decode(b, ask(b, h, "{ sessions(first: 1) { nodes { callId workflowId } } }", nil), &answer)
	return answer.Data.Sessions.Nodes[0]
}

// cursorAt pages to the session at that place.
func cursorAt(b *testing.B, h http.Handler, place int) string {
	b.Helper()
	var cursor any
	for left := place; left > 0; left -= 200 {
		var answer struct {
			Data struct {
				Sessions struct{ PageInfo struct{ EndCursor string } }
			}
		}
		decode(b, ask(b, h, "query ($first: Int, $after: String) { sessions(first: $first, after: $after) { "+
			"pageInfo { endCursor } } }",
			object{"first": min(left, 200), "after": cursor}), &answer)
		cursor = answer.Data.Sessions.PageInfo.EndCursor
	}
	return cursor.(string)
}

func decode(b *testing.B, answer []byte, into any) {
	b.Helper()
	if err := json.Unmarshal(answer, into); err != nil {
		b.Fatal(err)
	}
}

// order is the number of an order that somebody speaks of.
func order(b *testing.B) string {
	b.Helper()
	generator := simulate.New(1)
	spoken := regexp.MustCompile(`"text":"[^"]*(ORD-\d{7})`)
	for n := range 1000 {
		if found := spoken.FindSubmatch(generator.Notification(n)); found != nil {
			return string(found[1])
		}
	}
	b.Fatal("nobody speaks of an order")
	return ""
}
