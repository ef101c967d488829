package graph_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"sessiongraph/ingest"
	"sessiongraph/internal/test/testdb"
	"sessiongraph/models/store"
)

// refusal asks what has to be refused, and returns the codes and messages.
func refusal(t *testing.T, s *countingServer, query string) string {
	t.Helper()
	body, err := json.Marshal(map[string]string{"query": query})
	if err != nil {
		t.Fatal(err)
	}
	var answer struct {
		Errors []struct {
			Message    string
			Extensions struct{ Code string }
		}
	}
	response := post(s.handler, bytes.NewReader(body))
	if err := json.Unmarshal(response.Body.Bytes(), &answer); err != nil {
		t.Fatalf("%.500s: %v", response.Body, err)
	}
	var said []string
	for _, e := range answer.Errors {
		said = append(said, e.Extensions.Code+" "+e.Message)
	}
	return strings.Join(said, "\n")
}

// A list is its field, its parent and its order: a cursor of one is none of another,
// while the filter may change.
func TestCursorsBelongToAList(t *testing.T) {
	testdb.Each(t, func(t *testing.T, kind testdb.Kind) {
		s, other := newCountingServer(t, kind, 40), newCountingServer(t, kind, 40)
		const nodes = `{ edges { cursor node { callId } } }`
		first := func(s *countingServer, query string, path ...any) string {
			data, _ := s.ask(t, query, nil)
			var at any = data
			for _, step := range path {
				switch step := step.(type) {
				case string:
					at = at.(map[string]any)[step]
				case int:
					at = at.([]any)[step]
				}
			}
			return at.(string)
		}
		callee := func(n int) string {
			return first(s, `{ sessions(first: 10) { nodes { callee } } }`, "sessions", "nodes", n, "callee")
		}
		a, b := callee(0), callee(1)
		label := first(s, `{ intentions { label } }`, "intentions", 0, "label")
		otherLabel := first(s, `{ intentions { label } }`, "intentions", 1, "label")
		contact := func(callee, arguments string) string {
			return fmt.Sprintf(`{ contact(callee: %q) { sessions(%s) %s } }`, callee, arguments, nodes)
		}
		cursors := map[string]string{
			"sessions": first(s, `{ sessions(first: 1) `+nodes+` }`, "sessions", "edges", 0, "cursor"),
			"ascending": first(s, `{ sessions(first: 1, orderBy: {field: STARTED_AT, direction: ASC}) `+nodes+` }`,
				"sessions", "edges", 0, "cursor"),
			"messages":  first(s, `{ messages(first: 1) { edges { cursor } } }`, "messages", "edges", 0, "cursor"),
			"contact a": first(s, contact(a, "first: 1"), "contact", "sessions", "edges", 0, "cursor"),
			"intention": first(s, `{ intentions { sessions(first: 1) `+nodes+` } }`, "intentions", 0, "sessions",
				"edges", 0, "cursor"),
			"elsewhere": first(other, `{ sessions(first: 1) `+nodes+` }`, "sessions", "edges", 0, "cursor"),
		}
		for _, c := range []struct{ name, query, cursor, want string }{
			{"the list itself", `{ sessions(after: %q) ` + nodes + ` }`, "sessions", ""},
			{"another filter", `{ sessions(after: %q, filter: {channel: {ne: "none"}}) ` + nodes + ` }`, "sessions",
				""},
			{"the contact itself", contact(a, "before: %q"), "contact a", ""},
			{"the order itself", `{ sessions(after: %q, orderBy: {field: STARTED_AT, direction: ASC}) ` + nodes +
				` }`, "ascending", ""},
			{"another contact", contact(b, "after: %q"), "contact a", "after is a cursor of another parent's list"},
			{"another order", `{ sessions(before: %q) ` + nodes + ` }`, "ascending",
				"before is a cursor of another order"},
			{"sessions of all", `{ sessions(after: %q) ` + nodes + ` }`, "contact a",
				"after is a cursor of another list"},
			{"sessions of a contact", contact(a, "after: %q"), "sessions", "after is a cursor of another list"},
			{"messages", `{ messages(after: %q) { totalCount } }`, "sessions", "after is a cursor of another list"},
			{"sessions from messages", `{ sessions(after: %q) { totalCount } }`, "messages",
				"after is a cursor of another list"},
			{"another database", `{ sessions(after: %q) { totalCount } }`, "elsewhere",
				"after is not a cursor of this database"},
			{"before any cost", `{ sessions(first: 200, after: %q) { nodes { contact { sessions(first: 200) { nodes ` +
				`{ contact { sessions(first: 200) { nodes { id } } } } } } } } }`,
				"messages", "after is a cursor of another list"},
		} {
			got := refusal(t, s, fmt.Sprintf(c.query, cursors[c.cursor]))
			if c.want == "" && got != "" || c.want != "" && !strings.HasPrefix(got, "BAD_USER_INPUT "+c.want) {
				t.Errorf("%s: %q, want %q", c.name, got, c.want)
			}
		}
		// Of several parents the one that the cursor is of has its page.
		got := refusal(t, s, fmt.Sprintf(`{ intentions { label sessions(after: %q) %s } }`,
			cursors["intention"], nodes))
		if !strings.HasPrefix(got, "BAD_USER_INPUT after is a cursor of another parent's list") {
			t.Errorf("of %q in %q: %q", label, otherLabel, got)
		}
	})
}

