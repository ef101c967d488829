package graph_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"

	"sessiongraph/internal/test/testdb"
)

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
		body := post(s.handler, bytes.NewReader(request)).Body.String()
		if !strings.Contains(body, says) || !strings.Contains(body, "GRAPHQL_PARSE_FAILED") {
			t.Errorf("%s: %s, want %q", query, body, says)
		}
	}
}

// The validator's and gqlgen's own words do not say what to change.
func TestErrorsOfRequestsSayWhatToDo(t *testing.T) {
	s := newCountingServer(t, testdb.SQLite, 1)
	const ofFilter = `"query($f: SessionFilter) { sessions(filter: $f) { totalCount } }"`
	for _, c := range []struct{ request, says string }{
		{`{"query":"query A { viewer { name } } query B { viewer { name } }"}`, "name one as operationName"},
		{`{"query":"query($id: String!) { session(callId: $id) { callId } }"}`, "$id: must be defined"},
		{`{"query":"query($id: String!) { session(callId: $id) { callId } }","variables":{"id":null}}`,
			"$id: cannot be null"},
		{`{"query":` + ofFilter + `,"variables":{"f":{"callee":{"is":"a"}}}}`, "$f.callee.is: unknown field"},
		{`{"query":` + ofFilter + `,"variables":{"f":[{"messages":{"status":["NONE"]}}]}}`, "$f"},
	} {
		got := post(s.handler, strings.NewReader(c.request)).Body.String()
		if !strings.Contains(got, c.says) || !strings.Contains(got, "GRAPHQL_VALIDATION_FAILED") {
			t.Errorf("%s\n%s\nwant %q", c.request, got, c.says)
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
		{"an unknown enum value", `{ sessions(filter: {endReason: [MAYBE]}) { totalCount } }`,
			"GRAPHQL_VALIDATION_FAILED"},
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
			strings.Repeat(fmt.Sprintf("{ contact { sessions(first: %d) { nodes ", first), depth) + "{ id }" +
			strings.Repeat(" } } }", depth) + " } }"
	}
	for name, query := range map[string]string{
		"pages of pages": nested(4, 200),
		"very deep":      nested(60, 2),
		"many aliases": "{ " +
			aliases(65, "sessions(first: 200) { nodes { messages { id text msgId status contentType } } }") + " }",
		"pages in a fragment": `{ sessions(first: 200) { nodes { ...a } } } fragment a on Session { contact { ` +
			`sessions(first: 200) { nodes { ...b } } } } fragment b on Session { contact { sessions(first: 200) { ` +
			`nodes { id callId } } } }`,
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
		"on sessions":  bomb(`{ sessions { nodes { %s } } }`, "Session", "NEXT NEXT", "id"),
		"on the query": bomb(`{ %s }`, "Query", "NEXT NEXT", "sessions { totalCount }"),
		"on contents": bomb(`{ messages { nodes { content { %s } } } }`, "Content",
			"NEXT NEXT", "type"),
		"by aliases": bomb(`{ sessions(first: 1) { nodes { %s } } }`, "Session",
			"a: contact { sessions(first: 1) { nodes { NEXT } } } b: contact { sessions(first: 1) "+
				"{ nodes { NEXT } } }", "id"),
		"in inline fragments": bomb(`{ sessions { nodes { %s } } }`, "Session",
			"... { NEXT } ... on Node { ... on Session { NEXT } }", "id"),
		"by one name": bomb(`{ sessions(first: 1) { nodes { %s } } }`, "Session",
			"contact { sessions(first: 1) { nodes { NEXT } } } contact { sessions(first: 1) { nodes { NEXT } } }",
			"id"),
		"under __schema":  bomb(`{ __schema { types { %s } } }`, "__Type", "NEXT NEXT", "name"),
		"beside __schema": bomb(`{ %s }`, "Query", "NEXT NEXT", "__schema { types { name } }"),
		"by aliases under __schema": bomb(`{ __schema { types { %s } } }`, "__Type",
			"a: ofType { NEXT } b: ofType { NEXT }", "name"),
		"by one name under __schema": bomb(`{ __schema { types { %s } } }`, "__Type",
			"ofType { NEXT } ofType { NEXT }", "name"),
		"fields of types": bomb(`{ __type(name: "Query") { %s } }`, "__Type",
			"fields { type { NEXT } } possibleTypes { NEXT }", "name"),
		"a ring": `{ sessions { nodes { ...a } } } fragment a on Session { ...b } fragment b on ` +
			`Session { ...a }`,
		"a ring under __schema": `{ __schema { types { ...a } } } fragment a on __Type { ofType { ...b } } ` +
			`fragment b on __Type { ofType { ...a } }`,
		"many aliases of __schema": "{ " + aliases(100, "__schema { types { name } }") + " }",
		"deep lists of introspected": `{ __schema { types { fields { type { fields { type { fields { type { fields ` +
			`{ type { fields { type { name } } } } } } } } } } } }`,
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
	nested := `{ sessions(filter: ` + strings.Repeat("{not:", 300) + `{}` + strings.Repeat("}", 300) +
		`) { totalCount } }`
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
		got := serve(t, s.handler,
			postOf(operation(`query($f: SessionFilter) { sessions(filter: $f) { totalCount } }`,
				map[string]any{"f": filter})))
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
		{"many alternatives",
			map[string]any{"or": slices.Repeat([]any{map[string]any{"callId": map[string]any{"eq": "a"}}}, 2000)}},
		{"many values", map[string]any{"callId": map[string]any{"in": slices.Repeat([]string{"a"}, 40_000)}}},
		{"many slots", map[string]any{"nerSlots": slices.Repeat([]any{map[string]any{"name": "a"}}, 2000)}},
		{"many words", map[string]any{"search": strings.Repeat("ab ", 5000)}},
		{"a long word", map[string]any{"search": strings.Repeat("ab", 50_000)}},
		{"a long prefix",
			map[string]any{"callee": map[string]any{"startsWith": strings.Repeat("\U0010FFFF", 20_000)}}},
	} {
		t.Run(c.name, func(t *testing.T) {
			got := serve(t, s.handler,
				postOf(operation(`query($f: SessionFilter) { sessions(filter: $f) { totalCount nodes { id } } }`,
					map[string]any{"f": c.filter})))
			for _, e := range got.errors {
				if e.Extensions.Code != "BAD_USER_INPUT" && e.Extensions.Code != "QUERY_TOO_COMPLEX" {
					t.Errorf("%s %q, want an error of the caller's or an answer", e.Extensions.Code, e.Message)
				}
			}
		})
	}
}
