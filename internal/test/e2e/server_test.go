// Package e2e tests the program as a whole, through its command line and over HTTP.
package e2e

import (
	"bufio"
	"bytes"
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"sessiongraph/internal/buildinfo"
	"sessiongraph/internal/simulate"
	"sessiongraph/internal/test/diff"
	"sessiongraph/internal/test/expected"
	"sessiongraph/internal/test/program"
	"sessiongraph/internal/test/testdb"
	"sessiongraph/internal/test/tools"
)

func TestMain(m *testing.M) { os.Exit(program.RunTests(m)) }

// startServer serves from that database on a port of its own.
func startServer(t *testing.T, db string, settings ...string) *program.Server {
	t.Helper()
	return program.Serve(t, append([]string{"serve", "--addr", "127.0.0.1:0", "--db", db}, settings...)...)
}

func newDB(t *testing.T) string { return filepath.Join(t.TempDir(), "test.db") }

func TestHelp(t *testing.T) {
	for _, test := range []struct {
		args []string
		says []string
	}{
		{[]string{"--help"}, []string{"serve", "import", "simulate", "sign", "quarantine", "replay", "verify", "export", "backup", "erase", "prune", "health", "version", "help", "<command> --help"}},
		{[]string{"help"}, []string{"<command> --help"}},
		{[]string{"help", "verify"}, []string{"Usage: sessiongraph verify", "--db"}},
		{[]string{"sign", "--help"}, []string{"<file>", "--sign-secret", "--sign-scheme"}},
		{[]string{"serve", "--help"}, []string{"--addr", "SESSIONGRAPH_ADDR", "--db", "SESSIONGRAPH_DB", "--db-replica", "SESSIONGRAPH_DB_REPLICAS", "--open", "--max-page", "--max-body", "--max-complexity", "--log-level", "--log-format", "--sign-secret", "--sign-scheme", "--sign-mode", "--retention",
			"SESSIONGRAPH_SIGN_SECRETS, or", "SESSIONGRAPH_SIGN_SECRETS_FILE", "SESSIONGRAPH_DB_FILE", "SESSIONGRAPH_DB_REPLICAS_FILE",
			"\nNetwork:", "\nDatabase:", "\nSignatures:", "\nQueries:", "\nLog:"}},
		{[]string{"health", "--help"}, []string{"--addr", "SESSIONGRAPH_ADDR", "ready"}},
		{[]string{"import", "--help"}, []string{"<files>", "standard input", "--db", "--max-body"}},
		{[]string{"simulate", "--help"}, []string{"--count", "(100)", "--seed", "(1)", "--until", "(now)", "--to", "--sign-secret", "--sign-scheme", "standard output"}},
		{[]string{"quarantine", "--help"}, []string{"--db", "reason"}},
		{[]string{"replay", "--help"}, []string{"--db", "ledger"}},
		{[]string{"verify", "--help"}, []string{"--db", "ledger"}},
		{[]string{"export", "--help"}, []string{"--db", "standard output"}},
		{[]string{"backup", "--help"}, []string{"<file>", "--db"}},
		{[]string{"erase", "--help"}, []string{"--callee", "--db"}},
		{[]string{"prune", "--help"}, []string{"--before", "RFC 3339", "--db"}},
	} {
		t.Run(strings.Join(test.args, " "), func(t *testing.T) {
			ended := program.Run(t, "", test.args...)
			if ended.Code != 0 || ended.Err != "" {
				t.Errorf("exit code %d, standard error %q", ended.Code, ended.Err)
			}
			unwrapped := strings.Join(strings.Fields(ended.Out), " ") // what a line break parts
			for _, word := range test.says {
				if !strings.Contains(ended.Out, word) && !strings.Contains(unwrapped, word) {
					t.Errorf("%s is not in\n%s", word, ended.Out)
				}
			}
		})
	}
}

