package graph_test

import (
	"bufio"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/coder/websocket"
	"github.com/coder/websocket/wsjson"

	"sessiongraph/graph"
	"sessiongraph/graph/documents"
	"sessiongraph/internal/test/testdb"
	"sessiongraph/models"
)

const (
	countText = "# How many.\nquery Count { sessions { ...Total } }\n"
	totalText = "fragment Total on SessionConnection { totalCount }"
	nameText  = "query Name { viewer { name } }"
	adHocText = "query AdHoc { __typename }"
)

func sha(text string) string {
	sum := sha256.Sum256([]byte(text))
	return hex.EncodeToString(sum[:])
}

// documentServer serves the documents Count and Name to a viewer with those scopes.
func documentServer(t *testing.T, only bool, scopes ...models.Scope) *httptest.Server {
	t.Helper()
	collection, err := graph.DocumentReader().Folder([]documents.File{
		{Name: "count.graphql", Text: []byte(countText)}, {Name: "total.graphql", Text: []byte(totalText)},
		{Name: "name.graphql", Text: []byte(nameText)},
	})
	if err != nil {
		t.Fatal(err)
	}
	handler := graph.HandlerOf(t.Context(), storedSessions(t, testdb.SQLite, 3), graph.Settings{
		MaxPage: 200, MaxComplexity: 250_000,
		Documents: documents.NewTrusted(collection), DocumentsOnly: only,
	}, slog.New(slog.DiscardHandler), false)
	viewer := &models.Viewer{Name: "test", Scopes: models.ImpliedScopes(scopes)}
	server := httptest.NewServer(as(viewer, handler))
	t.Cleanup(server.Close)
	return server
}

// way is one of the ways by which a request arrives. It returns the response.
type way func(t *testing.T, server *httptest.Server, request map[string]any) string

func ways() map[string]way {
	return map[string]way{"POST": byPOST, "GET": byGET, "event stream": bySSE, "WebSocket": byWebSocket}
}

func read(t *testing.T, request *http.Request) string {
	t.Helper()
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = response.Body.Close() }()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return string(body)
}

func byPOST(t *testing.T, server *httptest.Server, request map[string]any) string {
	t.Helper()
	body, err := json.Marshal(request)
	if err != nil {
		t.Fatal(err)
	}
	post, err := http.NewRequestWithContext(t.Context(), http.MethodPost, server.URL, strings.NewReader(string(body)))
	if err != nil {
		t.Fatal(err)
	}
	post.Header.Set("Content-Type", "application/json")
	return read(t, post)
}

func getOf(t *testing.T, server *httptest.Server, request map[string]any) *http.Request {
	t.Helper()
	parameters := url.Values{}
	for name, value := range request {
		text, ok := value.(string)
		if !ok {
			encoded, err := json.Marshal(value)
			if err != nil {
				t.Fatal(err)
			}
			text = string(encoded)
		}
		parameters.Set(name, text)
	}
	get, err := http.NewRequestWithContext(t.Context(), http.MethodGet, server.URL+"?"+parameters.Encode(), nil)
	if err != nil {
		t.Fatal(err)
	}
	return get
}

func byGET(t *testing.T, server *httptest.Server, request map[string]any) string {
	t.Helper()
	return read(t, getOf(t, server, request))
}

func bySSE(t *testing.T, server *httptest.Server, request map[string]any) string {
	t.Helper()
	get := getOf(t, server, request)
	get.Header.Set("Accept", "text/event-stream")
	for lines := bufio.NewScanner(strings.NewReader(read(t, get))); lines.Scan(); {
		if data, ok := strings.CutPrefix(lines.Text(), "data: "); ok {
			return data
		}
	}
	return ""
}

func byWebSocket(t *testing.T, server *httptest.Server, request map[string]any) string {
	t.Helper()
	options := &websocket.DialOptions{Subprotocols: []string{"graphql-transport-ws"}}
	conn, _, err := websocket.Dial(t.Context(), server.URL, options)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.CloseNow() }()
	for _, message := range []any{
		map[string]any{"type": "connection_init"},
		map[string]any{"type": "subscribe", "id": "1", "payload": request},
	} {
		if err := wsjson.Write(t.Context(), conn, message); err != nil {
			t.Fatal(err)
		}
	}
	for {
		var message struct {
			Type    string
			Payload json.RawMessage
		}
		if err := wsjson.Read(t.Context(), conn, &message); err != nil {
			return err.Error()
		}
		switch message.Type {
		case "next":
			return string(message.Payload)
		case "error":
			return `{"errors":` + string(message.Payload) + `}`
		}
	}
}

