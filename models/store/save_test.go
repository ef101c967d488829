package store_test

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"sessiongraph/ingest"
	"sessiongraph/internal/simulate"
	"sessiongraph/internal/test/testdb"
	"sessiongraph/internal/test/tools"
	"sessiongraph/models"
	"sessiongraph/models/store"
	"sessiongraph/models/store/dialect"
)

// backend is where a store is, for tests that look beneath it.
type backend struct {
	testdb.Kind
	address string
}

func fresh(t *testing.T, kind testdb.Kind) backend {
	t.Helper()
	return backend{kind, kind.Fresh(t)}
}

// openStore opens a store in a new database, and says which.
func openStore(t *testing.T, kind testdb.Kind) (*store.Store, backend) {
	t.Helper()
	db := fresh(t, kind)
	return reopen(t, db), db
}

func reopen(t *testing.T, db backend) *store.Store {
	t.Helper()
	database, err := store.Open(t.Context(), db.address, store.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = database.Close() })
	return database
}

// note is a notification for tests: what is not set has a value all the same.
type note map[string]any

func (n note) body() []byte {
	whole := note{
		"call_id": "call-1", "timestamp": 1000, "callee": "+100", "intention": "A", "channel": "WhatsApp", "status": "closed",
		"session_start_time": "2025-04-15T06:41:00Z", "session_end_time": "2025-04-15T06:41:09Z", "session_end_reason": "robot", "talk_round": 1,
		"messages": []any{},
	}
	maps.Copy(whole, n)
	body, err := json.Marshal(whole)
	if err != nil {
		panic(err)
	}
	return body
}

func texts(words ...string) []any {
	messages := make([]any, len(words))
	for i, word := range words {
		messages[i] = note{"msg_id": fmt.Sprintf("m%d", i), "sender_type": "user", "status": "read", "timestamp": 1000 + i,
			"content": note{"type": "text", "text": word}}
	}
	return messages
}

var epoch = time.Date(2025, 4, 15, 7, 0, 0, 0, time.UTC)

// save stores batches one after the other; each body arrives a second behind the one before.
func save(t *testing.T, database *store.Store, batches ...[][]byte) {
	t.Helper()
	at := epoch
	for _, batch := range batches {
		var deliveries []store.PreparedDelivery
		for _, body := range batch {
			at = at.Add(time.Second)
			deliveries = append(deliveries, database.Prepare(ingest.NewDelivery(body, "sign", at)))
		}
		if err := database.Save(t.Context(), deliveries); err != nil {
			t.Fatal(err)
		}
	}
}

func oneByOne(bodies ...[]byte) [][][]byte {
	var batches [][][]byte
	for _, body := range bodies {
		batches = append(batches, [][]byte{body})
	}
	return batches
}

func inOne(bodies ...[]byte) [][][]byte { return [][][]byte{bodies} }

func session(t *testing.T, database *store.Store, callID string) *models.Session {
	t.Helper()
	found, err := database.SessionsByCallID(t.Context(), []string{callID})
	if err != nil {
		t.Fatal(err)
	}
	return found[callID]
}

func hits(t *testing.T, database *store.Store, search string) []string {
	t.Helper()
	list := models.SessionList{Filters: []*models.SessionFilter{{Search: &search}}, Order: models.DefaultSessionOrder()}
	pages, err := database.SessionPages(t.Context(), list, models.PageSpec[models.SessionKey]{Limit: 100}, []string{""})
	if err != nil {
		t.Fatal(err)
	}
	callIDs := []string{}
	for _, s := range pages[""] {
		callIDs = append(callIDs, s.CallID)
	}
	slices.Sort(callIDs)
	return callIDs
}

// rows are the rows of a query on the database itself, each as JSON.
func rows(t *testing.T, in backend, query string) []string {
	t.Helper()
	db, err := sql.Open(in.Driver, in.address)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = db.Close() }()
	return rowsOf(t, db, query)
}

func rowsOf(t *testing.T, db *sql.DB, query string) []string {
	t.Helper()
	found, err := db.QueryContext(t.Context(), query)
	if err != nil {
		t.Fatalf("%s: %v", query, err)
	}
	defer func() { _ = found.Close() }()
	columns, err := found.Columns()
	if err != nil {
		t.Fatal(err)
	}
	list := []string{}
	for found.Next() {
		values := make([]any, len(columns))
		into := make([]any, len(columns))
		for i := range values {
			into[i] = &values[i]
		}
		if err := found.Scan(into...); err != nil {
			t.Fatal(err)
		}
		var row strings.Builder
		for i, column := range columns {
			if b, ok := values[i].([]byte); ok {
				values[i] = string(b)
			}
			fmt.Fprintf(&row, "%s=%q ", column, fmt.Sprint(values[i]))
		}
		list = append(list, row.String())
	}
	if err := found.Err(); err != nil {
		t.Fatal(err)
	}
	return list
}