func TestRefusedStarts(t *testing.T) {
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = taken.Close() }()
	folder := t.TempDir()
	notADatabase := filepath.Join(folder, "notes.txt")
	if err := os.WriteFile(notADatabase, []byte(strings.Repeat("no database\n", 100)), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		name string
		code int // 2 for a mistake in what was given, 1 for what failed
		args []string
		env  map[string]string
		says []string // parts of the one line on standard error
	}{
		{"unknown flag", 2, []string{"--adr=x"}, nil, []string{"--adr"}},
		{"unknown flag of a command", 2, []string{"import", "--nope"}, nil, []string{"--nope"}},
		{"unknown command", 2, []string{"frobnicate"}, nil, []string{"frobnicate"}},
		{"superfluous argument", 2, []string{"serve", "extra"}, nil, []string{"extra"}},
		{"address without port", 2, []string{"--addr=localhost"}, nil, []string{"localhost"}},
		{"port that is none", 2, []string{"--addr=127.0.0.1:99999"}, nil, []string{"99999"}},
		{"host that is none", 1, []string{"--addr=no.such.host.invalid:8080"}, nil, []string{"no.such.host.invalid"}},
		{"address in use", 1, []string{"--addr", taken.Addr().String()}, nil, []string{taken.Addr().String(), "in use"}},
		{"address for all", 2, []string{"--addr=0.0.0.0:0"}, nil, []string{"0.0.0.0:0", "--open"}},
		{"address for all, of IPv6", 2, []string{"--addr=[::]:0"}, nil, []string{"[::]:0", "--open"}},
		{"port alone", 2, []string{"--addr=:0"}, nil, []string{":0", "--open"}},
		{"no page", 2, []string{"--max-page=0"}, nil, []string{"--max-page", `"0"`}},
		{"negative page", 2, []string{"--max-page=-1"}, nil, []string{"--max-page", `"-1"`}},
		{"page that is no number", 2, []string{"--max-page=x"}, nil, []string{"--max-page", `"x"`}},
		{"page beyond Int", 2, []string{"--max-page=2147483648"}, nil, []string{"--max-page", "2147483648"}},
		{"body that is no size", 2, []string{"--max-body=big"}, nil, []string{"--max-body", `"big"`}},
		{"no body", 2, []string{"--max-body=0"}, nil, []string{"--max-body", `"0"`}},
		{"body of an unknown unit", 2, []string{"--max-body=8Mb"}, nil, []string{"--max-body", "8Mb"}},
		{"body beyond bytes", 2, []string{"--max-body=99999999999GiB"}, nil, []string{"--max-body", "99999999999GiB"}},
		{"no complexity", 2, []string{"--max-complexity=0"}, nil, []string{"--max-complexity"}},
		{"unknown level", 2, []string{"--log-level=loud"}, nil, []string{"--log-level", "loud"}},
		{"unknown format", 2, []string{"--log-format=xml"}, nil, []string{"--log-format", "xml", "json"}},
		{"unknown signature", 2, []string{"--sign-secret=s", "--sign-scheme=rot13"}, nil, []string{"rot13"}},
		{"unknown signing mode", 2, []string{"--sign-mode=sometimes"}, nil, []string{"sometimes"}},
		{"signatures without secret", 2, []string{"--sign-mode=enforce"}, nil, []string{"secret"}},
		{"retention that is no time", 2, []string{"--retention=forever"}, nil, []string{"--retention", `"forever"`}},
		{"retention of nothing", 2, []string{"--retention=0d"}, nil, []string{"--retention", `"0d"`}},
		{"retention of minutes, meant as months", 2, []string{"--retention=3m"}, nil, []string{"--retention", `"3m"`, "90d, 12w or 36h"}},
		{"retention below a day", 2, []string{"--retention=23h"}, nil, []string{"--retention", `"23h"`, "at least 24 hours"}},
		{"flag without value", 2, []string{"--db"}, nil, []string{"--db"}},
		{"folder as database", 1, []string{"--db", folder}, nil, []string{folder, "folder"}},
		{"database in a missing folder", 1, []string{"--db", filepath.Join(folder, "missing", "x.db")}, nil, []string{"missing"}},
		{"other file as database", 1, []string{"--db", notADatabase}, nil, []string{notADatabase, "not a database"}},
		{"database of no server", 1, []string{"verify", "--db=postgres://me:secret@127.0.0.1:1/x"}, nil, []string{"postgres://me:xxxxx@127.0.0.1:1/x", "cannot be reached"}},
		{"replica of a file", 1, []string{"--db-replica=postgres://127.0.0.1:1/x"}, nil, []string{"replicas"}},
		{"size too small", 2, []string{"--max-body=8"}, nil, []string{"--max-body", `"8"`, "at least 1KiB"}},
		{"value that begins with a hyphen", 2, []string{"--max-page", "-1"}, nil, []string{"--max-page: value missing", "--max-page=-1"}},
		{"mistyped command", 2, []string{"sreve"}, nil, []string{`unknown command "sreve", did you mean "serve"?`}},
		{"mistyped flag", 2, []string{"--max-pgae=3"}, nil, []string{"--max-pgae", `did you mean "--max-page"?`}},
		{"help of nothing", 2, []string{"help", "frobnicate"}, nil, []string{`unknown command "frobnicate"`}},
		{"other kind of database", 2, []string{"--db=mysql://me:secret@there/x"}, nil, []string{"--db: ", "mysql:// is not supported", "postgres://"}},
		{"database as libpq names it", 2, []string{"--db=host=there password=secret dbname=x"}, nil, []string{"--db: ", "looks like an address"}},
		{"the same without quotes", 2, []string{"--db", "x", "password=secret"}, nil, []string{"password=xxxxx"}},
		{"database with a blank", 2, []string{"--db=there x"}, nil, []string{"--db: ", "blanks"}},
		{"database of an empty name", 2, []string{"--db="}, nil, []string{"--db: ", "empty name"}},
		{"replica of another kind", 2, []string{"--db-replica=mysql://me:secret@there/x"}, nil, []string{"--db-replica: ", "postgres://"}},
		{"database by variable", 2, nil, map[string]string{"SESSIONGRAPH_DB": "mysql://me:secret@there/x"}, []string{"SESSIONGRAPH_DB: ", "mysql:// is not supported"}},
		{"level by variable", 2, nil, map[string]string{"SESSIONGRAPH_LOG_LEVEL": "verbose"}, []string{"SESSIONGRAPH_LOG_LEVEL: ", `"verbose"`}},
		{"format by variable", 2, nil, map[string]string{"SESSIONGRAPH_LOG_FORMAT": "xml"}, []string{"SESSIONGRAPH_LOG_FORMAT: ", `"xml"`}},
		{"signing mode by variable", 2, nil, map[string]string{"SESSIONGRAPH_SIGN_MODE": "sometimes"}, []string{"SESSIONGRAPH_SIGN_MODE: ", `"sometimes"`}},
		{"scheme by variable", 2, nil, map[string]string{"SESSIONGRAPH_SIGN_SCHEME": "rot13"}, []string{"SESSIONGRAPH_SIGN_SCHEME: ", `"rot13"`}},
		{"address by variable", 2, nil, map[string]string{"SESSIONGRAPH_ADDR": "localhost"}, []string{"SESSIONGRAPH_ADDR: ", `"localhost"`}},
		{"empty secret by variable", 2, nil, map[string]string{"SESSIONGRAPH_SIGN_SECRETS": "secret,,"}, []string{"SESSIONGRAPH_SIGN_SECRETS: ", "empty"}},
		{"secret by variable and file", 2, nil, map[string]string{"SESSIONGRAPH_DB": "x", "SESSIONGRAPH_DB_FILE": "y"}, []string{"SESSIONGRAPH_DB and SESSIONGRAPH_DB_FILE"}},
		{"secret in a missing file", 2, nil, map[string]string{"SESSIONGRAPH_DB_FILE": "missing"}, []string{"SESSIONGRAPH_DB_FILE", "missing"}},
		{"sign without secret", 2, []string{"sign", notADatabase}, nil, []string{"--sign-secret"}},
		{"sign of a missing file", 1, []string{"sign", "--sign-secret=s", "missing.json"}, nil, []string{"missing.json"}},
		{"malformed variable", 2, nil, map[string]string{"SESSIONGRAPH_MAX_PAGE": "x"}, []string{"SESSIONGRAPH_MAX_PAGE", `"x"`}},
		{"malformed switch", 2, nil, map[string]string{"SESSIONGRAPH_OPEN": "perhaps"}, []string{"SESSIONGRAPH_OPEN", "perhaps"}},
		{"import of a missing file", 1, []string{"import", filepath.Join(folder, "missing.ndjson")}, nil, []string{"missing.ndjson"}},
		{"import into a folder", 1, []string{"import", "--db", folder, program.Example}, nil, []string{folder}},
		{"backup to nowhere", 2, []string{"backup"}, nil, []string{"<file>"}},
		{"erasing nobody", 2, []string{"erase"}, nil, []string{"--callee"}},
		{"pruning without time", 2, []string{"prune"}, nil, []string{"--before"}},
		{"pruning before no time", 2, []string{"prune", "--before=yesterday"}, nil, []string{"--before", "yesterday"}},
		{"pruning by minutes", 2, []string{"prune", "--before=3m"}, nil, []string{"--before", `"3m"`, "2025-01-01 or"}},
		{"pruning all that will ever be", 2, []string{"prune", "--before=2999-01-01"}, nil, []string{"--before", "2999-01-01", "future"}},
		{"simulation of nothing", 2, []string{"simulate", "--count=0"}, nil, []string{"--count"}},
		{"seed that is none", 2, []string{"simulate", "--seed=x"}, nil, []string{"--seed", "x"}},
		{"simulation until no time", 2, []string{"simulate", "--until=tomorrow"}, nil, []string{"--until", `"tomorrow"`, "now"}},
		{"simulation to nobody", 1, []string{"simulate", "--to", "http://127.0.0.1:1/ingest"}, nil, []string{"127.0.0.1:1"}},
		{"simulation to nowhere", 1, []string{"simulate", "--to", "nowhere"}, nil, []string{"nowhere"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Chdir(t.TempDir())
			tools.NoGoroutineLeft(t)
			for name, value := range test.env {
				t.Setenv(name, value)
			}
			ended := program.Run(t, "", test.args...)
			if ended.Code != test.code {
				t.Errorf("exit code %d, want %d", ended.Code, test.code)
			}
			if line, ok := strings.CutSuffix(ended.Err, "\n"); !ok || strings.Contains(line, "\n") || !strings.HasPrefix(line, "sessiongraph: ") {
				t.Errorf("not one line of sessiongraph's:\n%s", ended.Err)
			}
			if strings.Contains(ended.Err, "secret@") || strings.Contains(ended.Err, "password=secret") {
				t.Errorf("a password is shown: %s", ended.Err)
			}
			for _, part := range test.says {
				if !strings.Contains(ended.Err, part) {
					t.Errorf("%s is not in %s", part, ended.Err)
				}
			}
			t.Log(ended.Err)
		})
	}
}

// A database without a name is SQLite's for one that is gone with its connection.
func TestDatabaseWithoutNameLosesNothing(t *testing.T) {
	t.Chdir(t.TempDir())
	ctx, cancel := context.WithTimeout(t.Context(), time.Second)
	defer cancel()
	var log tools.Log
	if code := program.Main(ctx, t, []string{"--addr=127.0.0.1:0", "--db="}, nil, io.Discard, &log); code == 0 {
		if files, _ := os.ReadDir("."); len(files) == 0 {
			t.Errorf("served from a database that no file holds:\n%s", log.String())
		}
	}
}

