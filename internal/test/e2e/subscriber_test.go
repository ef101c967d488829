package e2e

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"sessiongraph/internal/test/program"
)

// subscriber is what a subscription saw.
type subscriber struct {
	mu       sync.Mutex
	callIDs  map[string]int
	problems []string
	ended    bool
}

// subscribe returns once it saw an event, for which post gives it occasion.
func subscribe(t *testing.T, s *program.Server, post func(callID string)) *subscriber {
	t.Helper()
	query := `{"query":"subscription { sessionStored { session { callId messageCount messages { text } } } }"}`
	request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, s.URL+"/query",
		bytes.NewReader([]byte(query)))
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("Content-Type", "application/json")
	request.Header.Set("Accept", "text/event-stream")
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	if response.StatusCode != http.StatusOK {
		t.Fatalf("subscribing answered %d", response.StatusCode)
	}
	seen := &subscriber{callIDs: map[string]int{}}
	go func() {
		defer func() { _ = response.Body.Close() }()
		lines := bufio.NewScanner(response.Body)
		lines.Buffer(nil, 1<<20)
		for lines.Scan() {
			if data, ok := strings.CutPrefix(lines.Text(), "data:"); ok && strings.TrimSpace(data) != "" {
				seen.event(data)
			}
		}
		seen.mu.Lock()
		defer seen.mu.Unlock()
		seen.ended = true
	}()
	for n := 0; seen.count() == 0 && n < 200; n++ { // until it has begun
		post(fmt.Sprint("early-", n))
		time.Sleep(50 * time.Millisecond)
	}
	return seen
}

func (s *subscriber) event(data string) {
	var event struct {
		Data struct {
			SessionStored struct {
				Session struct {
					CallID       string
					MessageCount int
					Messages     []any
				}
			}
		}
		Errors []any
	}
	err := json.Unmarshal([]byte(data), &event)
	s.mu.Lock()
	defer s.mu.Unlock()
	session := event.Data.SessionStored.Session
	if err != nil || event.Errors != nil || len(session.Messages) != session.MessageCount {
		s.problems = append(s.problems, fmt.Sprintf("%.300s", data))
	}
	s.callIDs[session.CallID]++
}

func (s *subscriber) has(callID string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.callIDs[callID] > 0
}

func (s *subscriber) state() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return fmt.Sprintf("%d sessions, ended: %t, problems: %q", len(s.callIDs), s.ended, s.problems)
}

func (s *subscriber) count() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.callIDs)
}

func (s *subscriber) check(t *testing.T) {
	t.Helper()
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, problem := range s.problems {
		t.Errorf("an event is %s", problem)
	}
	for callID, times := range s.callIDs {
		if times > 1 {
			t.Errorf("session %s was told of %d times", callID, times)
		}
	}
}
