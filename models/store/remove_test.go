package store_test

import (
	"bytes"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"sessiongraph/ingest"
	"sessiongraph/internal/test/testdb"
	"sessiongraph/internal/test/tools"
	"sessiongraph/models"
	"sessiongraph/models/store"
	"sessiongraph/models/store/dialect"
)

func TestErase(t *testing.T) {
	database, file := openOnSQLite(t)
	others, secrets := otherBodies(), secretBodies()
	all := mixed(others, secrets)
	for chunk := range slices.Chunk(all, 3) { // so many that the search index has parts of parts
		save(t, database, chunk)
	}
	packed := packedBodies(t, file)
	if len(packed) != 36 || len(traces(t, file, packed)) < 10 || len(secretTerms(t, file)) < 10 ||
		len(hits(t, database, secretLetters)) != 12 {
		t.Fatalf("%d secrets are kept, traces are %s", len(packed), traces(t, file, packed))
	}
	removed, err := database.Erase(t.Context(), erasedCallee, store.RemovalProgress{})
	want := (store.Removed{Sessions: 12, Messages: 60, Notifications: len(secrets)})
	if err != nil || removed != want {
		t.Errorf("removed %+v, %v; want %+v", removed, err, want)
	}
	if left := traces(t, file, packed); len(left) > 0 {
		t.Errorf("the files still have %s", left)
	}
	if left := secretTerms(t, file); len(left) > 0 {
		t.Errorf("the search index still has %s", left)
	}
	for _, search := range []string{secretLetters, "ꀀꀁꀂ", "ꀀ", "ꀂꀃ"} {
		if found := hits(t, database, search); len(found) > 0 {
			t.Errorf("search for %q finds %s", search, found)
		}
	}
	checkWhole(t, database, file)
	checkSame(t, file, others)
	if err := database.Close(); err != nil {
		t.Fatal(err)
	}
	if left := traces(t, file, packed); len(left) > 0 {
		t.Errorf("once closed the files have %s", left)
	}
}

// The search index is merged to its end also where it has few segments of many pages,
// and pages that were joined or split hold no copies of what they had.
func TestEraseFromALargeDatabase(t *testing.T) {
	tools.SkipUnderRace(t, "it does one thing after the other, with much data")
	for name, size := range map[string]int{"in many transactions": 16, "in one": 5000} {
		t.Run(name, func(t *testing.T) {
			database, file := openOnSQLite(t)
			for chunk := range slices.Chunk(mixed(slices.Concat(many(1200), otherBodies()), secretBodies()), size) {
				save(t, database, chunk)
			}
			packed := packedBodies(t, file)
			if _, err := database.Erase(t.Context(), erasedCallee, store.RemovalProgress{}); err != nil {
				t.Fatal(err)
			}
			if left := traces(t, file, packed); len(left) > 0 {
				t.Errorf("the files still have %s", left)
			}
			if left := secretTerms(t, file); len(left) > 0 {
				t.Errorf("the search index still has %s", left)
			}
			checkWhole(t, database, file)
		})
	}
}

// Who is erased can come back: what is sent again is stored like anything new.
func TestWhatWasErasedMayComeAgain(t *testing.T) {
	database, file := openOnSQLite(t)
	secret := secretSession(1, 1)
	save(t, database, [][]byte{secret}, [][]byte{note{}.body()})
	if _, err := database.Erase(t.Context(), erasedCallee, store.RemovalProgress{}); err != nil {
		t.Fatal(err)
	}
	save(t, database, [][]byte{secret})
	if s := session(t, database, "secret-1"); s == nil || s.Version != 1 || s.Deliveries != 1 || s.ID != 3 {
		t.Errorf("session is %+v, want a new one", s)
	}
	checkWhole(t, database, file)
}

