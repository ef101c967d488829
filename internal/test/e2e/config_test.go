package e2e

import (
	"database/sql"
	"errors"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"sessiongraph/internal/test/program"
	"sessiongraph/internal/test/tools"
)

func TestConfigurationFile(t *testing.T) {
	file := filepath.Join(t.TempDir(), "sessiongraph.yaml")
	db := newDB(t)
	write(t, file, "# comment\ndb: "+db+"\naddr: 127.0.0.1:0\nmax-page: 7\nhost: [a.example.com, b.example.com]\n"+
		"documents-only: false\nquery-timeout: 3s\n")
	s := program.Serve(t, "serve", "--config", file)
	if got := sent(t, s, map[string]any{"query": "{ sessions(first: 8) { totalCount } }"}); !strings.Contains(got,
		"at most 7 are allowed") {
		t.Errorf("max-page: %s", got)
	}
	r := s.Request(t, "GET", "/healthz", nil)
	r.Host = "b.example.com"
	if got := do(t, r).status; got != 200 {
		t.Errorf("host: status %d", got)
	}
	if !exists(db) {
		t.Error("db is not that of the file")
	}

	t.Setenv("SESSIONGRAPH_MAX_PAGE", "9") // wins over the file, as a flag does over both
	t.Setenv("SESSIONGRAPH_CONFIG", file)
	for flag, most := range map[string]string{"": "9", "--max-page=5": "5"} {
		args := []string{"serve", "--db", newDB(t)}
		if flag != "" {
			args = append(args, flag)
		}
		s := program.Serve(t, args...)
		got := sent(t, s, map[string]any{"query": "{ sessions(first: 10) { totalCount } }"})
		if !strings.Contains(got, "at most "+most+" are allowed") {
			t.Errorf("%q: %s", flag, got)
		}
		s.Stop()
	}
}

// SIGHUP has the log level, tokens and documents taken up at once.
func TestSIGHUP(t *testing.T) {
	folder := t.TempDir()
	file, tokens := filepath.Join(folder, "sessiongraph.yaml"), filepath.Join(folder, "tokens")
	write(t, file, "db: "+newDB(t)+"\naddr: 127.0.0.1:0\ntokens: "+tokens+"\ndocuments: "+folder+"\nlog-level: info\n")
	writeTokens(t, tokens, tokenLines)
	p := program.Start(t, "serve", "--config", file)
	writeTokens(t, tokens, tokenOfRead+" read # renamed\n")
	write(t, filepath.Join(folder, "new.graphql"), "query New { viewer { name } }")
	write(t, file, string(readFile(t, file))+"# \n")
	write(t, file, strings.Replace(string(readFile(t, file)), "log-level: info", "log-level: error", 1))
	if err := p.Command.Process.Signal(syscall.SIGHUP); err != nil {
		t.Fatal(err)
	}
	s := &program.Server{URL: p.URL, Token: tokenOfRead, Log: p.Log}
	tools.Eventually(t, func() string {
		body := strings.NewReader(`{"documentId":"New"}`)
		if got := do(t, s.Request(t, "POST", "/query", body)).body; !strings.Contains(got, "renamed") {
			return got
		}
		return ""
	})
	if log := p.Log.String(); !strings.Contains(log, "SIGHUP") || strings.Contains(log, "level=ERROR") {
		t.Errorf("the log is %s", log)
	}
	tools.Eventually(t, func() string {
		before := len(p.Log.String())
		do(t, exportRequest(t, s, "", "{ intentions { label } }", nil)) // which leaves a line at level info
		if log := p.Log.String()[before:]; strings.Contains(log, "msg=export") {
			return "the log level is not that of the file: " + log
		}
		return ""
	})
}

