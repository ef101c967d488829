package graph_test

import (
	"bytes"
	"encoding/json"
	"log/slog"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"sessiongraph/graph"
	"sessiongraph/internal/test/testdb"
	"sessiongraph/models/store"
)

func TestErrorsOfArguments(t *testing.T) {
	s := newCountingServer(t, testdb.SQLite, 3)
	sessions, _ := s.ask(t, `{ sessions(first: 1) { pageInfo { endCursor } nodes { id } } messages(first: 1) { `+
		`pageInfo { endCursor } } contacts(first: 1) { pageInfo { endCursor } } }`, nil)
	end := func(list string) string {
		return sessions[list].(map[string]any)["pageInfo"].(map[string]any)["endCursor"].(string)
	}
	for _, c := range []struct {
		name, query string
		variables   map[string]any
		says        string
	}{
		{"first and last", `{ sessions(first: 1, last: 1) { totalCount } }`, nil, "not both"},
		{"first and last of messages", `{ messages(first: 1, last: 1) { totalCount } }`, nil, "not both"},
		{"first and last of a transcript", `{ sessions { nodes { messages(first: 1, last: 1) { id } } } }`, nil,
			"not both"},
		{"first and last in variables", `query($a: Int, $b: Int) { sessions(first: $a, last: $b) { totalCount } }`,
			map[string]any{"a": 1, "b": 1}, "not both"},
		{"first and last in a fragment", `{ sessions { nodes { ...f } } } fragment f on Session { contact { ` +
			`sessions(first: 1, last: 1) { totalCount } } }`, nil, "not both"},
		{"negative first", `{ sessions(first: -1) { totalCount } }`, nil, "negative"},
		{"negative last", `{ messages(last: -5) { totalCount } }`, nil, "negative"},
		{"negative in a variable", `query($n: Int) { sessions(first: $n) { totalCount } }`,
			map[string]any{"n": -1}, "negative"},
		{"negative by default", `query($n: Int = -1) { sessions(first: $n) { totalCount } }`, nil, "negative"},
		{"negative values", `{ nerSlots { values(first: -1) { value } } }`, nil, "negative"},
		{"negative rows", `{ sessionStats(first: -1) { sessionCount } }`, nil, "negative"},
		{"negative hours", `{ sessionStats { callbackCount(hours: -1) } }`, nil, "hours: want 0 or more"},
		{"negative hours in a variable", `query($h: Int) { sessionStats { callbackCount(hours: $h) } }`,
			map[string]any{"h": -24}, "hours: want 0 or more"},
		{"above the limit", `{ sessions(first: 201) { totalCount } }`, nil, "at most 200"},
		{"far above the limit", `{ sessions(last: 2147483647) { totalCount } }`, nil, "at most 200"},
		{"above the limit, before cost", `{ sessions(first: 2000000000) { nodes { contact { sessions(first: 200) { ` +
			`nodes { contact { sessions(first: 200) { nodes { id } } } } } } } } }`, nil, "at most 200"},
		{"transcript above the limit", `{ sessions { nodes { messages(last: 201) { id } } } }`, nil, "at most 200"},
		{"values above the limit", `{ nerSlots { values(first: 201) { value } } }`, nil, "at most 200"},
		{"more ids than the limit", `query($ids: [ID!]!) { nodes(ids: $ids) { id } }`,
			map[string]any{"ids": slices.Repeat([]string{"a"}, 201)}, "at most 200"},
		{"beyond 32 bits", `{ sessions(first: 3000000000) { totalCount } }`, nil, ""},
		{"beyond 32 bits in a variable", `query($n: Int) { sessions(first: $n) { totalCount } }`,
			map[string]any{"n": 3_000_000_000}, ""},

		{"garbage for a cursor", `{ sessions(after: "garbage") { nodes { id } } }`, nil, "after is not a cursor"},
		{"an empty cursor", `{ sessions(before: "") { nodes { id } } }`, nil, "before is not a cursor"},
		{"garbage for a cursor of messages", `{ messages(before: "garbage") { nodes { id } } }`, nil,
			"before is not a cursor"},
		{"garbage for a cursor within", `{ sessions { nodes { contact { sessions(after: "x") { nodes { id } } } } } }`,
			nil, "after is not a cursor"},
		{"a cursor of messages", `query($c: String) { sessions(after: $c) { nodes { id } } }`,
			map[string]any{"c": end("messages")}, "after is a cursor of another list"},
		{"a cursor of sessions", `query($c: String) { messages(after: $c) { nodes { id } } }`,
			map[string]any{"c": end("sessions")}, "after is a cursor of another list"},
		{"a cursor of another order", `query($c: String) { sessions(after: $c, orderBy: {field: ` +
			`ENDED_AT}) { nodes { id } } }`, map[string]any{"c": end("sessions")}, "another order"},
		{"a cursor of the other direction", `query($c: String) { sessions(after: $c, orderBy: {field: STARTED_AT, ` +
			`direction: ASC}) { nodes { id } } }`, map[string]any{"c": end("sessions")}, "another order"},

		{"a cursor of sessions for contacts", `query($c: String) { contacts(after: $c) { nodes { id } } }`,
			map[string]any{"c": end("sessions")}, "another list"},
		{"a cursor of another order of contacts", `query($c: String) { contacts(after: $c, orderBy: {field: ` +
			`FIRST_SEEN}) { nodes { id } } }`, map[string]any{"c": end("contacts")}, "another order"},
		{"two digits", `{ contacts(filter: {digits: "12"}) { totalCount } }`, nil, "three or more"},
		{"no digits", `query($f: ContactFilter) { contacts(filter: $f) { totalCount } }`,
			map[string]any{"f": map[string]any{"digits": ""}}, "three or more"},
		{"digits with a plus", `{ contacts(filter: {digits: "+628"}) { totalCount } }`, nil, "three or more"},
		{"digits of another script", `{ contacts(filter: {digits: "٦٢٨"}) { totalCount } }`, nil, "three or more"},

		{"a text for a number within", `query($f: SessionFilter) { sessions(filter: $f) { totalCount } }`,
			filtering("talkRound", "eq", "3"), "$f.talkRound.eq is not a number"},
		{"beyond 32 bits within", `query($f: SessionFilter) { sessions(filter: $f) { totalCount } }`,
			filtering("talkRound", "gt", 2147483648), "$f.talkRound.gt is not an integer"},
		{"below 32 bits within", `query($f: SessionFilter) { sessions(filter: $f) { totalCount } }`,
			filtering("talkRound", "gt", -2147483649), "$f.talkRound.gt is not an integer"},
		{"a number for a text", `query($f: SessionFilter) { sessions(filter: $f) { totalCount } }`,
			filtering("callee", "eq", 5), "$f.callee.eq is not a string"},
		{"numbers for texts", `query($f: SessionFilter) { sessions(filter: $f) { totalCount } }`,
			filtering("callee", "in", []any{"a", 5}), "$f.callee.in[1] is not a string"},
		{"a text in a variable", `query($n: Int) { sessions(first: $n) { totalCount } }`, map[string]any{"n": "3"},
			"$n is not a number"},
		{"a number for a text in a variable", `query($s: String) { sessions(filter: {search: $s}) { totalCount } }`,
			map[string]any{"s": 5}, "$s is not a string"},
		{"beyond 32 bits in a literal", `{ sessions(filter: {talkRound: {gt: 2147483648}}) { totalCount } }`, nil,
			"filter.talkRound.gt is not an integer"},
		{"beyond 32 bits by default", `query($n: Int = 2147483648) { sessions(filter: {talkRound: {gt: $n}}) { ` +
			`totalCount } }`, nil, "$n is not an integer"},

		{"a date for a time", `{ sessions(filter: {startedAt: {gte: "2025-04-15"}}) { totalCount } }`, nil,
			"RFC 3339"},
		{"a number for a time in a variable", `query($f: SessionFilter) { sessions(filter: $f) { totalCount } }`,
			map[string]any{"f": map[string]any{"endedAt": map[string]any{"lt": 5}}}, "RFC 3339"},
		{"no time zone of any place", `{ sessionStats(timeZone: "Mars/Olympus") { sessionCount } }`, nil,
			`got "Mars/Olympus"`},
		{"a time zone that is a path", `{ sessionStats(interval: DAY, timeZone: "../etc/passwd") { sessionCount } }`,
			nil, "timeZone"},
		{"the server's own time zone", `{ sessionStats(interval: DAY, timeZone: "Local") { sessionCount } }`, nil,
			"timeZone"},
	} {
		t.Run(c.name, func(t *testing.T) {
			serve(t, s.handler, postOf(operation(c.query, c.variables))).refused(t, "BAD_USER_INPUT", c.says)
		})
	}
}

