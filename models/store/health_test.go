package store_test

import (
	"errors"
	"maps"
	"path/filepath"
	"strings"
	"testing"

	"sessiongraph/ingest"
	"sessiongraph/internal/test/testdb"
	"sessiongraph/internal/test/tools"
	"sessiongraph/models"
	"sessiongraph/models/store"
	"sessiongraph/models/store/dialect"
)

// The counts of outcomes are those of the ledger, whatever changes it, an older program too.
func TestOutcomesAreCounted(t *testing.T) {
	testdb.Each(t, func(t *testing.T, kind testdb.Kind) {
		database, db := openStore(t, kind)
		check := func(what string, projected, quarantined, refused int) {
			t.Helper()
			got, err := database.CountOutcomes(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			maps.DeleteFunc(got, func(_ models.Outcome, n int) bool { return n == 0 })
			want := map[models.Outcome]int{models.Projected: projected, models.Quarantined: quarantined,
				models.Refused: refused}
			maps.DeleteFunc(want, func(_ models.Outcome, n int) bool { return n == 0 })
			if !maps.Equal(got, want) {
				t.Errorf("%s: %v, want %v", what, got, want)
			}
		}
		check("nothing", 0, 0, 0)
		var batch [][]byte
		for n := range 40 { // more than one INSERT
			batch = append(batch, note{"call_id": strings.Repeat("x", n+1), "callee": "+1"}.body())
		}
		save(t, database, append(batch, []byte("[]"), []byte("{}"), []byte(`{"a":1}`)))
		check("stored", 40, 2, 1)
		save(t, database, append(batch, []byte("{}")))
		check("stored again", 40, 2, 1)
		execute(t, db, "UPDATE notifications SET outcome = 'quarantined' WHERE id <= 10")
		check("ten changed by hand", 30, 12, 1)
		if err := database.Replay(t.Context(), ingest.Project, noProgress); err != nil {
			t.Fatal(err)
		}
		check("replayed", 40, 2, 1)
		execute(t, db, "DELETE FROM notifications WHERE id IN (1, 2, 41)")
		check("three deleted by hand", 38, 2, 0)
		var statements []string
		watched, err := store.Open(t.Context(), db.address, store.Options{OnStatement: func(sql string) {
			statements = append(statements, sql)
		}})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = watched.Close() })
		statements = nil
		if _, err := watched.CountOutcomes(t.Context()); err != nil || len(statements) != 1 ||
			strings.Contains(statements[0], "FROM notifications") {
			t.Errorf("counted by %q, %v", statements, err)
		}
	})
}

// What was stored before the counts were kept is counted by the upgrade.
func TestOutcomesOfAnOlderDatabaseAreCounted(t *testing.T) {
	testdb.Each(t, func(t *testing.T, kind testdb.Kind) {
		database, db := openStore(t, kind)
		save(t, database, [][]byte{note{}.body(), []byte("{}"), []byte("{} ")})
		drop := []string{"DROP TRIGGER notifications_added", "DROP TRIGGER notifications_removed",
			"DROP TRIGGER notifications_changed"}
		if kind.Name == testdb.Postgres.Name {
			for i := range drop {
				drop[i] += " ON notifications"
			}
			drop = append(drop, "DROP FUNCTION count_notifications()")
		}
		execute(t, db, append(drop, "DROP TABLE ledger_counts", "DROP TABLE write_probe",
			"DELETE FROM migrations WHERE id = '0008_counts'")...)
		again := reopen(t, db)
		got, err := again.CountOutcomes(t.Context())
		if err != nil || got[models.Projected] != 1 || got[models.Quarantined] != 2 {
			t.Errorf("%v, %v", got, err)
		}
	})
}

