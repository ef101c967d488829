package e2e

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"regexp"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"sessiongraph/internal/test/program"
	"sessiongraph/internal/test/testdb"
	"sessiongraph/internal/test/tools"
)

// Two instances on a primary with a replica, both of which go away and come back
// under load: nothing that was acknowledged is lost, subscribers see it all, and
// queries go on as long as one of the two databases lives.
func TestInstancesReplicaAndRestarts(t *testing.T) {
	if testing.Short() {
		t.Skip("takes half a minute")
	}
	primary, err := testdb.StartCluster(nil)
	if err != nil {
		tools.Missing(t, "POSTGRESQL CANNOT BE STARTED, REPLICAS ARE NOT TESTED: "+err.Error())
	}
	t.Cleanup(primary.Remove)
	primary.Execute(t, "CREATE DATABASE deployed")
	replica, err := testdb.StartReplica(primary)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(replica.Remove)

	db := primary.Address("deployed")
	load := &load{posted: map[string]bool{}}
	var servers []*program.Server
	for range 2 {
		s := startServer(t, db, "--db-replica", replica.Address("deployed"))
		servers = append(servers, s)
		t.Cleanup(func() {
			if t.Failed() {
				t.Logf("failed queries of %s: %q", s.URL, regexp.MustCompile("(?m)^.*query failed.*$").FindAllString(s.Log.String(), 10))
			}
		})
	}
	seen := subscribe(t, servers[0], func(callID string) { load.post(servers[1], string(readFile(t, program.Example)), callID) })
	for _, s := range servers {
		load.on(t, s)
	}
	serves := regexp.MustCompile(`(?s)replica serves`)
	for _, s := range servers {
		s.Log.Await(t, serves)
	}
	load.goesOn(t, "primary and replica")
	if connected := replica.Count(t, "deployed", "SELECT COUNT(*) FROM pg_stat_activity WHERE application_name = 'sessiongraph' AND query LIKE '%sessions s%'"); connected == 0 {
		t.Error("nothing asks the replica")
	}

	do := func(what string, err error) {
		t.Helper()
		if err != nil {
			t.Fatalf("%s: %v", what, err)
		}
	}
	do("stop replica", replica.Stop("immediate"))
	load.goesOn(t, "the primary alone")
	for _, s := range servers {
		s.Log.Await(t, regexp.MustCompile(`replica left out`))
	}
	do("start replica", replica.Start())
	for _, s := range servers {
		s.Log.Await(t, regexp.MustCompile(`(?s)replica serves.*replica left out.*replica serves`))
	}
	do("stop primary", primary.Stop("immediate"))
	load.answers(t, "the replica alone")
	do("start primary", primary.Start())
	load.goesOn(t, "both again")
	do("restart primary", primary.Stop("fast"))
	do("restart primary", primary.Start())
	load.goesOn(t, "both after a restart")

	stored := load.end(t)
	t.Logf("%d notifications acknowledged, %d refused for a while; %d queries answered, %d could not be for a while", len(stored), load.refused.Load(), load.answered.Load(), load.unanswered.Load())
	tools.Eventually(t, func() string {
		missing := 0
		for callID := range stored {
			if !seen.has(callID) && !strings.HasPrefix(callID, "early-") {
				missing++
			}
		}
		if missing > 0 {
			return fmt.Sprintf("the subscriber saw %d of %d sessions not; %s", missing, len(stored), seen.state())
		}
		return ""
	})
	seen.check(t)
	for _, s := range servers {
		for callID := range stored {
			tools.Eventually(t, func() string { // a replica may be a moment behind
				found := s.Query(t, "query ($callId: String!) { session(callId: $callId) { callId } }", map[string]any{"callId": callID})
				if found["session"] == nil {
					return "session " + callID + " was acknowledged and is not there"
				}
				return ""
			})
		}
		if code := s.Stop(); code != 0 {
			t.Errorf("exit code %d", code)
		}
	}
	if ended := program.Run(t, "", "verify", "--db", db); ended.Code != 0 {
		t.Errorf("%+v", ended)
	}
}

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
	if err := json.NewDecoder(response.Body).Decode(&answer); err != nil || response.StatusCode != http.StatusOK && response.StatusCode != http.StatusServiceUnavailable {
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
	request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, s.URL+"/query", bytes.NewReader([]byte(query)))
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