func TestSettings(t *testing.T) {
	secrets := filepath.Join(t.TempDir(), "secrets")
	if err := os.WriteFile(secrets, []byte("new\nold\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	databaseName := filepath.Join(t.TempDir(), "database")
	if err := os.WriteFile(databaseName, []byte("from-a-file.db\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	page := func(t *testing.T, s *program.Server, first int) (refused bool) {
		answer := s.Ask(t, fmt.Sprintf("{ sessions(first: %d) { totalCount } }", first), nil)
		return answer["errors"] != nil
	}
	status := func(t *testing.T, s *program.Server) int { return post(t, s, readFile(t, program.Example)) }
	for _, test := range []struct {
		name  string
		env   map[string]string
		args  []string
		holds func(t *testing.T, s *program.Server) bool
	}{
		{"page by default", nil, nil, func(t *testing.T, s *program.Server) bool { return !page(t, s, 200) && page(t, s, 201) }},
		{"page by variable", map[string]string{"SESSIONGRAPH_MAX_PAGE": "3"}, nil, func(t *testing.T, s *program.Server) bool { return !page(t, s, 3) && page(t, s, 4) }},
		{"page by flag", map[string]string{"SESSIONGRAPH_MAX_PAGE": "3"}, []string{"--max-page=5"}, func(t *testing.T, s *program.Server) bool { return !page(t, s, 5) && page(t, s, 6) }},
		{"body by default", nil, nil, func(t *testing.T, s *program.Server) bool { return status(t, s) == 200 }},
		{"body by variable", map[string]string{"SESSIONGRAPH_MAX_BODY": "1KiB"}, nil, func(t *testing.T, s *program.Server) bool { return status(t, s) == 413 }},
		{"body by flag", map[string]string{"SESSIONGRAPH_MAX_BODY": "1KiB"}, []string{"--max-body=1000000"}, func(t *testing.T, s *program.Server) bool { return status(t, s) == 200 }},
		{"complexity by variable", map[string]string{"SESSIONGRAPH_MAX_COMPLEXITY": "1"}, nil, func(t *testing.T, s *program.Server) bool { return page(t, s, 1) }},
		{"complexity by flag", map[string]string{"SESSIONGRAPH_MAX_COMPLEXITY": "1"}, []string{"--max-complexity=1000"}, func(t *testing.T, s *program.Server) bool { return !page(t, s, 1) }},
		{"signatures by variable", map[string]string{"SESSIONGRAPH_SIGN_SECRETS": "a,b"}, nil, func(t *testing.T, s *program.Server) bool { return status(t, s) == 401 }},
		{"signatures by file", map[string]string{"SESSIONGRAPH_SIGN_SECRETS_FILE": secrets}, nil, func(t *testing.T, s *program.Server) bool { return status(t, s) == 401 }},
		{"signatures observed by flag", map[string]string{"SESSIONGRAPH_SIGN_SECRETS": "a,b"}, []string{"--sign-mode=observe"}, func(t *testing.T, s *program.Server) bool { return status(t, s) == 200 }},
		{"signatures off by variable", map[string]string{"SESSIONGRAPH_SIGN_SECRETS": "a,b", "SESSIONGRAPH_SIGN_MODE": "off"}, nil, func(t *testing.T, s *program.Server) bool { return status(t, s) == 200 }},
		{"several secrets by several flags", nil, []string{"--sign-secret=a", "--sign-secret=b"}, func(t *testing.T, s *program.Server) bool {
			return strings.Contains(metrics(t, s), `sessiongraph_ingest_signatures_total{secret="2"} 0`)
		}},
		{"database by file", map[string]string{"SESSIONGRAPH_DB_FILE": databaseName}, nil, func(*testing.T, *program.Server) bool {
			return exists("from-a-file.db")
		}},
		{"log in JSON by variable", map[string]string{"SESSIONGRAPH_LOG_FORMAT": "json"}, nil, func(_ *testing.T, s *program.Server) bool {
			return json.Valid([]byte(strings.SplitN(s.Log.String(), "\n", 2)[0]))
		}},
		{"log as text by flag", map[string]string{"SESSIONGRAPH_LOG_FORMAT": "json"}, []string{"--log-format=text"}, func(_ *testing.T, s *program.Server) bool {
			return strings.Contains(s.Log.String(), "level=INFO")
		}},
		{"level by flag", map[string]string{"SESSIONGRAPH_LOG_LEVEL": "error"}, []string{"--log-level=debug"}, func(_ *testing.T, s *program.Server) bool {
			return strings.Contains(s.Log.String(), "level=INFO")
		}},
		{"address for all by variable", map[string]string{"SESSIONGRAPH_OPEN": "true", "SESSIONGRAPH_ADDR": "0.0.0.0:0"}, nil, func(_ *testing.T, s *program.Server) bool {
			return !strings.Contains(s.URL, "127.0.0.1")
		}},
		{"address by flag", map[string]string{"SESSIONGRAPH_ADDR": "no address"}, []string{"--addr=127.0.0.1:0"}, func(_ *testing.T, s *program.Server) bool {
			return strings.Contains(s.URL, "127.0.0.1")
		}},
		{"database by variable", map[string]string{"SESSIONGRAPH_DB": "named.db"}, nil, func(*testing.T, *program.Server) bool { return exists("named.db") }},
		{"database by flag", map[string]string{"SESSIONGRAPH_DB": "named.db"}, []string{"--db=other.db"}, func(*testing.T, *program.Server) bool {
			return exists("other.db") && !exists("named.db")
		}},
		{"database by default", nil, nil, func(*testing.T, *program.Server) bool { return exists("sessiongraph.db") }},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Chdir(t.TempDir())
			if _, given := test.env["SESSIONGRAPH_ADDR"]; !given {
				t.Setenv("SESSIONGRAPH_ADDR", "127.0.0.1:0")
			}
			for name, value := range test.env {
				t.Setenv(name, value)
			}
			s := program.Serve(t, test.args...)
			if !test.holds(t, s) {
				t.Errorf("the setting does not hold; log:\n%s", s.Log.String())
			}
		})
	}
}

// metrics are what Prometheus reads.
func metrics(t *testing.T, s *program.Server) string {
	t.Helper()
	response, err := http.Get(s.URL + "/metrics")
	if err != nil {
		t.Fatal(err)
	}
	text, err := io.ReadAll(response.Body)
	if err = errors.Join(err, response.Body.Close()); err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func TestVersion(t *testing.T) {
	for _, args := range [][]string{{"version"}, {"--version"}, {"-v"}, {"serve", "--version"}} {
		ended := program.Run(t, "", args...)
		if ended.Code != 0 || ended.Err != "" || !regexp.MustCompile(`^sessiongraph \S+ \(commit \S+, \S+, go1\.\d+\S*\)\n$`).MatchString(ended.Out) {
			t.Errorf("%q: %+v", args, ended)
		}
	}
	s := startServer(t, newDB(t))
	build := buildinfo.Read()
	if !strings.Contains(s.Log.String(), " version="+build.Version+" commit="+build.Commit) {
		t.Errorf("not in the start line:\n%s", s.Log.String())
	}
	want := fmt.Sprintf(`sessiongraph_build_info{commit=%q,date=%q,goversion=%q,version=%q} 1`, build.Commit, build.Date, build.Go, build.Version)
	if !strings.Contains(metrics(t, s), want) {
		t.Errorf("%s is not among the metrics", want)
	}
}

// A server's warnings are lines of its log, whatever their format.
func TestUnknownVariablesOfAServer(t *testing.T) {
	t.Setenv("SESSIONGRAPH_BD", "x")
	s := startServer(t, newDB(t), "--log-format=json")
	first, _, _ := strings.Cut(s.Log.String(), "\n")
	var line struct{ Level, Msg string }
	if err := json.Unmarshal([]byte(first), &line); err != nil || line.Level != "WARN" || line.Msg != "unknown environment variable SESSIONGRAPH_BD, did you mean SESSIONGRAPH_DB?" {
		t.Errorf("%v: %s", err, first)
	}
}

// A misspelt variable is not passed over; those that Kubernetes sets for a service are.
func TestUnknownVariables(t *testing.T) {
	for name, warning := range map[string]string{
		"SESSIONGRAPH_BD":           "sessiongraph: warning: unknown environment variable SESSIONGRAPH_BD, did you mean SESSIONGRAPH_DB?\n",
		"SESSIONGRAPH_FROBNICATE":   "sessiongraph: warning: unknown environment variable SESSIONGRAPH_FROBNICATE\n",
		"SESSIONGRAPH_ADDR_FILE":    "sessiongraph: warning: unknown environment variable SESSIONGRAPH_ADDR_FILE\n",
		"SESSIONGRAPH_SIGN_SECRETS": "",
		"SESSIONGRAPH_SERVICE_HOST": "",
		"SESSIONGRAPH_PORT":         "",
	} {
		t.Run(name, func(t *testing.T) {
			t.Setenv(name, "x")
			ended := program.Run(t, "", "version")
			if ended.Code != 0 || !strings.HasPrefix(ended.Err, warning) || (warning == "" && ended.Err != "") {
				t.Errorf("%+v", ended)
			}
		})
	}
}

func exists(file string) bool {
	_, err := os.Stat(file)
	return err == nil
}

func readFile(t *testing.T, name string) []byte {
	t.Helper()
	content, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return content
}

// post posts a notification as AIRudder does, again when the server is busy, and
// returns the status of the answer.
func post(t *testing.T, s *program.Server, body []byte) int {
	t.Helper()
	for try := 1; ; try++ {
		response, err := http.Post(s.URL+"/ingest", "application/json", bytes.NewReader(body))
		if err != nil {
			t.Error(err)
			return 0
		}
		_ = response.Body.Close()
		if response.StatusCode != http.StatusServiceUnavailable || try == 10 {
			return response.StatusCode
		}
		time.Sleep(time.Second)
	}
}

func mustPost(t *testing.T, s *program.Server, bodies ...[]byte) {
	t.Helper()
	for _, body := range bodies {
		if status := post(t, s, body); status != http.StatusOK {
			t.Fatalf("posting answered %d", status)
		}
	}
}

func simulated(count int) [][]byte {
	generator := simulate.New(2026)
	bodies := make([][]byte, count)
	for n := range bodies {
		bodies[n] = generator.Notification(n)
	}
	return bodies
}

// everything selects all fields of a session and of what it leads to, but for lists
// of other sessions and the answered message as a whole.
func everything(t *testing.T) string {
	return tools.Selection(t, program.Schema(t), "Session", map[string]string{
		"Session.nerSlot": "", "Session.versions": "", "Contact.sessions": "", "Intention.sessions": "", "MessageReply.message": "{ position }",
	})
}

// readAll reads all sessions through all fields, page by page, by call_id.
func readAll(t *testing.T, s *program.Server) map[string]map[string]any {
	t.Helper()
	query := "query ($after: String) { sessions(first: 20, after: $after) { totalCount pageInfo { hasNextPage endCursor } nodes " + everything(t) + "} }"
	all := map[string]map[string]any{}
	for after := any(nil); ; {
		page := s.Query(t, query, map[string]any{"after": after})["sessions"].(map[string]any)
		for _, node := range page["nodes"].([]any) {
			session := node.(map[string]any)
			all[session["callId"].(string)] = session
		}
		info := page["pageInfo"].(map[string]any)
		if info["hasNextPage"] == false {
			if count := fmt.Sprint(len(all)); count != page["totalCount"].(json.Number).String() {
				t.Errorf("%s different sessions on all pages, totalCount is %s", count, page["totalCount"])
			}
			return all
		}
		after = info["endCursor"]
	}
}

func compareAll(t *testing.T, want, got map[string]map[string]any) {
	t.Helper()
	for _, callID := range slices.Sorted(maps.Keys(want)) {
		if differences := diff.JSON(want[callID], got[callID]); len(differences) > 0 {
			t.Errorf("session %s:\n%s", callID, strings.Join(differences, "\n"))
		}
	}
	if len(got) != len(want) {
		t.Errorf("%d sessions, want %d", len(got), len(want))
	}
}

func TestExampleIsReadBackWhole(t *testing.T) {
	example := readFile(t, program.Example)
	s := startServer(t, newDB(t))
	before := time.Now()
	mustPost(t, s, example)
	got := readAll(t, s)
	want := expected.Sessions([][]byte{example})
	want["a3f5c12ac59xxxxxxxxad71fe6a8ea3e"]["deliveries"] = json.Number("1")
	compareAll(t, want, got)
	session := got["a3f5c12ac59xxxxxxxxad71fe6a8ea3e"]
	received, err := time.Parse(time.RFC3339Nano, fmt.Sprint(session["receivedAt"]))
	if err != nil || received.Before(before.Truncate(time.Microsecond)) || received.After(time.Now()) {
		t.Errorf("received at %v, posted at %v", session["receivedAt"], before.UTC())
	}
	notification := expected.Decode(example).(map[string]any)
	for _, lost := range expected.FieldsNotShown(notification, session) {
		if !strings.Contains(lost, ".interactive.type: ") { // that is __typename
			t.Error("in no field but raw:", lost)
		}
	}
	for _, by := range []string{`session(callId: "a3f5c12ac59xxxxxxxxad71fe6a8ea3e")`, fmt.Sprintf("node(id: %q)", session["id"])} {
		one := s.Query(t, "{ found: "+by+" { ... on Session "+everything(t)+"} }", nil)["found"]
		if differences := diff.JSON(session, one); len(differences) > 0 {
			t.Errorf("%s:\n%s", by, strings.Join(differences, "\n"))
		}
	}
}

func TestSimulatedAreReadBackWhole(t *testing.T) {
	bodies := simulated(300)
	db := newDB(t)
	s := startServer(t, db)
	var posting sync.WaitGroup
	for part := range slices.Chunk(bodies, 100) {
		posting.Go(func() {
			for _, body := range part {
				if status := post(t, s, body); status != http.StatusOK {
					t.Errorf("posting answered %d", status)
				}
			}
		})
	}
	posting.Wait()
	want := expected.Sessions(bodies)
	compareAll(t, want, readAll(t, s))
	if code := s.Stop(); code != 0 {
		t.Fatalf("exit code %d", code)
	}
	compareAll(t, want, readAll(t, startServer(t, db))) // all of it is in the file
}

func TestRoutes(t *testing.T) {
	s := startServer(t, newDB(t))
	page := regexp.MustCompile(`(?i)^<!doctype html>`)
	for _, test := range []struct {
		method, path string
		status       int
		contentType  string
		body         *regexp.Regexp
		header       http.Header
	}{
		{"GET", "/healthz", 200, "text/plain; charset=utf-8", regexp.MustCompile(`^ok\n$`), nil},
		{"GET", "/readyz", 200, "text/plain; charset=utf-8", regexp.MustCompile(`^ok\n$`), nil},
		{"GET", "/metrics", 200, "text/plain; version=0.0.4; charset=utf-8; escaping=underscores", regexp.MustCompile(`(?m)^sessiongraph_`), nil},
		{"GET", "/schema.graphqls", 200, "text/plain; charset=utf-8", regexp.MustCompile("^" + regexp.QuoteMeta(program.Schema(t)) + "$"), nil},
		{"GET", "/", 200, "text/html; charset=utf-8", page, http.Header{"X-Content-Type-Options": {"nosniff"}}},
		{"HEAD", "/", 200, "text/html; charset=utf-8", regexp.MustCompile(`^$`), nil},
		{"POST", "/", 405, "text/plain; charset=utf-8", nil, http.Header{"Allow": {"GET, HEAD"}}},
		{"POST", "/healthz", 405, "text/plain; charset=utf-8", nil, http.Header{"Allow": {"GET, HEAD"}}},
		{"GET", "/ingest", 405, "application/json", regexp.MustCompile(`"METHOD_NOT_ALLOWED"`), http.Header{"Allow": {"POST"}}},
		{"PUT", "/query", 405, "application/json; charset=utf-8", regexp.MustCompile(`"BAD_REQUEST"`), http.Header{"Allow": {"GET, POST"}}},
		{"GET", "/query?query={__typename}", 200, "application/json; charset=utf-8", regexp.MustCompile(`^\{"data":\{"__typename":"Query"\}\}$`), nil},
		{"GET", "/nothing", 404, "application/json", regexp.MustCompile(`"NOT_FOUND".*/ingest`), nil},
		{"POST", "/ingest/", 404, "application/json", regexp.MustCompile(`"NOT_FOUND".*notifications are posted to /ingest,`), nil},
		{"POST", "/webhook", 404, "application/json", regexp.MustCompile(`notifications are posted to /ingest,`), nil},
		{"POST", "/Ingest", 404, "application/json", regexp.MustCompile(`notifications are posted to /ingest,`), nil},
		{"GET", "/assets/nothing.js", 404, "application/json", nil, nil},
		{"GET", "/assets/", 404, "application/json", nil, nil}, // no list of files
		{"GET", "/..%2fserver.go", 404, "application/json", nil, nil},
	} {
		t.Run(test.method+" "+test.path, func(t *testing.T) {
			request, err := http.NewRequest(test.method, s.URL, nil)
			if err != nil {
				t.Fatal(err)
			}
			path, query, _ := strings.Cut(test.path, "?")
			request.URL.Opaque, request.URL.RawQuery = path, query
			response, err := http.DefaultTransport.RoundTrip(request)
			if err != nil {
				t.Fatal(err)
			}
			body, err := io.ReadAll(response.Body)
			if err != nil {
				t.Fatal(err)
			}
			_ = response.Body.Close()
			if response.StatusCode != test.status || response.Header.Get("Content-Type") != test.contentType {
				t.Errorf("status %d, content type %q; want %d, %q", response.StatusCode, response.Header.Get("Content-Type"), test.status, test.contentType)
			}
			if test.body != nil && !test.body.Match(body) {
				t.Errorf("body %.300q", body)
			}
			if got := response.Header.Get("X-Content-Type-Options"); got != "nosniff" {
				t.Errorf("X-Content-Type-Options: %q", got)
			}
			if kept := response.Header.Get("Cache-Control"); test.status != 200 && strings.Contains(kept, "immutable") {
				t.Errorf("a refusal is kept: %s", kept)
			}
			for name, value := range test.header {
				if !slices.Equal(response.Header[name], value) {
					t.Errorf("%s: %q, want %q", name, response.Header[name], value)
				}
			}
		})
	}
}

// health asks the server itself, whatever it listens on.
func TestHealth(t *testing.T) {
	for _, listen := range []string{"127.0.0.1", "0.0.0.0", "[::]", ""} {
		t.Run(listen, func(t *testing.T) {
			s := program.Serve(t, "serve", "--open", "--addr", listen+":0", "--db", newDB(t))
			port := s.URL[strings.LastIndex(s.URL, ":")+1:]
			if response, err := http.Get(s.URL + "/healthz"); err != nil || response.StatusCode != http.StatusOK {
				t.Errorf("the start line's %s cannot be opened: %v", s.URL, err)
			}
			t.Setenv("SESSIONGRAPH_ADDR", listen+":"+port)
			if ended := program.Run(t, "", "health"); ended.Code != 0 || ended.Out != "ready\n" || ended.Err != "" {
				t.Errorf("%+v", ended)
			}
			s.Stop()
			if ended := program.Run(t, "", "health"); ended.Code != 1 || strings.Count(ended.Err, "\n") != 1 {
				t.Errorf("after the stop: %+v", ended)
			}
		})
	}
}

// A database server that cannot be reached is waited for, one that refuses is not.
func TestWaitsForItsDatabase(t *testing.T) {
	tools.NoGoroutineLeft(t)
	cluster, err := testdb.StartCluster(nil)
	if err != nil {
		tools.Missing(t, "POSTGRESQL CANNOT BE STARTED, NOTHING IS TESTED ON IT: "+err.Error())
	}
	t.Cleanup(cluster.Remove)
	cluster.Execute(t, "CREATE DATABASE late")
	if ended := program.Run(t, "", "serve", "--addr", "127.0.0.1:0", "--db", cluster.Address("nothing")); ended.Code != 1 || !strings.Contains(ended.Err, "createdb") {
		t.Errorf("a database that is not there: %+v", ended)
	}
	if err := cluster.Stop("fast"); err != nil {
		t.Fatal(err)
	}

	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	log, code := new(tools.Log), make(chan int, 1)
	start := func(ctx context.Context) {
		go func() {
			code <- program.Main(ctx, t, []string{"serve", "--addr", "127.0.0.1:0", "--db", cluster.Address("late")}, nil, io.Discard, log)
		}()
	}
	stopped, stop := context.WithCancel(t.Context())
	start(stopped)
	log.Await(t, regexp.MustCompile(`waiting for the database`))
	stop()
	if got := <-code; got != 0 {
		t.Errorf("stopped while it waits: exit code %d\n%s", got, log.String())
	}

	log = new(tools.Log)
	start(ctx)
	address := log.Await(t, regexp.MustCompile(`level=WARN msg="waiting for the database" address=(\S+) attempts=1 error="open database .*cannot be reached`))[1]
	for path, want := range map[string]int{"/healthz": 200, "/readyz": 503, "/query": 503, "/ingest": 503} {
		response, err := http.Get("http://" + address + path)
		if err != nil {
			t.Fatal(err)
		}
		_ = response.Body.Close()
		if response.StatusCode != want {
			t.Errorf("%s is answered %d, want %d", path, response.StatusCode, want)
		}
	}
	if err := cluster.Start(); err != nil {
		t.Fatal(err)
	}
	s := &program.Server{URL: log.Await(t, regexp.MustCompile(`url=(http://\S+)`))[1]}
	mustPost(t, s, simulated(1)...)
	cancel()
	if got := <-code; got != 0 {
		t.Errorf("exit code %d\n%s", got, log.String())
	}
	http.DefaultClient.CloseIdleConnections()
}

// A server does not start on a database that takes no notification.
func TestDoesNotStartWhereNothingCanBeStored(t *testing.T) {
	db := testdb.Postgres.Fresh(t)
	if code := startServer(t, db).Stop(); code != 0 {
		t.Fatalf("exit code %d", code)
	}
	ended := program.Run(t, "", "serve", "--addr", "127.0.0.1:0", "--db", db+"&default_transaction_read_only=on")
	if ended.Code != 1 || !strings.Contains(ended.Err, "nothing can be stored in it: the server is read-only") || strings.Count(ended.Err, "\n") != 1 {
		t.Errorf("%+v", ended)
	}
}

// The length of a request may be said twice, by two headers that differ: what follows
// it on its connection is not read.
func TestAmbiguousLengthEndsTheConnection(t *testing.T) {
	s := startServer(t, newDB(t))
	connection, err := net.Dial("tcp", strings.TrimPrefix(s.URL, "http://"))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = connection.Close() }()
	_, _ = io.WriteString(connection, "POST /ingest HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\nGET /healthz HTTP/1.1\r\nHost: x\r\n\r\n")
	all, err := io.ReadAll(connection)
	if err != nil || strings.Count(string(all), "HTTP/1.1 ") != 1 || !strings.Contains(string(all), "Connection: close") {
		t.Errorf("%v\n%s", err, all)
	}
}

func TestStopLeavesNothingBehind(t *testing.T) {
	tools.NoGoroutineLeft(t)
	s := startServer(t, newDB(t))
	mustPost(t, s, simulated(3)...)
	s.Query(t, "{ sessions { totalCount } }", nil)
	if code := s.Stop(); code != 0 {
		t.Errorf("exit code %d; log:\n%s", code, s.Log.String())
	}
	if !strings.Contains(s.Log.String(), "msg=stopped") {
		t.Errorf("the log does not tell the end:\n%s", s.Log.String())
	}
	if _, err := http.Get(s.URL + "/healthz"); err == nil {
		t.Error("it still answers")
	}
}

// A notification whose request was begun before SIGTERM is stored and answered.
func TestSIGTERMDrains(t *testing.T) {
	db := newDB(t)
	command := exec.Command(program.Binary(t))
	command.Env = append(os.Environ(), "SESSIONGRAPH_ADDR=127.0.0.1:0", "SESSIONGRAPH_DB="+db)
	process := program.Await(t, program.Begin(t, command))
	host := process.Host()

	connection, err := net.Dial("tcp", host)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = connection.Close() }()
	body := readFile(t, program.Example)
	half := len(body) / 2
	// With Expect, the server says when it has begun to read the body.
	_, _ = fmt.Fprintf(connection, "POST /ingest HTTP/1.1\r\nHost: %s\r\nContent-Type: application/json\r\nContent-Length: %d\r\nExpect: 100-continue\r\n\r\n", host, len(body))
	answer := bufio.NewReader(connection)
	if line, err := answer.ReadString('\n'); err != nil || !strings.Contains(line, "100") {
		t.Fatalf("%q, %v", line, err)
	}
	_, _ = answer.ReadString('\n')
	_, _ = connection.Write(body[:half])
	if err := process.Command.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	process.Log.Await(t, regexp.MustCompile("msg=stopping"))
	tools.Eventually(t, func() string {
		other, err := net.Dial("tcp", host)
		if err != nil {
			return ""
		}
		_ = other.Close()
		return "it still takes connections"
	})
	_, _ = connection.Write(body[half:])
	response, err := http.ReadResponse(answer, nil)
	if err != nil {
		t.Fatal(err)
	}
	_ = response.Body.Close()
	if response.StatusCode != http.StatusOK {
		t.Errorf("status %d", response.StatusCode)
	}
	if err := process.AwaitEnd(20 * time.Second); err != nil {
		t.Error(err)
	}
	compareAll(t, expected.Sessions([][]byte{body}), readAll(t, startServer(t, db)))
}

