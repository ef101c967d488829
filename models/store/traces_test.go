package store_test

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"sessiongraph/ingest"
	"sessiongraph/internal/test/testdb"
	"sessiongraph/models/store"
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
		"call_id": fmt.Sprintf("secret-%d", number), "callee": erasedCallee, "timestamp": 1000 + version,
		"intention": "ꀀꀁ", "workflow_name": secret,
		"messages":  texts("hello", secret, strings.Repeat(secret+" ", 40), "ꀀ", "ꀂꀃ"),
		"ner_slots": note{"name": secret, secret: "x"}, "event_label": note{"a": []any{secret}},
		"variables": note{"n": note{"m": secret}},
		secret:      true, "session_end_reason": secret, // which is drift
	}.body()
}

func otherBodies() [][]byte {
	bodies := many(150)
	bodies = append(bodies, note{"call_id": "longer", "callee": erasedCallee + "0"}.body())
	for i := range 40 {
		bodies = append(bodies, note{"call_id": fmt.Sprint("other-", i), "callee": otherCallee,
			"messages": texts("hello", strings.Repeat("nothing to hide ", 30))}.body())
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
	for _, row := range rows(t, onSQLite(file), "SELECT hex(body) AS body FROM notifications"+
		" WHERE call_id LIKE 'secret-%'") {
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
					found = append(found, fmt.Sprintf("%s: bytes %d of the ledger's secret %d",
						filepath.Base(name), at, i))
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
	got := rows(t, onSQLite(file), "PRAGMA integrity_check")
	if !slices.Equal(got, []string{`integrity_check="ok" `}) {
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
	err := database.Verify(t.Context(), ingest.Project, noProgress, func(difference string) {
		t.Errorf("verify: %s", difference)
	})
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
