package graph_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"os"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"sessiongraph/graph"
	"sessiongraph/ingest"
	"sessiongraph/internal/test/testdb"
	"sessiongraph/internal/test/tools"
	"sessiongraph/models/store"
)

func openDifferential(t *testing.T, kind testdb.Kind) *store.Store {
	t.Helper()
	database, err := store.Open(t.Context(), kind.Fresh(t), store.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := database.Close(); err != nil {
			t.Error(err)
		}
	})
	return database
}

const (
	differentialSimulated = 1000
	differentialAwkward   = 2000
	differentialMaxPage   = 5000
)

// Random questions are answered as a loop over the notifications answers them.
//
// DIFFERENTIAL_SEED and -run 'TestDifferential/sqlite/ask/17$' repeat the question
// numbered 17 of a run; DIFFERENTIAL_QUESTIONS says how many there are.
func TestDifferential(t *testing.T) {
	tools.SkipUnderRace(t, "one question follows the other")
	seed := environmentNumber(t, "DIFFERENTIAL_SEED", uint64(time.Now().UnixNano()))
	questions := environmentNumber(t, "DIFFERENTIAL_QUESTIONS", 400)
	// a panic would lose t.Log
	fmt.Fprintf(os.Stderr, "DIFFERENTIAL_SEED=%d DIFFERENTIAL_QUESTIONS=%d\n", seed, questions)
	testdb.Each(t, func(t *testing.T, kind testdb.Kind) {
		w := newDifferentialWorld(t, seed, openDifferential(t, kind))
		t.Run("ask", func(t *testing.T) {
			for n := range questions {
				t.Run(strconv.FormatUint(n, 10), func(t *testing.T) {
					t.Parallel()
					q := &question{T: t, w: w, asker: newAsker(w, seed, n)}
					t.Cleanup(q.report)
					q.ask()
				})
			}
		})
		t.Logf("%d sessions; of %d lists %d had something and %d everything", len(w.oracle.sessions), w.lists.Load(),
			w.found.Load(), w.whole.Load())
		if lists := w.lists.Load(); lists >= 100 && w.found.Load()-w.whole.Load() < lists/5 {
			t.Error("too few questions had an answer between nothing and everything: the test tests little")
		}
	})
}

func environmentNumber(t *testing.T, name string, otherwise uint64) uint64 {
	t.Helper()
	text := os.Getenv(name)
	if text == "" {
		return otherwise
	}
	n, err := strconv.ParseUint(text, 10, 64)
	if err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	return n
}

// differentialWorld is one lot of notifications, stored and known to the oracle.
type differentialWorld struct {
	oracle              *oracle
	url                 string
	client              *http.Client
	lists, found, whole atomic.Int64
}

func newDifferentialWorld(t *testing.T, seed uint64, database *store.Store) *differentialWorld {
	t.Helper()
	w := &differentialWorld{oracle: newOracle()}
	r := rand.New(rand.NewPCG(seed, 1<<63))
	bodies := deliveries(r, differentialSimulated, differentialAwkward)
	began := time.Now()
	for len(bodies) > 0 {
		batch := min(len(bodies), 1+r.IntN(64))
		deliveries := make([]store.PreparedDelivery, batch)
		for i, body := range bodies[:batch] {
			at := time.UnixMicro(1751328000_000000 + int64(r.IntN(300))*500_001)
			deliveries[i] = database.Prepare(ingest.NewDelivery(body, "", at))
			w.oracle.deliver(t, body, at)
		}
		if err := database.Save(t.Context(), deliveries); err != nil {
			t.Fatal(err)
		}
		bodies = bodies[batch:]
	}
	t.Logf("stored in %v", time.Since(began).Round(time.Millisecond))
	settings := graph.Settings{MaxPage: differentialMaxPage, MaxComplexity: 1 << 30, QueryTimeout: time.Minute}
	server := httptest.NewServer(graph.Handler(t.Context(), database, settings,
		slog.New(slog.NewTextHandler(t.Output(), nil))))
	t.Cleanup(server.Close)
	w.url, w.client = server.URL, server.Client()
	return w
}

