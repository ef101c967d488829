package graph_test

import (
	"bytes"
	"compress/gzip"
	"context"
	"crypto/sha256"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"sessiongraph/graph"
	"sessiongraph/ingest"
	"sessiongraph/internal/test/testdb"
	"sessiongraph/internal/test/tools"
	"sessiongraph/models"
	"sessiongraph/models/store"
)

// firstVersion reads a file of testdata/firstversion.
func firstVersion(t *testing.T, name string) []byte {
	t.Helper()
	packed, err := os.Open(filepath.Join("testdata", "firstversion", name+".gz"))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = packed.Close() }()
	plain, err := gzip.NewReader(packed)
	if err != nil {
		t.Fatal(err)
	}
	content, err := io.ReadAll(plain)
	if err != nil {
		t.Fatal(err)
	}
	return content
}

// restoreFirstVersion returns the address of a database that the first version filled.
func restoreFirstVersion(t *testing.T, kind testdb.Kind) string {
	t.Helper()
	address := kind.Fresh(t)
	if kind.Name == testdb.SQLite.Name {
		if err := os.WriteFile(address, firstVersion(t, "sqlite.db"), 0o600); err != nil {
			t.Fatal(err)
		}
		return address
	}
	connection, err := pgx.Connect(t.Context(), address)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = connection.Close(t.Context()) }()
	if _, err := connection.PgConn().Exec(t.Context(), string(firstVersion(t, "postgres.sql"))).ReadAll(); err != nil {
		t.Fatal(err)
	}
	return address
}