func TestEraseNobody(t *testing.T) {
	database, file := openOnSQLite(t)
	save(t, database, [][]byte{note{}.body(), note{"call_id": "call-2", "callee": ""}.body(),
		[]byte(`{}`), []byte(`no`)})
	before := dump(t, onSQLite(file))
	bytesBefore := filesOf(t, file)
	removed, err := database.Erase(t.Context(), "+nobody", store.RemovalProgress{})
	if err != nil || removed != (store.Removed{}) {
		t.Errorf("removed %+v, %v", removed, err)
	}
	if removed, err := database.Prune(t.Context(), models.TimeOf(epoch.AddDate(-1, 0, 0)),
		store.RemovalProgress{}); err != nil || removed != (store.Removed{}) {
		t.Errorf("pruned %+v, %v", removed, err)
	}
	if !maps.EqualFunc(filesOf(t, file), bytesBefore, bytes.Equal) {
		t.Error("removing nothing wrote to the database")
	}
	if removed, err := database.Erase(t.Context(), "", store.RemovalProgress{}); err == nil ||
		removed != (store.Removed{}) {
		t.Errorf("of the empty callee removed %+v, %v", removed, err)
	}
	if after := dump(t, onSQLite(file)); after != before {
		t.Errorf("changed to %s", after)
	}
}

// In quarantine there is no callee to ask for: what names it goes, longer numbers stay.
func TestEraseFromQuarantine(t *testing.T) {
	database, file := openOnSQLite(t)
	gone := [][]byte{
		[]byte(`{"callee":"628111"}`), []byte(`{"callee":628111}`), []byte(`{"callee":"62811\u0031"}`),
		[]byte(`{"to":"+628111,"}`), []byte(`628111`), []byte(`callee=628111&x=1`),
		[]byte(`{"callee":"6281110","to":"628111"}`), []byte(`{"to":"62811\u0031"}`),
		[]byte(`{"text":"from\n628111"}`),
	}
	stay := [][]byte{
		[]byte(`{"callee":"6281110"}`), []byte(`{"callee":"1628111"}`), []byte(`{"callee":"1628111","to":6281110}`),
		[]byte(`62811`), []byte(`{"to":"ID628111"}`), []byte(`{"to":"628111b"}`), []byte(`{}`), []byte(``),
		[]byte(`{"callee":null}`),
	}
	save(t, database, slices.Concat(gone, stay))
	removed, err := database.Erase(t.Context(), "628111", store.RemovalProgress{})
	if err != nil || removed != (store.Removed{Notifications: len(gone)}) {
		t.Errorf("removed %+v, %v", removed, err)
	}
	checkSame(t, file, stay)
}

// A session that any of its versions says is the callee's goes whole.
func TestEraseTakesTheOtherVersionsAlong(t *testing.T) {
	database, _ := openOnSQLite(t)
	save(t, database, [][]byte{note{"callee": "+1", "timestamp": 1}.body(),
		note{"callee": "+2", "timestamp": 2}.body(), note{"call_id": "call-2", "callee": "+2"}.body()})
	removed, err := database.Erase(t.Context(), "+1", store.RemovalProgress{})
	if want := (store.Removed{Sessions: 1, Notifications: 2}); err != nil || removed != want {
		t.Errorf("removed %+v, %v, want %+v", removed, err, want)
	}
	if session(t, database, "call-1") != nil || session(t, database, "call-2") == nil {
		t.Error("the wrong session is left")
	}
	verified(t, database)
}

// An erasure that was stopped before it had cleaned the files does so when it is run again.
func TestEraseAgainCleansUp(t *testing.T) {
	database, file := openOnSQLite(t)
	save(t, database, otherBodies(), secretBodies())
	packed := packedBodies(t, file)
	reader := holdSnapshot(t, file) // so that the log cannot be emptied
	ctx, cancel := context.WithTimeout(t.Context(), 3*time.Second)
	defer cancel()
	if _, err := database.Erase(ctx, erasedCallee, store.RemovalProgress{}); err == nil {
		t.Fatal("erased while another reads what is to go")
	}
	if len(traces(t, file, packed)) == 0 {
		t.Fatal("there is nothing left to clean up")
	}
	reader()
	removed, err := database.Erase(t.Context(), erasedCallee, store.RemovalProgress{})
	if err != nil || removed != (store.Removed{}) {
		t.Errorf("removed %+v, %v", removed, err)
	}
	if left := traces(t, file, packed); len(left) > 0 {
		t.Errorf("the files still have %s", left)
	}
}