func execute(t *testing.T, in backend, statements ...string) {
	t.Helper()
	db, err := sql.Open(in.Driver, in.address)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = db.Close() }()
	for _, statement := range statements {
		if _, err := db.ExecContext(context.WithoutCancel(t.Context()), statement); err != nil {
			t.Fatalf("%s: %v", statement, err)
		}
	}
}

// What a database holds but for the numbers and times that tell the order of arrival.
var contents = []string{
	"SELECT call_id, callee, intention, notified_at, talk_round, message_count, version, deliveries FROM sessions ORDER BY call_id",
	"SELECT s.call_id, m.position, m.msg_id, m.text, m.folded, m.msg_id_folded, m.has_reply, m.raw FROM messages m JOIN sessions s ON s.id = m.session_id ORDER BY s.call_id, m.position",
	"SELECT s.call_id, v.name, v.position, v.value, v.folded, v.number, v.json FROM ner_slots v JOIN sessions s ON s.id = v.session_id ORDER BY s.call_id, v.position",
	"SELECT s.call_id, v.name, v.position, v.value, v.folded, v.number, v.json FROM event_labels v JOIN sessions s ON s.id = v.session_id ORDER BY s.call_id, v.position",
	"SELECT s.call_id, v.name, v.position, v.value, v.folded, v.number, v.json FROM variables v JOIN sessions s ON s.id = v.session_id ORDER BY s.call_id, v.position",
	"SELECT callee, session_count, first_seen_at, last_seen_at FROM contacts ORDER BY callee",
	"SELECT sha256, body_size, call_id, notified_at, deliveries, outcome, reason FROM notifications ORDER BY sha256",
	// Rows without their session.
	"SELECT COUNT(*) AS orphans FROM messages WHERE session_id NOT IN (SELECT id FROM sessions)",
	"SELECT COUNT(*) AS orphans FROM ner_slots WHERE session_id NOT IN (SELECT id FROM sessions)",
	"SELECT COUNT(*) AS orphans FROM event_labels WHERE session_id NOT IN (SELECT id FROM sessions)",
	"SELECT COUNT(*) AS orphans FROM variables WHERE session_id NOT IN (SELECT id FROM sessions)",
}

// What the index of search has, where it is not of the messages themselves.
var searchContents = map[string][]string{testdb.SQLite.Name: {
	"SELECT s.call_id, r.term, r.offset FROM session_search_runs r JOIN sessions s ON s.id = r.doc ORDER BY s.call_id, r.term, r.offset",
	"SELECT COUNT(*) AS orphans FROM session_search_runs WHERE doc NOT IN (SELECT id FROM sessions)",
	"SELECT id FROM session_search_docsize EXCEPT SELECT id FROM sessions",
	"SELECT id FROM sessions EXCEPT SELECT id FROM session_search_docsize",
}}

func dump(t *testing.T, in backend) string {
	t.Helper()
	db, err := sql.Open(in.Driver, in.address)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = db.Close() }()
	var all strings.Builder
	for _, query := range slices.Concat(contents, searchContents[in.Name]) {
		fmt.Fprintf(&all, "%s\n  %s\n", query, strings.Join(rowsOf(t, db, query), "\n  "))
	}
	return all.String()
}

// checkSearchIndex has FTS5 check its own index.
func checkSearchIndex(t *testing.T, db backend) {
	t.Helper()
	if db.Kind.Name != testdb.SQLite.Name {
		return
	}
	execute(t, db, "INSERT INTO session_search (session_search) VALUES ('integrity-check')")
}

func TestSameBodyTwiceIsOneMoreDelivery(t *testing.T) {
	testdb.Each(t, func(t *testing.T, kind testdb.Kind) {
		for name, batches := range map[string][][][]byte{
			"one by one": oneByOne(note{}.body(), note{}.body()),
			"in one":     inOne(note{}.body(), note{}.body()),
		} {
			t.Run(name, func(t *testing.T) {
				database, db := openStore(t, kind)
				save(t, database, batches...)
				s := session(t, database, "call-1")
				if s.Version != 1 || s.Deliveries != 2 {
					t.Errorf("version %d of %d deliveries, want version 1 of 2", s.Version, s.Deliveries)
				}
				if want := epoch.Add(time.Second); !s.ReceivedAt.Equal(want) {
					t.Errorf("received at %v, want its first arrival, %v", s.ReceivedAt, want)
				}
				want := []string{fmt.Sprintf(`deliveries="2" first_received_at="%d" last_received_at="%d" outcome="projected" `,
					epoch.Add(time.Second).UnixMicro(), epoch.Add(2*time.Second).UnixMicro())}
				if got := rows(t, db, "SELECT deliveries, first_received_at, last_received_at, outcome FROM notifications"); !slices.Equal(got, want) {
					t.Errorf("ledger has %s, want %s", got, want)
				}
			})
		}
	})
}

