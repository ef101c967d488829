package e2e

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/coder/websocket"

	"sessiongraph/internal/test/program"
	"sessiongraph/internal/test/testdb"
	"sessiongraph/internal/test/tools"
)

// The tokens of tests.
const (
	tokenOfRead    = "token-that-reads-1"
	tokenOfPII     = "token-that-sees-all"
	tokenOfAdmin   = "token-of-an-admin"
	tokenOfMetrics = "token-of-prometheus"
	tokenOfAdHoc   = "token-of-an-assistant"
	unknownToken   = "token-that-nobody-has"
)

const tokenLines = tokenOfRead + " read # reader\n" + tokenOfPII + " pii # seer\n" +
	tokenOfAdmin + " admin # admin\n" + tokenOfMetrics + " metrics # prometheus\n" + tokenOfAdHoc + " adhoc # adhoc\n"

// writeTokens writes a tokens file.
func writeTokens(t *testing.T, file, lines string) {
	t.Helper()
	if err := os.WriteFile(file, []byte(lines), 0o600); err != nil {
		t.Fatal(err)
	}
}

// startWithTokens starts a server with tokenLines, and returns their file.
func startWithTokens(t *testing.T, db string, settings ...string) (s *program.Server, file string) {
	t.Helper()
	tools.NoGoroutineLeft(t)
	file = filepath.Join(t.TempDir(), "tokens")
	writeTokens(t, file, tokenLines)
	s = startServer(t, db, append([]string{"--tokens", file}, settings...)...)
	t.Cleanup(func() {
		for line := range strings.Lines(tokenLines) {
			if token, _, _ := strings.Cut(line, " "); strings.Contains(s.Log.String(), token) {
				t.Errorf("the log has the token %q:\n%s", token, s.Log.String())
			}
		}
	})
	return s, file
}

// httpAnswer is an answer over HTTP.
type httpAnswer struct {
	status int
	header http.Header
	body   string
}

func do(t *testing.T, request *http.Request) httpAnswer {
	t.Helper()
	response, err := http.DefaultTransport.RoundTrip(request)
	if err != nil {
		t.Fatal(err)
	}
	body, err := io.ReadAll(response.Body)
	if err = errors.Join(err, response.Body.Close()); err != nil {
		t.Fatal(err)
	}
	return httpAnswer{response.StatusCode, response.Header, string(body)}
}

// code is the code of the one error of a GraphQL answer, "" for none.
func (a httpAnswer) code(t *testing.T) string {
	t.Helper()
	var answer struct {
		Data   any
		Errors []struct{ Extensions struct{ Code string } }
	}
	if err := json.Unmarshal([]byte(a.body), &answer); err != nil {
		t.Fatalf("%v: %s", err, a.body)
	}
	if len(answer.Errors) == 0 {
		return ""
	}
	if len(answer.Errors) > 1 || answer.Data != nil {
		t.Errorf("data beside an error, or several: %s", a.body)
	}
	return answer.Errors[0].Extensions.Code
}

const countSessions = `{"query":"query Count { sessions { totalCount } }"}`

