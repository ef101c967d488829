package graph_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"sessiongraph/graph"
	"sessiongraph/internal/test/testdb"
	"sessiongraph/models/store"
)

// answeredHTTP is an answer of the GraphQL route.
type answeredHTTP struct {
	status  int
	header  http.Header
	hasData bool // the key, also with null
	data    map[string]any
	errors  []answeredError
	text    string
}

type answeredError struct {
	Message    string
	Path       []any
	Locations  []map[string]int
	Extensions struct{ Code string }
}

// serve sends a request to the handler and reads its answer, which has to come in time.
func serve(t *testing.T, handler http.Handler, request *http.Request) answeredHTTP {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	response := httptest.NewRecorder()
	done := make(chan struct{})
	go func() {
		defer close(done)
		handler.ServeHTTP(response, request.WithContext(ctx))
	}()
	select {
	case <-done:
	case <-ctx.Done():
		t.Fatal("no answer for twenty seconds")
	}
	a := answeredHTTP{status: response.Code, header: response.Header(), text: response.Body.String()}
	var envelope map[string]json.RawMessage
	if err := json.Unmarshal(response.Body.Bytes(), &envelope); err != nil {
		t.Fatalf("status %d, the body is no JSON object: %.500s", response.Code, a.text)
	}
	_, a.hasData = envelope["data"]
	for key, into := range map[string]any{"data": &a.data, "errors": &a.errors} {
		if raw, ok := envelope[key]; ok {
			if err := json.Unmarshal(raw, into); err != nil {
				t.Fatalf("%s of %.500s: %v", key, a.text, err)
			}
		}
	}
	return a
}

func postOf(body string) *http.Request {
	request := httptest.NewRequest(http.MethodPost, "/query", strings.NewReader(body))
	request.Header.Set("Content-Type", "application/json")
	return request
}

func operation(query string, variables map[string]any) string {
	body, err := json.Marshal(map[string]any{"query": query, "variables": variables})
	if err != nil {
		panic(err)
	}
	return string(body)
}

// refused checks that an answer is one error of that code, whose message says something.
func (a answeredHTTP) refused(t *testing.T, code, says string) {
	t.Helper()
	if len(a.errors) == 0 {
		t.Fatalf("no error, but %.500s", a.text)
	}
	for _, e := range a.errors {
		if e.Extensions.Code != code || !strings.Contains(e.Message, says) {
			t.Errorf("error %s %q, want %s and %q in its message", e.Extensions.Code, e.Message, code, says)
		}
	}
}