func TestBodiesThatDifferInOneByteAreTwo(t *testing.T) {
	testdb.Each(t, func(t *testing.T, kind testdb.Kind) {
		database, _ := openStore(t, kind)
		save(t, database, oneByOne(note{}.body(), append(note{}.body(), ' '))...)
		if s := session(t, database, "call-1"); s.Version != 2 || s.Deliveries != 2 {
			t.Errorf("version %d of %d deliveries, want version 2 of 2", s.Version, s.Deliveries)
		}
	})
}

func TestTheLargerTimestampIsTheSession(t *testing.T) {
	testdb.Each(t, func(t *testing.T, kind testdb.Kind) {
		older, newer := note{"timestamp": 1, "intention": "old"}.body(), note{"timestamp": 2, "intention": "new"}.body()
		for name, bodies := range map[string][][]byte{"older first": {older, newer}, "newer first": {newer, older}} {
			for how, batches := range map[string][][][]byte{"one by one": oneByOne(bodies...), "in one": inOne(bodies...)} {
				t.Run(name+", "+how, func(t *testing.T) {
					database, _ := openStore(t, kind)
					save(t, database, batches...)
					if s := session(t, database, "call-1"); s.Intention != "new" || s.Version != 2 || s.Deliveries != 2 {
						t.Errorf("%q, version %d of %d deliveries, want new, version 2 of 2", s.Intention, s.Version, s.Deliveries)
					}
				})
			}
		}
	})
}

func TestOfEqualTimestampsTheLaterFirstArrivalIsTheSession(t *testing.T) {
	testdb.Each(t, func(t *testing.T, kind testdb.Kind) {
		a, b := note{"intention": "a"}.body(), note{"intention": "b"}.body()
		for name, c := range map[string]struct {
			bodies [][]byte
			want   string
		}{
			"a, b":             {[][]byte{a, b}, "b"},
			"b, a":             {[][]byte{b, a}, "a"},
			"a, b and a again": {[][]byte{a, b, a}, "b"},
		} {
			for how, batches := range map[string][][][]byte{"one by one": oneByOne(c.bodies...), "in one": inOne(c.bodies...)} {
				t.Run(name+", "+how, func(t *testing.T) {
					database, _ := openStore(t, kind)
					save(t, database, batches...)
					if s := session(t, database, "call-1"); s.Intention != c.want || s.Version != 2 || s.Deliveries != len(c.bodies) {
						t.Errorf("%q, version %d of %d deliveries, want %s, version 2 of %d", s.Intention, s.Version, s.Deliveries, c.want, len(c.bodies))
					}
				})
			}
		}
	})
}

// versions are three versions of one session, of which the first comes twice.
func versions() [][]byte {
	first := note{"timestamp": 1, "messages": texts("alpha", "beta", "gamma"), "ner_slots": note{"city": "Bonn", "zip": 53111},
		"event_label": note{"L": "1"}, "variables": note{"a": nil, "b": "x"}}.body()
	return [][]byte{
		first,
		note{"timestamp": 2, "messages": texts("beta", "delta"), "ner_slots": note{"city": "Köln"}, "variables": note{"b": "y"}}.body(),
		note{"timestamp": 3, "messages": texts("Epsilon"), "ner_slots": note{"street": "Long"}, "event_label": note{"L": "2", "M": []int{1}}}.body(),
		first,
	}
}

func TestStateDoesNotDependOnTheOrderOfArrival(t *testing.T) {
	tools.SkipUnderRace(t, "it does one thing after the other, with much data")
	testdb.Each(t, func(t *testing.T, kind testdb.Kind) {
		want := ""
		for n, bodies := range permutations(versions()) {
			if kind.Name != testdb.SQLite.Name && n%5 != 0 {
				continue // a database of a server takes a while to make
			}
			for how, batches := range map[string][][][]byte{"one by one": oneByOne(bodies...), "in one": inOne(bodies...), "in two": {bodies[:2], bodies[2:]}} {
				database, db := openStore(t, kind)
				save(t, database, batches...)
				got := dump(t, db)
				if want == "" {
					want = got
					checkLastVersion(t, database)
				}
				if got != want {
					t.Fatalf("%s, in the order %s:\n%s\nbut in another order:\n%s", how, bodies, got, want)
				}
				checkSearchIndex(t, db)
			}
		}
	})
}