func TestTokensOverHTTP(t *testing.T) {
	testdb.Each(t, func(t *testing.T, kind testdb.Kind) {
		s, _ := startWithTokens(t, kind.Fresh(t))
		mustPost(t, s, simulated(2)...)
		const specified = "application/graphql-response+json"
		for _, test := range []struct {
			name, token, accept string
			status              int
			code, says          string
		}{
			{"no token", "", "", 401, "UNAUTHENTICATED", "Bearer TOKEN"},
			{"no token, the specification's type", "", specified, 401, "UNAUTHENTICATED", ""},
			{"no token, events", "", "text/event-stream", 401, "UNAUTHENTICATED", ""},
			{"an unknown token", unknownToken, "", 401, "UNAUTHENTICATED", "unknown"},
			{"read", tokenOfRead, "", 200, "", `"totalCount":2`},
			{"pii", tokenOfPII, "", 200, "", `"totalCount":2`},
			{"admin", tokenOfAdmin, "", 200, "", `"totalCount":2`},
			{"metrics", tokenOfMetrics, "", 200, "FORBIDDEN", "READ"},
			{"metrics, the specification's type", tokenOfMetrics, specified, 400, "FORBIDDEN", "READ"},
			{"ad hoc alone", tokenOfAdHoc, "", 200, "FORBIDDEN", "READ"},
		} {
			request := s.As(test.token).Request(t, http.MethodPost, "/query", strings.NewReader(countSessions))
			request.Header.Set("Accept", test.accept)
			got := do(t, request)
			if got.status != test.status || got.code(t) != test.code || !strings.Contains(got.body, test.says) ||
				(got.header.Get("WWW-Authenticate") == "Bearer") != (test.status == 401) {
				t.Errorf("%s: %+v", test.name, got)
			}
		}
		for _, introspection := range []string{`{"query":"{ __schema { queryType { name } } }"}`,
			`{"query":"{ viewer { name } }"}`, `{"query":"{ __typename }"}`} {
			got := do(t, s.As(tokenOfMetrics).Request(t, http.MethodPost, "/query", strings.NewReader(introspection)))
			if got.code(t) != "FORBIDDEN" {
				t.Errorf("%s: %+v", introspection, got)
			}
		}
		twice := s.As(tokenOfRead).Request(t, http.MethodPost, "/query", strings.NewReader(countSessions))
		twice.Header.Add("Authorization", "Bearer "+tokenOfAdmin)
		if got := do(t, twice); got.status != http.StatusUnauthorized {
			t.Errorf("two tokens: %+v", got)
		}

		viewer := s.As(tokenOfPII).Query(t, "{ viewer { name scopes workflowIds robotIds channels } }", nil)
		const want = `{"viewer":{"channels":[],"name":"seer","robotIds":[],"scopes":["READ","PII"],"workflowIds":[]}}`
		if text, err := json.Marshal(viewer); err != nil || string(text) != want {
			t.Errorf("%s, want %s", text, want)
		}
	})
}

// What has no data stays open, and /metrics takes scopes of its own.
func TestRoutesOfAServerWithTokens(t *testing.T) {
	s, _ := startWithTokens(t, newDB(t))
	for _, test := range []struct {
		path, token string
		status      int
	}{
		{"/", "", 200}, {"/schema.graphqls", "", 200}, {"/healthz", "", 200}, {"/readyz", "", 200},
		{"/metrics", "", 401}, {"/metrics", unknownToken, 401}, {"/metrics", tokenOfRead, 403},
		{"/metrics", tokenOfPII, 403}, {"/metrics", tokenOfMetrics, 200}, {"/metrics", tokenOfAdmin, 200},
		{"/query?query={__typename}", "", 401}, {"/query?query={__typename}", tokenOfRead, 200},
	} {
		got := do(t, s.As(test.token).Request(t, http.MethodGet, test.path, nil))
		if got.status != test.status || (got.header.Get("WWW-Authenticate") == "Bearer") != (test.status == 401) {
			t.Errorf("%s with %q: %d %.200s, want %d", test.path, test.token, got.status, got.body, test.status)
		}
	}
	got := do(t, s.As(tokenOfRead).Request(t, http.MethodGet, "/metrics", nil))
	if !strings.Contains(got.body, "METRICS") {
		t.Errorf("the scope is not named: %s", got.body)
	}
	got = do(t, s.As(tokenOfMetrics).Request(t, http.MethodGet, "/metrics", nil))
	for _, line := range []string{`sessiongraph_api_requests_total{kind="token",token="reader"} 3`,
		`sessiongraph_api_requests_total{kind="unknown",token=""} 1`} {
		if !strings.Contains(got.body, line) {
			t.Errorf("%s is not among the metrics", line)
		}
	}
	if !strings.Contains(s.Log.String(), `unprotected="notifications need no signature"`) {
		t.Errorf("the start line: %s", s.Log.String())
	}
}