func TestErrorsOfArguments(t *testing.T) {
	s := newCountingServer(t, testdb.SQLite, 3)
	sessions, _ := s.ask(t, `{ sessions(first: 1) { pageInfo { endCursor } nodes { id } } messages(first: 1) { pageInfo { endCursor } } contacts(first: 1) { pageInfo { endCursor } } }`, nil)
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
		{"first and last of a transcript", `{ sessions { nodes { messages(first: 1, last: 1) { id } } } }`, nil, "not both"},
		{"first and last in variables", `query($a: Int, $b: Int) { sessions(first: $a, last: $b) { totalCount } }`, map[string]any{"a": 1, "b": 1}, "not both"},
		{"first and last in a fragment", `{ sessions { nodes { ...f } } } fragment f on Session { contact { sessions(first: 1, last: 1) { totalCount } } }`, nil, "not both"},
		{"negative first", `{ sessions(first: -1) { totalCount } }`, nil, "negative"},
		{"negative last", `{ messages(last: -5) { totalCount } }`, nil, "negative"},
		{"negative in a variable", `query($n: Int) { sessions(first: $n) { totalCount } }`, map[string]any{"n": -1}, "negative"},
		{"negative by default", `query($n: Int = -1) { sessions(first: $n) { totalCount } }`, nil, "negative"},
		{"negative values", `{ nerSlots { values(first: -1) { value } } }`, nil, "negative"},
		{"negative rows", `{ sessionStats(first: -1) { sessionCount } }`, nil, "negative"},
		{"above the limit", `{ sessions(first: 201) { totalCount } }`, nil, "at most 200"},
		{"far above the limit", `{ sessions(last: 2147483647) { totalCount } }`, nil, "at most 200"},
		{"above the limit, before cost", `{ sessions(first: 2000000000) { nodes { contact { sessions(first: 200) { nodes { contact { sessions(first: 200) { nodes { id } } } } } } } } }`, nil, "at most 200"},
		{"transcript above the limit", `{ sessions { nodes { messages(last: 201) { id } } } }`, nil, "at most 200"},
		{"values above the limit", `{ nerSlots { values(first: 201) { value } } }`, nil, "at most 200"},
		{"more ids than the limit", `query($ids: [ID!]!) { nodes(ids: $ids) { id } }`, map[string]any{"ids": slices.Repeat([]string{"a"}, 201)}, "at most 200"},
		{"beyond 32 bits", `{ sessions(first: 3000000000) { totalCount } }`, nil, ""},
		{"beyond 32 bits in a variable", `query($n: Int) { sessions(first: $n) { totalCount } }`, map[string]any{"n": 3_000_000_000}, ""},

		{"garbage for a cursor", `{ sessions(after: "garbage") { nodes { id } } }`, nil, "after is not a cursor"},
		{"an empty cursor", `{ sessions(before: "") { nodes { id } } }`, nil, "before is not a cursor"},
		{"garbage for a cursor of messages", `{ messages(before: "garbage") { nodes { id } } }`, nil, "before is not a cursor"},
		{"garbage for a cursor within", `{ sessions { nodes { contact { sessions(after: "x") { nodes { id } } } } } }`, nil, "after is not a cursor"},
		{"a cursor of messages", `query($c: String) { sessions(after: $c) { nodes { id } } }`, map[string]any{"c": end("messages")}, "after is a cursor of another list"},
		{"a cursor of sessions", `query($c: String) { messages(after: $c) { nodes { id } } }`, map[string]any{"c": end("sessions")}, "after is a cursor of another list"},
		{"a cursor of another order", `query($c: String) { sessions(after: $c, orderBy: {field: ENDED_AT}) { nodes { id } } }`, map[string]any{"c": end("sessions")}, "another order"},
		{"a cursor of the other direction", `query($c: String) { sessions(after: $c, orderBy: {field: STARTED_AT, direction: ASC}) { nodes { id } } }`, map[string]any{"c": end("sessions")}, "another order"},

		{"a cursor of sessions for contacts", `query($c: String) { contacts(after: $c) { nodes { id } } }`, map[string]any{"c": end("sessions")}, "another list"},
		{"a cursor of another order of contacts", `query($c: String) { contacts(after: $c, orderBy: {field: FIRST_SEEN}) { nodes { id } } }`, map[string]any{"c": end("contacts")}, "another order"},
		{"two digits", `{ contacts(filter: {digits: "12"}) { totalCount } }`, nil, "three or more"},
		{"no digits", `query($f: ContactFilter) { contacts(filter: $f) { totalCount } }`, map[string]any{"f": map[string]any{"digits": ""}}, "three or more"},
		{"digits with a plus", `{ contacts(filter: {digits: "+628"}) { totalCount } }`, nil, "three or more"},
		{"digits of another script", `{ contacts(filter: {digits: "٦٢٨"}) { totalCount } }`, nil, "three or more"},

		{"a text for a number within", `query($f: SessionFilter) { sessions(filter: $f) { totalCount } }`, filtering("talkRound", "eq", "3"), "$f.talkRound.eq is not a number"},
		{"beyond 32 bits within", `query($f: SessionFilter) { sessions(filter: $f) { totalCount } }`, filtering("talkRound", "gt", 2147483648), "$f.talkRound.gt is not an integer"},
		{"below 32 bits within", `query($f: SessionFilter) { sessions(filter: $f) { totalCount } }`, filtering("talkRound", "gt", -2147483649), "$f.talkRound.gt is not an integer"},
		{"a number for a text", `query($f: SessionFilter) { sessions(filter: $f) { totalCount } }`, filtering("callee", "eq", 5), "$f.callee.eq is not a string"},
		{"numbers for texts", `query($f: SessionFilter) { sessions(filter: $f) { totalCount } }`, filtering("callee", "in", []any{"a", 5}), "$f.callee.in[1] is not a string"},
		{"a text in a variable", `query($n: Int) { sessions(first: $n) { totalCount } }`, map[string]any{"n": "3"}, "$n is not a number"},
		{"a number for a text in a variable", `query($s: String) { sessions(filter: {search: $s}) { totalCount } }`, map[string]any{"s": 5}, "$s is not a string"},
		{"beyond 32 bits in a literal", `{ sessions(filter: {talkRound: {gt: 2147483648}}) { totalCount } }`, nil, "filter.talkRound.gt is not an integer"},
		{"beyond 32 bits by default", `query($n: Int = 2147483648) { sessions(filter: {talkRound: {gt: $n}}) { totalCount } }`, nil, "$n is not an integer"},

		{"a date for a time", `{ sessions(filter: {startedAt: {gte: "2025-04-15"}}) { totalCount } }`, nil, "RFC 3339"},
		{"a number for a time in a variable", `query($f: SessionFilter) { sessions(filter: $f) { totalCount } }`, map[string]any{"f": map[string]any{"endedAt": map[string]any{"lt": 5}}}, "RFC 3339"},
		{"no time zone of any place", `{ sessionStats(timeZone: "Mars/Olympus") { sessionCount } }`, nil, `got "Mars/Olympus"`},
		{"a time zone that is a path", `{ sessionStats(interval: DAY, timeZone: "../etc/passwd") { sessionCount } }`, nil, "timeZone"},
		{"the server's own time zone", `{ sessionStats(interval: DAY, timeZone: "Local") { sessionCount } }`, nil, "timeZone"},
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
		query := `query($f: SessionFilter, $n: Int) { sessions(filter: $f, first: $n) { totalCount nodes { callId } } }`
		variables := map[string]any{"f": map[string]any{"talkRound": map[string]any{"gte": json.Number(number)}}, "n": json.RawMessage("2.0")}
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
	serve(t, s.handler, postOf(operation(query, map[string]any{"f": filter}))).refused(t, "QUERY_TOO_COMPLEX", "nested")
}