// question is one question, which may take several requests.
type question struct {
	*testing.T
	*asker
	w         *differentialWorld
	document  string
	variables map[string]any
}

func (q *question) ask() {
	kinds := []struct {
		weight int
		ask    func()
	}{
		{24, q.askSessions}, {10, q.askSessionWindows}, {14, q.askMessages}, {6, q.askMessageWindows},
		{8, q.askIntentions}, {8, q.askCatalogue},
		{7, q.askContact}, {8, q.askContacts}, {6, q.askContactWindows}, {24, q.askStats}, {10, q.askDetails},
		{24, q.askPrompts},
	}
	sum := 0
	for _, kind := range kinds {
		sum += kind.weight
	}
	at := q.IntN(sum)
	for _, kind := range kinds {
		if at -= kind.weight; at < 0 {
			kind.ask()
			return
		}
	}
}

// report shows what was asked last where the answer was wrong.
func (q *question) report() {
	if q.Failed() {
		q.Logf("%s\n\nvariables: %s", q.document, encodeJSON(q.variables))
	}
}

// answer is whatever is asked for here.
type answer struct {
	Sessions     *connection
	Messages     *connection
	Contact      *contactAnswer
	Contacts     *connection
	Intentions   []intentionAnswer
	Keys         []keyAnswer
	SessionStats []statsRow
}

func (q *question) send(document string, variables map[string]any) answer {
	q.Helper()
	return send[answer](q, document, variables)
}

// send asks and decodes the data of the answer.
func send[T any](q *question, document string, variables map[string]any) T {
	q.Helper()
	q.document, q.variables = document, variables
	response, err := q.w.client.Post(q.w.url, "application/json",
		bytes.NewReader(encodeJSON(map[string]any{"query": document, "variables": variables})))
	if err != nil {
		q.Fatal(err)
	}
	defer func() { _ = response.Body.Close() }()
	var body struct {
		Data   json.RawMessage
		Errors json.RawMessage
	}
	if err := json.NewDecoder(response.Body).Decode(&body); err != nil {
		q.Fatalf("status %d: %v", response.StatusCode, err)
	}
	if body.Errors != nil {
		q.Fatalf("errors: %s", body.Errors)
	}
	var a T
	if err := json.Unmarshal(body.Data, &a); err != nil {
		q.Fatalf("%v in %s", err, body.Data)
	}
	return a
}

// count keeps the books on how much the questions find.
func (w *differentialWorld) count(found, all int) {
	w.lists.Add(1)
	if found > 0 {
		w.found.Add(1)
	}
	if found == all {
		w.whole.Add(1)
	}
}

// difference says where two lists of names part.
func (w *differentialWorld) difference(got, want []string) string {
	var out strings.Builder
	fmt.Fprintf(&out, "got %d, want %d", len(got), len(want))
	for i := range max(len(got), len(want)) {
		if i >= len(got) || i >= len(want) || got[i] != want[i] {
			fmt.Fprintf(&out, "; first difference at %d:\n got %q\nwant %q", i,
				got[min(i, len(got)):min(i+3, len(got))], want[min(i, len(want)):min(i+3, len(want))])
			break
		}
	}
	w.describeOnly(&out, "got alone", got, want)
	w.describeOnly(&out, "want alone", want, got)
	return out.String()
}

// describeOnly shows the first of those that only one list has.
func (w *differentialWorld) describeOnly(out *strings.Builder, title string, one, other []string) {
	others := map[string]bool{}
	for _, name := range other {
		others[name] = true
	}
	for _, name := range one {
		if others[name] {
			continue
		}
		fmt.Fprintf(out, "\n%s: %q", title, name)
		callID, _, _ := strings.Cut(name, " ")
		if s := w.oracle.byCallID[callID]; s != nil {
			fmt.Fprintf(out, " id %d received %s: %.3000s", s.id, s.times["receivedAt"].UTC().Format(time.RFC3339Nano),
				encodeJSON(json.RawMessage(s.body)))
		}
		return
	}
}