// An upgraded program serves nothing before the sessions of the version before are
// brought up to date, and says so.
func TestUpgradeBeforeServing(t *testing.T) {
	testdb.Each(t, testUpgradeBeforeServing)
}

func testUpgradeBeforeServing(t *testing.T, kind testdb.Kind) {
	address := kind.Fresh(t)
	s := startServer(t, address)
	mustPost(t, s, simulated(20)...)
	s.Stop()
	db, err := sql.Open(kind.Driver, address)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = db.Close() }()
	execute := func(statement string) {
		t.Helper()
		if _, err := db.Exec(statement); err != nil {
			t.Fatalf("%s: %v", statement, err)
		}
	}
	execute("UPDATE sessions SET projection = 1")
	if ended := program.Run(t, "", "verify", "--db", address); ended.Code != 1 || !strings.Contains(ended.Out, "run replay") {
		t.Errorf("verify ended with %+v", ended)
	}

	if kind.Name == "postgres" {
		startWhileUpgrading(t, address, db)
	} else { // opening alone would wait for a locked file
		startServer(t, address).Stop()
	}
	if ended := program.Run(t, "", "verify", "--db", address); ended.Code != 0 {
		t.Errorf("verify ended with %+v", ended)
	}

	for _, command := range [][]string{{"import"}, {"erase", "--callee", "nobody"}, {"prune", "--before", "2001-01-01T00:00:00Z"}, {"replay"}} {
		execute("UPDATE sessions SET projection = 1")
		want := map[string]int{"erase": 3}[command[0]] // nothing was received of nobody
		if ended := program.Run(t, "", append(command, "--db", address)...); ended.Code != want {
			t.Errorf("%s ended with %+v", command, ended)
		}
		var outdated int
		if err := db.QueryRow("SELECT COUNT(*) FROM sessions WHERE projection = 1").Scan(&outdated); err != nil || outdated > 0 {
			t.Errorf("after %s %d sessions are of the old version (%v)", command, outdated, err)
		}
	}
}

