package graph_test

import (
	"bytes"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"sessiongraph/graph"
	"sessiongraph/graph/transport"
	"sessiongraph/internal/test/testdb"
)

// What is not to be compressed leaves compress as the handler wrote it.
func TestCompress(t *testing.T) {
	long := strings.Repeat("a line of an answer\n", 1000)
	text := func(status int, body string) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "application/json")
			w.WriteHeader(status)
			_, _ = io.WriteString(w, body)
		}
	}
	gzip := http.Header{"Accept-Encoding": {"gzip"}}
	for _, test := range []struct {
		name     string
		handler  http.HandlerFunc
		method   string
		header   http.Header
		encoding string
		body     int // bytes, where they are not compressed
	}{
		{"long", text(http.StatusOK, long), "GET", gzip, "gzip", 0},
		{"error", text(http.StatusBadRequest, long), "POST", gzip, "gzip", 0},
		{"short", text(http.StatusOK, "{}"), "GET", gzip, "", 2},
		{"not asked for", text(http.StatusOK, long), "GET", nil, "", len(long)},
		{"refused", text(http.StatusOK, long), "GET",
			http.Header{"Accept-Encoding": {"gzip;q=0, zstd;q=0"}}, "", len(long)},
		{"HEAD", text(http.StatusOK, ""), "HEAD", gzip, "", 0},
		{"not modified", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNotModified) },
			"GET", gzip, "", 0},
		{"stream", text(http.StatusOK, long), "POST",
			http.Header{"Accept-Encoding": {"gzip"}, "Accept": {"text/event-stream"}}, "", len(long)},
		{"WebSocket", text(http.StatusOK, long), "GET",
			http.Header{"Accept-Encoding": {"gzip"}, "Upgrade": {"websocket"}}, "", len(long)},
	} {
		t.Run(test.name, func(t *testing.T) {
			plain, compressed := httptest.NewRecorder(), httptest.NewRecorder()
			request := httptest.NewRequest(test.method, "/query", nil)
			request.Header = test.header
			test.handler(plain, request)
			transport.Compress(test.handler).ServeHTTP(compressed, request)

			encoding := compressed.Header().Get("Content-Encoding")
			if encoding != test.encoding || compressed.Code != plain.Code {
				t.Errorf("status %d, encoding %q, want %d, %q", compressed.Code, encoding, plain.Code, test.encoding)
			}
			if got := compressed.Body.Len(); test.encoding == "" && got != test.body {
				t.Errorf("%d bytes, want %d", got, test.body)
			}
			if got := compressed.Body.Len(); test.encoding != "" && got > len(long)/10 {
				t.Errorf("%d bytes of %d are left", got, len(long))
			}
		})
	}
}

// BenchmarkCompress compares answers of the whole handler with those of one that does not compress.
func BenchmarkCompress(b *testing.B) {
	database := storedSessions(b, testdb.SQLite, 100)
	settings := graph.Settings{MaxPage: 200, MaxComplexity: 1_000_000}
	plain := graph.HandlerOf(b.Context(), database, settings, slog.New(slog.DiscardHandler), false)
	const sessions = `{ sessions(first: 50) { nodes { ` + scalarsOfSession
	for _, question := range []struct{ name, query string }{
		{"short", `{ __typename }`},
		{"page", sessions + ` } } }`},
		{"transcripts", sessions + ` messages { ` + wholeMessage + ` } } } }`},
	} {
		for _, test := range []struct {
			name, accept string
			handler      http.Handler
		}{
			{"without", "", plain},
			{"identity", "", transport.Compress(plain)},
			{"gzip", "gzip", transport.Compress(plain)},
			{"zstd", "gzip, zstd", transport.Compress(plain)},
		} {
			b.Run(question.name+"/"+test.name, func(b *testing.B) {
				body, _ := json.Marshal(map[string]any{"query": question.query})
				request := httptest.NewRequest(http.MethodPost, "/query", nil)
				request.Header.Set("Content-Type", "application/json")
				request.Header.Set("Accept-Encoding", test.accept)
				b.ReportAllocs()
				var sink discardResponse
				for b.Loop() {
					sink = discardResponse{header: http.Header{}}
					request.Body = io.NopCloser(bytes.NewReader(body))
					test.handler.ServeHTTP(&sink, request)
				}
				b.ReportMetric(float64(sink.length), "bytes")
			})
		}
	}
}
