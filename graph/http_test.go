package graph_test

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"sessiongraph/internal/test/testdb"
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
		{"many lists in variables", `{"query":"{ __typename }","variables":{"a":` +
			strings.Repeat(`[`, 100_000) + strings.Repeat(`]`, 100_000) + `}}`, 400, "BAD_REQUEST"},
		{"a long comment", `{"query":"{ __typename } #` + strings.Repeat("x", 300<<10) + `"}`, 413,
			"REQUEST_TOO_LARGE"},
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
		{"the specification's type", "POST", "application/json", "application/graphql-response+json", query, 200,
			"application/graphql-response+json; charset=utf-8"},
		{"the better of two", "POST", "application/json", "application/json;q=0.5, application/graphql-response+json",
			query, 200, "application/graphql-response+json; charset=utf-8"},
		{"the first of two", "POST", "application/json", "application/json, application/graphql-response+json", query,
			200, "application/json; charset=utf-8"},
		{"a wrong document", "POST", "application/json", "", wrong, 200, "application/json; charset=utf-8"},
		{"a wrong document, the specification's type", "POST", "application/json", "application/graphql-response+json",
			wrong, 400, "application/graphql-response+json; charset=utf-8"},
		{"with a charset", "POST", "application/json; charset=UTF-8", "", query, 200,
			"application/json; charset=utf-8"},
		{"another charset", "POST", "application/json; charset=utf-16", "", query, 415,
			"application/json; charset=utf-8"},
		{"no content type", "POST", "", "", query, 415, "application/json; charset=utf-8"},
		{"a form", "POST", "application/x-www-form-urlencoded", "", "query={__typename}", 415,
			"application/json; charset=utf-8"},
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
				t.Errorf("status %d, %s, want %d, %s: %.300s", got.status, got.header.Get("Content-Type"), c.status,
					c.answers, got.text)
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
		{"with variables", url.Values{"query": {`query($n: Int) { sessions(first: $n) { totalCount } }`},
			"variables": {`{"n":1}`}}, 200},
		{"one of two", url.Values{"query": {`query a { __typename } query b { __typename }`}, "operationName": {"b"}},
			200},
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
		`{ sessions { totalCount nodes { id } } }`, `{ messages { nodes { id } } }`, `{ session(callId: "a") { id } }`,
		`{ contact(callee: "a") { id } }`,
		`{ intentions { label } }`, `{ nerSlots { name } }`, `{ sessionStats { sessionCount } }`,
		`{ node(id: "c2Vzc2lvbiBhYmM") { id } }`,
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
	const query = `query IntrospectionQuery { __schema { queryType { name kind } mutationType { name }
		subscriptionType { name } types { ...FullType }
		directives { name description isRepeatable locations args { ...InputValue } } } }
		fragment FullType on __Type { kind name description specifiedByURL fields(includeDeprecated: true) { name
		description args(includeDeprecated: true) { ...InputValue }
			type { ...TypeRef } isDeprecated deprecationReason } inputFields(includeDeprecated: true) { ...InputValue
			} interfaces { ...TypeRef }
			enumValues(includeDeprecated: true) { name description isDeprecated deprecationReason } possibleTypes {
			...TypeRef } }
		fragment InputValue on __InputValue { name description type { ...TypeRef } defaultValue isDeprecated
		deprecationReason }
		fragment TypeRef on __Type { kind name ofType { kind name ofType { kind name ofType { kind name ofType { kind
		name ofType { kind name ofType { kind name ofType { kind name
			ofType { kind name ofType { kind name } } } } } } } } } }`
	got := serve(t, s.handler, postOf(operation(query, nil)))
	if got.errors != nil || !bytes.Contains([]byte(got.text), []byte(`"sessionStored"`)) {
		t.Errorf("answer %.500s", got.text)
	}
}
