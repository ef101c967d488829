package store_test

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"sessiongraph/ingest"
	"sessiongraph/internal/simulate"
	"sessiongraph/internal/test/testdb"
	"sessiongraph/models"
	"sessiongraph/models/store"
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
	address, direct := db.At(t, db.address)
	database, err := store.Open(t.Context(), address, store.Options{Direct: direct})
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
		"call_id": "call-1", "timestamp": 1000, "callee": "+100", "intention": "A",
		"channel": "WhatsApp", "status": "closed",
		"session_start_time": "2025-04-15T06:41:00Z", "session_end_time": "2025-04-15T06:41:09Z",
		"session_end_reason": "robot", "talk_round": 1,
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
		messages[i] = note{"msg_id": fmt.Sprintf("m%d", i), "sender_type": "user", "status": "read",
			"timestamp": 1000 + i,
			"content":   note{"type": "text", "text": word}}
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
	list := models.SessionList{Filters: []*models.SessionFilter{{Search: &search}},
		Order: models.DefaultSessionOrder()}
	pages, err := database.SessionPages(t.Context(), list, models.PageSpec[models.SessionKey]{Limit: 100},
		[]string{""})
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
	"SELECT call_id, callee, intention, notified_at, talk_round, message_count, version, deliveries" +
		" FROM sessions ORDER BY call_id",
	"SELECT s.call_id, m.position, m.msg_id, m.text, m.folded, m.msg_id_folded, m.has_reply, m.raw" +
		" FROM messages m JOIN sessions s ON s.id = m.session_id ORDER BY s.call_id, m.position",
	"SELECT s.call_id, v.name, v.position, v.value, v.folded, v.number, v.json FROM ner_slots v" +
		" JOIN sessions s ON s.id = v.session_id ORDER BY s.call_id, v.position",
	"SELECT s.call_id, v.name, v.position, v.value, v.folded, v.number, v.json FROM event_labels v" +
		" JOIN sessions s ON s.id = v.session_id ORDER BY s.call_id, v.position",
	"SELECT s.call_id, v.name, v.position, v.value, v.folded, v.number, v.json FROM variables v" +
		" JOIN sessions s ON s.id = v.session_id ORDER BY s.call_id, v.position",
	"SELECT s.call_id, p.prompts FROM session_prompts p JOIN sessions s ON s.id = p.session_id ORDER BY s.call_id",
	"SELECT callee, session_count, first_seen_at, last_seen_at FROM contacts ORDER BY callee",
	"SELECT sha256, body_size, call_id, notified_at, deliveries, outcome, reason FROM notifications ORDER BY sha256",
	"SELECT n.sha256, d.kind, d.path, d.value, r.received_at - n.first_received_at AS later" +
		" FROM drift_notifications r JOIN drifts d ON d.id = r.drift_id" +
		" JOIN notifications n ON n.id = r.notification_id ORDER BY n.sha256, d.kind, d.path, d.value",
	// Rows without their session.
	"SELECT COUNT(*) AS orphans FROM messages WHERE session_id NOT IN (SELECT id FROM sessions)",
	"SELECT COUNT(*) AS orphans FROM session_prompts WHERE session_id NOT IN (SELECT id FROM sessions)",
	"SELECT COUNT(*) AS orphans FROM ner_slots WHERE session_id NOT IN (SELECT id FROM sessions)",
	"SELECT COUNT(*) AS orphans FROM event_labels WHERE session_id NOT IN (SELECT id FROM sessions)",
	"SELECT COUNT(*) AS orphans FROM variables WHERE session_id NOT IN (SELECT id FROM sessions)",
}

// What the index of search has, where it is not of the messages themselves.
var searchContents = map[string][]string{testdb.SQLite.Name: {
	"SELECT s.call_id, r.term, r.offset FROM session_search_runs r JOIN sessions s ON s.id = r.doc" +
		" ORDER BY s.call_id, r.term, r.offset",
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

// many are bodies of every kind that the generator knows, odd ones among them.
func many(count int) [][]byte {
	generator := simulate.New(3)
	bodies := make([][]byte, count)
	for n := range bodies {
		bodies[n] = generator.Notification(n)
	}
	return bodies
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

func checkOneLine(t *testing.T, err error, says string) {
	t.Helper()
	message := err.Error()
	if strings.Contains(message, "\n") || len(message) > 300 || !strings.Contains(message, says) {
		t.Errorf("error is %q, want one clear line that says %q", message, says)
	}
}