// A message keeps its id when a newer version has more in front of it; of equal or
// empty msg_ids it goes by the place among its equals.
func TestMessageIDsOutliveVersions(t *testing.T) {
	testdb.Each(t, func(t *testing.T, kind testdb.Kind) {
		s := newCountingServer(t, kind, 0)
		database := func(timestamp int, messages ...string) map[string]string {
			t.Helper()
			var list []map[string]any
			for _, m := range messages {
				id, text, _ := strings.Cut(m, " ")
				list = append(list, map[string]any{"msg_id": id, "sender_type": "user",
					"content": map[string]any{"type": "text", "text": text}})
			}
			body, err := json.Marshal(map[string]any{"call_id": "call", "timestamp": timestamp,
				"session_start_time": 1, "session_end_time": 2, "messages": list})
			if err != nil {
				t.Fatal(err)
			}
			delivery := ingest.NewDelivery(body, "", time.Unix(1744699269, 0))
			if err := s.store.Save(t.Context(), []store.PreparedDelivery{s.store.Prepare(delivery)}); err != nil {
				t.Fatal(err)
			}
			data, _ := s.ask(t, `{ session(callId: "call") { messages { id text } } }`, nil)
			ids := map[string]string{}
			for _, m := range data["session"].(map[string]any)["messages"].([]any) {
				ids[m.(map[string]any)["text"].(string)] = m.(map[string]any)["id"].(string)
			}
			return ids
		}
		before := database(1000, "a first", "b second", " third", "a fourth", " fifth")
		after := database(1001, "c new", "a first", "b second", " third", "d other", "a fourth", " fifth")
		for text, id := range before {
			if after[text] != id {
				t.Errorf("the id of the %s message is %q, then %q", text, id, after[text])
			}
			data, _ := s.ask(t, `query($id: ID!) { node(id: $id) { id ... on Message { text } } }`,
				map[string]any{"id": id})
			if got, _ := data["node"].(map[string]any); got["text"] != text || got["id"] != id {
				t.Errorf("the node of the %s message is %v", text, got)
			}
		}
		gone := after["other"]
		database(1002, "a first")
		data, _ := s.ask(t, `query($ids: [ID!]!) { nodes(ids: $ids) { id } }`,
			map[string]any{"ids": []string{gone, before["fourth"]}})
		if got := data["nodes"].([]any); got[0] != nil || got[1] != nil {
			t.Errorf("messages that a newer version lacks are %v", got)
		}
	})
}