// A value alone is a list of it, in variables as in literals.
func TestSingleValuesAreLists(t *testing.T) {
	s := newCountingServer(t, testdb.SQLite, 20)
	want, _ := s.ask(t, `{ sessions(filter: {and: {channel: {in: "WhatsApp"}}, nerSlots: {name: "amount"}}) { totalCount } }`, nil)
	filter := map[string]any{"and": map[string]any{"channel": map[string]any{"in": "WhatsApp"}}, "nerSlots": map[string]any{"name": "amount"}}
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
	handler := graph.Handler(t.Context(), database, graph.Settings{MaxPage: 200, MaxComplexity: 250_000}, slog.New(slog.DiscardHandler))
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
		request, err := json.Marshal(map[string]string{"query": strings.Replace(string(example), "first: 1", first, 1)})
		if err != nil {
			t.Fatal(err)
		}
		if answer := post(handler, bytes.NewReader(request)).Body.String(); strings.Contains(answer, "QUERY_TOO_COMPLEX") != refused {
			t.Errorf("%s: %s", first, answer)
		}
	}
}

// The parser's words for an unfinished document say nothing to who wrote it.
func TestSyntaxErrorsSayWhatToDo(t *testing.T) {
	s := newCountingServer(t, testdb.SQLite, 1)
	for query, says := range map[string]string{
		`{ sessions { totalCount `: "the document ends too early",
		`query A`:                  "the document ends too early",
		`{ sessions(first: `:       "the document ends too early",
		`{ sessions { } }`:         "name at least one field",
		`{ sessions() { id } }`:    "name at least one field or argument",
		`{ sessions { id } } }`:    "Unexpected }",
	} {
		request, err := json.Marshal(map[string]string{"query": query})
		if err != nil {
			t.Fatal(err)
		}
		if body := post(s.handler, bytes.NewReader(request)).Body.String(); !strings.Contains(body, says) || !strings.Contains(body, "GRAPHQL_PARSE_FAILED") {
			t.Errorf("%s: %s, want %q", query, body, says)
		}
	}
}

