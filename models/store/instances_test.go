package store_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"sync"
	"testing"
	"time"

	"sessiongraph/ingest"
	"sessiongraph/internal/test/testdb"
	"sessiongraph/internal/test/tools"
	"sessiongraph/models"
	"sessiongraph/models/store"
	"sessiongraph/models/store/dialect"
)

// saveOnce saves, again where another process has the database for itself.
func saveOnce(t *testing.T, database *store.Store, bodies ...[]byte) {
	t.Helper()
	var deliveries []store.PreparedDelivery
	for _, body := range bodies {
		deliveries = append(deliveries, database.Prepare(ingest.NewDelivery(body, "", time.Now())))
	}
	tools.Eventually(t, func() string {
		err := database.Save(context.WithoutCancel(t.Context()), deliveries)
		if err != nil && !errors.Is(err, dialect.ErrUnavailable) {
			t.Error(err)
			return ""
		}
		if err != nil {
			return err.Error()
		}
		return ""
	})
}

// Two instances that receive versions and repeats of the same sessions at once end
// with one session each, and count all.
func TestTwoInstancesReceiveTheSame(t *testing.T) {
	testdb.EachAndPooled(t, func(t *testing.T, kind testdb.Kind) {
		const sessions, versions, repeats, senders = 12, 5, 3, 3
		one, db := openStore(t, kind)
		stores := []*store.Store{one, reopen(t, db)}
		var bodies [][]byte
		for s := range sessions {
			for v := range versions {
				body := note{"call_id": fmt.Sprint("call-", s), "timestamp": 1000 + v,
					"messages": texts(fmt.Sprintf("version-%d of %d", v, s))}.body()
				for range repeats {
					bodies = append(bodies, body)
				}
			}
		}
		var all sync.WaitGroup
		for n, database := range stores {
			for sender := range senders {
				mine := make([][]byte, len(bodies))
				for i, at := range rand.New(rand.NewPCG(uint64(n), uint64(sender))).Perm(len(bodies)) {
					mine[i] = bodies[at]
				}
				all.Go(func() {
					for len(mine) > 0 {
						batch := min(len(mine), 7)
						saveOnce(t, database, mine[:batch]...)
						mine = mine[batch:]
					}
				})
			}
		}
		all.Wait()
		for _, database := range stores {
			for s := range sessions {
				got := session(t, database, fmt.Sprint("call-", s))
				if got == nil || got.Version != versions || got.Deliveries != versions*repeats*senders*len(stores) ||
					got.NotifiedAt.Unix() != 1000+versions-1 {
					t.Errorf("session %d is %+v", s, got)
				}
				if found := hits(t, database, fmt.Sprintf("version-%d %d", versions-1, s)); len(found) == 0 {
					t.Errorf("search does not find the last version of session %d", s)
				}
			}
			if found := hits(t, database, "version-0"); len(found) > 0 {
				t.Errorf("search finds an older version of %v", found)
			}
			seq, err := database.EventSeq(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			events, err := database.EventsSince(t.Context(), 0, seq, 10_000)
			if err != nil || len(events) != sessions { // the last version of each
				t.Errorf("%d events of %d sessions, %v", len(events), sessions, err)
			}
		}
		verified(t, one)
	})
}

// What another process stores wakes subscribers.
func TestOtherProcessesWake(t *testing.T) {
	testdb.EachAndPooled(t, func(t *testing.T, kind testdb.Kind) {
		tools.NoGoroutineLeft(t)
		one, db := openStore(t, kind)
		other := reopen(t, db)
		wake, leave := one.Wake()
		defer leave()
		for n := range int64(3) {
			body := note{"call_id": fmt.Sprint("call-", n)}.body()
			saveOnce(t, other, body)
			if !wokenBy(t, one, wake, n+1) {
				t.Errorf("not woken by session %d", n)
			}
		}
	})
}

// wokenBy waits until the store knows of an event, looking only when it is woken.
func wokenBy(t *testing.T, database *store.Store, wake <-chan struct{}, want int64) bool {
	t.Helper()
	late := time.After(30 * time.Second)
	for {
		select {
		case <-wake:
			if seq, err := database.EventSeq(t.Context()); err == nil && seq >= want {
				return true
			}
		case <-late:
			return false
		}
	}
}

// A connection that listens and is lost loses no event.
func TestALostListenerLosesNoEvent(t *testing.T) {
	one, db := openStore(t, testdb.Postgres)
	other := reopen(t, db)
	wake, leave := one.Wake()
	defer leave()
	const listeners = "SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND query LIKE 'LISTEN %'"
	for n := range int64(3) {
		tools.Eventually(t, func() string {
			if len(rows(t, db, listeners)) == 0 {
				return "nobody listens"
			}
			return ""
		})
		rows(t, db, strings.Replace(listeners, "pid", "pg_terminate_backend(pid)", 1))
		saveOnce(t, other, note{"call_id": fmt.Sprint("call-", n)}.body())
		if !wokenBy(t, one, wake, n+1) {
			t.Errorf("not woken by session %d", n)
		}
	}
}

// Ten instances that start at once make the tables once.
func TestTenInstancesStartAtOnce(t *testing.T) {
	address := testdb.Postgres.Fresh(t)
	_, alone := openStore(t, testdb.Postgres)
	var all sync.WaitGroup
	for n := range 10 {
		all.Go(func() {
			database, err := store.Open(t.Context(), address, store.Options{})
			if err != nil {
				t.Error(err)
				return
			}
			saveOnce(t, database, note{"call_id": fmt.Sprint("call-", n)}.body())
			if err := database.Close(); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	db := backend{testdb.Postgres, address}
	if got := rows(t, db, "SELECT id FROM migrations"); len(got) != len(rows(t, alone, "SELECT id FROM migrations")) {
		t.Errorf("migrations are %s", got)
	}
	if got := rows(t, db, "SELECT id FROM sessions"); len(got) != 10 {
		t.Errorf("%d sessions", len(got))
	}
}

// What a time-out of the server's stopped says nothing of what was to be stored.
func TestATimeOutIsNoFaultOfWhatIsStored(t *testing.T) {
	holder, db := openStore(t, testdb.Postgres)
	save(t, holder, [][]byte{note{}.body()})
	hurried := reopen(t, backend{testdb.Postgres, db.address + "&statement_timeout=100"})
	execute(t, db, "CREATE FUNCTION dawdle() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN PERFORM pg_sleep(1); "+
		"RETURN NEW; END $$",
		"CREATE TRIGGER dawdle BEFORE INSERT ON messages FOR EACH ROW EXECUTE FUNCTION dawdle()")
	err := hurried.Save(t.Context(),
		[]store.PreparedDelivery{hurried.Prepare(ingest.NewDelivery(note{"call_id": "b",
			"messages": texts("x")}.body(), "", epoch))})
	if !errors.Is(err, dialect.ErrUnavailable) || errors.Is(err, dialect.ErrRejected) {
		t.Errorf("error is %v, want ErrUnavailable", err)
	}
	execute(t, db, "DROP TRIGGER dawdle ON messages", "ALTER TABLE messages ADD CHECK (folded <> 'never')")
	err = holder.Save(t.Context(),
		[]store.PreparedDelivery{holder.Prepare(ingest.NewDelivery(note{"call_id": "c",
			"messages": texts("never")}.body(), "", epoch))})
	if !errors.Is(err, dialect.ErrRejected) || errors.Is(err, dialect.ErrUnavailable) {
		t.Errorf("error is %v, want ErrRejected", err)
	}
}

// Parts of a session whose own row is gone are not in the way of making it again.
func TestReplayMendsHalfASession(t *testing.T) {
	testdb.EachAndPooled(t, func(t *testing.T, kind testdb.Kind) {
		database, db := openStore(t, kind)
		for n := range 3 {
			save(t, database, [][]byte{note{"call_id": fmt.Sprint("call-", n), "messages": texts("one", "two"),
				"ner_slots": note{"a": "b"}}.body()})
		}
		execute(t, db, "DELETE FROM sessions WHERE call_id = 'call-1'",
			"DELETE FROM notifications WHERE call_id = 'call-2'", "DELETE FROM sessions WHERE call_id = 'call-2'")
		if err := database.Replay(t.Context(), ingest.Project, noProgress); err != nil {
			t.Fatal(err)
		}
		verified(t, database)
		if session(t, database, "call-1") == nil || len(hits(t, database, "two")) != 2 {
			t.Error("it is not there again")
		}
	})
}

// An instance that runs while a newer one adds to the tables goes on as before.
func TestAnOldInstanceGoesOn(t *testing.T) {
	testdb.Each(t, func(t *testing.T, kind testdb.Kind) {
		database, db := openStore(t, kind)
		use := func(name string) {
			t.Helper()
			old := note{"call_id": "old", "timestamp": 1000 + len(name), "messages": texts("all of " + name),
				"ner_slots": note{"slot": name}}.body()
			for range 8 { // statements are prepared from a few uses on
				save(t, database, oneByOne(old,
					note{"call_id": "new-" + name, "messages": texts("only " + name)}.body())...)
				if got := hits(t, database, name); len(got) != 2 {
					t.Errorf("search finds %v of %s", got, name)
				}
				if got := session(t, database, "old"); got == nil {
					t.Error("a session is not there")
				}
				seq, err := database.EventSeq(t.Context())
				if err != nil {
					t.Fatal(err)
				}
				sessions := len(rows(t, db, "SELECT id FROM sessions"))
				if events, err := database.EventsSince(t.Context(), 0, seq, 100); err != nil ||
					len(events) != sessions {
					t.Errorf("%d events of %d sessions, %v", len(events), sessions, err)
				}
				verified(t, database)
			}
		}
		use("before")
		var statements []string
		for _, table := range []string{"notifications", "ledger_clock", "sessions", "messages", "session_prompts",
			"ner_slots", "event_labels", "variables", "drifts", "drift_notifications"} {
			statements = append(statements, "ALTER TABLE "+table+" ADD COLUMN added_later TEXT NOT NULL DEFAULT ''")
		}
		execute(t, db, append(statements, "INSERT INTO migrations (id) VALUES ('9999_later')")...)
		use("afterwards")
		removed, err := database.Prune(t.Context(), models.Time{Time: time.Now()}, store.RemovalProgress{})
		if err != nil || removed.Sessions != 3 {
			t.Errorf("removed %+v, %v", removed, err)
		}
		if _, err := store.Open(t.Context(), db.address, store.Options{}); !errors.Is(err, store.ErrNewer) {
			t.Errorf("an old instance that starts afterwards: %v, want ErrNewer", err)
		}
	})
}
