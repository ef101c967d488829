package store_test

import (
	"bytes"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"testing"
	"time"

	"sessiongraph/ingest"
	"sessiongraph/internal/test/testdb"
	"sessiongraph/models"
	"sessiongraph/models/store"
)

// driftOf reads the drift that a viewer sees, each with its number of notifications and the seconds after epoch at
// which the first and the last arrived.
func driftOf(t *testing.T, database *store.Store, viewer *models.Viewer, first *int) []string {
	t.Helper()
	found, err := database.Drift(models.WithViewer(t.Context(), viewer), first)
	if err != nil {
		t.Fatal(err)
	}
	list := []string{}
	for _, d := range found {
		list = append(list, fmt.Sprintf("%s %s %q %d %.0f-%.0f", d.Kind, d.Path, d.Value, d.NotificationCount,
			d.FirstSeenAt.Sub(epoch).Seconds(), d.LastSeenAt.Sub(epoch).Seconds()))
	}
	return list
}

func expectDrift(t *testing.T, when string, database *store.Store, want ...string) {
	t.Helper()
	if got := driftOf(t, database, models.Operator(), nil); !slices.Equal(got, want) {
		t.Errorf("%s drift is\n %s, want\n %s", when, strings.Join(got, "\n "), strings.Join(want, "\n "))
	}
}

// Bodies with drift: a session in two versions, another, and one in quarantine.
func driftBodies() [][]byte {
	return [][]byte{
		note{"new": 1, "workflow_id": "w1"}.body(),
		note{"new": 2, "timestamp": 2000, "session_end_reason": "bored", "workflow_id": "w1"}.body(),
		note{"call_id": "call-2", "callee": "+200", "workflow_id": "w2", "session_end_reason": "bored",
			"messages": []any{note{"content": note{"type": "sticker"}}}}.body(),
		[]byte(`{"new":3}`),
		[]byte(`["new"]`),
	}
}

func TestDriftIsCountedByBodies(t *testing.T) {
	testdb.EachAndPooled(t, func(t *testing.T, kind testdb.Kind) {
		database, db := openStore(t, kind)
		save(t, database, driftBodies(), driftBodies()[1:3]) // repeats
		save(t, database, [][]byte{driftBodies()[0]})        // one more, in another run of seconds
		all := []string{`FIELD new "" 3 1-4`, `ENUM_VALUE session_end_reason "bored" 2 2-3`,
			`CONTENT_TYPE messages[].content.type "sticker" 1 3-3`}
		expectDrift(t, "at first", database, all...)
		verified(t, database)

		two := 2
		if got := driftOf(t, database, models.Operator(), &two); !slices.Equal(got, all[:2]) {
			t.Errorf("the first two are %q", got)
		}
		viewer := models.Operator()
		viewer.WorkflowIDs = []string{"w1"}
		want := []string{`FIELD new "" 2 1-2`, `ENUM_VALUE session_end_reason "bored" 1 2-2`}
		if got := driftOf(t, database, viewer, nil); !slices.Equal(got, want) {
			t.Errorf("a viewer with rules sees %q, want %q", got, want)
		}
		viewer.WorkflowIDs = []string{"nothing"}
		if got := driftOf(t, database, viewer, nil); len(got) > 0 {
			t.Errorf("a viewer of nothing sees %q", got)
		}

		if _, err := database.Erase(t.Context(), "+200", store.RemovalProgress{}); err != nil {
			t.Fatal(err)
		}
		expectDrift(t, "after an erasure", database, `FIELD new "" 3 1-4`,
			`ENUM_VALUE session_end_reason "bored" 1 2-2`)
		before := models.TimeOf(time.Date(2030, 1, 1, 0, 0, 0, 0, time.UTC))
		if _, err := database.Prune(t.Context(), before, store.RemovalProgress{}); err != nil {
			t.Fatal(err)
		}
		expectDrift(t, "after a removal of all", database)
		if left := rows(t, db, "SELECT id FROM drifts"); len(left) > 0 {
			t.Errorf("left are %q", left)
		}
		verified(t, database)
	})
}

// What was stored before drift was, or is damaged, is found by verify and mended by replay.
func TestReplayMendsDrift(t *testing.T) {
	testdb.Each(t, func(t *testing.T, kind testdb.Kind) {
		database, db := openStore(t, kind)
		save(t, database, driftBodies())
		want := driftOf(t, database, models.Operator(), nil)
		for _, damage := range [][]string{
			{"DELETE FROM drift_notifications"},
			{"DELETE FROM drifts"},
			{"UPDATE drifts SET path = 'other' WHERE kind = 'FIELD'"},
			{"UPDATE drift_notifications SET received_at = 1"},
			{"INSERT INTO drifts (id, kind, path, value) VALUES (1, 'FIELD', 'unused', '')"},
			{"INSERT INTO drift_notifications (notification_id, drift_id, received_at) VALUES (99, 1, 1)"},
			{"INSERT INTO drifts (id, kind, path, value) VALUES (1, 'FIELD', 'more', '')",
				"INSERT INTO drift_notifications (notification_id, drift_id, received_at) VALUES (1, 1, 1)"},
		} {
			execute(t, db, damage...)
			differences := 0
			err := database.Verify(t.Context(), ingest.Project, noProgress, func(string) { differences++ })
			if err != nil || differences == 0 {
				t.Errorf("%q: %d differences, %v", damage, differences, err)
			}
			if err := database.Replay(t.Context(), ingest.Project, noProgress); err != nil {
				t.Fatal(err)
			}
			expectDrift(t, damage[0]+": after a replay", database, want...)
			verified(t, database)
		}
	})
}

