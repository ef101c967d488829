package graph_test

import (
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"runtime"
	"strings"
	"sync"
	"testing"
	"testing/iotest"
	"time"

	"sessiongraph/graph"
	"sessiongraph/internal/test/testdb"
	"sessiongraph/internal/test/tools"
)

// A request that breaks off, or takes too long, is not taken for an empty one.
func TestToolCallsThatBreakOff(t *testing.T) {
	handler := graph.AssistantHandler(openWorld(t, testdb.SQLite.Fresh(t), 0), graph.Settings{}, "",
		slog.New(slog.DiscardHandler))
	request := postOf("")
	request.Body = io.NopCloser(iotest.ErrReader(os.ErrDeadlineExceeded))
	response := httptest.NewRecorder()
	handler.ServeHTTP(response, request)
	if response.Code != http.StatusBadRequest || !strings.Contains(response.Body.String(), `"error"`) {
		t.Errorf("status %d, %s", response.Code, response.Body)
	}
}

// Where as many calls of tools run as may, one more is answered 503, as an operation of /query is.
func TestAdmissionOfToolCalls(t *testing.T) {
	address := testdb.Postgres.Fresh(t)
	database := openWorld(t, address, 5)
	unlock := lockSessions(t, address)
	handler := graph.AssistantHandler(database, graph.Settings{MaxPage: 200, MaxComplexity: 250_000,
		QueryTimeout: time.Minute}, "", slog.New(slog.DiscardHandler))
	call := func() *httptest.ResponseRecorder {
		arguments, err := json.Marshal(map[string]string{"query": `{ sessions(first: 200) { nodes {
			id messages { id text content { ... on Content { type } } } } } }`})
		if err != nil {
			t.Error(err)
		}
		request := postOf(`{"jsonrpc":"2.0","id":7,"method":"tools/call","params":{"name":"query","arguments":` +
			string(arguments) + `}}`)
		response := httptest.NewRecorder()
		handler.ServeHTTP(response, request.WithContext(t.Context()))
		return response
	}
	var held sync.WaitGroup
	for range runtime.GOMAXPROCS(0) {
		held.Go(func() {
			if got := call(); got.Code != http.StatusOK || !strings.Contains(got.Body.String(), "messages") {
				t.Errorf("status %d, %.300s", got.Code, got.Body)
			}
		})
	}
	tools.Eventually(t, func() string {
		if count := waiting(t, address); count < runtime.GOMAXPROCS(0) {
			return "too few statements wait"
		}
		return ""
	})
	got := call()
	var answer struct {
		ID    int
		Error struct{ Message string }
	}
	if err := json.Unmarshal(got.Body.Bytes(), &answer); err != nil {
		t.Errorf("%v: %s", err, got.Body)
	}
	if got.Code != http.StatusServiceUnavailable || got.Header().Get("Retry-After") == "" || answer.ID != 7 ||
		!strings.HasPrefix(answer.Error.Message, "UNAVAILABLE: ") {
		t.Errorf("status %d, Retry-After %q, %s", got.Code, got.Header().Get("Retry-After"), got.Body)
	}
	unlock()
	held.Wait()
}
