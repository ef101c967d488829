package e2e

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"context"
	"io"
	"net/http"
	"net/url"
	"os"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/coder/websocket"

	"sessiongraph/internal/test/program"
)

// exchange sends a request without a body and returns the answer, its body read.
func exchange(t *testing.T, method, url string, header http.Header) (*http.Response, string) {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), method, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	for name, values := range header {
		request.Header[name] = values
	}
	request.Host = header.Get("Host")
	response, err := http.DefaultTransport.RoundTrip(request)
	if err != nil {
		t.Fatal(err)
	}
	body, err := io.ReadAll(response.Body)
	_ = response.Body.Close()
	if err != nil {
		t.Fatal(err)
	}
	return response, string(body)
}

// A name that resolves to a loopback address does not give a page of another site access to the server.
func TestHosts(t *testing.T) {
	paths := []string{"/", "/query?query={__typename}", "/schema.graphqls", "/ingest", "/healthz", "/readyz",
		"/metrics", "/nothing"}
	for _, test := range []struct {
		name             string
		args             []string
		served, rejected []string
	}{
		{"loopback", []string{"--addr=127.0.0.1:0"}, []string{"localhost", "127.0.0.1:8080", "[::1]:9"},
			[]string{"evil.example", "evil.example:8080", "127.0.0.1.evil.example"}},
		{"loopback with names", []string{"--addr=127.0.0.1:0", "--host=a.example,B.example"},
			[]string{"localhost", "a.example", "b.example:8080"}, []string{"evil.example"}},
		{"all", []string{"--addr=0.0.0.0:0", "--open"}, []string{"localhost", "evil.example"}, nil},
		{"all with names", []string{"--addr=0.0.0.0:0", "--open", "--host=a.example"},
			[]string{"localhost:8080", "a.example"},
			[]string{"evil.example"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			s := program.Serve(t, append([]string{"serve", "--db", newDB(t)}, test.args...)...)
			for _, path := range paths {
				for _, host := range test.served {
					response, body := exchange(t, "GET", s.URL+path, http.Header{"Host": {host}})
					if response.StatusCode == 421 {
						t.Errorf("%s of %s: %s", path, host, body)
					}
				}
				for _, host := range test.rejected {
					response, body := exchange(t, "GET", s.URL+path, http.Header{"Host": {host}})
					if response.StatusCode != 421 || !strings.Contains(body, `"MISDIRECTED_REQUEST"`) {
						t.Errorf("%s of %s: %d %s", path, host, response.StatusCode, body)
					}
				}
			}
			t.Setenv("SESSIONGRAPH_ADDR", strings.TrimPrefix(s.URL, "http://"))
			if ended := program.Run(t, "", "health"); ended.Code != 0 {
				t.Errorf("%+v", ended)
			}
		})
	}
}