// Save says of each arrival what became of it.
func TestSaveSaysWhatBecameOfEach(t *testing.T) {
	testdb.Each(t, func(t *testing.T, kind testdb.Kind) {
		database, _ := openStore(t, kind)
		one, later := note{"timestamp": 1}.body(), note{"timestamp": 2}.body()
		bodies := [][]byte{one, later, one, []byte("{}"), []byte("{}"), []byte("[]")}
		var deliveries []store.PreparedDelivery
		for _, body := range bodies {
			deliveries = append(deliveries, database.Prepare(ingest.NewDelivery(body, "", epoch)))
		}
		const reason = "call_id: expected a string, got nothing"
		for round, want := range [][]store.Stored{
			{
				{ID: 1, Outcome: models.Projected}, {ID: 2, Outcome: models.Projected, Version: true},
				{ID: 1, Repeat: true, Outcome: models.Projected},
				{ID: 3, Outcome: models.Quarantined, Reason: reason},
				{ID: 3, Repeat: true, Outcome: models.Quarantined, Reason: reason},
				{ID: 4, Outcome: models.Refused, Reason: "the body is not a JSON object: it is a list"},
			},
			{
				{ID: 1, Repeat: true, Outcome: models.Projected}, {ID: 2, Repeat: true, Outcome: models.Projected},
				{ID: 1, Repeat: true, Outcome: models.Projected},
				{ID: 3, Repeat: true, Outcome: models.Quarantined, Reason: reason},
				{ID: 3, Repeat: true, Outcome: models.Quarantined, Reason: reason},
				{ID: 4, Repeat: true, Outcome: models.Refused, Reason: "the body is not a JSON object: it is a list"},
			},
		} {
			if err := database.Save(t.Context(), deliveries); err != nil {
				t.Fatal(err)
			}
			for i := range deliveries {
				if deliveries[i].Stored != want[i] {
					t.Errorf("round %d, %s: %+v, want %+v", round, bodies[i], deliveries[i].Stored, want[i])
				}
			}
		}
	})
}

// A probe finds what a reader does not: that nothing can be stored.
func TestProbe(t *testing.T) {
	testdb.EachAndPooled(t, func(t *testing.T, kind testdb.Kind) {
		database, db := openStore(t, kind)
		for _, size := range []int{1, 256 << 10, 1} {
			if err := database.Probe(t.Context(), size); err != nil {
				t.Error(err)
			}
		}
		if err := database.CheckWritable(t.Context()); err != nil {
			t.Error(err)
		}
		if kind.Name == testdb.Postgres.Name {
			readOnly := reopen(t, backend{kind, db.address + "&default_transaction_read_only=on"})
			checkOneLine(t, readOnly.CheckWritable(t.Context()), "read-only")
		}
	})
}

// Opening a server that does not answer, or not yet, may succeed later; opening one that
// refuses does not.
func TestOpenTellsAServerThatCannotBeReached(t *testing.T) {
	cluster, err := testdb.StartCluster(nil)
	if err != nil {
		tools.Missing(t, "POSTGRESQL CANNOT BE STARTED, NOTHING IS TESTED ON IT: "+err.Error())
	}
	t.Cleanup(cluster.Remove)
	cluster.Execute(t, "CREATE DATABASE there", "ALTER DATABASE postgres CONNECTION LIMIT 0",
		"CREATE ROLE plain LOGIN")
	full := strings.Replace(cluster.Address("postgres"), "postgres@", "plain@", 1)
	for name, c := range map[string]struct {
		address     string
		unreachable bool
	}{
		"refused":              {"postgres://postgres@127.0.0.1:1/x", true},
		"unknown host":         {"postgres://postgres@no.such.host.invalid/x", true},
		"too many connections": {full, true},
		"no such database":     {cluster.Address("nothing"), false},
		"no such user":         {strings.Replace(cluster.Address("there"), "postgres@", "nobody@", 1), false},
		"a folder":             {t.TempDir(), false},
		"no folder":            {filepath.Join(t.TempDir(), "no", "x.db"), false},
	} {
		database, err := store.Open(t.Context(), c.address, store.Options{})
		if err == nil {
			_ = database.Close()
			t.Errorf("%s: opened", name)
			continue
		}
		if got := errors.Is(err, dialect.ErrUnreachable); got != c.unreachable {
			t.Errorf("%s: %v: unreachable is %t", name, err, got)
		}
		if c.unreachable {
			checkOneLine(t, err, "cannot be reached")
		}
	}
}
