package store_test

import (
	"crypto/sha256"
	"database/sql"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"sessiongraph/internal/simulate"
	"sessiongraph/internal/test/testdb"
	"sessiongraph/models/store"
)

var update = flag.Bool("update", false, "write the golden files instead of comparing with them")

// Sessions stored before a change of the projection keep what the older one made of them,
// in silence, unless ProjectionVersion is raised. New notifications need no update of the golden file.
func TestProjectionVersionCoversTheProjection(t *testing.T) {
	testdb.Each(t, func(t *testing.T, kind testdb.Kind) {
		file := filepath.Join("testdata", "projection-"+kind.Name+".golden")
		was := readProjectionGolden(t, file)
		is := projectionGolden{version: store.ProjectionVersion, of: projectionsOf(t, kind)}

		stale := was.version != is.version
		for _, old := range was.of {
			i := slices.IndexFunc(is.of, func(p projected) bool { return p.name == old.name && p.body == old.body })
			if i >= 0 && is.of[i].rows != old.rows && was.version == is.version {
				t.Fatalf("the projection of %s has changed since version %d: raise ProjectionVersion and "+
					"update the golden file, "+
					"see \"A migration\" in docs/contributing.md", old.name, was.version)
			}
			stale = stale || i < 0
		}
		switch {
		case *update:
			if err := os.WriteFile(file, []byte(is.String()), 0o644); err != nil {
				t.Fatal(err)
			}
		case stale:
			t.Errorf("%s is of version %d, or of notifications that are no longer projected here: run "+
				"the test with -update", file, was.version)
		}
	})
}

// projected is a notification, and hashes of its body and of the rows that are stored of it.
type projected struct{ name, body, rows string }

type projectionGolden struct {
	version int
	of      []projected
}

func (g projectionGolden) String() string {
	var out strings.Builder
	fmt.Fprintf(&out, "version %d\n", g.version)
	for _, p := range g.of {
		fmt.Fprintf(&out, "%s %s %s\n", p.name, p.body, p.rows)
	}
	return out.String()
}

func readProjectionGolden(t *testing.T, file string) (g projectionGolden) {
	t.Helper()
	text, err := os.ReadFile(file)
	if *update && errors.Is(err, fs.ErrNotExist) {
		return g
	}
	if err != nil {
		t.Fatal(err)
	}
	version, lines, _ := strings.Cut(string(text), "\n")
	if _, err := fmt.Sscanf(version, "version %d", &g.version); err != nil {
		t.Fatalf("%s: %v", file, err)
	}
	for line := range strings.Lines(lines) {
		var p projected
		if _, err := fmt.Sscanf(line, "%s %s %s", &p.name, &p.body, &p.rows); err != nil {
			t.Fatalf("%s: %q: %v", file, line, err)
		}
		g.of = append(g.of, p)
	}
	return g
}

// projectionsOf stores notifications that have all that is projected, and reads what was made of each.
func projectionsOf(t *testing.T, kind testdb.Kind) []projected {
	t.Helper()
	database, in := openStore(t, kind)
	db, err := sql.Open(in.Driver, in.address)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = db.Close() }()

	names, bodies := projectedNotifications(t)
	save(t, database, bodies)
	if kind.Name == testdb.SQLite.Name {
		execute(t, in, "CREATE VIRTUAL TABLE msg_id_runs USING fts5vocab (session_msg_ids, instance)")
	}
	rowsOfSession := map[string]*strings.Builder{}
	for _, table := range []struct{ name, id, order string }{
		{"sessions", "id", "id"},
		{"messages", "session_id", "session_id, position"},
		{"session_prompts", "session_id", "session_id"},
		{"ner_slots", "session_id", "session_id, position"},
		{"event_labels", "session_id", "session_id, position"},
		{"variables", "session_id", "session_id, position"},
		{"session_search_runs", "doc", "doc, term, col"},
		{"msg_id_runs", "doc", "doc, term, col"},
	} {
		if table.id == "doc" && kind.Name != testdb.SQLite.Name {
			continue // the indexes are of the messages
		}
		query := fmt.Sprintf("SELECT %s AS session_id, %s FROM %s ORDER BY %s", table.id,
			projectedColumns(t, db, table.name), table.name, table.order)
		for _, row := range rowsOf(t, db, query) {
			session, values, _ := strings.Cut(row, " ")
			if rowsOfSession[session] == nil {
				rowsOfSession[session] = &strings.Builder{}
			}
			fmt.Fprintf(rowsOfSession[session], "%s: %s\n", table.name, values)
		}
	}
	sessionOf := map[string]string{}
	for _, row := range rowsOf(t, db, "SELECT s.id AS session_id, n.sha256 FROM sessions s"+
		" JOIN notifications n ON n.id = s.notification_id") {
		session, sum, _ := strings.Cut(row, " ")
		sessionOf[sum] = session
	}

	all := make([]projected, len(bodies))
	for i, body := range bodies {
		sum := sha256.Sum256(body)
		all[i] = projected{names[i], shortHash(string(body)), "quarantined"}
		if rows := rowsOfSession[sessionOf[fmt.Sprintf("sha256=%q ", string(sum[:]))]]; rows != nil {
			all[i].rows = shortHash(rows.String())
		}
	}
	return all
}