// filtering is variables with a filter of one operator.
func filtering(field, operator string, value any) map[string]any {
	return map[string]any{"f": map[string]any{field: map[string]any{operator: value}}}
}

// A whole number is an integer, however JSON writes it.
func TestWholeNumbersAreIntegers(t *testing.T) {
	s := newCountingServer(t, testdb.SQLite, 20)
	want, _ := s.ask(t, `{ sessions(filter: {talkRound: {gte: 3}}, first: 2) { totalCount nodes { callId } } }`, nil)
	for _, number := range []string{"3", "3.0", "3e0", "30E-1"} {
		query := `query($f: SessionFilter, $n: Int) { sessions(filter: $f, first: $n) { totalCount ` +
			`nodes { callId } } }`
		variables := map[string]any{"f": map[string]any{"talkRound": map[string]any{"gte": json.Number(number)}},
			"n": json.RawMessage("2.0")}
		if got, _ := s.ask(t, query, variables); !reflect.DeepEqual(got, want) {
			t.Errorf("%s: %v, want %v", number, got, want)
		}
	}
}

// A value alone is a list of it, and counts as one level, in variables as in literals.
func TestSingleValuesInEachOther(t *testing.T) {
	s := newCountingServer(t, testdb.SQLite, 1)
	filter := map[string]any{}
	for range 101 {
		filter = map[string]any{"and": filter}
	}
	query := `query($f: SessionFilter) { sessions(filter: $f) { totalCount } }`
	serve(t, s.handler, postOf(operation(query, map[string]any{"f": filter}))).refused(t,
		"QUERY_TOO_COMPLEX", "nested")
}