func checkLastVersion(t *testing.T, database *store.Store) {
	t.Helper()
	s := session(t, database, "call-1")
	if s.Version != 3 || s.Deliveries != 4 || s.MessageCount != 1 {
		t.Fatalf("version %d of %d deliveries with %d messages, want version 3 of 4 with 1", s.Version, s.Deliveries, s.MessageCount)
	}
	for search, want := range map[string]int{"epsilon": 1, "EPSI": 1, "on": 1, "e": 1, "alpha": 0, "beta": 0, "ta": 0, "delta": 0, "d": 0} {
		if got := hits(t, database, search); len(got) != want {
			t.Errorf("search for %q finds %v, want %d", search, got, want)
		}
	}
}

func permutations(list [][]byte) [][][]byte {
	if len(list) < 2 {
		return [][][]byte{list}
	}
	var all [][][]byte
	for i := range list {
		rest := slices.Concat(list[:i], list[i+1:])
		for _, tail := range permutations(rest) {
			all = append(all, append([][]byte{list[i]}, tail...))
		}
	}
	return all
}

// After a newer version the database is as if only that had ever come, ledger and counts aside.
func TestANewerVersionReplacesAllOfTheOlder(t *testing.T) {
	testdb.Each(t, func(t *testing.T, kind testdb.Kind) {
		replaced, replacedIn := openStore(t, kind)
		other := note{"call_id": "call-2", "messages": texts("alpha of another")}.body()
		save(t, replaced, append([][][]byte{{other}}, oneByOne(versions()...)...)...)
		unreplaced, unreplacedIn := openStore(t, kind)
		save(t, unreplaced, [][]byte{other}, versions()[2:3])
		for _, query := range append(contents[1:6:6], searchContents[kind.Name][:min(1, len(searchContents[kind.Name]))]...) {
			got, want := rows(t, replacedIn, query), rows(t, unreplacedIn, query)
			if !slices.Equal(got, want) || len(got) == 0 && !strings.Contains(query, "variables") {
				t.Errorf("%s\n got %s\nwant %s", query, got, want)
			}
		}
		for _, query := range contents[7:] {
			if got := rows(t, replacedIn, query); !slices.Equal(got, []string{`orphans="0" `}) {
				t.Errorf("%s is %s", query, got)
			}
		}
		if got := hits(t, replaced, "alpha"); !slices.Equal(got, []string{"call-2"}) {
			t.Errorf("search finds alpha in %s, want it in the other session alone", got)
		}
		checkSearchIndex(t, replacedIn)
	})
}

// Two versions of a session that is new, in one transaction: there is nothing yet to replace.
func TestTwoVersionsOfANewSessionInOneBatch(t *testing.T) {
	testdb.Each(t, func(t *testing.T, kind testdb.Kind) {
		for name, before := range map[string][][]byte{"into an empty database": nil, "beside another session": {note{"call_id": "call-2", "messages": texts("other words")}.body()}} {
			t.Run(name, func(t *testing.T) {
				database, db := openStore(t, kind)
				if before != nil {
					save(t, database, before)
				}
				save(t, database, versions()[:2])
				if got := hits(t, database, "delta"); !slices.Equal(got, []string{"call-1"}) {
					t.Errorf("search finds %v", got)
				}
				checkSearchIndex(t, db)
				// The index counts its texts: it goes wrong where one is taken out that was never in.
				save(t, database, [][]byte{note{"timestamp": 9, "messages": texts("last")}.body()})
				if got := hits(t, database, "last"); !slices.Equal(got, []string{"call-1"}) {
					t.Errorf("search finds %v", got)
				}
			})
		}
	})
}