// startWhileUpgrading holds up the upgrade, looks at the server meanwhile, and lets it go on.
func startWhileUpgrading(t *testing.T, address string, db *sql.DB) {
	held, err := db.Begin()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := held.Exec("SELECT 1 FROM ledger_clock FOR UPDATE"); err != nil {
		t.Fatal(err)
	}
	port, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	listen := port.Addr().String()
	_ = port.Close()
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan int)
	log := new(tools.Log)
	go func() {
		ended <- program.Main(ctx, t, []string{"serve", "--addr", listen, "--db", address}, strings.NewReader(""), io.Discard, log)
	}()
	log.Await(t, regexp.MustCompile(`msg="upgrading sessions" done=0 total=20`))
	status := func(path string) int {
		response, err := http.Get("http://" + listen + path)
		if err != nil {
			t.Fatal(err)
		}
		_ = response.Body.Close()
		return response.StatusCode
	}
	if healthy, ready, query := status("/healthz"), status("/readyz"), status("/query?query={__typename}"); healthy != 200 || ready != 503 || query != 503 {
		t.Errorf("/healthz answers %d, /readyz %d, /query %d", healthy, ready, query)
	}
	if err := held.Rollback(); err != nil {
		t.Fatal(err)
	}
	log.Await(t, regexp.MustCompile(`msg="sessions upgraded" total=20(?s:.*)msg=serving`))
	if ready := status("/readyz"); ready != 200 {
		t.Errorf("/readyz answers %d", ready)
	}
	stop()
	if code := <-ended; code != 0 {
		t.Errorf("exit code %d", code)
	}
}