// On an address that is not loopback everything has to be protected, or --open to be given.
func TestAddressForAll(t *testing.T) {
	t.Chdir(t.TempDir())
	writeTokens(t, "tokens", tokenLines)
	all := []string{"serve", "--addr", "0.0.0.0:0"}
	for _, test := range []struct {
		name  string
		args  []string
		lacks []string // none for a start
	}{
		{"nothing", nil, []string{"queries need no token", "--tokens", "--jwks", "notifications need no signature",
			"--sign-secret"}},
		{"tokens alone", []string{"--tokens=tokens"}, []string{"notifications need no signature"}},
		{"a secret alone", []string{"--sign-secret=s"}, []string{"queries need no token"}},
		{"signatures observed", []string{"--tokens=tokens", "--sign-secret=s", "--sign-mode=observe"},
			[]string{"notifications need no signature"}},
		{"signatures without the secret", []string{"--tokens=tokens", "--sign-secret=s", "--sign-scheme=md5-body-hex"},
			[]string{"notifications are signed without a secret"}},
		{"tokens and a secret", []string{"--tokens=tokens", "--sign-secret=s"}, nil},
		{"tokens and a key", []string{"--tokens=tokens", "--ingest-key=key-of-16-letters"}, nil},
	} {
		t.Run(test.name, func(t *testing.T) {
			if test.lacks == nil {
				s := program.Serve(t, append(all, test.args...)...)
				if !strings.Contains(s.Log.String(), `unprotected=nothing`) {
					t.Error(s.Log.String())
				}
				return
			}
			ended := program.Run(t, "", append(all, test.args...)...)
			for _, word := range append(test.lacks, "--open", "0.0.0.0:0") {
				if ended.Code != 2 || !strings.Contains(ended.Err, word) {
					t.Errorf("%q is not in %+v", word, ended)
				}
			}
			if test.lacks[0] != "queries need no token" && strings.Contains(ended.Err, "queries need no token") {
				t.Errorf("%+v", ended)
			}
		})
	}
}

// connect opens a WebSocket, with a header where a token is given.
func connect(t *testing.T, s *program.Server, token string) *websocket.Conn {
	t.Helper()
	header := http.Header{}
	if token != "" {
		header.Set("Authorization", "Bearer "+token)
	}
	connection, _, err := websocket.Dial(t.Context(), s.URL+"/query",
		&websocket.DialOptions{Subprotocols: []string{"graphql-transport-ws"}, HTTPHeader: header})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = connection.CloseNow() })
	return connection
}

// say writes messages, and listen reads one; the code of a close is negative.
func say(t *testing.T, connection *websocket.Conn, messages ...string) {
	t.Helper()
	for _, message := range messages {
		if err := connection.Write(t.Context(), websocket.MessageText, []byte(message)); err != nil {
			t.Fatal(err)
		}
	}
}

func listen(t *testing.T, connection *websocket.Conn) (message string, closed websocket.StatusCode) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	_, data, err := connection.Read(ctx)
	if err != nil && websocket.CloseStatus(err) < 0 {
		t.Fatal(err)
	}
	return string(data), websocket.CloseStatus(err)
}

const (
	initNothing   = `{"type":"connection_init"}`
	subscribeCall = `{"id":"1","type":"subscribe",` +
		`"payload":{"query":"subscription Stored { sessionStored { session { callId } } }"}}`
)

func initWith(token string) string {
	return `{"type":"connection_init","payload":{"Authorization":"Bearer ` + token + `"}}`
}

func TestTokensOverWebSocket(t *testing.T) {
	s, _ := startWithTokens(t, newDB(t))
	for _, test := range []struct {
		name, header, init string
		closed             websocket.StatusCode // -1 for none
	}{
		{"no token", "", initNothing, 4401},
		{"an unknown token", "", initWith(unknownToken), 4401},
		{"an unknown header", unknownToken, initNothing, 4401},
		{"a token that is a number", "", `{"type":"connection_init","payload":{"Authorization":5}}`, 4401},
		{"a token of a megabyte", "", initWith(strings.Repeat("x", 1<<20)), websocket.StatusMessageTooBig},
		{"nothing", "", subscribeCall, 4401},
		{"by init", "", initWith(tokenOfRead), -1},
		{"by header", tokenOfRead, initNothing, -1},
		{"by init beside an unknown header", unknownToken, initWith(tokenOfRead), -1},
		{"an unknown one by init beside a header", tokenOfRead, initWith(unknownToken), 4401},
	} {
		t.Run(test.name, func(t *testing.T) {
			connection := connect(t, s, test.header)
			_ = connection.Write(t.Context(), websocket.MessageText, []byte(test.init))
			if message, closed := listen(t, connection); closed != test.closed ||
				(closed < 0 && !strings.Contains(message, "connection_ack")) {
				t.Errorf("%q, closed by %d, want %d", message, closed, test.closed)
			}
		})
	}

	lacking := connect(t, s, "")
	say(t, lacking, initWith(tokenOfMetrics), subscribeCall)
	listen(t, lacking)
	message, _ := listen(t, lacking)
	if !strings.Contains(message, `"FORBIDDEN"`) || !strings.Contains(message, "READ") {
		t.Errorf("without the scope: %s", message)
	}
}