func TestErrorsOfDocuments(t *testing.T) {
	s := newCountingServer(t, testdb.SQLite, 1)
	for _, c := range []struct{ name, query, code string }{
		{"no GraphQL", `{ sessions `, "GRAPHQL_PARSE_FAILED"},
		{"no operation", `fragment f on Session { id }`, ""},
		{"an unknown field", `{ sessions { nodes { idd } } }`, "GRAPHQL_VALIDATION_FAILED"},
		{"an unknown argument", `{ sessions(limit: 5) { totalCount } }`, "GRAPHQL_VALIDATION_FAILED"},
		{"an unknown filter", `{ sessions(filter: {nope: 1}) { totalCount } }`, "GRAPHQL_VALIDATION_FAILED"},
		{"an unknown enum value", `{ sessions(filter: {endReason: [MAYBE]}) { totalCount } }`, "GRAPHQL_VALIDATION_FAILED"},
		{"a string for a number", `{ sessions(first: "1") { totalCount } }`, "GRAPHQL_VALIDATION_FAILED"},
		{"a mutation", `mutation { deleteEverything }`, "GRAPHQL_VALIDATION_FAILED"},
		{"a missing variable", `query($id: ID!) { node(id: $id) { id } }`, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			got := serve(t, s.handler, postOf(operation(c.query, nil)))
			if len(got.errors) == 0 || got.data != nil {
				t.Fatalf("answer %.500s, want errors and no data", got.text)
			}
			for _, e := range got.errors {
				if e.Extensions.Code == "" || c.code != "" && e.Extensions.Code != c.code {
					t.Errorf("code %q (%s), want %q", e.Extensions.Code, e.Message, c.code)
				}
			}
		})
	}
}

func TestTooComplex(t *testing.T) {
	s := newCountingServer(t, testdb.SQLite, 3)
	nested := func(depth, first int) string {
		return fmt.Sprintf("{ sessions(first: %d) { nodes ", first) +
			strings.Repeat(fmt.Sprintf("{ contact { sessions(first: %d) { nodes ", first), depth) + "{ id }" + strings.Repeat(" } } }", depth) + " } }"
	}
	for name, query := range map[string]string{
		"pages of pages":      nested(4, 200),
		"very deep":           nested(60, 2),
		"many aliases":        "{ " + aliases(65, "sessions(first: 200) { nodes { messages { id text msgId status contentType } } }") + " }",
		"pages in a fragment": `{ sessions(first: 200) { nodes { ...a } } } fragment a on Session { contact { sessions(first: 200) { nodes { ...b } } } } fragment b on Session { contact { sessions(first: 200) { nodes { id callId } } } }`,
	} {
		t.Run(name, func(t *testing.T) {
			s.forget()
			got := serve(t, s.handler, postOf(operation(query, nil)))
			got.refused(t, "QUERY_TOO_COMPLEX", "at most 1000000")
			if ran := s.statements(); len(ran) > 0 {
				t.Errorf("%d statements were run all the same", len(ran))
			}
		})
	}
	if got := serve(t, s.handler, postOf(operation(nested(1, 200), nil))); got.errors != nil {
		t.Errorf("a large page of pages is refused: %v", got.errors)
	}
}

func aliases(count int, field string) string {
	var out strings.Builder
	for n := range count {
		fmt.Fprintf(&out, "a%d: %s ", n, field)
	}
	return out.String()
}

// bomb has fragments that each have the next one twice, in the pattern that inner
// is: as many paths as two to the number of fragments.
func bomb(root, typeName, inner, leaf string) string {
	const fragments = 60
	var out strings.Builder
	fmt.Fprintf(&out, root, "...f0")
	for n := range fragments {
		selection := leaf
		if n < fragments-1 {
			selection = strings.ReplaceAll(inner, "NEXT", fmt.Sprintf("...f%d", n+1))
		}
		fmt.Fprintf(&out, " fragment f%d on %s { %s }", n, typeName, selection)
	}
	return out.String()
}