// A value alone is a list of it, in variables as in literals.
func TestSingleValuesAreLists(t *testing.T) {
	s := newCountingServer(t, testdb.SQLite, 20)
	want, _ := s.ask(t, `{ sessions(filter: {and: {channel: {in: "WhatsApp"}}, nerSlots: {name: "amount"}}) { `+
		`totalCount } }`, nil)
	filter := map[string]any{"and": map[string]any{"channel": map[string]any{"in": "WhatsApp"}},
		"nerSlots": map[string]any{"name": "amount"}}
	got, _ := s.ask(t, `query($f: SessionFilter) { sessions(filter: $f) { totalCount } }`, map[string]any{"f": filter})
	if !reflect.DeepEqual(got, want) {
		t.Errorf("%v, want %v", got, want)
	}
}

// docs/limits.md names the largest page of the Playground's example.
func TestDocumentedLargestPage(t *testing.T) {
	database, err := store.Open(t.Context(), filepath.Join(t.TempDir(), "test.db"), store.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = database.Close() })
	handler := graph.Handler(t.Context(), database, graph.Settings{MaxPage: 200, MaxComplexity: 250_000},
		slog.New(slog.DiscardHandler))
	example, err := os.ReadFile("../web/src/examples/conversation.graphql")
	if err != nil {
		t.Fatal(err)
	}
	limits, err := os.ReadFile("../docs/limits.md")
	if err != nil {
		t.Fatal(err)
	}
	for first, refused := range map[string]bool{"first: 150": false, "first: 160": true} {
		if !bytes.Contains(limits, []byte(first)) {
			t.Errorf("docs/limits.md does not name %s", first)
		}
		request, err := json.Marshal(map[string]string{"query": strings.Replace(string(example),
			"first: 1", first, 1)})
		if err != nil {
			t.Fatal(err)
		}
		answer := post(handler, bytes.NewReader(request)).Body.String()
		if strings.Contains(answer, "QUERY_TOO_COMPLEX") != refused {
			t.Errorf("%s: %s", first, answer)
		}
	}
}
