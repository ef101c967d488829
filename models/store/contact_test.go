package store_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"sessiongraph/ingest"
	"sessiongraph/internal/test/testdb"
	"sessiongraph/models"
	"sessiongraph/models/store"
)

// sameContacts holds the table of contacts to what the sessions are together.
func sameContacts(t *testing.T, db backend, after string, want int) {
	t.Helper()
	kept := rows(t, db, "SELECT callee, session_count, first_seen_at, last_seen_at FROM contacts ORDER BY callee")
	counted := rows(t, db, "SELECT callee, COUNT(*) AS session_count, MIN(started_at) AS first_seen_at,"+
		" MAX(ended_at) AS last_seen_at"+
		" FROM sessions WHERE callee <> '' GROUP BY callee ORDER BY callee")
	if !slices.Equal(kept, counted) || len(kept) != want {
		t.Errorf("after %s:\n  kept %q\ncounted %q", after, kept, counted)
	}
}

func at(second int) string {
	return epoch.Add(time.Duration(second) * time.Second).Format(time.RFC3339)
}

// of is a session of a callee, between two seconds.
func of(callID string, timestamp int, callee any, from, to int) []byte {
	return note{"call_id": callID, "timestamp": timestamp, "callee": callee, "session_start_time": at(from),
		"session_end_time": at(to)}.body()
}

func TestContactsFollowTheirSessions(t *testing.T) {
	testdb.EachAndPooled(t, func(t *testing.T, kind testdb.Kind) {
		database, db := openStore(t, kind)
		save(t, database, [][]byte{of("a", 1, "+1", 10, 20), of("b", 1, "+1", 5, 15), of("c", 1, "+2", 1, 2),
			of("d", 1, "", 1, 2), of("e", 1, nil, 1, 2)})
		sameContacts(t, db, "storing", 2)
		save(t, database, oneByOne(of("f", 1, "+1", 3, 30), of("f", 1, "+1", 3, 30), of("g", 1, "+3", 7, 8))...)
		sameContacts(t, db, "storing more, and a repeat", 3)
		save(t, database, [][]byte{of("f", 2, "+1", 11, 12), of("g", 2, "+4", 7, 8), of("b", 0, "+9", 0, 99)})
		sameContacts(t, db, "newer versions and an older one", 3)
		save(t, database, [][]byte{of("h", 1, "+5", 1, 9), of("h", 2, "+6", 2, 3), of("h", 3, "", 2, 3),
			of("a", 2, "+1", 12, 13), of("i", 1, "+1", 1, 1)})
		sameContacts(t, db, "versions within a batch", 3)
		verified(t, database)

		_, err := database.Prune(t.Context(), models.TimeOf(epoch.Add(13*time.Second)), store.RemovalProgress{})
		if err != nil {
			t.Fatal(err)
		}
		sameContacts(t, db, "prune", 1)
		if _, err := database.Erase(t.Context(), "+1", store.RemovalProgress{}); err != nil {
			t.Fatal(err)
		}
		sameContacts(t, db, "erase", 0)
	})
}

// Verify finds contacts that differ from their sessions, and replay mends them.
func TestWrongContactsAreMended(t *testing.T) {
	testdb.Each(t, func(t *testing.T, kind testdb.Kind) {
		database, db := openStore(t, kind)
		save(t, database, [][]byte{of("a", 1, "+1", 10, 20), of("b", 1, "+2", 5, 15), of("c", 1, "+3", 1, 2)})
		execute(t, db, "DELETE FROM contacts WHERE callee = '+1'",
			"UPDATE contacts SET session_count = 7 WHERE callee = '+2'",
			"INSERT INTO contacts (callee, session_count, first_seen_at, last_seen_at) VALUES ('+4', 1, 1, 1)")
		found := differences(t, database)
		if len(found) != 1 || found[0] != "3 contacts differ from their sessions (replay mends it)" {
			t.Errorf("verify finds %q", found)
		}
		if err := database.Replay(t.Context(), ingest.Project, noProgress); err != nil {
			t.Fatal(err)
		}
		sameContacts(t, db, "replay", 3)
		verified(t, database)
	})
}

// An existing database has its contacts at once.
func TestContactsOfAnOldDatabase(t *testing.T) {
	testdb.Each(t, func(t *testing.T, kind testdb.Kind) {
		var bodies [][]byte
		for i := range 20 {
			bodies = append(bodies, of(fmt.Sprint("call-", i), 1, fmt.Sprint("+", i/3), i, i+1))
		}
		db := oldDatabase(t, kind, bodies...)
		database := reopen(t, db)
		sameContacts(t, db, "the migration", 7)
		if _, err := database.Upgrade(t.Context(), ingest.Project, noProgress); err != nil {
			t.Fatal(err)
		}
		sameContacts(t, db, "the upgrade", 7)
	})
}