// Validation and costs look at each fragment once; whatever the answer is, it comes.
func TestFragmentBombs(t *testing.T) {
	s := newCountingServer(t, testdb.SQLite, 3)
	for name, query := range map[string]string{
		"on sessions":                bomb(`{ sessions { nodes { %s } } }`, "Session", "NEXT NEXT", "id"),
		"on the query":               bomb(`{ %s }`, "Query", "NEXT NEXT", "sessions { totalCount }"),
		"on contents":                bomb(`{ messages { nodes { content { %s } } } }`, "Content", "NEXT NEXT", "type"),
		"by aliases":                 bomb(`{ sessions(first: 1) { nodes { %s } } }`, "Session", "a: contact { sessions(first: 1) { nodes { NEXT } } } b: contact { sessions(first: 1) { nodes { NEXT } } }", "id"),
		"in inline fragments":        bomb(`{ sessions { nodes { %s } } }`, "Session", "... { NEXT } ... on Node { ... on Session { NEXT } }", "id"),
		"by one name":                bomb(`{ sessions(first: 1) { nodes { %s } } }`, "Session", "contact { sessions(first: 1) { nodes { NEXT } } } contact { sessions(first: 1) { nodes { NEXT } } }", "id"),
		"under __schema":             bomb(`{ __schema { types { %s } } }`, "__Type", "NEXT NEXT", "name"),
		"beside __schema":            bomb(`{ %s }`, "Query", "NEXT NEXT", "__schema { types { name } }"),
		"by aliases under __schema":  bomb(`{ __schema { types { %s } } }`, "__Type", "a: ofType { NEXT } b: ofType { NEXT }", "name"),
		"by one name under __schema": bomb(`{ __schema { types { %s } } }`, "__Type", "ofType { NEXT } ofType { NEXT }", "name"),
		"fields of types":            bomb(`{ __type(name: "Query") { %s } }`, "__Type", "fields { type { NEXT } } possibleTypes { NEXT }", "name"),
		"a ring":                     `{ sessions { nodes { ...a } } } fragment a on Session { ...b } fragment b on Session { ...a }`,
		"a ring under __schema":      `{ __schema { types { ...a } } } fragment a on __Type { ofType { ...b } } fragment b on __Type { ofType { ...a } }`,
		"many aliases of __schema":   "{ " + aliases(100, "__schema { types { name } }") + " }",
		"deep lists of introspected": `{ __schema { types { fields { type { fields { type { fields { type { fields { type { fields { type { name } } } } } } } } } } } }`,
	} {
		t.Run(name, func(t *testing.T) {
			got := serve(t, s.handler, postOf(operation(query, nil)))
			if len(got.text) > 4<<20 {
				t.Errorf("the answer has %d bytes", len(got.text))
			}
			for _, e := range got.errors {
				if e.Extensions.Code == "" || e.Extensions.Code == "INTERNAL" {
					t.Errorf("code %q: %s", e.Extensions.Code, e.Message)
				}
			}
		})
	}
}

func TestRequestsThatAreNoOperation(t *testing.T) {
	s := newCountingServer(t, testdb.SQLite, 1)
	const query = `{"query":"{ __typename }"}`
	for _, c := range []struct {
		name, body string
		status     int
		code       string
	}{
		{"an operation", query, 200, ""},
		{"with white space around it", "\n" + query + " \n", 200, ""},
		{"with keys that are not known", `{"query":"{ __typename }","id":5}`, 200, ""},
		{"nothing", ``, 400, "BAD_REQUEST"},
		{"no JSON", `query { __typename }`, 400, "BAD_REQUEST"},
		{"half of it", query[:10], 400, "BAD_REQUEST"},
		{"garbage behind it", query + `}`, 400, "BAD_REQUEST"},
		{"two of them", query + query, 400, "BAD_REQUEST"},
		{"a list", `[` + query + `]`, 400, "BAD_REQUEST"},
		{"null", `null`, 400, "BAD_REQUEST"},
		{"no query", `{}`, 400, "BAD_REQUEST"},
		{"an empty query", `{"query":""}`, 400, "BAD_REQUEST"},
		{"a query of null", `{"query":null}`, 400, "BAD_REQUEST"},
		{"a query that is a number", `{"query":5}`, 400, "BAD_REQUEST"},
		{"variables that are a list", `{"query":"{ __typename }","variables":[]}`, 400, "BAD_REQUEST"},
		{"variables that are a string", `{"query":"{ __typename }","variables":"{}"}`, 400, "BAD_REQUEST"},
		{"variables of null", `{"query":"{ __typename }","variables":null}`, 200, ""},
		{"a megabyte of lists", strings.Repeat(`[`, 1<<20), 413, "REQUEST_TOO_LARGE"},
		{"a megabyte of objects", strings.Repeat(`{"a":`, 1<<18), 413, "REQUEST_TOO_LARGE"},
		{"many lists", strings.Repeat(`[`, 250_000), 400, "BAD_REQUEST"},
		{"many objects", strings.Repeat(`{"a":`, 50_000), 400, "BAD_REQUEST"},
		{"many lists in variables", `{"query":"{ __typename }","variables":{"a":` + strings.Repeat(`[`, 100_000) + strings.Repeat(`]`, 100_000) + `}}`, 400, "BAD_REQUEST"},
		{"a long comment", `{"query":"{ __typename } #` + strings.Repeat("x", 300<<10) + `"}`, 413, "REQUEST_TOO_LARGE"},
	} {
		t.Run(c.name, func(t *testing.T) {
			got := serve(t, s.handler, postOf(c.body))
			if got.status != c.status {
				t.Errorf("status %d, want %d: %.300s", got.status, c.status, got.text)
			}
			if c.code != "" {
				got.refused(t, c.code, "")
			}
			if got.hasData != (c.status == 200) {
				t.Errorf("data is there: %t", got.hasData)
			}
			if len(got.text) > 1000 {
				t.Errorf("the answer repeats the question: %d bytes", len(got.text))
			}
		})
	}
}