func TestImport(t *testing.T) {
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
			ended := program.Run(t, test.in, append([]string{"import", "--db", db, "--max-body=256KiB"}, test.args...)...)
			if ended.Code != 1 {
				t.Errorf("exit code %d", ended.Code)
			}
			for _, complaint := range []string{
				":5: JSON object without its end", ":304: quarantined: call_id: ", ":405: not a JSON object", ":416: more than 262144 bytes", ":427: more than 589824 bytes",
				"4 values were left out",
			} {
				if !strings.Contains(ended.Err, complaint) || strings.Count(ended.Err, test.shown+":") != 5 {
					t.Errorf("%q is not in\n%s", complaint, ended.Err)
				}
			}
			if lines := strings.Count(ended.Err, "\n"); lines != 6 {
				t.Errorf("%d lines on standard error:\n%s", lines, ended.Err)
			}
			if want := "521 notifications stored: 520 new sessions, 0 versions of known sessions, 0 repeats, 1 quarantined; 4 values left out\n"; ended.Out != want {
				t.Errorf("standard output: %s", ended.Out)
			}
			if test.name == "file" {
				if ended := program.Run(t, "", "verify", "--db", db); ended.Code != 0 {
					t.Errorf("%+v", ended)
				}
				if list := program.Run(t, "", "quarantine", "--db", db, "--outcome=refused"); list.Out != "nothing is in quarantine\n" {
					t.Errorf("stored as refused:\n%s", list.Out)
				}
				compareAll(t, expected.Sessions(good), readAll(t, startServer(t, db)))
			}
		})
	}
}

// AIRudder's own example, as anyone saves one body, and what jq makes of several.
func TestImportOfPrettyPrintedFiles(t *testing.T) {
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
	if ended.Code != 0 || ended.Err != "" || !strings.HasPrefix(ended.Out, "4 notifications stored: 4 new sessions, 0 versions of known sessions, 0 repeats, 0 quarantined;") {
		t.Fatalf("%+v", ended)
	}
	compareAll(t, expected.Sessions(append(bodies, readFile(t, program.Example))), readAll(t, startServer(t, db)))
}