// upgradeWithABreak upgrades a database, interrupted in the middle.
func upgradeWithABreak(t *testing.T, address string) *store.Store {
	t.Helper()
	database := openWorld(t, address, 0)
	all, err := database.Outdated(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	_, err = database.Upgrade(ctx, ingest.Project, func(done, _ int) {
		if done > 0 {
			cancel()
		}
	})
	rest, err2 := database.Outdated(t.Context())
	if !errors.Is(err, context.Canceled) || err2 != nil || rest == 0 || rest == all {
		t.Fatalf("interrupted with %v, %d of %d sessions are left (%v)", err, rest, all, err2)
	}
	if err := database.Close(); err != nil {
		t.Fatal(err)
	}

	database = openWorld(t, address, 0)
	if left, err := database.Upgrade(t.Context(), ingest.Project, func(int, int) {}); left != 0 || err != nil {
		t.Fatalf("%d sessions are left, %v", left, err)
	}
	return database
}

// storeAgain stores the notifications of the first version's databases in the same order
// in a new database, with the times at which another received them.
func storeAgain(t *testing.T, address string, another *store.Store) *store.Store {
	t.Helper()
	received := map[string]*models.Notification{}
	for _, n := range ledgerOf(t, another) {
		received[string(n.SHA256)] = n
	}
	database := openWorld(t, address, 0)
	seen := map[string]bool{}
	bodies := bytes.Split(bytes.TrimSpace(firstVersion(t, "notifications.jsonl")), []byte("\n"))
	for batch := range slices.Chunk(bodies, 16) {
		var deliveries []store.PreparedDelivery
		for _, body := range batch {
			n := received[sum(body)]
			at := n.FirstReceivedAt
			if seen[sum(body)] {
				at = n.LastReceivedAt
			}
			seen[sum(body)] = true
			deliveries = append(deliveries, database.Prepare(ingest.NewDelivery(body, n.Sign, at.Time)))
		}
		if err := database.Save(t.Context(), deliveries); err != nil {
			t.Fatal(err)
		}
	}
	return database
}

func sum(body []byte) string {
	sum := sha256.Sum256(body)
	return string(sum[:])
}

// ledgerOf reads the ledger of a database, with bodies as they were sent.
func ledgerOf(t *testing.T, database *store.Store) (all []*models.Notification) {
	t.Helper()
	err := database.Ledger(t.Context(), func(int, int) {}, nil, func(n *models.Notification, body []byte) error {
		n.Body = bytes.Clone(body)
		all = append(all, n)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// tablesOf reads the tables that are made from the ledger, and the ledger without its bodies.
func tablesOf(t *testing.T, kind testdb.Kind, address string) (all []string) {
	t.Helper()
	db, err := sql.Open(kind.Driver, address)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = db.Close() }()
	for _, table := range []struct{ name, columns string }{
		{"notifications", "id, sha256, body_size, sign, call_id, callee, notified_at, first_received_at, " +
			"last_received_at, deliveries, outcome, " +
			"CASE WHEN outcome = 'refused' THEN '' ELSE reason END AS reason"}, // refusals have new wordings
		{"ledger_counts", "*"}, {"sessions", "*"}, {"messages", "*"}, {"session_prompts", "*"}, {"ner_slots", "*"},
		{"event_labels", "*"}, {"variables", "*"}, {"contacts", "*"}, {"drifts", "*"}, {"drift_notifications", "*"},
	} {
		rows, err := db.QueryContext(t.Context(), "SELECT "+table.columns+" FROM "+table.name)
		if err != nil {
			t.Fatal(err)
		}
		found := texts(t, rows)
		if len(found) == 0 {
			t.Errorf("%s has no rows", table.name)
		}
		for i := range found {
			found[i] = table.name + found[i]
		}
		slices.Sort(found)
		all = append(all, found...)
	}
	return all
}

// texts shows each row with the names of its columns.
func texts(t *testing.T, rows *sql.Rows) (all []string) {
	t.Helper()
	defer func() { _ = rows.Close() }()
	columns, err := rows.Columns()
	if err != nil {
		t.Fatal(err)
	}
	for rows.Next() {
		values, into := make([]any, len(columns)), make([]any, len(columns))
		for i := range values {
			into[i] = &values[i]
		}
		if err := rows.Scan(into...); err != nil {
			t.Fatal(err)
		}
		var text strings.Builder
		for i, column := range columns {
			fmt.Fprintf(&text, " %s=%q", column, fmt.Sprint(values[i]))
		}
		all = append(all, text.String())
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	return all
}

// shareCursorKey gives a database the key of another, so that both seal equal cursors.
func shareCursorKey(t *testing.T, kind testdb.Kind, address string, key []byte) {
	t.Helper()
	db, err := sql.Open(kind.Driver, address)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = db.Close() }()
	if _, err := db.ExecContext(t.Context(), "UPDATE settings SET value = $1 WHERE name = 'cursor_key'",
		key); err != nil {
		t.Fatal(err)
	}
}

// A database of the first version is upgraded into the one that this version makes of the
// same notifications: its tables are equal, and what is asked of both is answered alike.
func TestUpgradedDatabaseEqualsAFreshOne(t *testing.T) {
	tools.SkipUnderRace(t, "one question follows the other")
	testdb.Each(t, func(t *testing.T, kind testdb.Kind) {
		oldAddress, newAddress := restoreFirstVersion(t, kind), kind.Fresh(t)
		upgraded := upgradeWithABreak(t, oldAddress)
		fresh := storeAgain(t, newAddress, upgraded)
		for _, database := range []*store.Store{upgraded, fresh} {
			err := database.Verify(t.Context(), ingest.Project, func(int, int) {}, func(difference string) {
				t.Error(difference)
			})
			if err != nil {
				t.Fatal(err)
			}
		}
		for i, n := range ledgerOf(t, upgraded) {
			if sum(n.Body) != string(n.SHA256) && n.Outcome != models.Refused {
				t.Errorf("notification %d of the upgraded ledger has the body of another", i+1)
			}
		}
		want, got := tablesOf(t, kind, newAddress), tablesOf(t, kind, oldAddress)
		for _, line := range only(got, want) {
			t.Errorf("upgraded alone has %s", line)
		}
		for _, line := range only(want, got) {
			t.Errorf("fresh alone has %s", line)
		}

		if err := fresh.Close(); err != nil {
			t.Fatal(err)
		}
		shareCursorKey(t, kind, newAddress, upgraded.CursorKey())
		fresh = openWorld(t, newAddress, 0)
		compareAnswers(t, wideHandler(t, fresh), wideHandler(t, upgraded))
	})
}

// only returns those of one list that are not in another.
func only(one, other []string) (alone []string) {
	others := map[string]int{}
	for _, line := range other {
		others[line]++
	}
	for _, line := range one {
		if others[line]--; others[line] < 0 {
			alone = append(alone, line)
		}
	}
	return alone
}

func wideHandler(t *testing.T, database *store.Store) http.Handler {
	t.Helper()
	settings := graph.Settings{MaxPage: 1000, MaxComplexity: 1 << 30, QueryTimeout: time.Minute}
	return graph.Handler(t.Context(), database, settings, slog.New(slog.DiscardHandler))
}
