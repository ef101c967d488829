package crash

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net/http"
	"slices"
	"sync"
	"testing"
	"time"

	"sessiongraph/internal/simulate"

	"sessiongraph/internal/test/program"
)

// traffic is what AIRudder sends: notifications in several versions, in any order,
// some of them more than once, some that are no session. It counts what was sent and
// what was acknowledged.
type traffic struct {
	mu       sync.Mutex
	random   *rand.Rand
	waiting  [][]byte       // the next to be sent is the last
	tried    map[string]int // by body: how often it may have arrived
	acked    map[string]int // by body: how often it was acknowledged
	statuses map[int]int
	broken   int // connections
	slowest  time.Duration
	late     int // answers that took longer than prompt
	faults   []string
}

// An answer that is not prompt is late. Twice that is a fault, not a busy machine.
const prompt = 1500 * time.Millisecond

// newTraffic invents it all before the clock runs.
func newTraffic(r *rand.Rand, sessions int) *traffic {
	x := &traffic{random: rand.New(rand.NewPCG(r.Uint64(), r.Uint64())), tried: map[string]int{},
		acked: map[string]int{}, statuses: map[int]int{}}
	generator := simulate.New(r.Uint64())
	r = x.random
	for n := range sessions {
		body := generator.Notification(n)
		x.deliver(body)
		for range r.IntN(3) {
			x.deliver(version(r, body))
		}
		if r.IntN(20) == 0 {
			x.deliver(quarantined(body, n))
		}
	}
	x.shuffle()
	return x
}

// deliver lets a body be sent once, at times twice or three times.
func (x *traffic) deliver(body []byte) {
	x.waiting = append(x.waiting, body)
	for x.random.IntN(4) == 0 {
		x.waiting = append(x.waiting, body)
	}
}

// shuffle keeps what was sent of one session near each other, but in any order.
func (x *traffic) shuffle() {
	const near = 200
	for i := range x.waiting {
		j := min(len(x.waiting)-1, i+x.random.IntN(near))
		x.waiting[i], x.waiting[j] = x.waiting[j], x.waiting[i]
	}
}

// version is another notification of the same session: older, newer or as old.
func version(r *rand.Rand, body []byte) []byte {
	fields := decode(body)
	var timestamp int64
	if err := json.Unmarshal(fields["timestamp"], &timestamp); err != nil {
		panic(err)
	}
	fields["timestamp"] = encode(timestamp + int64(r.IntN(7)) - 3)
	fields["talk_round"] = encode(r.IntN(1_000_000)) // so that hardly two are the same
	return encode(fields)
}

// quarantined is a notification that has a session no more.
func quarantined(body []byte, n int) []byte {
	fields := decode(body)
	delete(fields, "call_id")
	fields["number"] = encode(n)
	return encode(fields)
}

func decode(body []byte) map[string]json.RawMessage {
	var fields map[string]json.RawMessage
	if err := json.Unmarshal(body, &fields); err != nil {
		panic(err)
	}
	return fields
}

func encode(value any) []byte {
	body, err := json.Marshal(value)
	if err != nil {
		panic(err)
	}
	return body
}

func (x *traffic) next() []byte {
	x.mu.Lock()
	defer x.mu.Unlock()
	if len(x.waiting) == 0 {
		return nil
	}
	body := x.waiting[len(x.waiting)-1]
	x.waiting = x.waiting[:len(x.waiting)-1]
	x.tried[string(body)]++
	return body
}

// again sends a body later.
func (x *traffic) again(body []byte) {
	x.waiting = append(x.waiting, body)
	last := len(x.waiting) - 1
	at := max(0, last-x.random.IntN(300))
	x.waiting[at], x.waiting[last] = x.waiting[last], x.waiting[at]
}

func (x *traffic) answered(body []byte, a answer, err error) {
	x.mu.Lock()
	defer x.mu.Unlock()
	if err != nil {
		x.broken++
		if x.random.IntN(2) == 0 { // AIRudder may give up
			x.again(body)
		}
		return
	}
	x.statuses[a.status]++
	x.slowest = max(x.slowest, a.took)
	if a.took > prompt {
		x.late++
	}
	switch {
	case a.fault != "":
		x.faults = append(x.faults, fmt.Sprintf("%d: %s", a.status, a.fault))
	case a.took > 2*prompt:
		x.faults = append(x.faults, fmt.Sprintf("%d after %v", a.status, a.took))
	case a.status == http.StatusOK:
		x.acked[string(body)]++
	case a.status == http.StatusServiceUnavailable:
		x.again(body)
	default:
		x.faults = append(x.faults, fmt.Sprint("status ", a.status))
	}
}

// check fails the test for answers that break the contract, and says how it went.
func (x *traffic) check(t *testing.T) {
	t.Helper()
	x.mu.Lock()
	defer x.mu.Unlock()
	answers := 0
	for _, count := range x.statuses {
		answers += count
	}
	t.Logf("%d bodies tried, %d acknowledged, answers %v, %d connections broken, slowest answer %v, %d late",
		len(x.tried), len(x.acked), x.statuses, x.broken, x.slowest.Round(time.Millisecond), x.late)
	if len(x.faults) > 0 {
		t.Errorf("%d answers break the contract: %.3000q", len(x.faults), x.faults)
	}
	if x.late*20 > answers {
		t.Errorf("%d of %d answers took longer than %v", x.late, answers, prompt)
	}
}