// What an interrupted removal leaves is cleaned by the next one, whatever that removes,
// or by a server when it starts.
func TestAnInterruptedRemovalIsFinished(t *testing.T) {
	before := models.TimeOf(time.Date(2025, 4, 15, 6, 0, 0, 0, time.UTC))
	finishers := map[string]func(ctx context.Context, database *store.Store) error{
		"by erase": func(ctx context.Context, database *store.Store) error {
			_, err := database.Erase(ctx, "+nobody", store.RemovalProgress{})
			return err
		},
		"by prune": func(ctx context.Context, database *store.Store) error {
			_, err := database.Prune(ctx, before, store.RemovalProgress{})
			return err
		},
		"by itself": func(ctx context.Context, database *store.Store) error {
			return database.FinishRemoval(ctx, store.RemovalProgress{})
		},
	}
	for name, finish := range finishers {
		t.Run(name, func(t *testing.T) {
			database, file := openOnSQLite(t)
			old := secretSession(1, 1)
			old = bytes.ReplaceAll(old, []byte("2025-04-15T06:41:09Z"), []byte("2025-04-14T06:41:09Z"))
			for _, body := range append(many(20), old) {
				save(t, database, [][]byte{body})
			}
			packed := packedBodies(t, file)
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			removed, err := database.Prune(ctx, before, store.RemovalProgress{Removed: func(int, int) { cancel() }})
			if !errors.Is(err, context.Canceled) || removed.Sessions == 0 {
				t.Fatalf("removed %+v, %v; want to be interrupted", removed, err)
			}
			if due, err := database.RemovalDue(t.Context()); err != nil || !due || len(traces(t, file, packed)) == 0 {
				t.Fatalf("due %t, %v", due, err)
			}
			if err := finish(t.Context(), database); err != nil {
				t.Fatal(err)
			}
			if left := traces(t, file, packed); len(left) > 0 {
				t.Errorf("the files still have %s", left)
			}
			if due, err := database.RemovalDue(t.Context()); err != nil || due {
				t.Errorf("due %t, %v", due, err)
			}
			checkWhole(t, database, file)
		})
	}
}

// Dry runs count what goes.
func TestRemovable(t *testing.T) {
	testdb.EachAndPooled(t, func(t *testing.T, kind testdb.Kind) {
		database, _ := openStore(t, kind)
		save(t, database, mixed(otherBodies(), secretBodies()))
		at := models.TimeOf(time.Date(2030, 1, 1, 0, 0, 0, 0, time.UTC))
		counted, err := database.Erasable(t.Context(), erasedCallee)
		if err != nil {
			t.Fatal(err)
		}
		removed, err := database.Erase(t.Context(), erasedCallee, store.RemovalProgress{})
		if err != nil || counted != removed || removed.Sessions != 12 {
			t.Errorf("counted %+v, removed %+v, %v", counted, removed, err)
		}
		counted, err = database.Prunable(t.Context(), at)
		if err != nil {
			t.Fatal(err)
		}
		removed, err = database.Prune(t.Context(), at, store.RemovalProgress{})
		if err != nil || counted != removed || removed.Sessions == 0 {
			t.Errorf("counted %+v, removed %+v, %v", counted, removed, err)
		}
	})
}

// holdSnapshot begins to read, and goes on until end.
func holdSnapshot(t *testing.T, file string) (end func()) {
	t.Helper()
	db, err := sql.Open("sqlite", file)
	if err != nil {
		t.Fatal(err)
	}
	tx, err := db.Begin()
	if err != nil {
		t.Fatal(err)
	}
	var count int
	if err := tx.QueryRow("SELECT COUNT(*) FROM sessions").Scan(&count); err != nil {
		t.Fatal(err)
	}
	return func() {
		if err := errors.Join(tx.Rollback(), db.Close()); err != nil {
			t.Error(err)
		}
	}
}

