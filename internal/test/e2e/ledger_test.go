package e2e

import (
	"bytes"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"sessiongraph/internal/test/program"
	"sessiongraph/internal/test/testdb"
)

func TestQuarantine(t *testing.T) {
	testdb.Each(t, func(t *testing.T, kind testdb.Kind) {
		db := kind.Fresh(t)
		s := startServer(t, db)
		odd := "{\"call_id\": \"odd one\", \"callee\":\t\"+1\"}"
		for body, status := range map[string]int{odd: 200, "null \x1b[31m": 400} {
			if got := post(t, s, []byte(body)); got != status {
				t.Fatalf("answered %d", got)
			}
		}
		var found struct {
			Notification int64
			Outcome      string
			Bytes        int
		}
		listed := program.Run(t, "", "quarantine", "--db", db, "--json", "--outcome=quarantined")
		err := json.Unmarshal([]byte(listed.Out), &found)
		if err != nil || found.Outcome != "quarantined" || found.Bytes != len(odd) {
			t.Fatalf("%v in %+v", err, listed)
		}
		s.Log.Await(t, regexp.MustCompile(fmt.Sprintf(`msg="notification quarantined" notification=%d `+
			`call_id="odd one" reason=`, found.Notification)))
		shown := program.Run(t, "", "quarantine", "show", "--db", db, fmt.Sprint(found.Notification))
		if shown.Code != 0 || shown.Out != odd {
			t.Errorf("%+v, want %q", shown, odd)
		}
		for _, test := range []struct {
			args  []string
			lines int
		}{{nil, 3}, {[]string{"list"}, 3}, {[]string{"--limit=1"}, 2}, {[]string{"--limit=9"},
			3}, {[]string{"--outcome=refused"}, 2}, {[]string{"--json"}, 2}} {
			list := program.Run(t, "", append([]string{"quarantine", "--db", db}, test.args...)...)
			if list.Code != 0 || strings.Count(list.Out, "\n") != test.lines {
				t.Errorf("%q: %+v", test.args, list)
			}
		}
		missing := program.Run(t, "", "quarantine", "show", "--db", db, "99")
		if missing.Code != 1 || !strings.Contains(missing.Err, "no notification 99") {
			t.Errorf("%+v", missing)
		}
	})
}

// Of a file with a broken page export saves what can be read, and both it and verify
// say what cannot.
func TestCommandsPassABrokenPage(t *testing.T) {
	db := newDB(t)
	ended := program.Run(t, strings.Join(notificationLines(simulated(400)), "\n"), "import", "--db", db)
	if ended.Code != 0 {
		t.Fatal(ended.Err)
	}
	breakPage(t, db)
	exported := program.Run(t, "", "export", "--db", db)
	broken := regexp.MustCompile(`^sessiongraph: export: the database is damaged, without notifications ` +
		`(\d+)-(\d+)\n$`).FindStringSubmatch(exported.Err)
	if exported.Code != 1 || broken == nil {
		t.Fatalf("exit code %d, standard error %q", exported.Code, exported.Err)
	}
	from, _ := strconv.Atoi(broken[1])
	to, _ := strconv.Atoi(broken[2])
	lines := strings.Count(exported.Out, "\n")
	if from < 20 || to > 390 || lines < 300 || lines >= 400 {
		t.Errorf("%d to %d are broken, %d are exported", from, to, lines)
	}
	if ended := program.Run(t, exported.Out, "import", "--db", newDB(t)); ended.Code != 0 {
		t.Errorf("imported with %+v", ended)
	}
	verified := program.Run(t, "", "verify", "--db", db)
	if verified.Code != 1 || !strings.Contains(verified.Out, fmt.Sprintf("notification %d: it cannot be read", from)) {
		t.Errorf("verify ended with %+v", verified)
	}
}

func notificationLines(bodies [][]byte) []string {
	lines := make([]string, len(bodies))
	for i, body := range bodies {
		lines[i] = string(body)
	}
	return lines
}

// breakPage overwrites a page in the middle of the ledger.
func breakPage(t *testing.T, file string) {
	t.Helper()
	db, err := sql.Open("sqlite", file)
	if err != nil {
		t.Fatal(err)
	}
	var offset int64
	err = db.QueryRow("SELECT pgoffset FROM dbstat WHERE name = 'notifications' AND pagetype = 'leaf'" +
		" ORDER BY path LIMIT 1 OFFSET 20").Scan(&offset)
	if err = errors.Join(err, db.Close()); err != nil {
		t.Fatal(err)
	}
	f, err := os.OpenFile(file, os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	_, err = f.WriteAt(bytes.Repeat([]byte{0xff}, 4096), offset)
	if err = errors.Join(err, f.Close()); err != nil {
		t.Fatal(err)
	}
}

// What a sender wrote into a call_id does not reach the terminal as it is.
func TestVerifyPrintsNoControlCharacters(t *testing.T) {
	db := newDB(t)
	body := `{"call_id":"x\ntime=2026 ` +
		`\u001b[31m","callee":"+1","timestamp":1,"session_start_time":"2025-06-01T10:00:00Z",` +
		`"session_end_time":"2025-06-01T10:00:00Z","messages":[]}`
	if ended := program.Run(t, body, "import", "--db", db); ended.Code != 0 {
		t.Fatal(ended.Err)
	}
	file, err := sql.Open("sqlite", db)
	if err != nil {
		t.Fatal(err)
	}
	_, err = file.Exec("UPDATE sessions SET channel = 'x'")
	if err = errors.Join(err, file.Close()); err != nil {
		t.Fatal(err)
	}
	verified := program.Run(t, "", "verify", "--db", db)
	if verified.Code != 1 || verified.Out != `session x\ntime=2026 \x1b[31m: its row differs from the ledger`+"\n" {
		t.Errorf("verify ended with %+v", verified)
	}
}

// A database that is not there is not made for commands that only look at one: a
// mistyped name would pass for an empty database.
func TestMissingDatabaseIsNotMade(t *testing.T) {
	for _, name := range []string{"quarantine", "replay", "verify", "export", "backup copy.db", "erase --callee=+62",
		"prune --before=2025-01-01T00:00:00Z"} {
		t.Run(name, func(t *testing.T) {
			t.Chdir(t.TempDir())
			ended := program.Run(t, "", append(strings.Fields(name), "--db=mistyped.db")...)
			if ended.Code == 0 || !strings.Contains(ended.Err, "mistyped.db") || exists("mistyped.db") {
				t.Errorf("exit code %d, made: %t, output %q, standard error %q", ended.Code, exists("mistyped.db"),
					ended.Out, ended.Err)
			}
		})
	}
}