func (x *traffic) count(status int) int {
	x.mu.Lock()
	defer x.mu.Unlock()
	return x.statuses[status]
}

// send posts over that many connections until stop is closed or nothing is left.
// Where the server cannot take a notification, or is gone, a connection waits a moment.
func (x *traffic) send(client *http.Client, url string, connections int, stop <-chan struct{}) {
	var workers sync.WaitGroup
	for range connections {
		workers.Go(func() {
			for {
				select {
				case <-stop:
					return
				default:
				}
				body := x.next()
				if body == nil {
					return
				}
				a, err := post(client, url, body)
				x.answered(body, a, err)
				if err != nil || a.status != http.StatusOK {
					time.Sleep(20 * time.Millisecond)
				}
			}
		})
	}
	workers.Wait()
}

// kept is a row of the ledger as export writes it.
type kept struct {
	Body       []byte `json:"body"`
	Deliveries int    `json:"deliveries"`
	Outcome    string `json:"outcome"`
}

func export(t *testing.T, db string) []kept {
	t.Helper()
	var rows []kept
	lines := bufio.NewReader(bytes.NewReader(program.Output(t, "export", "--db", db)))
	decoder := json.NewDecoder(lines)
	for decoder.More() {
		var row kept
		if err := decoder.Decode(&row); err != nil {
			t.Fatal(err)
		}
		rows = append(rows, row)
	}
	return rows
}

// state is what a session has to be by what the ledger holds of it.
type state struct {
	CallID       string
	Version      int
	Deliveries   int
	TalkRound    int
	MessageCount int
	timestamp    int64
}

// checkNothingLost holds the database against what was sent and acknowledged.
func (x *traffic) checkNothingLost(t *testing.T, db string) {
	t.Helper()
	program.Output(t, "verify", "--db", db)
	found := map[string]kept{}
	want := map[string]*state{}
	for _, row := range export(t, db) { // in order of arrival
		body := string(row.Body)
		if _, twice := found[body]; twice {
			t.Fatalf("it is twice in the ledger: %.300s", body)
		}
		found[body] = row
		if most := x.tried[body]; row.Deliveries > most {
			t.Errorf("%d deliveries are counted of what was sent %d times: %.300s", row.Deliveries, most, body)
		}
		add(want, row)
	}
	lost := 0
	for body, deliveries := range x.acked {
		if row, ok := found[body]; !ok {
			lost++
			t.Logf("acknowledged and lost: %.300s", body)
		} else if row.Deliveries < deliveries {
			t.Errorf("%d deliveries are counted of what was acknowledged %d times: %.300s",
				row.Deliveries, deliveries, body)
		}
	}
	if lost > 0 {
		t.Fatalf("%d of %d acknowledged notifications are lost", lost, len(x.acked))
	}
	t.Logf("%d notifications of %d sessions are in the ledger", len(found), len(want))
	checkSessions(t, db, want)
}

// add counts a row of the ledger to its session: the largest timestamp is the
// session, of equals the one that arrived last.
func add(want map[string]*state, row kept) {
	if row.Outcome != "projected" {
		return
	}
	var n struct {
		CallID    string `json:"call_id"`
		Timestamp int64
		TalkRound int `json:"talk_round"`
		Messages  []json.RawMessage
	}
	if err := json.Unmarshal(row.Body, &n); err != nil {
		panic(err)
	}
	s := want[n.CallID]
	if s == nil {
		s = &state{CallID: n.CallID, timestamp: n.Timestamp}
		want[n.CallID] = s
	}
	s.Version++
	s.Deliveries += row.Deliveries
	if n.Timestamp >= s.timestamp {
		s.timestamp, s.TalkRound, s.MessageCount = n.Timestamp, n.TalkRound, len(n.Messages)
	}
}

func checkSessions(t *testing.T, db string, want map[string]*state) {
	t.Helper()
	p := serve(t, db)
	defer p.Kill()
	const query = `query ($after: String) { sessions(first: 200, after: $after) {
		totalCount pageInfo { hasNextPage endCursor } nodes { callId version deliveries talkRound messageCount
		messages { position } } } }`
	type node struct {
		state
		Messages []struct{ Position int }
	}
	total := 0
	for after := any(nil); ; {
		var page struct {
			Sessions struct {
				TotalCount int
				PageInfo   struct {
					HasNextPage bool
					EndCursor   string
				}
				Nodes []node
			}
		}
		ask(t, p.URL, query, map[string]any{"after": after}, &page)
		for _, got := range page.Sessions.Nodes {
			total++
			expected := want[got.CallID]
			if expected == nil {
				t.Errorf("session %s is not in the ledger, or is shown twice", got.CallID)
				continue
			}
			delete(want, got.CallID)
			got.timestamp = expected.timestamp
			if got.state != *expected || len(got.Messages) != got.MessageCount ||
				!slices.IsSortedFunc(got.Messages, func(a, b struct{ Position int }) int {
					return a.Position - b.Position
				}) {
				t.Errorf("session is %+v, want %+v", got, *expected)
			}
		}
		if !page.Sessions.PageInfo.HasNextPage {
			if total != page.Sessions.TotalCount {
				t.Errorf("%d sessions are shown, totalCount is %d", total, page.Sessions.TotalCount)
			}
			break
		}
		after = page.Sessions.PageInfo.EndCursor
	}
	for callID := range want {
		t.Errorf("session %s is missing", callID)
	}
}