func TestBadConfigurationFiles(t *testing.T) {
	file := filepath.Join(t.TempDir(), "sessiongraph.yaml")
	for text, says := range map[string]string{
		"max-pages: 7\n":           `unknown setting "max-pages", did you mean "max-page"?`,
		"config: x\n":              `unknown setting "config"`,
		"max-page: many\n":         "--max-page",
		"max-page: {a: 1}\n":       "max-page: want a value or a list",
		"max-page\n":               "not a list of settings",
		"a: [\n":                   "not a list of settings",
		"query-timeout: later ":    "--query-timeout",
		"max-page: 7\n---\na: 1\n": "more than one document",
		"max-page: ~\n":            "max-page: want a value or a list",
	} {
		write(t, file, text)
		ended := program.Run(t, "", "serve", "--config", file)
		if ended.Code != 2 || !strings.Contains(ended.Err, says) || strings.Count(ended.Err, "\n") != 1 ||
			!strings.HasPrefix(ended.Err, "sessiongraph: --config: "+file+": ") {
			t.Errorf("%q: %+v", text, ended)
		}
	}
	ended := program.Run(t, "", "serve", "--config", file+"x")
	if ended.Code != 2 || ended.Err != "sessiongraph: --config: "+file+"x: no such file or directory\n" {
		t.Errorf("no file: %+v", ended)
	}
}

// A secret that looks like a number is the same in a file of settings as in a flag.
func TestSecretsInTheFileOfSettings(t *testing.T) {
	file := filepath.Join(t.TempDir(), "sessiongraph.yaml")
	for _, secret := range []string{"0123", "0x10", ".5", "1_000", "1.50", "1e3", "12345678901234567890123"} {
		write(t, file, "sign-secret: "+secret+" # a comment\n")
		got := program.Run(t, "{}", "sign", "--config", file, "-")
		want := program.Run(t, "{}", "sign", "--sign-secret", secret, "-")
		if got.Code != 0 || got.Out != want.Out || got.Out == "" {
			t.Errorf("%s: %+v, want %+v", secret, got, want)
		}
	}
}

func TestRestore(t *testing.T) {
	db, folder := newDB(t), t.TempDir()
	s := startServer(t, db)
	mustPost(t, s, simulated(5)...)
	backup, restored := filepath.Join(folder, "backup.db"), filepath.Join(folder, "restored.db")
	run := func(args ...string) program.Ended { return program.Run(t, "", args...) }
	if ended := run("backup", "--db", db, backup); ended.Code != 0 {
		t.Fatal(ended.Err)
	}
	ended := run("restore", "--db", restored, backup)
	if ended.Code != 0 || !strings.Contains(ended.Out, "with 5 notifications") {
		t.Fatalf("%+v", ended)
	}
	if ended := run("verify", "--db", restored); ended.Code != 0 {
		t.Errorf("verify: %+v", ended)
	}

	write(t, filepath.Join(folder, "text"), strings.Repeat("no database\n", 1000))
	damaged := append([]byte{}, readFile(t, backup)...)
	for i := len(damaged) / 2; i < len(damaged)/2+5000; i++ {
		damaged[i] ^= 0xff
	}
	write(t, filepath.Join(folder, "damaged"), string(damaged))
	empty, newer := filepath.Join(folder, "empty.db"), filepath.Join(folder, "newer.db")
	write(t, newer, string(readFile(t, backup)))
	future, err := sql.Open("sqlite", newer)
	if err == nil {
		_, err = future.Exec("INSERT INTO migrations (id) VALUES ('9999_from_the_future')")
		err = errors.Join(err, future.Close())
	}
	if err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct{ db, file, says string }{
		{restored, backup, "exists already"},
		{empty, filepath.Join(folder, "none"), "no such file"},
		{empty, folder, "not a file"},
		{empty, filepath.Join(folder, "text"), "not a database"},
		{empty, filepath.Join(folder, "damaged"), "damaged"},
		{empty, db, "a database in use"},
		{empty, newer, "a newer version"},
		{filepath.Join(folder, "none", "empty.db"), backup, "the folder " + filepath.Join(folder, "none")},
		{"postgres://localhost/x", backup, "pg_restore"},
	} {
		ended := run("restore", "--db", test.db, test.file)
		if ended.Code != 1 || !strings.Contains(ended.Err, test.says) {
			t.Errorf("%s from %s: %+v", test.db, test.file, ended)
		}
	}
	if exists(empty) {
		t.Error("a backup that is none was restored")
	}
}