// Others write and read while a customer with many sessions is erased.
func TestEraseBesideAServer(t *testing.T) {
	file := filepath.Join(t.TempDir(), "test.db")
	server, tool := reopen(t, onSQLite(file)), reopen(t, onSQLite(file))
	sessions, fillers := 450, 800 // more than two transactions take, and an index that takes many steps to merge
	if tools.UnderRace() {
		sessions, fillers = 60, 100
	}
	for chunk := range slices.Chunk(slices.Collect(func(yield func(int) bool) {
		for number := range sessions {
			if !yield(number) {
				return
			}
		}
	}), 50) {
		var bodies [][]byte
		for _, number := range chunk {
			bodies = append(bodies, secretSession(number, 1))
		}
		save(t, server, bodies)
	}
	for chunk := range slices.Chunk(many(fillers), 64) {
		save(t, server, chunk)
	}
	packed := packedBodies(t, file)[:20]

	var stop atomic.Bool
	var busy, stored int
	var slowest time.Duration
	var others sync.WaitGroup
	others.Go(func() {
		for n := 0; !stop.Load(); n++ {
			body := note{"call_id": fmt.Sprint("new-", n), "callee": otherCallee,
				"messages": texts("hello", strings.Repeat("all the time ", 20))}.body()
			arrival := server.Prepare(ingest.NewDelivery(body, "", epoch))
			began := time.Now()
			err := server.Save(context.Background(), []store.PreparedDelivery{arrival})
			slowest = max(slowest, time.Since(began))
			switch {
			case errors.Is(err, dialect.ErrUnavailable):
				busy++
			case err != nil:
				t.Errorf("save: %v", err)
			default:
				stored++
			}
			time.Sleep(2 * time.Millisecond)
		}
	})
	others.Go(func() {
		for !stop.Load() {
			if _, err := server.CountOutcomes(context.Background()); err != nil {
				t.Errorf("read: %v", err)
			}
			if tools.UnderRace() {
				time.Sleep(time.Millisecond)
			}
		}
	})
	var done []int
	began := time.Now()
	removed, err := tool.Erase(t.Context(), erasedCallee, store.RemovalProgress{Removed: func(n, _ int) {
		done = append(done, n)
	}})
	took := time.Since(began)
	stop.Store(true)
	others.Wait()
	t.Logf("erased in %v; meanwhile %d were stored, %d were not, the slowest took %v", took, stored, busy, slowest)
	if err != nil || removed != (store.Removed{Sessions: sessions, Messages: 5 * sessions, Notifications: sessions}) {
		t.Errorf("removed %+v, %v", removed, err)
	}
	if busy > 0 && !tools.UnderRace() || stored == 0 {
		t.Errorf("%d notifications could not be stored, %d were", busy, stored)
	}
	if len(done) < 3 || done[0] > 200 || !slices.IsSorted(done) || done[len(done)-1] != sessions {
		t.Errorf("progress was %v: some 200 in each transaction are wanted", done)
	}
	save(t, server, [][]byte{note{"call_id": "afterwards"}.body()})
	if left := traces(t, file, packed); len(left) > 0 {
		t.Errorf("the files still have %s", left)
	}
	if found := hits(t, server, secretLetters); len(found) > 0 {
		t.Errorf("search finds %s", found)
	}
	checkWhole(t, server, file)
}

