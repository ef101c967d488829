package store_test

import (
	"database/sql"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"sessiongraph/internal/test/testdb"
)

// A BI tool reads the views, whose columns stay: dashboards name them.
func TestViews(t *testing.T) {
	columns := map[string]string{
		"sessiongraph_sessions": "session_id call_id workflow_id workflow_name node_task_id node_task_name" +
			" waba_task_id wf_detail_uuid channel channel_id robot_id callee status intention end_reason started_at" +
			" ended_at duration_seconds notified_at received_at talk_round message_count engaged handed_over" +
			" abandoned taken_over_at first_reply_at wait_seconds version deliveries",
		"sessiongraph_messages": "session_id position msg_id sender_type sent_at status content_type has_reply",
		"sessiongraph_slots":    "session_id name position value number",
	}
	testdb.Each(t, func(t *testing.T, kind testdb.Kind) {
		database, db := openStore(t, kind)
		known := note{"messages": texts("secret"), "ner_slots": note{"amount": 12.5}}
		save(t, database, many(20), [][]byte{known.body()})
		in := db
		if kind.Name == testdb.Postgres.Name {
			in = asReaderOfViews(t, db)
		}
		for view, names := range columns {
			if got := columnsOf(t, in, view); !slices.Equal(got, strings.Fields(names)) {
				t.Errorf("%s has the columns %v, want %s", view, got, names)
			}
			table := strings.Replace(strings.TrimPrefix(view, "sessiongraph_"), "slots", "ner_slots", 1)
			const count = "SELECT COUNT(*) AS n FROM "
			got, want := rows(t, in, count+view), rows(t, db, count+table)
			if !slices.Equal(got, want) {
				t.Errorf("%s has %s rows, want %s", view, got, want)
			}
		}
		const joined = "SELECT s.call_id, s.end_reason, m.sender_type, m.status, m.content_type, v.name, v.number" +
			" FROM sessiongraph_sessions s JOIN sessiongraph_messages m ON m.session_id = s.session_id" +
			" JOIN sessiongraph_slots v ON v.session_id = s.session_id" +
			" WHERE s.started_at = '2025-04-15T06:41:00.000Z' AND s.ended_at > s.started_at" +
			" AND m.sent_at IS NOT NULL AND s.taken_over_at IS NULL AND s.call_id = 'call-1'"
		want := `call_id="call-1" end_reason="ROBOT" sender_type="USER" status="READ" content_type="text"` +
			` name="amount" number="12.5" `
		if got := rows(t, in, joined); !slices.Equal(got, []string{want}) {
			t.Errorf("the views have %s, want %s", got, want)
		}
	})
}

// asReaderOfViews is a database by the role that docs/bi.md makes. It runs what that page has.
func asReaderOfViews(t *testing.T, db backend) backend {
	t.Helper()
	page, err := os.ReadFile("../../docs/bi.md")
	if err != nil {
		t.Fatal(err)
	}
	var blocks []string
	for _, found := range regexp.MustCompile("(?s)```sql\n(.*?)```").FindAllStringSubmatch(string(page), -1) {
		blocks = append(blocks, found[1])
	}
	if len(blocks) < 3 {
		t.Fatalf("%d blocks of SQL", len(blocks))
	}
	execute(t, db, blocks[0], blocks[1])
	t.Cleanup(func() { execute(t, db, "DROP OWNED BY bi", "DROP ROLE bi") })
	reader := backend{db.Kind, strings.Replace(db.address, "postgres@", "bi@", 1)}
	for _, query := range blocks[2:] {
		rows(t, reader, query)
	}

	plan := rows(t, backend{db.Kind, db.address + "&enable_seqscan=off"},
		"EXPLAIN SELECT COUNT(*) FROM sessiongraph_sessions WHERE started_at > now()")
	if !strings.Contains(strings.Join(plan, "\n"), "sessions_started_for_bi") {
		t.Errorf("the index of times does not serve: %s", plan)
	}
	tables := rows(t, db, "SELECT relname AS t FROM pg_class WHERE relkind = 'r'"+
		" AND relnamespace = 'public'::regnamespace")
	if len(tables) == 0 {
		t.Error("there is no table")
	}
	for _, table := range tables {
		table = strings.Trim(strings.TrimPrefix(table, "t="), `" `)
		denied := errorOf(t, reader, "SELECT COUNT(*) FROM "+table)
		if !strings.Contains(denied, "permission denied") {
			t.Errorf("a reader of the views reads %s: %s", table, denied)
		}
	}
	return reader
}

// errorOf is the error of a query, empty for none.
func errorOf(t *testing.T, in backend, query string) string {
	t.Helper()
	db, err := sql.Open(in.Driver, in.address)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = db.Close() }()
	if err := db.QueryRowContext(t.Context(), query).Scan(new(any)); err != nil {
		return err.Error()
	}
	return ""
}

func columnsOf(t *testing.T, in backend, view string) []string {
	t.Helper()
	db, err := sql.Open(in.Driver, in.address)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = db.Close() }()
	found, err := db.QueryContext(t.Context(), "SELECT * FROM "+view)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = found.Close() }()
	names, err := found.Columns()
	if err != nil {
		t.Fatal(err)
	}
	return names
}
