package e2e

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"sessiongraph/internal/test/program"
	"sessiongraph/internal/test/tools"
)

// load posts notifications to servers and asks them queries.
type load struct {
	stop    atomic.Bool
	all     sync.WaitGroup
	mu      sync.Mutex
	posted  map[string]bool // by call_id: those that were acknowledged
	problem string

	count                                  atomic.Int64
	refused, answered, unanswered, current atomic.Int64
}

func (l *load) on(t *testing.T, s *program.Server) {
	example := string(readFile(t, program.Example))
	for range 2 {
		l.all.Go(func() {
			for !l.stop.Load() {
				l.post(s, example, fmt.Sprint("load-", l.count.Add(1)))
			}
		})
	}
	l.all.Go(func() {
		for !l.stop.Load() {
			l.ask(s)
		}
	})
}

func (l *load) fail(format string, args ...any) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.problem == "" {
		l.problem = fmt.Sprintf(format, args...)
	}
}

func (l *load) post(s *program.Server, example, callID string) {
	body := strings.ReplaceAll(example, "a3f5c12ac59xxxxxxxxad71fe6a8ea3e", callID)
	response, err := http.Post(s.URL+"/ingest", "application/json", strings.NewReader(body))
	if err != nil {
		l.fail("post: %v", err)
		return
	}
	_ = response.Body.Close()
	switch response.StatusCode {
	case http.StatusOK:
		l.mu.Lock()
		defer l.mu.Unlock()
		l.posted[callID] = true
		l.current.Add(1)
	case http.StatusServiceUnavailable:
		l.refused.Add(1)
		time.Sleep(20 * time.Millisecond)
	default:
		l.fail("posting answered %d", response.StatusCode)
	}
}

func (l *load) ask(s *program.Server) {
	query := `{"query":"{ sessions(first: 5) { totalCount nodes { callId messageCount messages { text } } } }"}`
	response, err := http.Post(s.URL+"/query", "application/json", strings.NewReader(query))
	if err != nil {
		l.fail("ask: %v", err)
		return
	}
	defer func() { _ = response.Body.Close() }()
	var answer struct {
		Data *struct {
			Sessions struct {
				Nodes []struct {
					MessageCount int
					Messages     []any
				}
			}
		}
		Errors []struct{ Extensions struct{ Code string } }
	}
	if err := json.NewDecoder(response.Body).Decode(&answer); err != nil || response.StatusCode != http.StatusOK &&
		response.StatusCode != http.StatusServiceUnavailable {
		l.fail("asking answered %d, %v", response.StatusCode, err)
		return
	}
	for _, e := range answer.Errors {
		if e.Extensions.Code != "UNAVAILABLE" {
			l.fail("asking answered with code %s", e.Extensions.Code)
		}
	}
	if len(answer.Errors) > 0 || answer.Data == nil {
		l.unanswered.Add(1)
		return
	}
	for _, node := range answer.Data.Sessions.Nodes {
		if len(node.Messages) != node.MessageCount {
			l.fail("a session has %d messages of %d", len(node.Messages), node.MessageCount)
		}
	}
	l.answered.Add(1)
}

// answers waits until queries were answered for a while.
func (l *load) answers(t *testing.T, with string) {
	t.Helper()
	from := l.answered.Load()
	tools.Eventually(t, func() string {
		l.mu.Lock()
		defer l.mu.Unlock()
		if l.problem != "" {
			t.Fatalf("with %s: %s", with, l.problem)
		}
		if l.answered.Load() < from+30 {
			return "with " + with + " queries are not answered"
		}
		return ""
	})
}

// goesOn waits until notifications were stored, too.
func (l *load) goesOn(t *testing.T, with string) {
	t.Helper()
	from := l.current.Load()
	tools.Eventually(t, func() string {
		if l.current.Load() < from+50 {
			return "with " + with + " notifications are not stored"
		}
		return ""
	})
	l.answers(t, with)
}

func (l *load) end(t *testing.T) map[string]bool {
	t.Helper()
	l.stop.Store(true)
	l.all.Wait()
	if l.problem != "" {
		t.Error(l.problem)
	}
	return l.posted
}