func TestWhatIsNoSessionIsInTheLedgerAlone(t *testing.T) {
	testdb.Each(t, func(t *testing.T, kind testdb.Kind) {
		for name, c := range map[string]struct{ body, outcome, reason string }{
			"no JSON":     {`<xml/>`, "refused", "the body is not a JSON object: invalid JSON at byte 0"},
			"no object":   {`["a"]`, "refused", "the body is not a JSON object: it is a list"},
			"empty":       {``, "refused", "the body is not a JSON object: it is empty"},
			"no call_id":  {`{"messages":[]}`, "quarantined", "call_id: expected a string, got nothing"},
			"no messages": {`{"call_id":"call-1"}`, "quarantined", "messages: expected a list, got nothing"},
		} {
			t.Run(name, func(t *testing.T) {
				database, db := openStore(t, kind)
				save(t, database, oneByOne([]byte(c.body), []byte(c.body))...)
				want := []string{fmt.Sprintf(`id="1" call_id="<nil>" deliveries="2" outcome=%q reason=%q stored_seq="<nil>" sign="sign" body_size="%d" `, c.outcome, c.reason, len(c.body))}
				if got := rows(t, db, "SELECT id, call_id, deliveries, outcome, reason, stored_seq, sign, body_size FROM notifications"); !slices.Equal(got, want) {
					t.Errorf("ledger has\n%s, want\n%s", got, want)
				}
				if got := rows(t, db, "SELECT id FROM sessions"); len(got) > 0 {
					t.Errorf("there are sessions: %s", got)
				}
				checkBody(t, database, 1, []byte(c.body))
			})
		}
	})
}

