package e2e

import (
	"io"
	"net"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"testing"

	"sessiongraph/internal/test/program"
)

func TestRoutes(t *testing.T) {
	s := startServer(t, newDB(t))
	page := regexp.MustCompile(`(?i)^<!doctype html>`)
	for _, test := range []struct {
		method, path string
		status       int
		contentType  string
		body         *regexp.Regexp
		header       http.Header
	}{
		{"GET", "/healthz", 200, "text/plain; charset=utf-8", regexp.MustCompile(`^ok\nsessiongraph .*\n$`), nil},
		{"GET", "/readyz", 200, "text/plain; charset=utf-8", regexp.MustCompile(`^ok\n$`), nil},
		{"GET", "/metrics", 200, "text/plain; version=0.0.4; charset=utf-8; escaping=underscores",
			regexp.MustCompile(`(?m)^sessiongraph_`), nil},
		{"GET", "/schema.graphqls", 200, "text/plain; charset=utf-8",
			regexp.MustCompile("^" + regexp.QuoteMeta(program.Schema(t)) + "$"), nil},
		{"GET", "/library", 200, "application/json; charset=utf-8", regexp.MustCompile(
			`^\{"operations":\[\{"id":"SessionsByDayAndIntention","name":"SessionsByDayAndIntention","title":"How`),
			http.Header{"Cache-Control": {"private, no-cache"}}},
		{"HEAD", "/library", 200, "application/json; charset=utf-8", regexp.MustCompile(`^$`), nil},
		{"POST", "/library", 405, "text/plain; charset=utf-8", nil, http.Header{"Allow": {"GET, HEAD"}}},
		{"GET", "/", 200, "text/html; charset=utf-8", page, http.Header{"X-Content-Type-Options": {"nosniff"}}},
		{"HEAD", "/", 200, "text/html; charset=utf-8", regexp.MustCompile(`^$`), nil},
		{"POST", "/", 405, "text/plain; charset=utf-8", nil, http.Header{"Allow": {"GET, HEAD"}}},
		{"POST", "/healthz", 405, "text/plain; charset=utf-8", nil, http.Header{"Allow": {"GET, HEAD"}}},
		{"GET", "/ingest", 405, "application/json", regexp.MustCompile(`"METHOD_NOT_ALLOWED"`),
			http.Header{"Allow": {"POST"}}},
		{"PUT", "/query", 405, "application/json; charset=utf-8", regexp.MustCompile(`"BAD_REQUEST"`),
			http.Header{"Allow": {"GET, POST"}}},
		{"GET", "/query?query={__typename}", 200, "application/json; charset=utf-8",
			regexp.MustCompile(`^\{"data":\{"__typename":"Query"\}\}$`), nil},
		{"GET", "/nothing", 404, "application/json", regexp.MustCompile(`"NOT_FOUND".*/ingest`), nil},
		{"POST", "/ingest/", 404, "application/json",
			regexp.MustCompile(`"NOT_FOUND".*notifications are posted to /ingest,`), nil},
		{"POST", "/webhook", 404, "application/json", regexp.MustCompile(`notifications are posted to /ingest,`), nil},
		{"POST", "/Ingest", 404, "application/json", regexp.MustCompile(`notifications are posted to /ingest,`), nil},
		{"GET", "/assets/nothing.js", 404, "application/json", nil, nil},
		{"GET", "/assets/", 404, "application/json", nil, nil}, // no list of files
		{"GET", "/..%2fserver.go", 404, "application/json", nil, nil},
	} {
		t.Run(test.method+" "+test.path, func(t *testing.T) {
			request, err := http.NewRequest(test.method, s.URL, nil)
			if err != nil {
				t.Fatal(err)
			}
			path, query, _ := strings.Cut(test.path, "?")
			request.URL.Opaque, request.URL.RawQuery = path, query
			response, err := http.DefaultTransport.RoundTrip(request)
			if err != nil {
				t.Fatal(err)
			}
			body, err := io.ReadAll(response.Body)
			if err != nil {
				t.Fatal(err)
			}
			_ = response.Body.Close()
			if response.StatusCode != test.status || response.Header.Get("Content-Type") != test.contentType {
				t.Errorf("status %d, content type %q; want %d, %q", response.StatusCode,
					response.Header.Get("Content-Type"), test.status, test.contentType)
			}
			if test.body != nil && !test.body.Match(body) {
				t.Errorf("body %.300q", body)
			}
			if got := response.Header.Get("X-Content-Type-Options"); got != "nosniff" {
				t.Errorf("X-Content-Type-Options: %q", got)
			}
			kept := response.Header.Get("Cache-Control")
			if test.status != 200 && strings.Contains(kept, "immutable") {
				t.Errorf("a refusal is kept: %s", kept)
			}
			for name, value := range test.header {
				if !slices.Equal(response.Header[name], value) {
					t.Errorf("%s: %q, want %q", name, response.Header[name], value)
				}
			}
		})
	}
}

// health asks the server itself, whatever it listens on.
func TestHealth(t *testing.T) {
	for _, listen := range []string{"127.0.0.1", "0.0.0.0", "[::]", ""} {
		t.Run(listen, func(t *testing.T) {
			s := program.Serve(t, "serve", "--open", "--addr", listen+":0", "--db", newDB(t))
			port := s.URL[strings.LastIndex(s.URL, ":")+1:]
			if response, err := http.Get(s.URL + "/healthz"); err != nil || response.StatusCode != http.StatusOK {
				t.Errorf("the start line's %s cannot be opened: %v", s.URL, err)
			}
			t.Setenv("SESSIONGRAPH_ADDR", listen+":"+port)
			if ended := program.Run(t, "", "health"); ended.Code != 0 || ended.Out != "ready\n" || ended.Err != "" {
				t.Errorf("%+v", ended)
			}
			s.Stop()
			if ended := program.Run(t, "", "health"); ended.Code != 1 || strings.Count(ended.Err, "\n") != 1 {
				t.Errorf("after the stop: %+v", ended)
			}
		})
	}
}

// The length of a request may be said twice, by two headers that differ: what follows
// it on its connection is not read.
func TestAmbiguousLengthEndsTheConnection(t *testing.T) {
	s := startServer(t, newDB(t))
	connection, err := net.Dial("tcp", strings.TrimPrefix(s.URL, "http://"))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = connection.Close() }()
	_, _ = io.WriteString(connection, "POST /ingest HTTP/1.1\r\nHost: localhost\r\nContent-Length: 4\r\n"+
		"Transfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\nGET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n")
	all, err := io.ReadAll(connection)
	if err != nil || strings.Count(string(all), "HTTP/1.1 ") != 1 ||
		!strings.Contains(string(all), "Connection: close") {
		t.Errorf("%v\n%s", err, all)
	}
}