func TestPrune(t *testing.T) {
	database, file := openOnSQLite(t)
	ended := func(callID, at string, version int) []byte {
		return note{"call_id": callID, "session_end_time": at, "timestamp": version,
			"messages": texts("said by "+callID, "and more")}.body()
	}
	kept := [][]byte{
		ended("at", "2025-04-15T06:00:00Z", 1),
		ended("zone", "2025-04-15T07:30:00+01:00", 1),
		ended("new", "2025-05-01T00:00:00Z", 1),
		// the newest version counts
		ended("was-old", "2025-04-14T00:00:00Z", 1), ended("was-old", "2025-04-16T00:00:00Z", 2),
	}
	old := [][]byte{
		ended("long-ago", "0001-01-01T00:00:00Z", 1),
		ended("before", "2025-04-15T05:59:59.999999Z", 1),
		ended("other-zone", "2025-04-15T07:59:59+02:00", 1),
		ended("was-new", "2025-04-16T00:00:00Z", 1), ended("was-new", "2025-04-14T00:00:00Z", 2),
		[]byte(`{"call_id":""}`), []byte(`no JSON`),
	}
	save(t, database, append(slices.Clone(old), kept...)) // arrives from 07:00:01 on, a second each
	before := dump(t, onSQLite(file))
	if removed, err := database.Prune(t.Context(), models.TimeOf(time.Date(1, 1, 1, 0, 0, 0, 0, time.UTC)),
		store.RemovalProgress{}); err != nil || removed != (store.Removed{}) {
		t.Errorf("before all times removed %+v, %v", removed, err)
	}
	if after := dump(t, onSQLite(file)); after != before {
		t.Errorf("changed to %s", after)
	}
	at := models.TimeOf(time.Date(2025, 4, 15, 6, 0, 0, 0, time.UTC))
	// What is in quarantine has no time but that of its arrival, which is later.
	removed, err := database.Prune(t.Context(), at, store.RemovalProgress{})
	if want := (store.Removed{Sessions: 4, Messages: 8, Notifications: 5}); err != nil || removed != want {
		t.Errorf("removed %+v, %v, want %+v", removed, err, want)
	}
	checkSame(t, file, append(slices.Clone(old[5:]), kept...))
	if found := hits(t, database, "said"); !slices.Equal(found, []string{"at", "new", "was-old", "zone"}) {
		t.Errorf("search finds %s", found)
	}
	checkWhole(t, database, file)

	// One of the two comes again, later.
	again := database.Prepare(ingest.NewDelivery([]byte(`no JSON`), "", epoch.Add(time.Hour)))
	if err := database.Save(t.Context(), []store.PreparedDelivery{again}); err != nil {
		t.Fatal(err)
	}
	removed, err = database.Prune(t.Context(), models.TimeOf(epoch.Add(time.Minute)), store.RemovalProgress{})
	if want := (store.Removed{Sessions: 2, Messages: 4, Notifications: 3}); err != nil || removed != want {
		t.Errorf("removed %+v, %v, want %+v", removed, err, want)
	}
	left := rows(t, onSQLite(file), "SELECT outcome FROM notifications WHERE outcome <> 'projected'")
	if !slices.Equal(left, []string{`outcome="refused" `}) {
		t.Errorf("of the quarantine %s is left, want what came again", left)
	}
	verified(t, database)
}

// Retention goes through more sessions than one transaction takes.
func TestPruneManySessions(t *testing.T) {
	tools.SkipUnderRace(t, "it does one thing after the other, with much data")
	database, file := openOnSQLite(t)
	bodies := many(450)
	for chunk := range slices.Chunk(bodies, 64) {
		save(t, database, chunk)
	}
	var done []int
	removed, err := database.Prune(t.Context(), models.TimeOf(time.Date(2030, 1, 1, 0, 0, 0, 0, time.UTC)),
		store.RemovalProgress{Removed: func(n, _ int) { done = append(done, n) }})
	if err != nil || removed.Sessions != len(bodies) || removed.Notifications != len(bodies) || removed.Messages == 0 {
		t.Errorf("removed %+v, %v", removed, err)
	}
	for i, n := range done {
		if before := append([]int{0}, done...)[i]; n <= before || n-before > 200 {
			t.Errorf("progress was %v", done)
		}
	}
	if len(done) < 3 || done[len(done)-1] != len(bodies) {
		t.Errorf("progress was %v", done)
	}
	checkSame(t, file, nil)
	checkWhole(t, database, file)
	save(t, database, bodies[:1])
	verified(t, database)
}