func persistedQuery(hash string, more ...any) map[string]any {
	query := map[string]any{"version": 1, "sha256Hash": hash}
	if len(more) > 0 {
		query["version"] = more[0]
	}
	return map[string]any{"persistedQuery": query}
}

// outcome is the data of a response, or the code of its error.
func outcome(t *testing.T, response string) string {
	t.Helper()
	var answer struct {
		Data   json.RawMessage
		Errors []struct {
			Message    string
			Extensions struct{ Code string }
		}
	}
	if err := json.Unmarshal([]byte(response), &answer); err != nil {
		return response
	}
	if len(answer.Errors) > 0 {
		return answer.Errors[0].Extensions.Code + ": " + answer.Errors[0].Message
	}
	return string(answer.Data)
}

const (
	counted = `{"sessions":{"totalCount":3}}`
	named   = `{"viewer":{"name":"test"}}`
	typed   = `{"__typename":"Query"}`
)

func TestDocumentsByTheirIDs(t *testing.T) {
	unknown := sha("something else")
	for _, c := range []struct {
		name    string
		request map[string]any
		want    string // the beginning of its outcome
	}{
		{"documentId", map[string]any{"documentId": "Count"}, counted},
		{"documentId, a hash", map[string]any{"documentId": sha(countText)}, counted},
		{"documentId, a hash and its name", map[string]any{"documentId": "sha256:" + sha(countText)}, counted},
		{"id", map[string]any{"id": "Count"}, counted},
		{"id and documentId", map[string]any{"id": sha(countText), "documentId": "Count"}, counted},
		{"persistedQuery", map[string]any{"extensions": persistedQuery(sha(countText))}, counted},
		{"persistedQuery with its text",
			map[string]any{"extensions": persistedQuery(sha(countText)), "query": countText}, counted},
		{"documentId with its text", map[string]any{"documentId": "Count", "query": countText}, counted},
		{"its text alone", map[string]any{"query": countText}, counted},
		{"with an operationName", map[string]any{"documentId": "Count", "operationName": "Count"}, counted},

		{"an unknown documentId", map[string]any{"documentId": "Nope"}, "PERSISTED_QUERY_NOT_FOUND: "},
		{"an unknown documentId with a text", map[string]any{"documentId": "Nope", "query": nameText},
			"PERSISTED_QUERY_NOT_FOUND: "},
		{"an unknown id", map[string]any{"id": "Nope"}, "PERSISTED_QUERY_NOT_FOUND: "},
		{"an unknown hash", map[string]any{"extensions": persistedQuery(unknown)},
			"PERSISTED_QUERY_NOT_FOUND: PersistedQueryNotFound"},
		{"documentId with another text", map[string]any{"documentId": "Count", "query": nameText},
			"BAD_USER_INPUT: query has another text"},
		{"id with a text that is not trusted", map[string]any{"id": "Count", "query": adHocText},
			"BAD_USER_INPUT: query has another text"},
		{"a trusted hash with another text",
			map[string]any{"extensions": persistedQuery(sha(countText)), "query": nameText},
			"BAD_USER_INPUT: provided sha does not match query"},
		{"an unknown hash with another text",
			map[string]any{"extensions": persistedQuery(unknown), "query": nameText},
			"BAD_USER_INPUT: provided sha does not match query"},
		{"ids of two documents", map[string]any{"documentId": "Count", "id": "Name"}, "BAD_USER_INPUT: "},
		{"an id and a hash of two documents",
			map[string]any{"documentId": "Count", "extensions": persistedQuery(sha(nameText))}, "BAD_USER_INPUT: "},
		{"no hash", map[string]any{"extensions": map[string]any{"persistedQuery": map[string]any{}}},
			"BAD_USER_INPUT: "},
		{"persistedQuery that is no object",
			map[string]any{"extensions": map[string]any{"persistedQuery": 5}, "query": nameText}, "BAD_USER_INPUT: "},
		{"another version", map[string]any{"extensions": persistedQuery(sha(countText), 2)}, "BAD_USER_INPUT: "},
		{"another operationName", map[string]any{"documentId": "Count", "operationName": "Other"},
			"GRAPHQL_VALIDATION_FAILED: "},
	} {
		for _, only := range []bool{false, true} {
			server := documentServer(t, only, models.ScopeRead)
			for by, ask := range ways() {
				t.Run(fmt.Sprintf("%s, only %t, %s", c.name, only, by), func(t *testing.T) {
					if got := outcome(t, ask(t, server, c.request)); !strings.HasPrefix(got, c.want) {
						t.Errorf("%s, want %s", got, c.want)
					}
				})
			}
		}
	}
}