func TestOneBatchTakesAllKinds(t *testing.T) {
	testdb.Each(t, func(t *testing.T, kind testdb.Kind) {
		database, db := openStore(t, kind)
		save(t, database, [][]byte{
			note{"messages": texts("one")}.body(),
			[]byte(`no`),
			note{"call_id": ""}.body(),
			note{"call_id": "call-2", "messages": texts("two")}.body(),
			[]byte(`no`),
			note{"messages": texts("one")}.body(),
			note{"timestamp": 2000, "messages": texts("three")}.body(),
		})
		got := rows(t, db, "SELECT outcome, deliveries, call_id FROM notifications ORDER BY id")
		want := []string{
			`outcome="projected" deliveries="2" call_id="call-1" `,
			`outcome="refused" deliveries="2" call_id="<nil>" `,
			`outcome="quarantined" deliveries="1" call_id="<nil>" `,
			`outcome="projected" deliveries="1" call_id="call-2" `,
			`outcome="projected" deliveries="1" call_id="call-1" `,
		}
		if !slices.Equal(got, want) {
			t.Errorf("ledger has\n%s, want\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
		}
		if s := session(t, database, "call-1"); s.Version != 2 || s.Deliveries != 3 || s.ID != 1 || s.NotificationID != 5 {
			t.Errorf("session is %+v", s)
		}
		if s := session(t, database, "call-2"); s.Version != 1 || s.Deliveries != 1 || s.ID != 4 {
			t.Errorf("session is %+v", s)
		}
	})
}

func TestAnEmptyBatchChangesNothing(t *testing.T) {
	testdb.Each(t, func(t *testing.T, kind testdb.Kind) {
		database, db := openStore(t, kind)
		before := dump(t, db)
		if err := database.Save(t.Context(), nil); err != nil {
			t.Fatal(err)
		}
		if after := dump(t, db); after != before {
			t.Errorf("changed to %s", after)
		}
	})
}

// Each event of storing has a number of its own, in order; a repeat or an older version is none.
func TestStoringEvents(t *testing.T) {
	testdb.Each(t, func(t *testing.T, kind testdb.Kind) {
		database, _ := openStore(t, kind)
		all := versions()
		var seen []int64
		for _, body := range [][]byte{all[1], all[0], all[1], []byte(`no`), all[2]} {
			save(t, database, [][]byte{body})
			seq, err := database.EventSeq(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			seen = append(seen, seq)
		}
		if want := []int64{1, 1, 1, 1, 2}; !slices.Equal(seen, want) {
			t.Errorf("numbers of events are %v, want %v", seen, want)
		}
		for after := range int64(2) { // the first version was overtaken
			events, err := database.EventsSince(t.Context(), after, 2, 10)
			if err != nil || len(events) != 1 || events[0].Seq != 2 {
				t.Fatalf("events since %d are %v, %v", after, events, err)
			}
			if session, err := database.SessionOf(t.Context(), events[0]); err != nil || session == nil || session.MessageCount != 1 {
				t.Errorf("its session is %v, %v", session, err)
			}
		}
	})
}

// many are bodies of every kind that the generator knows, odd ones among them.
func many(count int) [][]byte {
	generator := simulate.New(3)
	bodies := make([][]byte, count)
	for n := range bodies {
		bodies[n] = generator.Notification(n)
	}
	return bodies
}

func TestReopeningKeepsAll(t *testing.T) {
	testdb.Each(t, func(t *testing.T, kind testdb.Kind) {
		database, db := openStore(t, kind)
		bodies := append(many(30), []byte("\x00\xff no JSON"), []byte(`{ "call_id" : "x" }`))
		save(t, database, bodies)
		before := dump(t, db)
		if err := database.Close(); err != nil {
			t.Fatal(err)
		}
		database = reopen(t, db)
		if after := dump(t, db); after != before {
			t.Error("reading the database again gives something else")
		}
		for i, body := range bodies {
			checkBody(t, database, int64(i+1), body)
		}
		save(t, database, bodies[:1], [][]byte{note{}.body()})
		if s := session(t, database, "call-1"); s == nil || s.ID != int64(len(bodies)+1) {
			t.Errorf("the next notification is %+v", s)
		}
		checkSearchIndex(t, db)
	})
}

func checkBody(t *testing.T, database *store.Store, id int64, want []byte) {
	t.Helper()
	found, err := database.BodiesOf(t.Context(), []int64{id})
	if err != nil {
		t.Fatal(err)
	}
	if got, ok := found[id]; !ok || string(got) != string(want) {
		t.Errorf("body %d is %.80q, want %.80q", id, got, want)
	}
}

func TestNotificationsOfAnySizeKeepTheirBodies(t *testing.T) {
	testdb.Each(t, func(t *testing.T, kind testdb.Kind) {
		database, _ := openStore(t, kind)
		long := note{"messages": texts(slices.Repeat([]string{strings.Repeat("long ", 200)}, 1200)...)}.body()
		save(t, database, oneByOne(long)...)
		checkBody(t, database, 1, long)
		found, err := database.MessagesOf(t.Context(), []int64{1}, models.TranscriptRange{})
		if err != nil || len(found[1]) != 1200 {
			t.Errorf("%d messages are kept, %v", len(found[1]), err)
		}
	})
}

func TestSearchFindsWhatTheTranscriptHolds(t *testing.T) {
	testdb.Each(t, func(t *testing.T, kind testdb.Kind) {
		database, db := openStore(t, kind)
		save(t, database, [][]byte{
			note{"call_id": "a", "messages": texts("Straße nach İstanbul", "100% sure_thing \"quoted\" it's * -- AND OR (x)")}.body(),
			note{"call_id": "b", "messages": texts("请选择您的性别👉", "ok")}.body(),
			note{"call_id": "c", "messages": texts("nul\x00inside", "E\u0301cole \uffff \u0000")}.body(),
			note{"call_id": "d", "messages": texts("", " ", "o", "k")}.body(),
			note{"call_id": "e", "messages": texts("Ho\u0301a \u0111o\u031Bn", "订单１２３４５ ｶﾀｶﾅ", "it´s")}.body(),
		})
		for search, want := range map[string][]string{
			"strasse": {"a"}, "STRASSE İSTANBUL": {"a"}, "i̇stanbul straße": {"a"}, "ISTANBUL": {}, "İSTANBUL ok": {}, "nach": {"a"}, "ach": {"a"}, "ch": {"a"},
			"100%": {"a"}, "%": {"a"}, "_": {"a"}, `"quoted"`: {"a"}, `"`: {"a"}, "'": {"a"}, "*": {"a"}, "AND": {"a"}, "(x)": {"a"}, "--": {"a"}, "sure%thing": {},
			"请选择": {"b"}, "性别": {"b"}, "别": {"b"}, "👉": {"b"}, "ok": {"b"}, "OK": {"b"}, "o": {"a", "b", "c", "d"}, "k": {"b", "d"},
			"nul": {"c"}, "inside": {"c"}, "école": {"c"}, "e\u0301COLE": {"c"}, "ecole": {},
			"hóa đơn": {"e"}, "Ho\u0301a": {"e"}, "12345": {"e"}, "１２": {"e"}, "カタカナ": {"e"}, "it´s": {"e"}, "ｱ": {},
			"": {"a", "b", "c", "d", "e"}, " \n\t": {"a", "b", "c", "d", "e"}, "nowhere": {}, "zz": {}, "\n": {"a", "b", "c", "d", "e"},
		} {
			if got := hits(t, database, search); !slices.Equal(got, want) {
				t.Errorf("search for %q finds %v, want %v", search, got, want)
			}
		}
		checkSearchIndex(t, db)
	})
}

func TestSaveOnAClosedStoreIsUnavailable(t *testing.T) {
	testdb.Each(t, func(t *testing.T, kind testdb.Kind) {
		database, _ := openStore(t, kind)
		arrival := database.Prepare(ingest.NewDelivery(note{}.body(), "", epoch))
		if err := database.Close(); err != nil {
			t.Fatal(err)
		}
		if err := database.Save(t.Context(), []store.PreparedDelivery{arrival}); err == nil {
			t.Error("saved without a database")
		}
	})
}

// Statements with which a database refuses one message.
var refusal = map[string]struct {
	begin []string
	end   string
}{
	testdb.SQLite.Name: {[]string{"CREATE TRIGGER refuse BEFORE INSERT ON messages WHEN NEW.content_type = 'forbidden' BEGIN SELECT RAISE(ABORT, 'no'); END"},
		"DROP TRIGGER refuse"},
	testdb.Postgres.Name: {[]string{"ALTER TABLE messages ADD CONSTRAINT refuse CHECK (content_type <> 'forbidden')"},
		"ALTER TABLE messages DROP CONSTRAINT refuse"},
}

func TestSaveIsAllOrNothing(t *testing.T) {
	testdb.Each(t, func(t *testing.T, kind testdb.Kind) {
		database, db := openStore(t, kind)
		execute(t, db, refusal[kind.Name].begin...)
		before := dump(t, db)
		var deliveries []store.PreparedDelivery
		for _, body := range [][]byte{note{"messages": texts("fine")}.body(), note{"call_id": "call-2", "messages": []any{note{"content": note{"type": "forbidden"}}}}.body()} {
			deliveries = append(deliveries, database.Prepare(ingest.NewDelivery(body, "", epoch)))
		}
		err := database.Save(t.Context(), deliveries)
		if err == nil || errors.Is(err, dialect.ErrUnavailable) {
			t.Errorf("error is %v, want one that lies in the deliveries", err)
		}
		if after := dump(t, db); after != before {
			t.Errorf("something was stored: %s", after)
		}
		// The same deliveries can be saved again once nothing stands against it.
		execute(t, db, refusal[kind.Name].end)
		if err := database.Save(t.Context(), deliveries); err != nil {
			t.Fatal(err)
		}
		if s := session(t, database, "call-2"); s == nil || s.Version != 1 || s.Deliveries != 1 {
			t.Errorf("session is %+v", s)
		}
	})
}

func TestADatabaseLockedByAnotherIsUnavailable(t *testing.T) {
	database, in := openStore(t, testdb.SQLite)
	db, err := sql.Open("sqlite", in.address)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = db.Close() }()
	db.SetMaxOpenConns(1)
	if _, err := db.Exec("BEGIN IMMEDIATE"); err != nil {
		t.Fatal(err)
	}
	deliveries := []store.PreparedDelivery{database.Prepare(ingest.NewDelivery(note{}.body(), "", epoch))}
	if err := database.Save(t.Context(), deliveries); !errors.Is(err, dialect.ErrUnavailable) {
		t.Errorf("error is %v, want ErrUnavailable", err)
	}
	if _, err := db.Exec("ROLLBACK"); err != nil {
		t.Fatal(err)
	}
	if err := database.Save(t.Context(), deliveries); err != nil {
		t.Errorf("once it is free: %v", err)
	}
}

// Who can wait gets through, once the other is done.
func TestSaveInTimeWaitsForALockedDatabase(t *testing.T) {
	database, in := openStore(t, testdb.SQLite)
	db, err := sql.Open("sqlite", in.address)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = db.Close() }()
	db.SetMaxOpenConns(1)
	if _, err := db.Exec("BEGIN IMMEDIATE"); err != nil {
		t.Fatal(err)
	}
	released := make(chan error, 1)
	time.AfterFunc(1500*time.Millisecond, func() {
		_, err := db.Exec("ROLLBACK")
		released <- err
	})
	if err := database.SaveInTime(t.Context(), []store.PreparedDelivery{database.Prepare(ingest.NewDelivery(note{}.body(), "", epoch))}); err != nil {
		t.Error(err)
	}
	if err := <-released; err != nil {
		t.Error(err)
	}
}

