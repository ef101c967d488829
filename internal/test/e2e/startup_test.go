package e2e

import (
	"context"
	"database/sql"
	"fmt"
	"io"
	"net"
	"net/http"
	"regexp"
	"strings"
	"testing"

	"sessiongraph/internal/test/program"
	"sessiongraph/internal/test/testdb"
	"sessiongraph/internal/test/tools"
)

// A database server that cannot be reached is waited for, one that refuses is not.
func TestWaitsForItsDatabase(t *testing.T) {
	tools.NoGoroutineLeft(t)
	cluster, err := testdb.StartCluster(nil)
	if err != nil {
		tools.Missing(t, "POSTGRESQL CANNOT BE STARTED, NOTHING IS TESTED ON IT: "+err.Error())
	}
	t.Cleanup(cluster.Remove)
	cluster.Execute(t, "CREATE DATABASE late")
	ended := program.Run(t, "", "serve", "--addr", "127.0.0.1:0", "--db", cluster.Address("nothing"))
	if ended.Code != 1 || !strings.Contains(ended.Err, "createdb") {
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
			code <- program.Main(ctx, t, []string{"serve", "--addr", "127.0.0.1:0", "--db", cluster.Address("late")},
				nil, io.Discard, log)
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
	address := log.Await(t, regexp.MustCompile(`level=WARN msg="waiting for the database" address=(\S+) attempts=1 `+
		`error="open database .*cannot be reached`))[1]
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
	if ended.Code != 1 || !strings.Contains(ended.Err, "nothing can be stored in it: the server is read-only") ||
		strings.Count(ended.Err, "\n") != 1 {
		t.Errorf("%+v", ended)
	}
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
	ended := program.Run(t, "", "verify", "--db", address)
	if ended.Code != 1 || !strings.Contains(ended.Out, "run replay") {
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

	for _, command := range [][]string{{"import"}, {"erase", "--callee", "nobody"},
		{"prune", "--before", "2001-01-01T00:00:00Z"}, {"replay"}} {
		execute("UPDATE sessions SET projection = 1")
		want := map[string]int{"erase": 3}[command[0]] // nothing was received of nobody
		if ended := program.Run(t, "", append(command, "--db", address)...); ended.Code != want {
			t.Errorf("%s ended with %+v", command, ended)
		}
		var outdated int
		if err := db.QueryRow("SELECT COUNT(*) FROM sessions WHERE projection = 1").Scan(&outdated); err != nil ||
			outdated > 0 {
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
		ended <- program.Main(ctx, t, []string{"serve", "--addr", listen, "--db", address},
			strings.NewReader(""), io.Discard, log)
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
	healthy, ready, query := status("/healthz"), status("/readyz"), status("/query?query={__typename}")
	if healthy != 200 || ready != 503 || query != 503 {
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
