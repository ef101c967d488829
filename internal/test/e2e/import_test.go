package e2e

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"sessiongraph/internal/test/diff"
	"sessiongraph/internal/test/expected"
	"sessiongraph/internal/test/program"
	"sessiongraph/internal/test/testdb"
	"sessiongraph/internal/test/tools"
)

func TestImport(t *testing.T) {
	tools.SkipUnderRace(t, "one command or request follows the other")
	good := simulated(520) // more than two transactions
	var lines [][]byte
	for n, body := range good {
		lines = append(lines, body)
		switch n {
		case 0:
			lines = append(lines, []byte("  "))
		case 2:
			lines = append(lines, []byte(`{"call_id": `))
		case 300:
			lines = append(lines, []byte(`{"messages": []}`))
		case 400:
			lines = append(lines, bytes.Repeat([]byte("x"), 300<<10))
		case 410:
			lines = append(lines, []byte(`{"call_id":"`+strings.Repeat("x", 300<<10)+`"}`))
		case 420:
			lines = append(lines, []byte(`{"call_id":"`+strings.Repeat("x", 700<<10)+`"}`))
		}
	}
	whole := bytes.Join(lines, []byte("\n"))
	file := filepath.Join(t.TempDir(), "all.ndjson")
	if err := os.WriteFile(file, whole, 0o600); err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		name, in, shown string
		args            []string
	}{
		{"file", "", file, []string{file}},
		{"standard input", string(whole), "standard input", nil},
		{"standard input by -", string(whole), "standard input", []string{"-"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			tools.NoGoroutineLeft(t)
			db := newDB(t)
			ended := program.Run(t, test.in,
				append([]string{"import", "--db", db, "--max-body=256KiB"}, test.args...)...)
			if ended.Code != 1 {
				t.Errorf("exit code %d", ended.Code)
			}
			for _, complaint := range []string{
				":5: JSON object without its end", ":304: quarantined: call_id: ", ":405: not a JSON object",
				":416: more than 262144 bytes", ":427: more than 589824 bytes",
				"4 values were left out",
			} {
				if !strings.Contains(ended.Err, complaint) || strings.Count(ended.Err, test.shown+":") != 5 {
					t.Errorf("%q is not in\n%s", complaint, ended.Err)
				}
			}
			if lines := strings.Count(ended.Err, "\n"); lines != 6 {
				t.Errorf("%d lines on standard error:\n%s", lines, ended.Err)
			}
			want := "521 notifications stored: 520 new sessions, 0 versions of known sessions, 0 repeats, 1 " +
				"quarantined; 4 values left out\n"
			if ended.Out != want {
				t.Errorf("standard output: %s", ended.Out)
			}
			if test.name == "file" {
				if ended := program.Run(t, "", "verify", "--db", db); ended.Code != 0 {
					t.Errorf("%+v", ended)
				}
				list := program.Run(t, "", "quarantine", "--db", db, "--outcome=refused")
				if list.Out != "nothing is in quarantine\n" {
					t.Errorf("stored as refused:\n%s", list.Out)
				}
				compareAll(t, expected.Sessions(good), readAll(t, startServer(t, db)))
			}
		})
	}
}

// AIRudder's own example, as anyone saves one body, and what jq makes of several.
func TestImportOfPrettyPrintedFiles(t *testing.T) {
	tools.SkipUnderRace(t, "one command or request follows the other")
	db := newDB(t)
	indented := func(body []byte) []byte {
		var out bytes.Buffer
		if err := json.Indent(&out, body, "", "  "); err != nil {
			t.Fatal(err)
		}
		return out.Bytes()
	}
	bodies := simulated(3)
	file := filepath.Join(t.TempDir(), "three.json")
	three := slices.Concat(indented(bodies[0]), []byte("\n"), indented(bodies[1]), bodies[2], []byte("\r\n\r\n"))
	if err := os.WriteFile(file, three, 0o600); err != nil {
		t.Fatal(err)
	}
	ended := program.Run(t, "", "import", "--db", db, program.Example, file)
	if ended.Code != 0 || ended.Err != "" || !strings.HasPrefix(ended.Out,
		"4 notifications stored: 4 new sessions, 0 versions of known sessions, 0 repeats, 0 quarantined;") {
		t.Fatalf("%+v", ended)
	}
	compareAll(t, expected.Sessions(append(bodies, readFile(t, program.Example))), readAll(t, startServer(t, db)))
}

// A file of something else stops the import soon, and leaves nothing behind.
func TestImportOfAnotherFile(t *testing.T) {
	tools.SkipUnderRace(t, "one command or request follows the other")
	db := newDB(t)
	ended := program.Run(t, strings.Repeat("{ this is no notification }\n", 1000), "import", "--db", db)
	if ended.Code != 1 || ended.Out != "" || strings.Count(ended.Err, "\n") != 11 ||
		!strings.Contains(ended.Err, "stopped after 10 values") {
		t.Errorf("%+v", ended)
	}
	if list := program.Run(t, "", "quarantine", "--db", db); list.Out != "nothing is in quarantine\n" {
		t.Errorf("stored: %s", list.Out)
	}
}