// Documents that nest are read by a parser that calls itself.
func TestDocumentsThatNest(t *testing.T) {
	s := newCountingServer(t, testdb.SQLite, 1)
	const deep = 50_000
	for name, document := range map[string]string{
		"fields":      strings.Repeat("{a", deep),
		"fields, all": strings.Repeat("{a", deep) + strings.Repeat("}", deep),
		"lists":       `{ nodes(ids: ` + strings.Repeat("[", deep),
		"objects":     `{ sessions(filter: ` + strings.Repeat("{not:", deep/4),
		"types":       `query($a: ` + strings.Repeat("[", deep),
		"fragments":   strings.Repeat("{...on Query", deep/8),
		"tokens":      "{ " + strings.Repeat("a ", deep) + "}",
	} {
		t.Run(name, func(t *testing.T) {
			got := serve(t, s.handler, postOf(operation(document, nil)))
			if len(got.errors) != 1 || got.data != nil || len(got.text) > 2000 {
				t.Errorf("%d errors in %d bytes: %.300s", len(got.errors), len(got.text), got.text)
			}
			got.refused(t, "GRAPHQL_PARSE_FAILED", "")
		})
	}
	nested := `{ sessions(filter: ` + strings.Repeat("{not:", 300) + `{}` + strings.Repeat("}", 300) + `) { totalCount } }`
	for _, e := range serve(t, s.handler, postOf(operation(nested, nil))).errors {
		if e.Extensions.Code == "INTERNAL" || e.Extensions.Code == "" {
			t.Errorf("a filter nested 300 deep is an error of ours: %s", e.Message)
		}
	}
}

// A filter in variables is not bounded by the tokens of the document.
func TestFiltersThatNest(t *testing.T) {
	s := newCountingServer(t, testdb.SQLite, 1)
	for _, depth := range []int{50, 200, 1000, 5000} {
		var filter any = map[string]any{}
		for range depth {
			filter = map[string]any{"not": filter}
		}
		got := serve(t, s.handler, postOf(operation(`query($f: SessionFilter) { sessions(filter: $f) { totalCount } }`, map[string]any{"f": filter})))
		for _, e := range got.errors {
			if e.Extensions.Code != "BAD_USER_INPUT" && e.Extensions.Code != "QUERY_TOO_COMPLEX" {
				t.Errorf("nested %d deep: %s %q, want an error of the caller's", depth, e.Extensions.Code, e.Message)
			}
		}
	}
	for _, c := range []struct {
		name   string
		filter map[string]any
	}{
		{"many alternatives", map[string]any{"or": slices.Repeat([]any{map[string]any{"callId": map[string]any{"eq": "a"}}}, 2000)}},
		{"many values", map[string]any{"callId": map[string]any{"in": slices.Repeat([]string{"a"}, 40_000)}}},
		{"many slots", map[string]any{"nerSlots": slices.Repeat([]any{map[string]any{"name": "a"}}, 2000)}},
		{"many words", map[string]any{"search": strings.Repeat("ab ", 5000)}},
		{"a long word", map[string]any{"search": strings.Repeat("ab", 50_000)}},
		{"a long prefix", map[string]any{"callee": map[string]any{"startsWith": strings.Repeat("\U0010FFFF", 20_000)}}},
	} {
		t.Run(c.name, func(t *testing.T) {
			got := serve(t, s.handler, postOf(operation(`query($f: SessionFilter) { sessions(filter: $f) { totalCount nodes { id } } }`, map[string]any{"f": c.filter})))
			for _, e := range got.errors {
				if e.Extensions.Code != "BAD_USER_INPUT" && e.Extensions.Code != "QUERY_TOO_COMPLEX" {
					t.Errorf("%s %q, want an error of the caller's or an answer", e.Extensions.Code, e.Message)
				}
			}
		})
	}
}