func TestCrossOrigin(t *testing.T) {
	const app, foreign = "https://app.example", "https://evil.example"
	closed := startServer(t, newDB(t))
	opened := startServer(t, newDB(t), "--cors-origin="+app+",http://localhost:5173")
	preflight := func(origin string) http.Header {
		return http.Header{"Origin": {origin}, "Access-Control-Request-Method": {"POST"},
			"Access-Control-Request-Headers": {"authorization,content-type"}}
	}
	for _, path := range []string{"/query", "/schema.graphqls"} {
		response, _ := exchange(t, "OPTIONS", opened.URL+path, preflight(app))
		for name, want := range map[string]string{
			"Access-Control-Allow-Origin": app, "Access-Control-Allow-Methods": "POST",
			"Access-Control-Allow-Headers": "authorization,content-type", "Access-Control-Max-Age": "7200",
			"Access-Control-Allow-Credentials": "",
		} {
			if got := response.Header.Get(name); got != want || response.StatusCode != http.StatusNoContent {
				t.Errorf("preflight of %s: %d, %s is %q, want %q", path, response.StatusCode, name, got, want)
			}
		}
	}

	const query = "/query?query={__typename}"
	for _, test := range []struct {
		name         string
		server       *program.Server
		method, path string
		header       http.Header
		allowed      string
	}{
		{"answer", opened, "GET", query, http.Header{"Origin": {app}}, app},
		{"answer to another origin", opened, "GET", query, http.Header{"Origin": {"http://localhost:5173"}},
			"http://localhost:5173"},
		{"schema", opened, "GET", "/schema.graphqls", http.Header{"Origin": {app}}, app},
		{"foreign answer", opened, "GET", query, http.Header{"Origin": {foreign}}, ""},
		{"foreign preflight", opened, "OPTIONS", "/query", preflight(foreign), ""},
		{"preflight of a longer origin", opened, "OPTIONS", "/query", preflight(app + ".evil.example"), ""},
		{"preflight of no origin", opened, "OPTIONS", "/query", preflight("null"), ""},
		{"preflight of ingest", opened, "OPTIONS", "/ingest", preflight(app), ""},
		{"metrics", opened, "GET", "/metrics", http.Header{"Origin": {app}}, ""},
		{"no origins: preflight", closed, "OPTIONS", "/query", preflight(app), ""},
		{"no origins: answer", closed, "GET", query, http.Header{"Origin": {app}}, ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			response, _ := exchange(t, test.method, test.server.URL+test.path, test.header)
			if got := response.Header.Get("Access-Control-Allow-Origin"); got != test.allowed {
				t.Errorf("allowed origin %q, want %q", got, test.allowed)
			}
		})
	}

	for _, test := range []struct {
		name   string
		server *program.Server
		origin string
		want   int
	}{
		{"own page", closed, closed.URL, http.StatusSwitchingProtocols},
		{"no page", closed, "", http.StatusSwitchingProtocols},
		{"foreign page", closed, foreign, http.StatusForbidden},
		{"configured page", opened, app, http.StatusSwitchingProtocols},
		{"page beside the configured ones", opened, foreign, http.StatusForbidden},
		{"page of another port", opened, "http://127.0.0.1:1", http.StatusForbidden},
		{"sandboxed page", opened, "null", http.StatusForbidden},
	} {
		t.Run("WebSocket of "+test.name, func(t *testing.T) {
			header := http.Header{"Origin": {test.origin}}
			if test.origin == "" {
				header = nil
			}
			connection, response, err := websocket.Dial(t.Context(), test.server.URL+"/query", &websocket.DialOptions{
				HTTPHeader: header, Subprotocols: []string{"graphql-transport-ws"},
			})
			if err == nil {
				_ = connection.CloseNow()
			}
			if response == nil || response.StatusCode != test.want {
				t.Errorf("%v, %v", response, err)
			}
		})
	}
}

