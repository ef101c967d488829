package graph_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"sessiongraph/internal/testdb"
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
			"sessions":  first(s, `{ sessions(first: 1) `+nodes+` }`, "sessions", "edges", 0, "cursor"),
			"ascending": first(s, `{ sessions(first: 1, orderBy: {field: STARTED_AT, direction: ASC}) `+nodes+` }`, "sessions", "edges", 0, "cursor"),
			"messages":  first(s, `{ messages(first: 1) { edges { cursor } } }`, "messages", "edges", 0, "cursor"),
			"contact a": first(s, contact(a, "first: 1"), "contact", "sessions", "edges", 0, "cursor"),
			"intention": first(s, `{ intentions { sessions(first: 1) `+nodes+` } }`, "intentions", 0, "sessions", "edges", 0, "cursor"),
			"elsewhere": first(other, `{ sessions(first: 1) `+nodes+` }`, "sessions", "edges", 0, "cursor"),
		}
		for _, c := range []struct{ name, query, cursor, want string }{
			{"the list itself", `{ sessions(after: %q) ` + nodes + ` }`, "sessions", ""},
			{"another filter", `{ sessions(after: %q, filter: {channel: {ne: "none"}}) ` + nodes + ` }`, "sessions", ""},
			{"the contact itself", contact(a, "before: %q"), "contact a", ""},
			{"the order itself", `{ sessions(after: %q, orderBy: {field: STARTED_AT, direction: ASC}) ` + nodes + ` }`, "ascending", ""},
			{"another contact", contact(b, "after: %q"), "contact a", "after is a cursor of another parent's list"},
			{"another order", `{ sessions(before: %q) ` + nodes + ` }`, "ascending", "before is a cursor of another order"},
			{"sessions of all", `{ sessions(after: %q) ` + nodes + ` }`, "contact a", "after is a cursor of another list"},
			{"sessions of a contact", contact(a, "after: %q"), "sessions", "after is a cursor of another list"},
			{"messages", `{ messages(after: %q) { totalCount } }`, "sessions", "after is a cursor of another list"},
			{"sessions from messages", `{ sessions(after: %q) { totalCount } }`, "messages", "after is a cursor of another list"},
			{"another database", `{ sessions(after: %q) { totalCount } }`, "elsewhere", "after is not a cursor of this database"},
			{"before any cost", `{ sessions(first: 200, after: %q) { nodes { contact { sessions(first: 200) { nodes { contact { sessions(first: 200) { nodes { id } } } } } } } } }`,
				"messages", "after is a cursor of another list"},
		} {
			got := refusal(t, s, fmt.Sprintf(c.query, cursors[c.cursor]))
			if c.want == "" && got != "" || c.want != "" && !strings.HasPrefix(got, "BAD_USER_INPUT "+c.want) {
				t.Errorf("%s: %q, want %q", c.name, got, c.want)
			}
		}
		// Of several parents the one that the cursor is of has its page.
		got := refusal(t, s, fmt.Sprintf(`{ intentions { label sessions(after: %q) %s } }`, cursors["intention"], nodes))
		if !strings.HasPrefix(got, "BAD_USER_INPUT after is a cursor of another parent's list") {
			t.Errorf("of %q in %q: %q", label, otherLabel, got)
		}
	})
}
