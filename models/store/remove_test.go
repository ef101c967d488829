package store_test

import (
	"bytes"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"maps"
	"os"
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

const (
	erasedCallee = "+6281999000111"
	// Letters that nothing else has, so that each piece of them is a trace. They have no
	// case: the search index keeps folded text.
	secretLetters = "ꀀꀁꀂꀃꀄꀅꀆꀇꀈꀉꀊꀋꀌꀍꀎꀏ"
	// Names and numbers as people write them.
	secretWords = "Quokkazqx QUOKKAZQX Ümläutzqx ÜMLÄUTZQX +62 819-9900-0111 0819 9900 0111"
	otherCallee = "+628111"
)

// secretSession is a session of the erased callee that has the letters everywhere.
func secretSession(number, version int) []byte {
	secret := fmt.Sprintf("%s %d/%d %s", secretLetters, number, version, secretWords)
	return note{
		"call_id": fmt.Sprintf("secret-%d", number), "callee": erasedCallee, "timestamp": 1000 + version, "intention": "ꀀꀁ", "workflow_name": secret,
		"messages":  texts("hello", secret, strings.Repeat(secret+" ", 40), "ꀀ", "ꀂꀃ"),
		"ner_slots": note{"name": secret, secret: "x"}, "event_label": note{"a": []any{secret}}, "variables": note{"n": note{"m": secret}},
	}.body()
}

func otherBodies() [][]byte {
	bodies := many(150)
	bodies = append(bodies, note{"call_id": "longer", "callee": erasedCallee + "0"}.body())
	for i := range 40 {
		bodies = append(bodies, note{"call_id": fmt.Sprint("other-", i), "callee": otherCallee, "messages": texts("hello", strings.Repeat("nothing to hide ", 30))}.body())
	}
	return append(bodies,
		note{"call_id": "", "callee": otherCallee}.body(),
		note{"call_id": "", "callee": erasedCallee + "0"}.body(), // another number, of which it is the start
		[]byte("no JSON of "+otherCallee))
}

func secretBodies() [][]byte {
	var bodies [][]byte
	for number := range 12 {
		for _, version := range []int{2, 1, 3} {
			bodies = append(bodies, secretSession(number, version))
		}
	}
	escaped := strings.ReplaceAll(erasedCallee, "+", `\u002b`)
	return append(bodies,
		note{"call_id": "", "callee": erasedCallee, "messages": texts(secretLetters)}.body(),
		note{"messages": "none", "unknown": note{"to": []any{erasedCallee}}, "text": secretLetters}.body(),
		[]byte(`{"callee":"`+escaped+`","text":"`+secretLetters+`"}`),
		[]byte("not JSON at all: to "+erasedCallee+": "+secretLetters))
}

// What is left in files is a question of SQLite's.
func onSQLite(file string) backend { return backend{testdb.SQLite, file} }

func openOnSQLite(t *testing.T) (*store.Store, string) {
	t.Helper()
	database, in := openStore(t, testdb.SQLite)
	return database, in.address
}

// mixed puts the secrets between the others, and some of them twice.
func mixed(others, secrets [][]byte) [][]byte {
	all := slices.Clone(others)
	for i, body := range secrets {
		all = slices.Insert(all, (i*7)%len(all), body)
	}
	return append(all, secrets[:5]...)
}

// packedBodies are the secrets as the ledger keeps them.
func packedBodies(t *testing.T, file string) [][]byte {
	t.Helper()
	var packed [][]byte
	for _, row := range rows(t, onSQLite(file), "SELECT hex(body) AS body FROM notifications WHERE call_id LIKE 'secret-%'") {
		var body []byte
		if _, err := fmt.Sscanf(row, `body="%x"`, &body); err != nil {
			t.Fatal(err)
		}
		packed = append(packed, body)
	}
	return packed
}

// traces are pieces of the secrets that stand in the database's files.
func traces(t *testing.T, file string, packed [][]byte) []string {
	t.Helper()
	var found []string
	files, err := filepath.Glob(file + "*")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range files {
		content, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		lower := bytes.ToLower(content)
		for _, word := range []string{"quokkazqx", "ümläutzqx", "819-9900-0111", "0819 9900"} {
			if bytes.Contains(lower, []byte(word)) {
				found = append(found, fmt.Sprintf("%s: %q", filepath.Base(name), word))
			}
		}
		letters := []rune(secretLetters)
		for i := range letters[1:] {
			if piece := string(letters[i : i+2]); bytes.Contains(content, []byte(piece)) {
				found = append(found, fmt.Sprintf("%s: %q", filepath.Base(name), piece))
			}
		}
		for _, piece := range []string{erasedCallee, "secret-"} {
			rest := bytes.ReplaceAll(content, []byte(erasedCallee+"0"), nil) // another's number
			if bytes.Contains(rest, []byte(piece)) {
				found = append(found, fmt.Sprintf("%s: %q", filepath.Base(name), piece))
			}
		}
		for i, body := range packed {
			for at := 0; at+24 <= len(body); at += 24 {
				if bytes.Contains(content, body[at:at+24]) {
					found = append(found, fmt.Sprintf("%s: bytes %d of the ledger's secret %d", filepath.Base(name), at, i))
					break
				}
			}
		}
	}
	return found
}

// checkFile has SQLite check the file's pages.
func checkFile(t *testing.T, file string) {
	t.Helper()
	if got := rows(t, onSQLite(file), "PRAGMA integrity_check"); !slices.Equal(got, []string{`integrity_check="ok" `}) {
		t.Errorf("the file is damaged: %s", got)
	}
}

// secretTerms are the terms with the letters in the search index.
func secretTerms(t *testing.T, file string) []string {
	t.Helper()
	return rows(t, onSQLite(file), "SELECT DISTINCT term FROM session_search_runs WHERE term GLOB '*[ꀀ-ꀏ]*'")
}

func noProgress(int, int) {}

func verified(t *testing.T, database *store.Store) {
	t.Helper()
	err := database.Verify(t.Context(), ingest.Project, noProgress, func(difference string) { t.Errorf("verify: %s", difference) })
	if err != nil {
		t.Error(err)
	}
}

// checkWhole checks the tables against the ledger, the search index and the file.
func checkWhole(t *testing.T, database *store.Store, file string) {
	t.Helper()
	verified(t, database)
	checkSearchIndex(t, onSQLite(file))
	checkFile(t, file)
}

func TestErase(t *testing.T) {
	database, file := openOnSQLite(t)
	others, secrets := otherBodies(), secretBodies()
	all := mixed(others, secrets)
	for chunk := range slices.Chunk(all, 3) { // so many that the search index has parts of parts
		save(t, database, chunk)
	}
	packed := packedBodies(t, file)
	if len(packed) != 36 || len(traces(t, file, packed)) < 10 || len(secretTerms(t, file)) < 10 || len(hits(t, database, secretLetters)) != 12 {
		t.Fatalf("%d secrets are kept, traces are %s", len(packed), traces(t, file, packed))
	}
	removed, err := database.Erase(t.Context(), erasedCallee, store.RemovalProgress{})
	if want := (store.Removed{Sessions: 12, Messages: 60, Notifications: len(secrets)}); err != nil || removed != want {
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

// checkSame compares a database with one in which these bodies are all that ever came.
func checkSame(t *testing.T, file string, bodies [][]byte) {
	t.Helper()
	fresh, freshFile := openOnSQLite(t)
	save(t, fresh, bodies)
	for _, query := range contents {
		if got, want := rows(t, onSQLite(file), query), rows(t, onSQLite(freshFile), query); !slices.Equal(got, want) {
			t.Errorf("%s\n got %d rows, want %d: %.1000s", query, len(got), len(want), diffRows(got, want))
		}
	}
}

func diffRows(got, want []string) string {
	var out strings.Builder
	for _, row := range got {
		if !slices.Contains(want, row) {
			fmt.Fprintf(&out, "\nunwanted %.200s", row)
		}
	}
	for _, row := range want {
		if !slices.Contains(got, row) {
			fmt.Fprintf(&out, "\nmissing %.200s", row)
		}
	}
	return out.String()
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
	save(t, database, [][]byte{note{}.body(), note{"call_id": "call-2", "callee": ""}.body(), []byte(`{}`), []byte(`no`)})
	before := dump(t, onSQLite(file))
	bytesBefore := filesOf(t, file)
	if removed, err := database.Erase(t.Context(), "+nobody", store.RemovalProgress{}); err != nil || removed != (store.Removed{}) {
		t.Errorf("removed %+v, %v", removed, err)
	}
	if removed, err := database.Prune(t.Context(), models.TimeOf(epoch.AddDate(-1, 0, 0)), store.RemovalProgress{}); err != nil || removed != (store.Removed{}) {
		t.Errorf("pruned %+v, %v", removed, err)
	}
	if !maps.EqualFunc(filesOf(t, file), bytesBefore, bytes.Equal) {
		t.Error("removing nothing wrote to the database")
	}
	if removed, err := database.Erase(t.Context(), "", store.RemovalProgress{}); err == nil || removed != (store.Removed{}) {
		t.Errorf("of the empty callee removed %+v, %v", removed, err)
	}
	if after := dump(t, onSQLite(file)); after != before {
		t.Errorf("changed to %s", after)
	}
}

// filesOf are the bytes of the database and of its log.
func filesOf(t *testing.T, file string) map[string][]byte {
	t.Helper()
	files := map[string][]byte{}
	for _, name := range []string{file, file + "-wal"} {
		content, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		files[name] = content
	}
	return files
}

// In quarantine there is no callee to ask for: what names it goes, longer numbers stay.
func TestEraseFromQuarantine(t *testing.T) {
	database, file := openOnSQLite(t)
	gone := [][]byte{
		[]byte(`{"callee":"628111"}`), []byte(`{"callee":628111}`), []byte(`{"callee":"62811\u0031"}`), []byte(`{"to":"+628111,"}`), []byte(`628111`), []byte(`callee=628111&x=1`),
		[]byte(`{"callee":"6281110","to":"628111"}`), []byte(`{"to":"62811\u0031"}`), []byte(`{"text":"from\n628111"}`),
	}
	stay := [][]byte{
		[]byte(`{"callee":"6281110"}`), []byte(`{"callee":"1628111"}`), []byte(`{"callee":"1628111","to":6281110}`), []byte(`62811`), []byte(`{"to":"ID628111"}`), []byte(`{"to":"628111b"}`), []byte(`{}`), []byte(``), []byte(`{"callee":null}`),
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
	save(t, database, [][]byte{note{"callee": "+1", "timestamp": 1}.body(), note{"callee": "+2", "timestamp": 2}.body(), note{"call_id": "call-2", "callee": "+2"}.body()})
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
	if removed, err := database.Erase(t.Context(), erasedCallee, store.RemovalProgress{}); err != nil || removed != (store.Removed{}) {
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
	testdb.Each(t, func(t *testing.T, kind testdb.Kind) {
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
			body := note{"call_id": fmt.Sprint("new-", n), "callee": otherCallee, "messages": texts("hello", strings.Repeat("all the time ", 20))}.body()
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
	removed, err := tool.Erase(t.Context(), erasedCallee, store.RemovalProgress{Removed: func(n, _ int) { done = append(done, n) }})
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
		return note{"call_id": callID, "session_end_time": at, "timestamp": version, "messages": texts("said by "+callID, "and more")}.body()
	}
	kept := [][]byte{
		ended("at", "2025-04-15T06:00:00Z", 1),
		ended("zone", "2025-04-15T07:30:00+01:00", 1),
		ended("new", "2025-05-01T00:00:00Z", 1),
		ended("was-old", "2025-04-14T00:00:00Z", 1), ended("was-old", "2025-04-16T00:00:00Z", 2), // the newest version counts
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
	if removed, err := database.Prune(t.Context(), models.TimeOf(time.Date(1, 1, 1, 0, 0, 0, 0, time.UTC)), store.RemovalProgress{}); err != nil || removed != (store.Removed{}) {
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
	removed, err := database.Prune(t.Context(), models.TimeOf(time.Date(2030, 1, 1, 0, 0, 0, 0, time.UTC)), store.RemovalProgress{Removed: func(n, _ int) { done = append(done, n) }})
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

// A copy that is made while others write is that of one moment.
func TestBackupOfALiveDatabase(t *testing.T) {
	file := filepath.Join(t.TempDir(), "test.db")
	server, tool := reopen(t, onSQLite(file)), reopen(t, onSQLite(file))
	bodies := many(600)
	save(t, server, bodies[:100])
	begun, done := make(chan struct{}), make(chan struct{})
	var stop atomic.Bool
	var stored atomic.Int64
	stored.Store(100)
	go func() {
		defer close(done)
		for i, body := range bodies[100:] {
			if stop.Load() {
				return
			}
			for {
				err := server.Save(context.Background(), []store.PreparedDelivery{server.Prepare(ingest.NewDelivery(body, "", epoch))})
				if err == nil {
					break
				}
				if !errors.Is(err, dialect.ErrUnavailable) {
					t.Errorf("save: %v", err)
					return
				}
			}
			stored.Add(1)
			if i == 20 {
				close(begun)
			}
		}
	}()
	<-begun
	least := stored.Load()
	copied := filepath.Join(t.TempDir(), "copy.db")
	err := tool.Backup(t.Context(), copied, noProgress)
	most := stored.Load() + 1
	stop.Store(true)
	<-done
	if err != nil {
		t.Fatal(err)
	}
	database := reopen(t, onSQLite(copied))
	checkWhole(t, database, copied)
	count := int64(len(rows(t, onSQLite(copied), "SELECT id FROM notifications")))
	if count < least || count > most {
		t.Errorf("the copy has %d notifications, want %d to %d", count, least, most)
	}
	for id := range count {
		checkBody(t, database, id+1, bodies[id])
	}
	checkSame(t, copied, bodies[:count])
	save(t, database, bodies[count:count+1]) // and it is a database like any other
	verified(t, database)
}

func TestBackupDoesNotOverwrite(t *testing.T) {
	database, file := openOnSQLite(t)
	save(t, database, [][]byte{note{}.body()})
	precious := filepath.Join(t.TempDir(), "precious")
	if err := os.WriteFile(precious, []byte("precious"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, target := range []string{precious, file} {
		if err := database.Backup(t.Context(), target, noProgress); err == nil || !strings.Contains(err.Error(), "already") {
			t.Errorf("onto %s: %v", target, err)
		}
	}
	if err := database.Backup(t.Context(), filepath.Join(t.TempDir(), "missing", "copy.db"), noProgress); err == nil {
		t.Error("backed up into a missing folder")
	}
	if content, err := os.ReadFile(precious); err != nil || string(content) != "precious" {
		t.Errorf("the file now has %q, %v", content, err)
	}
	verified(t, database)
	for _, name := range []string{"it's.db", "a b?c#d%41.db", "é你.db"} {
		target := filepath.Join(t.TempDir(), name)
		if err := database.Backup(t.Context(), target, noProgress); err != nil {
			t.Errorf("%s: %v", name, err)
		} else if session(t, reopen(t, onSQLite(target)), "call-1") == nil {
			t.Errorf("%s: the copy is empty", name)
		}
	}
}