// A file of something else stops the import soon, and leaves nothing behind.
func TestImportOfAnotherFile(t *testing.T) {
	db := newDB(t)
	ended := program.Run(t, strings.Repeat("{ this is no notification }\n", 1000), "import", "--db", db)
	if ended.Code != 1 || ended.Out != "" || strings.Count(ended.Err, "\n") != 11 || !strings.Contains(ended.Err, "stopped after 10 values") {
		t.Errorf("%+v", ended)
	}
	if list := program.Run(t, "", "quarantine", "--db", db); list.Out != "nothing is in quarantine\n" {
		t.Errorf("stored: %s", list.Out)
	}
}

// New sessions, versions and repeats are told apart.
func TestImportCounts(t *testing.T) {
	db := newDB(t)
	bodies := simulated(2)
	older := regexp.MustCompile(`"timestamp":\d+,"channel"`).ReplaceAll(bodies[0], []byte(`"timestamp":1,"channel"`))
	for _, step := range []struct {
		in, out string
	}{
		{string(bodies[0]) + `{"call_id":""}`, "2 notifications stored: 1 new sessions, 0 versions of known sessions, 0 repeats, 1 quarantined;"},
		{string(bodies[0]) + string(older) + string(bodies[1]) + `{"call_id":""}`, "4 notifications stored: 1 new sessions, 1 versions of known sessions, 2 repeats, 0 quarantined;"},
	} {
		if ended := program.Run(t, step.in, "import", "--db", db); ended.Code != 0 || !strings.HasPrefix(ended.Out, step.out) {
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
	if got := <-code; got != 1 || !strings.Contains(log.String(), "interrupted at standard input:257, what stands before is stored: run it again") ||
		!strings.HasPrefix(printed.String(), "256 notifications stored") {
		t.Errorf("exit code %d, standard output %q, standard error %q", got, printed.String(), log.String())
	}
}

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
		if err := json.Unmarshal([]byte(listed.Out), &found); err != nil || found.Outcome != "quarantined" || found.Bytes != len(odd) {
			t.Fatalf("%v in %+v", err, listed)
		}
		s.Log.Await(t, regexp.MustCompile(fmt.Sprintf(`msg="notification quarantined" notification=%d call_id="odd one" reason=`, found.Notification)))
		shown := program.Run(t, "", "quarantine", "show", "--db", db, fmt.Sprint(found.Notification))
		if shown.Code != 0 || shown.Out != odd {
			t.Errorf("%+v, want %q", shown, odd)
		}
		for _, test := range []struct {
			args  []string
			lines int
		}{{nil, 3}, {[]string{"list"}, 3}, {[]string{"--limit=1"}, 2}, {[]string{"--limit=9"}, 3}, {[]string{"--outcome=refused"}, 2}, {[]string{"--json"}, 2}} {
			if list := program.Run(t, "", append([]string{"quarantine", "--db", db}, test.args...)...); list.Code != 0 || strings.Count(list.Out, "\n") != test.lines {
				t.Errorf("%q: %+v", test.args, list)
			}
		}
		if missing := program.Run(t, "", "quarantine", "show", "--db", db, "99"); missing.Code != 1 || !strings.Contains(missing.Err, "no notification 99") {
			t.Errorf("%+v", missing)
		}
	})
}

// What is exported and imported elsewhere is the same there, also on another kind of database.
func TestExportIsImported(t *testing.T) {
	testdb.Each(t, testExportIsImported)
}

func testExportIsImported(t *testing.T, kind testdb.Kind) {
	from, to := newDB(t), kind.Fresh(t)
	bodies := simulated(60)
	s := startServer(t, from)
	mustPost(t, s, bodies...)
	if status := post(t, s, []byte("null")); status != http.StatusBadRequest { // which is not acknowledged, and stays behind
		t.Fatalf("answered %d", status)
	}
	exported := program.Run(t, "", "export", "--db", from) // beside a server
	if exported.Code != 0 || exported.Err != "" || strings.Count(exported.Out, "\n") != len(bodies) {
		t.Fatalf("exit code %d, %d lines, standard error %q", exported.Code, strings.Count(exported.Out, "\n"), exported.Err)
	}
	for range 2 { // again, as where it was interrupted
		if ended := program.Run(t, exported.Out, "import", "--db", to); ended.Code != 0 {
			t.Fatalf("%+v", ended)
		}
	}
	if ended := program.Run(t, "", "verify", "--db", to); ended.Code != 0 || !strings.Contains(ended.Out, "60 notifications verified, no difference") {
		t.Errorf("%+v", ended)
	}
	if again := program.Run(t, "", "export", "--db", to); again.Out != exported.Out {
		t.Error("exported again, it is not the same")
	}
	compareAll(t, expected.Sessions(bodies), readAll(t, startServer(t, to)))
}

// What is too old goes when the server starts.
func TestRetention(t *testing.T) {
	db := newDB(t)
	old := simulated(20)
	mustPost(t, startServer(t, db), old...)
	began := time.Now().UTC().Format(time.RFC3339)
	recent := strings.NewReplacer("a3f5c12ac59xxxxxxxxad71fe6a8ea3e", "recent").Replace(string(readFile(t, program.Example)))
	recent = regexp.MustCompile(`("session_(?:start|end)_time": *)"[^"]*"`).ReplaceAllString(recent, `${1}"`+began+`"`)
	s := startServer(t, db, "--retention=24h")
	mustPost(t, s, []byte(recent))
	tools.Eventually(t, func() string {
		if left := s.Query(t, "{ sessions { nodes { callId } } }", nil); fmt.Sprint(left) != "map[sessions:map[nodes:[map[callId:recent]]]]" {
			return fmt.Sprint(left)
		}
		return ""
	})
	s.Log.Await(t, regexp.MustCompile(`msg="retention is on" retention=1d before=\S+ would_delete=20 next=\S+`))
	s.Log.Await(t, regexp.MustCompile(`msg=retention sessions=20 messages=\d+ notifications=20`))
}

// A server finishes what an interrupted erase or prune left, retention or not.
func TestAStartFinishesARemoval(t *testing.T) {
	db := newDB(t)
	mustPost(t, startServer(t, db), simulated(3)...)
	file, err := sql.Open("sqlite", db)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = file.Close() }()
	if _, err := file.Exec("UPDATE removals SET removals = removals + 1"); err != nil {
		t.Fatal(err)
	}
	startServer(t, db)
	tools.Eventually(t, func() string {
		var due bool
		if err := file.QueryRow("SELECT removals > purged FROM removals").Scan(&due); err != nil || due {
			return fmt.Sprint("files are still to be cleaned, ", err)
		}
		return ""
	})
}