func TestAutomaticPersistedQueries(t *testing.T) {
	for by, ask := range ways() {
		t.Run(by, func(t *testing.T) {
			server := documentServer(t, false, models.ScopeRead)
			invalid := "query Invalid { nope }"
			for _, step := range []struct {
				name    string
				request map[string]any
				want    string
			}{
				{"unknown", map[string]any{"extensions": persistedQuery(sha(adHocText))},
					"PERSISTED_QUERY_NOT_FOUND: PersistedQueryNotFound"},
				{"with its text",
					map[string]any{"extensions": persistedQuery(sha(adHocText)), "query": adHocText}, typed},
				{"known", map[string]any{"extensions": persistedQuery(sha(adHocText))}, typed},
				{"no document", map[string]any{"documentId": sha(adHocText)}, "PERSISTED_QUERY_NOT_FOUND: "},
				{"an invalid text",
					map[string]any{"extensions": persistedQuery(sha(invalid)), "query": invalid},
					"GRAPHQL_VALIDATION_FAILED: "},
				{"an invalid text is not kept", map[string]any{"extensions": persistedQuery(sha(invalid))},
					"PERSISTED_QUERY_NOT_FOUND: PersistedQueryNotFound"},
			} {
				if got := outcome(t, ask(t, server, step.request)); !strings.HasPrefix(got, step.want) {
					t.Errorf("%s: %s, want %s", step.name, got, step.want)
				}
			}
		})
	}
}

func TestDocumentsOnly(t *testing.T) {
	const playground = "query PlaygroundViewer { viewer { name scopes workflowIds robotIds channels } }"
	hashed := map[string]any{"extensions": persistedQuery(sha(adHocText)), "query": adHocText}
	adHoc := map[string]any{"query": adHocText}
	for _, c := range []struct {
		name    string
		only    bool
		scope   models.Scope
		request map[string]any
		want    string
	}{
		{"a text of one's own", true, models.ScopePII, adHoc, "FORBIDDEN: "},
		{"a text of one's own, not only", false, models.ScopeRead, adHoc, typed},
		{"an admin's own text", true, models.ScopeAdmin, adHoc, typed},
		{"an invalid text", true, models.ScopeRead, map[string]any{"query": "{ nope"}, "FORBIDDEN: "},
		{"a text with its hash", true, models.ScopeRead, hashed, "FORBIDDEN: "},
		{"introspection", true, models.ScopeRead, map[string]any{"query": "{ __schema { types { name } } }"},
			"FORBIDDEN: "},
		{"what the Playground asks", true, models.ScopeRead, map[string]any{"query": playground},
			`{"viewer":{"name":"test","scopes":["READ"]`},
	} {
		server := documentServer(t, c.only, c.scope)
		for by, ask := range ways() {
			t.Run(c.name+", "+by, func(t *testing.T) {
				got := outcome(t, ask(t, server, c.request))
				if !strings.HasPrefix(got, c.want) {
					t.Errorf("%s, want %s", got, c.want)
				}
				if strings.HasPrefix(got, "FORBIDDEN") && !strings.Contains(got, "scope admin") {
					t.Errorf("%s does not name the scope", got)
				}
			})
		}
	}

	// An admin's text is not kept: automatic persisted queries are off.
	server := documentServer(t, true, models.ScopeAdmin)
	if got := outcome(t, byPOST(t, server, hashed)); got != typed {
		t.Error(got)
	}
	got := outcome(t, byPOST(t, server, map[string]any{"extensions": persistedQuery(sha(adHocText))}))
	if !strings.HasPrefix(got, "PERSISTED_QUERY_NOT_FOUND") {
		t.Error(got)
	}
}

// Apollo's and urql's clients read an unknown hash from an answer of status 200; FORBIDDEN has that of a validation
// error.
func TestStatusOfUnknownAndForbiddenDocuments(t *testing.T) {
	server := documentServer(t, true, models.ScopeRead)
	for _, c := range []struct {
		accept, body string
		want         int
	}{
		{"application/json", `{"documentId":"Nope"}`, 200},
		{"application/graphql-response+json", `{"documentId":"Nope"}`, 200},
		{"application/json", `{"query":"{ __typename }"}`, 200},
		{"application/graphql-response+json", `{"query":"{ __typename }"}`, 400},
		{"application/json", `{"documentId":""}`, 400},
		{"application/json", `{"documentId":5}`, 400},
	} {
		request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, server.URL, strings.NewReader(c.body))
		if err != nil {
			t.Fatal(err)
		}
		request.Header.Set("Content-Type", "application/json")
		request.Header.Set("Accept", c.accept)
		response, err := http.DefaultClient.Do(request)
		if err != nil {
			t.Fatal(err)
		}
		_ = response.Body.Close()
		if response.StatusCode != c.want {
			t.Errorf("%s with %s: status %d, want %d", c.body, c.accept, response.StatusCode, c.want)
		}
	}
}