// Who reads the ledger does not run after what arrives meanwhile.
func TestReadingTheLedgerEnds(t *testing.T) {
	testdb.Each(t, func(t *testing.T, kind testdb.Kind) {
		database, _ := openStore(t, kind)
		save(t, database, many(3))
		read := 0
		err := database.Ledger(t.Context(), noProgress, nil, func(*models.Notification, []byte) error {
			if read++; read > 3 {
				return errors.New("it goes on")
			}
			save(t, database, [][]byte{note{"call_id": fmt.Sprint("meanwhile-", read)}.body()})
			return nil
		})
		if err != nil || read != 3 {
			t.Errorf("%d notifications, %v", read, err)
		}
	})
}

// The names of what a database has.
var tables = map[string]string{
	testdb.SQLite.Name:   "SELECT name, sql FROM sqlite_master WHERE name",
	testdb.Postgres.Name: "SELECT relname FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relname",
}

// shownAddress is the part of an address that an error has to name.
func shownAddress(db backend) string {
	name, _, _ := strings.Cut(db.address, "?")
	return name
}

func TestADatabaseOfANewerVersionIsRefused(t *testing.T) {
	testdb.Each(t, func(t *testing.T, kind testdb.Kind) {
		db := fresh(t, kind)
		if err := reopen(t, db).Close(); err != nil {
			t.Fatal(err)
		}
		execute(t, db, "INSERT INTO migrations (id) VALUES ('9999_from_the_future')")
		before := rows(t, db, tables[kind.Name]+" LIKE '%'")
		database, err := store.Open(t.Context(), db.address, store.Options{})
		if !errors.Is(err, store.ErrNewer) {
			t.Fatalf("Open gives %v, %v, want ErrNewer", database, err)
		}
		checkOneLine(t, err, shownAddress(db))
		if after := rows(t, db, tables[kind.Name]+" LIKE '%'"); !slices.Equal(after, before) {
			t.Error("it was changed all the same")
		}
	})
}