// New sessions, versions and repeats are told apart.
func TestImportCounts(t *testing.T) {
	tools.SkipUnderRace(t, "one command or request follows the other")
	db := newDB(t)
	bodies := simulated(2)
	older := regexp.MustCompile(`"timestamp":\d+,"channel"`).ReplaceAll(bodies[0], []byte(`"timestamp":1,"channel"`))
	for _, step := range []struct {
		in, out string
	}{
		{string(bodies[0]) + `{"call_id":""}`, "2 notifications stored: 1 new sessions, 0 versions of known " +
			"sessions, 0 repeats, 1 quarantined;"},
		{string(bodies[0]) + string(older) + string(bodies[1]) + `{"call_id":""}`,
			"4 notifications stored: 1 new sessions, 1 versions of known sessions, 2 repeats, 0 quarantined;"},
	} {
		ended := program.Run(t, step.in, "import", "--db", db)
		if ended.Code != 0 || !strings.HasPrefix(ended.Out, step.out) {
			t.Errorf("%+v, want %s", ended, step.out)
		}
	}
}

// Where an import is interrupted it says how far it came, and ends although its
// input does not.
func TestImportInterrupted(t *testing.T) {
	bodies := simulated(300)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	in, out := io.Pipe()
	defer func() { _ = out.Close() }()
	db := newDB(t)
	var printed, log tools.Log
	code := make(chan int)
	go func() { code <- program.Main(ctx, t, []string{"import", "--db", db}, in, &printed, &log) }()
	if _, err := out.Write(append(bytes.Join(bodies, []byte("\n")), '\n')); err != nil {
		t.Fatal(err)
	}
	tools.Eventually(t, func() string {
		if list := program.Run(t, "", "export", "--db", db); strings.Count(list.Out, "\n") == 256 {
			return ""
		}
		return "256 are not stored"
	})
	cancel()
	if got := <-code; got != 1 || !strings.Contains(log.String(), "interrupted at standard input:257, everything "+
		"before is stored: run it again") ||
		!strings.HasPrefix(printed.String(), "256 notifications stored") {
		t.Errorf("exit code %d, standard output %q, standard error %q", got, printed.String(), log.String())
	}
}

// What is exported and imported elsewhere is the same there, also on another kind of database.
func TestExportIsImported(t *testing.T) {
	tools.SkipUnderRace(t, "one command or request follows the other")
	testdb.Each(t, testExportIsImported)
}

func testExportIsImported(t *testing.T, kind testdb.Kind) {
	from, to := newDB(t), kind.Fresh(t)
	bodies := simulated(60)
	s := startServer(t, from)
	mustPost(t, s, bodies...)
	// which is not acknowledged, and stays behind
	if status := post(t, s, []byte("null")); status != http.StatusBadRequest {
		t.Fatalf("answered %d", status)
	}
	exported := program.Run(t, "", "export", "--db", from) // beside a server
	if exported.Code != 0 || exported.Err != "" || strings.Count(exported.Out, "\n") != len(bodies) {
		t.Fatalf("exit code %d, %d lines, standard error %q", exported.Code,
			strings.Count(exported.Out, "\n"), exported.Err)
	}
	for range 2 { // again, as where it was interrupted
		if ended := program.Run(t, exported.Out, "import", "--db", to); ended.Code != 0 {
			t.Fatalf("%+v", ended)
		}
	}
	ended := program.Run(t, "", "verify", "--db", to)
	if ended.Code != 0 || !strings.Contains(ended.Out, "60 notifications verified, no difference") {
		t.Errorf("%+v", ended)
	}
	if again := program.Run(t, "", "export", "--db", to); again.Out != exported.Out {
		t.Error("exported again, it is not the same")
	}
	compareAll(t, expected.Sessions(bodies), readAll(t, startServer(t, to)))
}

func TestImportedAgainAndByTwo(t *testing.T) {
	tools.SkipUnderRace(t, "one command or request follows the other")
	db := newDB(t)
	bodies := simulated(20)
	in := string(bytes.Join(bodies, []byte("\r\n"))) + "\r\n"
	for range 2 {
		if ended := program.Run(t, in, "import", "--db", db); ended.Code != 0 || ended.Err != "" {
			t.Fatalf("exit code %d, standard error %q", ended.Code, ended.Err)
		}
	}
	s := startServer(t, db)
	if ended := program.Run(t, in, "import", "--db", db); ended.Code != 0 { // beside a server
		t.Fatalf("exit code %d, standard error %q", ended.Code, ended.Err)
	}
	for _, session := range s.Query(t, "{ sessions { nodes { version deliveries } } }",
		nil)["sessions"].(map[string]any)["nodes"].([]any) {
		differences := diff.JSON(map[string]any{"version": json.Number("1"), "deliveries": json.Number("3")}, session)
		if len(differences) > 0 {
			t.Fatal(differences)
		}
	}
}