func TestIngestKeys(t *testing.T) {
	const first, second, secret = "first-key-0123456789", "second_key.0123456789~", "signing secret"
	t.Setenv("SESSIONGRAPH_INGEST_KEYS", first+","+second)
	keyed := startServer(t, newDB(t), "--log-level=debug")
	both := startServer(t, newDB(t), "--log-level=debug", "--sign-secret="+secret)
	if err := os.Unsetenv("SESSIONGRAPH_INGEST_KEYS"); err != nil { // until the end of the test
		t.Fatal(err)
	}
	open := startServer(t, newDB(t))

	body := readFile(t, program.Example)
	signed := program.Run(t, "", "sign", "--sign-secret="+secret, program.Example)
	sign := strings.TrimSpace(signed.Out)
	for _, test := range []struct {
		server       *program.Server
		method, path string
		sign         string
		want         int
	}{
		{keyed, "POST", "/ingest/" + first, "", 200},
		{keyed, "POST", "/ingest/" + second, "", 200},
		{keyed, "POST", "/ingest", "", 401},
		{keyed, "POST", "/ingest/", "", 401},
		{keyed, "POST", "/ingest/WRONG", "", 401},
		{keyed, "POST", "/ingest/" + first + "x", "", 401},
		{keyed, "POST", "/ingest/" + first + "/" + second, "", 401},
		{keyed, "GET", "/ingest/" + first, "", 405},
		{both, "POST", "/ingest/" + first, sign, 200},
		{both, "POST", "/ingest/" + first, "", 401},
		{both, "POST", "/ingest", sign, 401},
		{both, "POST", "/ingest/WRONG", sign, 401},
		{open, "POST", "/ingest", "", 200},
		{open, "POST", "/ingest/" + first, "", 404},
	} {
		request, err := http.NewRequestWithContext(t.Context(), test.method, test.server.URL+test.path,
			bytes.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		request.Header.Set("Content-Type", "application/json")
		if test.sign != "" {
			request.Header.Set("X-AIRudder-Sign", test.sign)
		}
		response, err := http.DefaultClient.Do(request)
		if err != nil {
			t.Fatal(err)
		}
		answer, _ := io.ReadAll(response.Body)
		_ = response.Body.Close()
		if response.StatusCode != test.want {
			t.Errorf("%s %s with signature %q: %d %s", test.method, test.path, test.sign, response.StatusCode, answer)
		}
		if test.want == 401 && !regexp.MustCompile(`^\{"error":\{"code":"[A-Z_]+","message":".+"\}\}$`).Match(answer) {
			t.Errorf("%s", answer)
		}
		if strings.Contains(string(answer), "-key-") {
			t.Errorf("the answer has a key: %s", answer)
		}
	}

	for _, s := range []*program.Server{keyed, both} {
		for name, text := range map[string]string{"log": s.Log.String(), "metrics": metrics(t, s)} {
			if strings.Contains(text, first) || strings.Contains(text, second) || strings.Contains(text, "WRONG") {
				t.Errorf("a key is in the %s:\n%s", name, text)
			}
		}
	}
	ended := program.Run(t, "", "simulate", "--count=1", "--to", keyed.URL+"/ingest/WRONG-key-0123456789")
	if ended.Code != 1 || strings.Contains(ended.Err, "WRONG") || !strings.Contains(ended.Err, "401 Unauthorized: ") {
		t.Errorf("%+v", ended)
	}
	if ended := program.Run(t, "", "simulate", "--count=1", "--to", keyed.URL+"/ingest/"+first); ended.Code != 0 {
		t.Errorf("%+v", ended)
	}
}

// Answers are compressed for clients that accept it, but never streams and never short answers.
func TestCompression(t *testing.T) {
	s := startServer(t, newDB(t), "--cors-origin=https://app.example")
	mustPost(t, s, simulated(50)...)
	page := "/query?query=" + url.QueryEscape("{ sessions(first: 50) { nodes { callId messages { text } } } }")
	encodings := http.Header{"Accept-Encoding": {"gzip"}}
	for _, test := range []struct {
		path     string
		header   http.Header
		encoding string
	}{
		{page, encodings, "gzip"},
		{page, http.Header{"Accept-Encoding": {"gzip, deflate, br, zstd"}}, "zstd"},
		{page, http.Header{"Accept-Encoding": {"identity"}}, ""},
		{page, http.Header{"Accept-Encoding": {"gzip;q=0"}}, ""},
		{page, http.Header{"Accept-Encoding": {"gzip"}, "Accept": {"application/graphql-response+json"}}, "gzip"},
		{"/query?query={__typename}", encodings, ""},
		{"/schema.graphqls", encodings, "gzip"},
		{"/metrics", encodings, "gzip"},
	} {
		response, _ := exchange(t, "GET", s.URL+test.path, test.header)
		if got := response.Header.Get("Content-Encoding"); got != test.encoding || response.StatusCode != 200 {
			t.Errorf("%s, %v: %d, %q", test.path, test.header, response.StatusCode, got)
		}
		vary := strings.Join(response.Header.Values("Vary"), ", ")
		if test.path != "/metrics" && !strings.Contains(vary, "Accept-Encoding") {
			t.Errorf("%s: Vary %q", test.path, vary)
		}
	}

	_, plain := exchange(t, "GET", s.URL+page, http.Header{"Accept-Encoding": {"identity"}})
	post, err := http.NewRequestWithContext(t.Context(), "POST", s.URL+"/query", strings.NewReader(
		`{"query": "{ sessions(first: 50) { nodes { callId messages { text } } } }"}`))
	if err != nil {
		t.Fatal(err)
	}
	post.Header = http.Header{"Content-Type": {"application/json"}, "Accept-Encoding": {"gzip"},
		"Origin": {"https://app.example"}}
	compressed, err := http.DefaultTransport.RoundTrip(post)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = compressed.Body.Close() }()
	decoder, err := gzip.NewReader(compressed.Body)
	if err != nil {
		t.Fatal(err)
	}
	if decoded, err := io.ReadAll(decoder); err != nil || string(decoded) != plain {
		t.Errorf("%v: compressed, the answer differs", err)
	}
	vary := strings.Join(compressed.Header.Values("Vary"), ", ")
	if got := compressed.Header.Get("Access-Control-Allow-Origin"); got != "https://app.example" ||
		!strings.Contains(vary, "Origin") || !strings.Contains(vary, "Accept-Encoding") {
		t.Errorf("allowed origin %q, Vary %q", got, vary)
	}

	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, "GET",
		s.URL+"/query?query="+url.QueryEscape("subscription { sessionStored { session { callId } } }"), nil)
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("Accept-Encoding", "gzip, zstd")
	request.Header.Set("Accept", "text/event-stream")
	response, err := http.DefaultTransport.RoundTrip(request)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = response.Body.Close() }()
	if encoding := response.Header.Get("Content-Encoding"); encoding != "" {
		t.Errorf("a stream is encoded as %s", encoding)
	}
	lines := bufio.NewReader(response.Body)
	if first, err := lines.ReadString('\n'); first != ":\n" {
		t.Errorf("the stream begins with %q, %v", first, err)
	}
	mustPost(t, s, readFile(t, program.Example))
	for line := ""; !strings.HasPrefix(line, "data: "); {
		if line, err = lines.ReadString('\n'); err != nil {
			t.Fatalf("no event: %v", err)
		}
	}
}