func TestMethodsAndMediaTypes(t *testing.T) {
	s := newCountingServer(t, testdb.SQLite, 1)
	const query = `{"query":"{ __typename }"}`
	const wrong = `{"query":"{ nope }"}`
	for _, c := range []struct {
		name, method, contentType, accept, body string
		status                                  int
		answers                                 string
	}{
		{"no accept", "POST", "application/json", "", query, 200, "application/json; charset=utf-8"},
		{"anything", "POST", "application/json", "*/*", query, 200, "application/json; charset=utf-8"},
		{"the specification's type", "POST", "application/json", "application/graphql-response+json", query, 200, "application/graphql-response+json; charset=utf-8"},
		{"the better of two", "POST", "application/json", "application/json;q=0.5, application/graphql-response+json", query, 200, "application/graphql-response+json; charset=utf-8"},
		{"the first of two", "POST", "application/json", "application/json, application/graphql-response+json", query, 200, "application/json; charset=utf-8"},
		{"a wrong document", "POST", "application/json", "", wrong, 200, "application/json; charset=utf-8"},
		{"a wrong document, the specification's type", "POST", "application/json", "application/graphql-response+json", wrong, 400, "application/graphql-response+json; charset=utf-8"},
		{"with a charset", "POST", "application/json; charset=UTF-8", "", query, 200, "application/json; charset=utf-8"},
		{"another charset", "POST", "application/json; charset=utf-16", "", query, 415, "application/json; charset=utf-8"},
		{"no content type", "POST", "", "", query, 415, "application/json; charset=utf-8"},
		{"a form", "POST", "application/x-www-form-urlencoded", "", "query={__typename}", 415, "application/json; charset=utf-8"},
		{"text", "POST", "text/plain", "", query, 415, "application/json; charset=utf-8"},
		{"PUT", "PUT", "application/json", "", query, 405, "application/json; charset=utf-8"},
		{"DELETE", "DELETE", "", "", "", 405, "application/json; charset=utf-8"},
	} {
		t.Run(c.name, func(t *testing.T) {
			request := httptest.NewRequest(c.method, "/query", strings.NewReader(c.body))
			for name, value := range map[string]string{"Content-Type": c.contentType, "Accept": c.accept} {
				if value != "" {
					request.Header.Set(name, value)
				}
			}
			got := serve(t, s.handler, request)
			if got.status != c.status || got.header.Get("Content-Type") != c.answers {
				t.Errorf("status %d, %s, want %d, %s: %.300s", got.status, got.header.Get("Content-Type"), c.status, c.answers, got.text)
			}
			if allow := got.header.Get("Allow"); (c.status == 405) != (allow == "GET, POST") {
				t.Errorf("Allow is %q", allow)
			}
		})
	}
}

func TestOperationsByGET(t *testing.T) {
	s := newCountingServer(t, testdb.SQLite, 1)
	for _, c := range []struct {
		name       string
		parameters url.Values
		status     int
	}{
		{"a query", url.Values{"query": {`{ __typename }`}}, 200},
		{"with variables", url.Values{"query": {`query($n: Int) { sessions(first: $n) { totalCount } }`}, "variables": {`{"n":1}`}}, 200},
		{"one of two", url.Values{"query": {`query a { __typename } query b { __typename }`}, "operationName": {"b"}}, 200},
		{"nothing", url.Values{}, 400},
		{"variables that are no JSON", url.Values{"query": {`{ __typename }`}, "variables": {`n=1`}}, 400},
		{"variables with garbage behind", url.Values{"query": {`{ __typename }`}, "variables": {`{} {}`}}, 400},
	} {
		t.Run(c.name, func(t *testing.T) {
			got := serve(t, s.handler, httptest.NewRequest(http.MethodGet, "/query?"+c.parameters.Encode(), nil))
			if got.status != c.status || (got.errors == nil) != (c.status == 200) {
				t.Errorf("status %d, want %d: %.300s", got.status, c.status, got.text)
			}
		})
	}
}

