package e2e

import (
	"context"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/coder/websocket"
)

// A request's id is in its answer, whatever the route, in each error of GraphQL, and in the lines of the log.
func TestRequestIDs(t *testing.T) {
	tokens := filepath.Join(t.TempDir(), "tokens")
	if err := os.WriteFile(tokens, []byte("0123456789abcdef pii # reader\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	s := startServer(t, newDB(t), "--tokens="+tokens, "--cors-origin=https://app.example")
	query := func(text string) string { return "/query?query=" + url.QueryEscape(text) }
	bearer := func(id string) http.Header {
		return http.Header{"X-Request-Id": {id}, "Authorization": {"Bearer 0123456789abcdef"}}
	}

	made := map[string]bool{}
	for _, path := range []string{
		"/", "/healthz", "/readyz", "/metrics", "/schema.graphqls", "/nothing", "/ingest", "/query",
	} {
		response, _ := exchange(t, "GET", s.URL+path, http.Header{"X-Request-Id": {"taken-over"}})
		if got := response.Header.Get("X-Request-Id"); got != "taken-over" {
			t.Errorf("%s: request id %q", path, got)
		}
		response, _ = exchange(t, "GET", s.URL+path, http.Header{"X-Request-Id": {"not well-formed"}})
		id := response.Header.Get("X-Request-Id")
		if !regexp.MustCompile(`^[A-Z0-9]{26}$`).MatchString(id) || made[id] {
			t.Errorf("%s: request id %q", path, id)
		}
		made[id] = true
	}

	for id, path := range map[string]string{
		"a-mistake": query("{ nothing }"), "an-argument": query("{ sessions(first: 201) { totalCount } }"),
		"no-query": "/query", "no-document": "/query?documentId=none",
	} {
		for _, accept := range []string{"application/json", "text/event-stream"} {
			header := bearer(id)
			header.Set("Accept", accept)
			if _, body := exchange(t, "GET", s.URL+path, header); !strings.Contains(body, `"requestId":"`+id+`"`) {
				t.Errorf("%s, %s: %s", id, accept, body)
			}
		}
	}
	header := http.Header{"X-Request-Id": {"no-token"}, "Origin": {"https://app.example"}}
	response, body := exchange(t, "GET", s.URL+query("{ __typename }"), header)
	exposed := response.Header.Get("Access-Control-Expose-Headers")
	if !strings.Contains(body, `"requestId":"no-token"`) || !strings.Contains(exposed, "X-Request-Id") {
		t.Errorf("exposed: %s; %s", exposed, body)
	}

	if frame := overWebSocket(t, s.URL, bearer("a-socket"), "{ nothing }"); !strings.Contains(frame, `"error"`) ||
		!strings.Contains(frame, `"requestId":"a-socket"`) {
		t.Error(frame)
	}

	exchange(t, "POST", s.URL+"/ingest", http.Header{"X-Request-Id": {"refused"}, "Content-Type": {"text/plain"}})
	exchange(t, "GET", s.URL+query("{ viewer { name } }"), bearer("audited"))
	for _, line := range []string{
		`msg="notifications refused" .*request_id=refused`, `audit=true .*request_id=audited`,
	} {
		if !regexp.MustCompile(line).MatchString(s.Log.String()) {
			t.Errorf("no line %s in\n%s", line, s.Log.String())
		}
	}
}

// overWebSocket sends an operation and returns the first frame of its answer.
func overWebSocket(t *testing.T, address string, header http.Header, query string) string {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	connection, response, err := websocket.Dial(ctx, address+"/query",
		&websocket.DialOptions{HTTPHeader: header, Subprotocols: []string{"graphql-transport-ws"}})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = connection.CloseNow() }()
	if got, sent := response.Header.Get("X-Request-Id"), header.Get("X-Request-Id"); got != sent {
		t.Errorf("the connection's request id is %q, not %q", got, sent)
	}
	var frame []byte
	for _, message := range []string{
		`{"type": "connection_init"}`, `{"type": "subscribe", "id": "1", "payload": {"query": "` + query + `"}}`,
	} {
		if err := connection.Write(ctx, websocket.MessageText, []byte(message)); err != nil {
			t.Fatal(err)
		}
		if _, frame, err = connection.Read(ctx); err != nil {
			t.Fatal(err)
		}
	}
	return string(frame)
}
