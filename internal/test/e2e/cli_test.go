package e2e

import (
	"context"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"sessiongraph/internal/buildinfo"
	"sessiongraph/internal/test/program"
	"sessiongraph/internal/test/tools"
)

func TestHelp(t *testing.T) {
	for _, test := range []struct {
		args []string
		says []string
	}{
		{[]string{"--help"}, []string{"serve", "import", "simulate", "sign", "token", "quarantine", "replay", "verify",
			"export", "backup", "restore", "erase", "prune", "status", "doctor", "health",
			"version", "help", "<command> --help"}},
		{[]string{"help"}, []string{"<command> --help"}},
		{[]string{"help", "--help"}, []string{"<command> --help", "Exit status: 2"}},
		{[]string{"query", "--help"}, []string{"<file>", "--format", "--variables", "sessiongraph query -"}},
		{[]string{"restore", "--help"}, []string{"<file>", "--db", "-wal", "sessiongraph restore --db"}},
		{[]string{"status", "--help"}, []string{"--db", "Print what serve would delete"}},
		{[]string{"doctor", "--help"}, []string{"--db", "--tokens", "--documents", "the settings of serve"}},
		{[]string{"quarantine", "show", "--help"}, []string{"<notification>", "--db", "byte for byte"}},
		{[]string{"help", "verify"}, []string{"Usage: sessiongraph verify", "--db"}},
		{[]string{"sign", "--help"}, []string{"<file>", "--sign-secret", "--sign-scheme"}},
		{[]string{"token", "--help"}, []string{"--scope", "--name", "Authorization: Bearer TOKEN", "hash"}},
		{[]string{"serve", "--help"},
			[]string{"--addr", "SESSIONGRAPH_ADDR", "--db", "SESSIONGRAPH_DB", "--db-replica",
				"SESSIONGRAPH_DB_REPLICAS", "--open", "--host", "SESSIONGRAPH_HOSTS", "--cors-origin",
				"SESSIONGRAPH_CORS_ORIGINS", "--tls-cert", "SESSIONGRAPH_TLS_CERT", "--tls-key",
				"SESSIONGRAPH_TLS_KEY", "--ingest-key", "SESSIONGRAPH_INGEST_KEYS_FILE", "--max-page",
				"--max-body", "--max-complexity", "--log-level", "--log-format", "--tokens", "--jwks",
				"--jwt-issuer", "--jwt-audience", "--jwt-claim", "--sign-secret", "--sign-scheme", "--sign-mode",
				"--retention",
				"SESSIONGRAPH_SIGN_SECRETS, or", "SESSIONGRAPH_SIGN_SECRETS_FILE", "SESSIONGRAPH_DB_FILE",
				"SESSIONGRAPH_DB_REPLICAS_FILE", "--db-direct", "SESSIONGRAPH_DB_DIRECT_FILE",
				"\nNetwork:", "\nAccess:", "\nDatabase:", "\nSignatures:", "\nQueries:", "\nLog:"}},
		{[]string{"health", "--help"}, []string{"--addr", "SESSIONGRAPH_ADDR", "ready"}},
		{[]string{"import", "--help"}, []string{"<files>", "standard input", "--db", "--max-body"}},
		{[]string{"simulate", "--help"}, []string{"--count", "(100)", "--seed", "(1)", "--until", "(now)", "--to",
			"--sign-secret", "--sign-scheme", "standard output"}},
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
			if strings.Count(ended.Out, "Usage: ") != 1 {
				t.Errorf("not one help:\n%s", ended.Out)
			}
			for line := range strings.Lines(ended.Out) {
				if len(line) > len("\n")+80 {
					t.Errorf("wider than a terminal: %s", line)
				}
			}
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
	invalidDocument := filepath.Join(folder, "invalid.graphql")
	write(t, invalidDocument, "query A {\n  sessions {\n    count\n  }\n}\n")
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
		{"address in use", 1, []string{"--addr", taken.Addr().String()}, nil,
			[]string{taken.Addr().String(), "in use"}},
		{"address for all", 2, []string{"--addr=0.0.0.0:0"}, nil, []string{"0.0.0.0:0", "--open"}},
		{"address for all, of IPv6", 2, []string{"--addr=[::]:0"}, nil, []string{"[::]:0", "--open"}},
		{"port alone", 2, []string{"--addr=:0"}, nil, []string{":0", "--open"}},
		{"host with a scheme", 2, []string{"--host=https://a.example"}, nil,
			[]string{"--host: ", "https://a.example"}},
		{"origin without a scheme", 2, []string{"--cors-origin=a.example"}, nil,
			[]string{"--cors-origin: ", `"a.example"`}},
		{"origin with a path", 2, []string{"--cors-origin=https://a.example/app"}, nil,
			[]string{"--cors-origin: ", "https://a.example/app"}},
		{"origins by a pattern", 2, nil, map[string]string{"SESSIONGRAPH_CORS_ORIGINS": "https://*.example"},
			[]string{"SESSIONGRAPH_CORS_ORIGINS: ", "https://*.example"}},
		{"certificate without key", 2, []string{"--tls-cert=cert.pem"}, nil, []string{"--tls-cert", "--tls-key"}},
		{"key without certificate", 2, nil, map[string]string{"SESSIONGRAPH_TLS_KEY": "key.pem"},
			[]string{"--tls-cert", "--tls-key"}},
		{"missing certificate", 1, []string{"--addr=127.0.0.1:0", "--tls-cert=cert.pem", "--tls-key=key.pem"}, nil,
			[]string{"--tls-cert", "cert.pem"}},
		{"other file as certificate", 1, []string{"--addr=127.0.0.1:0", "--tls-cert=" + notADatabase,
			"--tls-key=" + notADatabase}, nil, []string{"--tls-cert", notADatabase, "PEM"}},
		{"short ingest key", 2, []string{"--ingest-key=secret@"}, nil, []string{"--ingest-key: ", "at least 16"}},
		{"ingest key of other characters", 2, nil,
			map[string]string{"SESSIONGRAPH_INGEST_KEYS": "0123456789abcdef,secret@/0123456789abcdef"},
			[]string{"SESSIONGRAPH_INGEST_KEYS: ", "A to Z"}},
		{"host with a port", 2, []string{"--host=a.example:8080"}, nil, []string{"--host: ", "a.example:8080"}},
		{"any host", 2, nil, map[string]string{"SESSIONGRAPH_HOSTS": "a.example,*"},
			[]string{"SESSIONGRAPH_HOSTS: ", `"*"`}},
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
		{"tokens of no name", 2, []string{"--tokens="}, nil, []string{"--tokens: empty value"}},
		{"tokens by an empty variable", 2, nil, map[string]string{"SESSIONGRAPH_TOKENS": ""},
			[]string{"SESSIONGRAPH_TOKENS: empty value"}},
		{"tokens in a missing file", 1, []string{"--addr=127.0.0.1:0", "--tokens=missing"}, nil,
			[]string{"--tokens", "missing"}},
		{"JWTs of any issuer", 2, []string{"--jwks=x", "--jwt-audience=y"}, nil, []string{"--jwks", "--jwt-issuer"}},
		{"JWTs for anyone", 2, []string{"--jwks=x", "--jwt-issuer=y"}, nil, []string{"--jwks", "--jwt-audience"}},
		{"an issuer without keys", 2, []string{"--jwt-issuer=y"}, nil, []string{"--jwt-issuer", "--jwks"}},
		{"an empty claim", 2, []string{"--jwt-claim="}, nil, []string{"--jwt-claim: empty value"}},
		{"a key set in a missing file", 1, []string{"--addr=127.0.0.1:0", "--jwks=missing", "--jwt-issuer=x",
			"--jwt-audience=y"}, nil, []string{"--jwks", "missing"}},
		{"token of an unknown scope", 2, []string{"token", "--scope=all"}, nil, []string{"--scope: unknown scope"}},
		{"token of a name of two lines", 2, []string{"token", "--name=a\nb"}, nil, []string{"--name"}},
		{"retention that is no time", 2, []string{"--retention=forever"}, nil, []string{"--retention", `"forever"`}},
		{"retention of nothing", 2, []string{"--retention=0d"}, nil, []string{"--retention", `"0d"`}},
		{"retention of minutes, meant as months", 2, []string{"--retention=3m"}, nil,
			[]string{"--retention", `"3m"`, "90d, 12w or 36h"}},
		{"retention below a day", 2, []string{"--retention=23h"}, nil,
			[]string{"--retention", `"23h"`, "at least 24 hours"}},
		{"invalid document", 1, []string{"--documents", folder}, nil, []string{invalidDocument + ":3: ", `"count"`}},
		{"documents that are missing", 1, []string{"--documents", filepath.Join(folder, "missing")}, nil,
			[]string{"--documents: ", "missing"}},
		{"names in a missing file", 1, []string{"--unmasked=@missing"}, nil, []string{"--unmasked: ", "missing"}},
		{"documents that are no manifest", 1, []string{"--documents", invalidDocument}, nil,
			[]string{invalidDocument + ":1: "}},
		{"flag without value", 2, []string{"--db"}, nil, []string{"--db"}},
		{"folder as database", 1, []string{"--db", folder}, nil, []string{folder, "folder"}},
		{"database in a missing folder", 1, []string{"--db", filepath.Join(folder, "missing", "x.db")}, nil,
			[]string{"missing"}},
		{"other file as database", 1, []string{"--db", notADatabase}, nil, []string{notADatabase, "not a database"}},
		{"database of no server", 1, []string{"verify", "--db=postgres://me:secret@127.0.0.1:1/x"}, nil,
			[]string{"postgres://me:xxxxx@127.0.0.1:1/x", "cannot be reached"}},
		{"replica of a file", 1, []string{"--db-replica=postgres://127.0.0.1:1/x"}, nil, []string{"replicas"}},
		{"size too small", 2, []string{"--max-body=8"}, nil, []string{"--max-body", `"8"`, "at least 1KiB"}},
		{"value that begins with a hyphen", 2, []string{"--max-page", "-1"}, nil,
			[]string{"--max-page: value missing", "--max-page=-1"}},
		{"mistyped command", 2, []string{"sreve"}, nil, []string{`unknown command "sreve", did you mean "serve"?`}},
		{"mistyped flag", 2, []string{"--max-pgae=3"}, nil, []string{"--max-pgae", `did you mean "--max-page"?`}},
		{"mistyped subcommand", 2, []string{"quarantine", "shwo", "3"}, nil,
			[]string{`did you mean "show"?`, "(see sessiongraph quarantine --help)"}},
		{"number that is none", 2, []string{"quarantine", "show", "three"}, nil, []string{`invalid number "three"`}},
		{"help of nothing", 2, []string{"help", "frobnicate"}, nil, []string{`unknown command "frobnicate"`}},
		{"other kind of database", 2, []string{"--db=mysql://me:secret@there/x"}, nil,
			[]string{"--db: ", "mysql:// is not supported", "postgres://"}},
		{"mistyped database", 2, []string{"--db=postgress://me:secret@there/x"}, nil,
			[]string{"--db: ", "postgress:// is not supported"}},
		{"mistyped database by variable", 2, nil,
			map[string]string{"SESSIONGRAPH_DB": "postgress://me:secret@there/x"},
			[]string{"SESSIONGRAPH_DB: ", "postgress:// is not supported"}},
		{"database with one slash", 1, []string{"--db=postgres:/me:secret@there/x"}, nil,
			[]string{"postgres:/me:xxxxx@there"}},
		{"database as a file", 1, []string{"import", "postgress://me:secret@there/x"}, nil,
			[]string{"postgress:/", "me:xxxxx@there/x"}},
		{"database as an argument", 2, []string{"verify", "postgress://me:secret@there/x"}, nil,
			[]string{"postgress://me:xxxxx@there/x"}},
		{"database as an address", 2, []string{"--addr=postgress://me:secret@there/x"}, nil, []string{"--addr"}},
		{"database as libpq names it", 2, []string{"--db=host=there password=secret dbname=x"}, nil,
			[]string{"--db: ", "looks like an address"}},
		{"the same without quotes", 2, []string{"--db", "x", "password=secret"}, nil, []string{"password=xxxxx"}},
		{"database with a blank", 2, []string{"--db=there x"}, nil, []string{"--db: ", "blanks"}},
		{"database of an empty name", 2, []string{"--db="}, nil, []string{"--db: ", "empty name"}},
		{"direct address of a file", 1, []string{"verify", "--db-direct=postgres://127.0.0.1:1/x"}, nil,
			[]string{"no direct address"}},
		{"direct address of another kind", 2, []string{"--db-direct=mysql://me:secret@there/x"}, nil,
			[]string{"--db-direct: ", "postgres://"}},
		{"replica of another kind", 2, []string{"--db-replica=mysql://me:secret@there/x"}, nil,
			[]string{"--db-replica: ", "postgres://"}},
		{"database by variable", 2, nil, map[string]string{"SESSIONGRAPH_DB": "mysql://me:secret@there/x"},
			[]string{"SESSIONGRAPH_DB: ", "mysql:// is not supported"}},
		{"level by variable", 2, nil, map[string]string{"SESSIONGRAPH_LOG_LEVEL": "verbose"},
			[]string{"SESSIONGRAPH_LOG_LEVEL: ", `"verbose"`}},
		{"format by variable", 2, nil, map[string]string{"SESSIONGRAPH_LOG_FORMAT": "xml"},
			[]string{"SESSIONGRAPH_LOG_FORMAT: ", `"xml"`}},
		{"signing mode by variable", 2, nil, map[string]string{"SESSIONGRAPH_SIGN_MODE": "sometimes"},
			[]string{"SESSIONGRAPH_SIGN_MODE: ", `"sometimes"`}},
		{"scheme by variable", 2, nil, map[string]string{"SESSIONGRAPH_SIGN_SCHEME": "rot13"},
			[]string{"SESSIONGRAPH_SIGN_SCHEME: ", `"rot13"`}},
		{"address by variable", 2, nil, map[string]string{"SESSIONGRAPH_ADDR": "localhost"},
			[]string{"SESSIONGRAPH_ADDR: ", `"localhost"`}},
		{"empty secret by variable", 2, nil, map[string]string{"SESSIONGRAPH_SIGN_SECRETS": "secret,,"},
			[]string{"SESSIONGRAPH_SIGN_SECRETS: ", "empty"}},
		{"secret by variable and file", 2, nil, map[string]string{"SESSIONGRAPH_DB": "x", "SESSIONGRAPH_DB_FILE": "y"},
			[]string{"SESSIONGRAPH_DB and SESSIONGRAPH_DB_FILE"}},
		{"secret in a missing file", 2, nil, map[string]string{"SESSIONGRAPH_DB_FILE": "missing"},
			[]string{"SESSIONGRAPH_DB_FILE", "missing"}},
		{"bad secret in a file", 2, nil, map[string]string{"SESSIONGRAPH_INGEST_KEYS_FILE": notADatabase},
			[]string{"SESSIONGRAPH_INGEST_KEYS_FILE: " + notADatabase}},
		{"sign without secret", 2, []string{"sign", notADatabase}, nil, []string{"--sign-secret"}},
		{"sign of a missing file", 1, []string{"sign", "--sign-secret=s", "missing.json"}, nil,
			[]string{"missing.json"}},
		{"malformed variable", 2, nil, map[string]string{"SESSIONGRAPH_MAX_PAGE": "x"},
			[]string{"SESSIONGRAPH_MAX_PAGE", `"x"`}},
		{"malformed switch", 2, nil, map[string]string{"SESSIONGRAPH_OPEN": "perhaps"},
			[]string{"SESSIONGRAPH_OPEN", "perhaps"}},
		{"import of a missing file", 1, []string{"import", filepath.Join(folder, "missing.ndjson")}, nil,
			[]string{"missing.ndjson"}},
		{"import of a folder", 1, []string{"import", folder}, nil,
			[]string{folder + ": it is a folder: name its files"}},
		{"erasing an empty callee", 2, []string{"erase", "--callee="}, nil, []string{"--callee: empty value"}},
		{"import into a folder", 1, []string{"import", "--db", folder, program.Example}, nil, []string{folder}},
		{"backup to nowhere", 2, []string{"backup"}, nil, []string{"<file>"}},
		{"erasing nobody", 2, []string{"erase"}, nil, []string{"--callee"}},
		{"pruning without time", 2, []string{"prune"}, nil, []string{"--before"}},
		{"pruning before no time", 2, []string{"prune", "--before=yesterday"}, nil, []string{"--before", "yesterday"}},
		{"pruning by minutes", 2, []string{"prune", "--before=3m"}, nil,
			[]string{"--before", `"3m"`, "2025-01-01 or"}},
		{"pruning all that will ever be", 2, []string{"prune", "--before=2999-01-01"}, nil,
			[]string{"--before", "2999-01-01", "future"}},
		{"simulation of nothing", 2, []string{"simulate", "--count=0"}, nil, []string{"--count"}},
		{"seed that is none", 2, []string{"simulate", "--seed=x"}, nil, []string{"--seed", "x"}},
		{"simulation until no time", 2, []string{"simulate", "--until=tomorrow"}, nil,
			[]string{"--until", `"tomorrow"`, "now"}},
		{"simulation to nobody", 1, []string{"simulate", "--to", "http://127.0.0.1:1/ingest"}, nil,
			[]string{"simulate: http://127.0.0.1:1/ingest: connect: connection refused"}},
		{"simulation to nowhere", 2, []string{"simulate", "--to", "nowhere"}, nil,
			[]string{`--to: invalid URL "nowhere"`}},
		{"simulation to no scheme", 2, []string{"simulate", "--to", "127.0.0.1:1/ingest/secret@"}, nil,
			[]string{"--to: invalid URL", "http://127.0.0.1:8080/ingest"}},
		{"health of no server", 1, []string{"health", "--addr=127.0.0.1:1"}, nil,
			[]string{"health: no server answers at 127.0.0.1:1: connect: connection refused"}},
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
			line, ok := strings.CutSuffix(ended.Err, "\n")
			if !ok || strings.Contains(line, "\n") || !strings.HasPrefix(line, "sessiongraph: ") {
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

// Some names are SQLite's for a database that is gone with its connection.
func TestDatabaseWithoutNameLosesNothing(t *testing.T) {
	for _, name := range []string{"", ":memory:", "file::memory:", "file:x.db?mode=memory",
		"x.db?vfs=memdb", "?", "/dev/null"} {
		t.Run(name, func(t *testing.T) {
			t.Chdir(t.TempDir())
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			log, code := new(tools.Log), make(chan int, 1)
			go func() {
				code <- program.Main(ctx, t, []string{"--addr=127.0.0.1:0", "--db=" + name}, nil, io.Discard, log)
			}()
			served := regexp.MustCompile("msg=serving")
			tools.Eventually(t, func() string {
				if served.MatchString(log.String()) || len(code) > 0 {
					return ""
				}
				return "it neither serves nor ends"
			})
			cancel()
			<-code
			stored := slices.ContainsFunc(notEmpty(t), func(file string) bool { return strings.HasPrefix(file, name) })
			if served.MatchString(log.String()) && !stored {
				t.Errorf("it served from a database that no file holds:\n%s", log)
			}
		})
	}
}

// notEmpty returns the names of the files in the working directory that have content.
func notEmpty(t *testing.T) (names []string) {
	t.Helper()
	files, err := os.ReadDir(".")
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		if info, err := file.Info(); err == nil && info.Size() > 0 {
			names = append(names, file.Name())
		}
	}
	return names
}

func TestVersion(t *testing.T) {
	for _, args := range [][]string{{"version"}, {"--version"}, {"-v"}, {"serve", "--version"}} {
		ended := program.Run(t, "", args...)
		if ended.Code != 0 || ended.Err != "" ||
			!regexp.MustCompile(`^sessiongraph \S+ \(commit \S+, \S+, go1\.\d+\S*\)\n$`).MatchString(ended.Out) {
			t.Errorf("%q: %+v", args, ended)
		}
	}
	s := startServer(t, newDB(t))
	build := buildinfo.Read()
	if !strings.Contains(s.Log.String(), " version="+build.Version+" commit="+build.Commit+" date="+build.Date) {
		t.Errorf("not in the start line:\n%s", s.Log.String())
	}
	want := fmt.Sprintf(`sessiongraph_build_info{commit=%q,date=%q,goversion=%q,version=%q} 1`, build.Commit,
		build.Date, build.Go, build.Version)
	if !strings.Contains(metrics(t, s), want) {
		t.Errorf("%s is not among the metrics", want)
	}
	if body := bodyOf(t, s, "/healthz"); body != "ok\n"+build.String()+"\n" {
		t.Errorf("/healthz answers %q", body)
	}
}

// A misspelt variable is not passed over; those that Kubernetes sets for a service are.
func TestUnknownVariables(t *testing.T) {
	for name, refusal := range map[string]string{
		"SESSIONGRAPH_BD": "sessiongraph: unknown environment variable SESSIONGRAPH_BD, did you " +
			"mean SESSIONGRAPH_DB?\n",
		"SESSIONGRAPH_FROBNICATE": "sessiongraph: unknown environment variable SESSIONGRAPH_FROBNICATE\n",
		"SESSIONGRAPH_ADDR_FILE": "sessiongraph: unknown environment variable SESSIONGRAPH_ADDR_FILE, did you " +
			"mean SESSIONGRAPH_ADDR?\n",
		"SESSIONGRAPH_SIGN_SECRETS": "",
		"SESSIONGRAPH_SERVICE_HOST": "",
		"SESSIONGRAPH_PORT":         "",
	} {
		t.Run(name, func(t *testing.T) {
			t.Setenv(name, "x")
			ended := program.Run(t, "", "version")
			if (ended.Code == 2) != (refusal != "") || ended.Err != refusal {
				t.Errorf("%+v", ended)
			}
		})
	}
}