func TestABodyThatEndsEarly(t *testing.T) {
	s := newCountingServer(t, testdb.SQLite, 1)
	request := postOf("")
	request.Body = io.NopCloser(io.MultiReader(strings.NewReader(`{"query":`), brokenReader{}))
	if got := serve(t, s.handler, request); got.status != 400 {
		t.Errorf("status %d: %.300s", got.status, got.text)
	}
}

type brokenReader struct{}

func (brokenReader) Read([]byte) (int, error) { return 0, io.ErrUnexpectedEOF }

// Nothing of the database is told to a client.
func TestInternalErrorsLeakNothing(t *testing.T) {
	s := newCountingServer(t, testdb.SQLite, 3)
	if err := s.store.Close(); err != nil {
		t.Fatal(err)
	}
	for _, query := range []string{
		`{ sessions { totalCount nodes { id } } }`, `{ messages { nodes { id } } }`, `{ session(callId: "a") { id } }`, `{ contact(callee: "a") { id } }`,
		`{ intentions { label } }`, `{ nerSlots { name } }`, `{ sessionStats { sessionCount } }`, `{ node(id: "c2Vzc2lvbiBhYmM") { id } }`,
	} {
		got := serve(t, s.handler, postOf(operation(query, nil)))
		got.refused(t, "INTERNAL", "internal error")
		for _, word := range []string{"sql", "closed", "database", "SELECT", "models", "goroutine", ".go"} {
			if strings.Contains(strings.ToLower(got.text), strings.ToLower(word)) {
				t.Errorf("%s: the answer says %q: %s", query, word, got.text)
			}
		}
	}
}

// A document with many mistakes gets an answer of bounded length.
func TestManyErrorsAreBounded(t *testing.T) {
	s := newCountingServer(t, testdb.SQLite, 1)
	long := strings.Repeat("x", 2000)
	for name, document := range map[string]string{
		"many":          "{ " + strings.Repeat("nope ", 1000) + "}",
		"many of their": "{ " + aliases(300, "nope") + "}",
		"a long one":    "{ " + long + " }",
		"a long value":  `{ sessions(first: "` + long + `") { totalCount } }`,
		"a long cursor": `{ sessions(after: "` + long + `") { nodes { id } } }`,
	} {
		t.Run(name, func(t *testing.T) {
			got := serve(t, s.handler, postOf(operation(document, nil)))
			if len(got.errors) == 0 || len(got.errors) > 21 || len(got.text) > 20_000 {
				t.Errorf("%d errors in %d bytes", len(got.errors), len(got.text))
			}
			for _, e := range got.errors {
				if len(e.Message) > 600 || e.Extensions.Code == "" {
					t.Errorf("code %q with a message of %d bytes", e.Extensions.Code, len(e.Message))
				}
			}
		})
	}
}

// The usual introspection is a document like any other, and within the limits.
func TestIntrospection(t *testing.T) {
	s := newCountingServer(t, testdb.SQLite, 0)
	const query = `query IntrospectionQuery { __schema { queryType { name kind } mutationType { name } subscriptionType { name } types { ...FullType }
		directives { name description isRepeatable locations args { ...InputValue } } } }
		fragment FullType on __Type { kind name description specifiedByURL fields(includeDeprecated: true) { name description args(includeDeprecated: true) { ...InputValue }
			type { ...TypeRef } isDeprecated deprecationReason } inputFields(includeDeprecated: true) { ...InputValue } interfaces { ...TypeRef }
			enumValues(includeDeprecated: true) { name description isDeprecated deprecationReason } possibleTypes { ...TypeRef } }
		fragment InputValue on __InputValue { name description type { ...TypeRef } defaultValue isDeprecated deprecationReason }
		fragment TypeRef on __Type { kind name ofType { kind name ofType { kind name ofType { kind name ofType { kind name ofType { kind name ofType { kind name ofType { kind name
			ofType { kind name ofType { kind name } } } } } } } } } }`
	got := serve(t, s.handler, postOf(operation(query, nil)))
	if got.errors != nil || !bytes.Contains([]byte(got.text), []byte(`"sessionStored"`)) {
		t.Errorf("answer %.500s", got.text)
	}
}