// What is erased while a replay has read it does not come back.
func TestReplayBesideAnErasureKeepsNoDrift(t *testing.T) {
	testdb.Each(t, func(t *testing.T, kind testdb.Kind) {
		database, db := openStore(t, kind)
		save(t, database, driftBodies())
		execute(t, db, "DELETE FROM drift_notifications")
		erased := false
		decode := func(body []byte) (*models.Projection, models.Outcome, string) {
			if !erased {
				erased = true
				if _, err := database.Erase(t.Context(), "+200", store.RemovalProgress{}); err != nil {
					t.Error(err)
				}
			}
			return ingest.Project(body)
		}
		if err := database.Replay(t.Context(), decode, noProgress); err != nil {
			t.Fatal(err)
		}
		expectDrift(t, "after the replay", database, `FIELD new "" 3 1-4`,
			`ENUM_VALUE session_end_reason "bored" 1 2-2`)
		if left := rows(t, db, "SELECT id FROM drifts"); len(left) != 2 {
			t.Errorf("left are %q", left)
		}
	})
}

// The upgrade of what an older version stored counts its drift, in quarantine too. Until then verify does not miss it.
func TestUpgradeCountsDrift(t *testing.T) {
	testdb.Each(t, func(t *testing.T, kind testdb.Kind) {
		database, db := openStore(t, kind)
		save(t, database, driftBodies())
		want := driftOf(t, database, models.Operator(), nil)
		execute(t, db, "DELETE FROM drift_notifications WHERE notification_id <> 4",
			"UPDATE sessions SET projection = 1")
		var differences []string
		err := database.Verify(t.Context(), ingest.Project, noProgress, func(d string) {
			differences = append(differences, d)
		})
		if err != nil || len(differences) != 1 || !strings.Contains(differences[0], "2 sessions were stored by an") {
			t.Errorf("differences are %q, %v", differences, err)
		}
		execute(t, db, "DELETE FROM drift_notifications")
		var log bytes.Buffer
		upgraded, err := store.Open(t.Context(), db.address,
			store.Options{Log: slog.New(slog.NewTextHandler(&log, nil))})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = upgraded.Close() })
		if _, err := upgraded.Upgrade(t.Context(), ingest.Project, noProgress); err != nil {
			t.Fatal(err)
		}
		if got := strings.Count(log.String(), "kind="); got != 3 {
			t.Errorf("%d lines of new drift in %s", got, log.String())
		}
		expectDrift(t, "after the upgrade", database, want...)
		verified(t, database)
	})
}

// An import counts bodies by when they first arrived elsewhere, in whatever order.
func TestDriftOfImportedBodies(t *testing.T) {
	testdb.Each(t, func(t *testing.T, kind testdb.Kind) {
		database, _ := openStore(t, kind)
		for _, at := range []int{50, 10, 30} {
			d := ingest.NewDelivery(note{"new": at}.body(), "", epoch.Add(time.Duration(at)*time.Second))
			d.Imported = &models.ImportedCounters{LastReceivedAt: models.TimeOf(epoch.Add(time.Hour)), Deliveries: 3}
			if err := database.Save(t.Context(), []store.PreparedDelivery{database.Prepare(d)}); err != nil {
				t.Fatal(err)
			}
		}
		expectDrift(t, "after an import", database, `FIELD new "" 3 10-50`)
	})
}

// A log line names a new item's kind alone, once.
func TestNewDriftIsLoggedOnce(t *testing.T) {
	testdb.Each(t, func(t *testing.T, kind testdb.Kind) {
		var log bytes.Buffer
		database, err := store.Open(t.Context(), kind.Fresh(t),
			store.Options{Log: slog.New(slog.NewTextHandler(&log, nil))})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = database.Close() })
		save(t, database, driftBodies()[:3], driftBodies())
		for name, want := range map[string]int{"kind=FIELD\n": 1, "kind=ENUM_VALUE\n": 1, "kind=CONTENT_TYPE\n": 1,
			"kind=": 3, "level=WARN": 3, "new ": 0, "bored": 0, "sticker": 0} {
			if got := strings.Count(log.String(), name); got != want {
				t.Errorf("%q stands %d times, want %d in:\n%s", name, got, want, log.String())
			}
		}
		var many [][]byte
		for n := range 3000 {
			many = append(many, note{fmt.Sprint("field", n): 1}.body())
		}
		log.Reset()
		save(t, database, many)
		if got := strings.Count(log.String(), "\n"); got < 90 || got > 120 {
			t.Errorf("3000 new items have %d lines", got)
		}
	})
}