// projectedColumns are a table's columns but for those that depend on the order of arrival or on the masks, and the
// version itself.
func projectedColumns(t *testing.T, db *sql.DB, table string) string {
	t.Helper()
	rows, err := db.QueryContext(t.Context(), "SELECT * FROM "+table+" LIMIT 0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = rows.Close() }()
	columns, err := rows.Columns()
	if err != nil {
		t.Fatal(err)
	}
	apart := []string{"id", "session_id", "doc", "notification_id", "received_at", "projection",
		// these have a version of their own
		"masked_callee", "masks", "masked_value", "masked_folded"}
	return strings.Join(slices.DeleteFunc(columns, func(c string) bool { return slices.Contains(apart, c) }), ", ")
}

// projectedNotifications are AIRudder's example, one for each case of content, and simulated ones.
func projectedNotifications(t *testing.T) (names []string, bodies [][]byte) {
	t.Helper()
	add := func(name string, body []byte) { names, bodies = append(names, name), append(bodies, body) }
	example, err := os.ReadFile("../../testdata/airudder-example.json")
	if err != nil {
		t.Fatal(err)
	}
	add("example", example)

	files, err := filepath.Glob("../testdata/content/*.json")
	if err != nil || len(files) == 0 {
		t.Fatal("no cases of content", err)
	}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		var cases []struct {
			Name           string
			Content, Reply json.RawMessage
		}
		if err := json.Unmarshal(text, &cases); err != nil {
			t.Fatal(file, err)
		}
		for _, c := range cases {
			name := strings.ReplaceAll(strings.TrimSuffix(filepath.Base(file), ".json")+"/"+c.Name, " ", "-")
			message := note{"msg_id": "m", "sender_type": "user", "status": "read", "timestamp": 1000,
				"content": c.Content}
			if c.Reply != nil {
				message["reply"] = note{"msg_id": "answered", "content": c.Reply}
			}
			add(name, note{"call_id": name, "messages": []any{message}}.body())
		}
	}

	for i, n := range oddNotes() {
		add(fmt.Sprint("odd/", i), n.body())
	}

	const simulated = 200 // enough that each oddity is among them
	generator := simulate.New(1)
	for i := range simulated {
		add(fmt.Sprint("simulated/", i), generator.Notification(i))
	}
	return names, bodies
}

// oddNotes have values that the other notifications lack.
func oddNotes() []note {
	entries := note{"Größe": "GROSS", "number": 19.5, "digits": "0042", "list": []any{1, nil}, "null": nil,
		"flag": true, "nul": "a\x00b"}
	return []note{
		{"call_id": "odd-0", "talk_round": -5, "session_end_time": "2025-04-15T06:40:00Z"},
		{"call_id": "odd-1", "talk_round": 1e12, "session_end_time": 1e10},
		{"call_id": "odd-2", "talk_round": "7", "timestamp": "1000", "session_start_time": "1744699260"},
		{"call_id": 3, "callee": 18, "intention": 1.5, "channel": true, "session_end_reason": "unheard of"},
		{"call_id": "odd-4", "callee": "+1\x00", "robot_id": "É-Ω",
			"messages": texts("a\x00b", "STRASSE straße", "Hóa Đơn", "\ufffd")},
		{"call_id": "odd-5", "ner_slots": entries, "event_label": entries, "variables": entries},
		{"call_id": "odd-6", "ner_slots": []any{1}, "event_label": "x", "variables": nil},
		{"call_id": "odd-7", "messages": []any{"text", nil,
			note{"sender_type": "nobody", "status": "lost", "content": "text"}}},
	}
}

func shortHash(text string) string { return fmt.Sprintf("%x", sha256.Sum256([]byte(text)))[:16] }