// Streams end when their token leaves the file, and no others do.
func TestStreamsEndWithTheirToken(t *testing.T) {
	testdb.Each(t, func(t *testing.T, kind testdb.Kind) {
		s, file := startWithTokens(t, kind.Fresh(t))
		socket, staying := connect(t, s, ""), connect(t, s, tokenOfPII)
		say(t, socket, initWith(tokenOfRead), subscribeCall)
		say(t, staying, initNothing, subscribeCall)
		for _, connection := range []*websocket.Conn{socket, staying} {
			if message, _ := listen(t, connection); !strings.Contains(message, "connection_ack") {
				t.Fatal(message)
			}
		}
		request := s.As(tokenOfRead).Request(t, http.MethodPost, "/query",
			strings.NewReader(`{"query":"subscription { sessionStored { session { callId } } }"}`))
		request.Header.Set("Accept", "text/event-stream")
		events, err := http.DefaultTransport.RoundTrip(request)
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = events.Body.Close() }()
		lines := bufio.NewReader(events.Body)
		if first, err := lines.ReadString('\n'); err != nil || first != ":\n" {
			t.Fatalf("%q, %v", first, err)
		}

		began := time.Now()
		writeTokens(t, file, strings.Replace(tokenLines, tokenOfRead, "token-of-another-1", 1))
		if message, closed := listen(t, socket); closed != 4403 {
			t.Errorf("%q, closed by %d, want 4403", message, closed)
		}
		rest, err := io.ReadAll(lines)
		if err != nil || !regexp.MustCompile(`(?s)"code":"UNAUTHENTICATED".*event: complete`).Match(rest) {
			t.Errorf("%v: %s", err, rest)
		}
		if took := time.Since(began); took > 5*time.Second {
			t.Errorf("the streams ended after %v", took)
		}
		removed := s.As(tokenOfRead).Request(t, http.MethodPost, "/query", strings.NewReader(countSessions))
		if got := do(t, removed); got.status != http.StatusUnauthorized {
			t.Errorf("the removed token: %+v", got)
		}
		mustPost(t, s, simulated(1)...)
		if message, closed := listen(t, staying); !strings.Contains(message, "callId") {
			t.Errorf("the stream of another token: %q, closed by %d", message, closed)
		}
	})
}

// A token that the command prints works with the line that it prints.
func TestTokenCommand(t *testing.T) {
	ended := program.Run(t, "", "token", "--scope", "pii,metrics", "--name", "Ana")
	token, line, _ := strings.Cut(strings.TrimSpace(ended.Out), "\n")
	if ended.Code != 0 || !strings.HasPrefix(line, "sha256:") || !strings.HasSuffix(line, " pii,metrics # Ana") {
		t.Fatalf("%+v", ended)
	}
	file := filepath.Join(t.TempDir(), "tokens")
	writeTokens(t, file, line)
	s := startServer(t, newDB(t), "--tokens", file)
	viewer := s.As(token).Query(t, "{ viewer { name } }", nil)
	if text, _ := json.Marshal(viewer); string(text) != `{"viewer":{"name":"Ana"}}` {
		t.Errorf("%s", text)
	}
}

// A bad tokens file at the start is refused by its line, without a token.
func TestBadTokensFile(t *testing.T) {
	file := filepath.Join(t.TempDir(), "tokens")
	writeTokens(t, file, "# tokens\n"+tokenOfRead+" read\n"+tokenOfPII+" everything\n")
	ended := program.Run(t, "", "serve", "--addr", "127.0.0.1:0", "--db", newDB(t), "--tokens", file)
	if ended.Code != 1 || !strings.Contains(ended.Err, file+": line 3: unknown scope") ||
		strings.Contains(ended.Err, "token-that") || strings.Count(ended.Err, "\n") != 1 {
		t.Errorf("%+v", ended)
	}
}