func TestAFailingMigrationStopsOpenAndLeavesNothingBehind(t *testing.T) {
	testdb.Each(t, func(t *testing.T, kind testdb.Kind) {
		tools.NoGoroutineLeft(t)
		db := fresh(t, kind)
		execute(t, db, "CREATE TABLE sessions (mine TEXT)", "INSERT INTO sessions VALUES ('kept')")
		_, err := store.Open(t.Context(), db.address, store.Options{})
		if err == nil {
			t.Fatal("opened a database that has another's table")
		}
		checkOneLine(t, err, shownAddress(db))
		if got := rows(t, db, "SELECT mine FROM sessions"); len(got) != 1 {
			t.Errorf("the other's table has %s", got)
		}
		if got := rows(t, db, tables[kind.Name]+" LIKE 'notifications%'"); len(got) > 0 {
			t.Errorf("half of the tables were made: %s", got)
		}
		execute(t, db, "DROP TABLE sessions")
		save(t, reopen(t, db), [][]byte{note{}.body()})
	})
}

func TestOpenSaysWhatIsWrong(t *testing.T) {
	folder := t.TempDir()
	text := filepath.Join(folder, "letter.txt")
	if err := os.WriteFile(text, []byte(strings.Repeat("Dear all, ", 1000)), 0o600); err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct{ address, says string }{
		"a folder":             {folder, "folder"},
		"in no folder":         {filepath.Join(folder, "missing", "test.db"), "missing"},
		"below a file":         {filepath.Join(text, "test.db"), "letter.txt"},
		"another kind of file": {text, "not a database"},
		"in memory":            {":memory:", "memory"},
		"in shared memory":     {"file::memory:?cache=shared", "memory"},
	} {
		t.Run(name, func(t *testing.T) {
			tools.NoGoroutineLeft(t)
			_, err := store.Open(t.Context(), c.address, store.Options{})
			if err == nil {
				t.Fatal("opened")
			}
			checkOneLine(t, err, c.says)
			checkOneLine(t, err, c.address)
		})
	}
}

// A name is a name, whatever characters it has.
func TestOpenTakesAnyFileName(t *testing.T) {
	for _, name := range []string{"a b.db", "q?x=1#y.db", "100%41.db", "semi;colon&.db", "é你.db", "no-ending"} {
		t.Run(name, func(t *testing.T) {
			file := filepath.Join(t.TempDir(), name)
			reopen(t, backend{testdb.SQLite, file})
			if _, err := os.Stat(file); err != nil {
				t.Errorf("the database is in another file: %v", err)
			}
		})
	}
}

func checkOneLine(t *testing.T, err error, says string) {
	t.Helper()
	if message := err.Error(); strings.Contains(message, "\n") || len(message) > 300 || !strings.Contains(message, says) {
		t.Errorf("error is %q, want one clear line that says %q", message, says)
	}
}

// A stop while the database is opened is an error like any other.
func TestOpenEndsWithItsContext(t *testing.T) {
	testdb.Each(t, func(t *testing.T, kind testdb.Kind) {
		defer func() {
			if cause := recover(); cause != nil {
				t.Errorf("Open panics: %v", cause)
			}
		}()
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		if _, err := store.Open(ctx, kind.Fresh(t), store.Options{}); !errors.Is(err, context.Canceled) {
			t.Errorf("error is %v, want context.Canceled", err)
		}
	})
}