// Erase and prune say what they would remove, and leave it; erase says when there is
// nothing, and what is near.
func TestRemovingByCommand(t *testing.T) {
	db := newDB(t)
	body := func(callID, callee, text, ended string) string {
		return fmt.Sprintf(`{"call_id":%q,"callee":%q,"timestamp":1750000000,"session_start_time":%[3]q,"session_end_time":%[3]q,`+
			`"messages":[{"msg_id":"m","sender_type":"user","timestamp":1750000000,"content":{"type":"text","text":%[4]q}}]}`, callID, callee, ended, text)
	}
	notifications := strings.Join([]string{
		body("a", "+6281999000111", "hello", "2025-06-01T10:00:00Z"),
		body("b", "+6281999000111", "hello", "2025-06-02T10:00:00Z"),
		body("c", "081999000111", "hello", "2025-06-02T10:00:00Z"),
		body("d", "+6281200000000", "call +6281999000111 please", "2025-06-03T10:00:00Z"),
	}, "\n")
	if ended := program.Run(t, notifications, "import", "--db", db); ended.Code != 0 {
		t.Fatal(ended.Err)
	}
	for _, step := range []struct {
		args     string
		code     int
		out, err string
	}{
		{"erase --dry-run --callee=+6281999000111", 0, "would erase 2 sessions with 2 messages, 2 notifications\n" +
			"other spellings of this number are callees, too, and stay: \"081999000111\"\n1 sessions of other callees have this number in their messages, and stay\n", ""},
		{"erase --callee=6281999000111", 3, "erased 0 sessions with 0 messages, 0 notifications\n",
			"sessiongraph: nothing was received of \"6281999000111\"; other spellings of this number are callees: \"+6281999000111\", \"081999000111\"\n"},
		{"erase --dry-run --callee=+620", 3, "", "sessiongraph: nothing was received of \"+620\"\n"},
		{"prune --dry-run --before=2025-06-03", 0, "would prune 3 sessions with 3 messages, 3 notifications\n", ""},
		{"prune --dry-run --before=90d", 0, "would prune 4 sessions with 4 messages, 4 notifications\n", ""},
		{"erase --callee=+6281999000111", 0, "erased 2 sessions with 2 messages, 2 notifications\n" +
			"other spellings of this number are callees, too, and stay: \"081999000111\"\n1 sessions of other callees have this number in their messages, and stay\n", ""},
		{"prune --before=2025-06-03", 0, "pruned 1 sessions with 1 messages, 1 notifications\n", ""},
		{"prune --before=2025-06-03T10:00:01Z", 0, "pruned 1 sessions with 1 messages, 1 notifications\n", ""},
	} {
		ended := program.Run(t, "", append(strings.Fields(step.args), "--db", db)...)
		if ended.Code != step.code || ended.Out != step.out || ended.Err != step.err {
			t.Errorf("%s: exit code %d, want %d; output %q, want %q; standard error %q, want %q", step.args, ended.Code, step.code, ended.Out, step.out, ended.Err, step.err)
		}
	}
}

// Of a file with a broken page export saves what can be read, and both it and verify
// say what cannot.
func TestCommandsPassABrokenPage(t *testing.T) {
	db := newDB(t)
	if ended := program.Run(t, strings.Join(notificationLines(simulated(400)), "\n"), "import", "--db", db); ended.Code != 0 {
		t.Fatal(ended.Err)
	}
	breakPage(t, db)
	exported := program.Run(t, "", "export", "--db", db)
	broken := regexp.MustCompile(`^sessiongraph: export: the database is damaged, without notifications (\d+)-(\d+)\n$`).FindStringSubmatch(exported.Err)
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
	err = db.QueryRow("SELECT pgoffset FROM dbstat WHERE name = 'notifications' AND pagetype = 'leaf' ORDER BY path LIMIT 1 OFFSET 20").Scan(&offset)
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
	body := `{"call_id":"x\ntime=2026 \u001b[31m","callee":"+1","timestamp":1,"session_start_time":"2025-06-01T10:00:00Z","session_end_time":"2025-06-01T10:00:00Z","messages":[]}`
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
	for _, name := range []string{"quarantine", "replay", "verify", "export", "backup copy.db", "erase --callee=+62", "prune --before=2025-01-01T00:00:00Z"} {
		t.Run(name, func(t *testing.T) {
			t.Chdir(t.TempDir())
			ended := program.Run(t, "", append(strings.Fields(name), "--db=mistyped.db")...)
			if ended.Code == 0 || !strings.Contains(ended.Err, "mistyped.db") || exists("mistyped.db") {
				t.Errorf("exit code %d, made: %t, output %q, standard error %q", ended.Code, exists("mistyped.db"), ended.Out, ended.Err)
			}
		})
	}
}

func TestImportedAgainAndByTwo(t *testing.T) {
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
	for _, session := range s.Query(t, "{ sessions { nodes { version deliveries } } }", nil)["sessions"].(map[string]any)["nodes"].([]any) {
		if differences := diff.JSON(map[string]any{"version": json.Number("1"), "deliveries": json.Number("3")}, session); len(differences) > 0 {
			t.Fatal(differences)
		}
	}
}

func TestSimulate(t *testing.T) {
	until := []string{"simulate", "--count=50", "--until=2025-06-30T00:00:00Z", "--seed"}
	first := program.Run(t, "", append(until, "2026")...)
	if want := string(bytes.Join(simulated(50), []byte("\n"))) + "\n"; first.Code != 0 || first.Err != "" || first.Out != want {
		t.Errorf("exit code %d, standard error %q, %d bytes where %d were expected", first.Code, first.Err, len(first.Out), len(want))
	}
	if again := program.Run(t, "", append(until, "2026")...); again != first {
		t.Error("the same seed invents others")
	}
	if other := program.Run(t, "", append(until, "2027")...); other.Out == first.Out {
		t.Error("another seed invents the same")
	}
}

// By default there is something to see in the last days, whenever that is.
func TestSimulateUntilNow(t *testing.T) {
	byDefault := program.Run(t, "", "simulate")
	lines := strings.Split(strings.TrimSpace(byDefault.Out), "\n")
	if len(lines) != 100 {
		t.Fatalf("%d notifications by default", len(lines))
	}
	recent := 0
	for _, line := range lines {
		var session struct {
			Ended time.Time `json:"session_end_time"`
		}
		if err := json.Unmarshal([]byte(line), &session); err != nil {
			t.Fatal(err)
		}
		age := time.Since(session.Ended)
		if age < 0 || age > 91*24*time.Hour {
			t.Errorf("ended at %v", session.Ended)
		}
		if age < 7*24*time.Hour {
			recent++
		}
	}
	if recent == 0 {
		t.Error("none of the last week")
	}
}

// What is signed is taken by a server that enforces signatures, with the scheme that
// both are told.
func TestSimulateSigns(t *testing.T) {
	for _, scheme := range []string{"hmac-sha256-hex", "sha1-body+secret-timestamp-base64"} {
		t.Run(scheme, func(t *testing.T) {
			s := startServer(t, newDB(t), "--sign-secret=new,old", "--sign-scheme", scheme)
			to := []string{"simulate", "--count=5", "--to", s.URL + "/ingest", "--sign-scheme", scheme}
			if ended := program.Run(t, "", append(to, "--sign-secret=old")...); ended.Code != 0 || ended.Out != "5 notifications posted\n" {
				t.Errorf("%+v", ended)
			}
			if ended := program.Run(t, "", append(to, "--sign-secret=wrong")...); ended.Code != 1 || !strings.Contains(ended.Err, "401") {
				t.Errorf("%+v", ended)
			}
			if ended := program.Run(t, "", to...); ended.Code != 1 || !strings.Contains(ended.Err, "401") {
				t.Errorf("%+v", ended)
			}
			signed := program.Run(t, "", "sign", "--sign-secret=new", "--sign-scheme", scheme, program.Example)
			request, err := http.NewRequest("POST", s.URL+"/ingest", bytes.NewReader(readFile(t, program.Example)))
			if err != nil {
				t.Fatal(err)
			}
			request.Header.Set("X-AIRudder-Sign", strings.TrimSpace(signed.Out))
			response, err := http.DefaultClient.Do(request)
			if err != nil {
				t.Fatal(err)
			}
			_ = response.Body.Close()
			if response.StatusCode != http.StatusOK {
				t.Errorf("%+v: answered %s", signed, response.Status)
			}
			if piped := program.Run(t, string(readFile(t, program.Example)), "sign", "--sign-secret=new", "--sign-scheme", scheme, "-"); piped != signed {
				t.Errorf("%+v by standard input, %+v by name", piped, signed)
			}
		})
	}
}

func TestSimulateTo(t *testing.T) {
	s := startServer(t, newDB(t))
	ended := program.Run(t, "", "simulate", "--count=50", "--seed=2026", "--until=2025-06-30T00:00:00Z", "--to", s.URL+"/ingest")
	if ended.Code != 0 || ended.Out != "50 notifications posted\n" || ended.Err != "" {
		t.Errorf("%+v", ended)
	}
	compareAll(t, expected.Sessions(simulated(50)), readAll(t, s))
	if wrong := program.Run(t, "", "simulate", "--count=50", "--to", s.URL+"/nothing"); wrong.Code == 0 || strings.Count(wrong.Err, "\n") != 1 {
		t.Errorf("%+v", wrong)
	}
}
