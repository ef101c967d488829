package crash

import (
	"context"
	"database/sql"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	_ "modernc.org/sqlite"

	"sessiongraph/internal/test/program"
	"sessiongraph/internal/test/tools"
)

// Another process holds the database's lock for ten seconds.
func TestALockedDatabase(t *testing.T) {
	lockedFor := 10 * time.Second
	if testing.Short() {
		lockedFor = 3 * time.Second
	}
	db := filepath.Join(t.TempDir(), "locked.db")
	x := newTraffic(random(t), 4000)
	p := serve(t, db)
	stop, done := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(done)
		x.send(newClient(t, connections), p.URL, connections, stop)
	}()
	time.Sleep(500 * time.Millisecond)

	unlock := lock(t, db)
	time.Sleep(prompt) // what was under way is answered
	before := x.count(http.StatusOK)
	for end := time.Now().Add(lockedFor - prompt); time.Now().Before(end); time.Sleep(100 * time.Millisecond) {
		checkReads(t, p.URL)
	}
	if status := readiness(t, p.URL); status != http.StatusServiceUnavailable {
		t.Errorf("/readyz answers %d while nothing can be stored", status)
	}
	if during := x.count(http.StatusOK) - before; during > 0 {
		t.Errorf("%d notifications were acknowledged while nothing could be stored", during)
	}
	if x.count(http.StatusServiceUnavailable) == 0 {
		t.Error("nothing was answered 503 while nothing could be stored")
	}
	unlock()
	checkRecovery(t, x, p)
	awaitReady(t, p.URL)
	close(stop)
	<-done
	interrupt(t, p, 15*time.Second)
	x.check(t)
	x.checkNothingLost(t, db)
}

// lock takes the write lock as another program would.
func lock(t *testing.T, db string) (unlock func()) {
	t.Helper()
	other, err := sql.Open("sqlite", "file:"+db+"?_pragma=busy_timeout(20000)")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = other.Close() })
	other.SetMaxOpenConns(1)
	if _, err := other.ExecContext(context.Background(), "BEGIN EXCLUSIVE"); err != nil {
		t.Fatal(err)
	}
	return func() {
		if _, err := other.ExecContext(context.Background(), "ROLLBACK"); err != nil {
			t.Error(err)
		}
	}
}

// readiness is the status of /readyz.
func readiness(t *testing.T, url string) int {
	t.Helper()
	response, err := http.Get(url + "/readyz")
	if err != nil {
		t.Fatal(err)
	}
	_ = response.Body.Close()
	return response.StatusCode
}

func awaitReady(t *testing.T, url string) {
	t.Helper()
	tools.Eventually(t, func() string {
		if status := readiness(t, url); status != http.StatusOK {
			return "/readyz still answers " + strconv.Itoa(status)
		}
		return ""
	})
}

// A database that cannot be written is refused at the start, though it can be read.
func TestAReadOnlyFileIsRefused(t *testing.T) {
	if os.Getuid() != 0 {
		tools.Missing(t, "NOT TESTED: a read-only file; only root can start the program as another user")
	}
	folder := t.TempDir()
	db := filepath.Join(folder, "sessions.db")
	p := serve(t, db)
	interrupt(t, p, 15*time.Second)
	for path := folder; path != os.TempDir(); path = filepath.Dir(path) {
		if err := os.Chmod(path, 0o777); err != nil {
			t.Fatal(err)
		}
	}
	command := exec.Command(program.Binary(t), "serve", "--addr", "127.0.0.1:0", "--db", db)
	for path, mode := range map[string]os.FileMode{db: 0o444, filepath.Dir(command.Path): 0o755} {
		if err := os.Chmod(path, mode); err != nil {
			t.Fatal(err)
		}
	}
	command.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: 65534, Gid: 65534}}
	refused := program.Begin(t, command)
	<-refused.Ended()
	if refused.Err() == nil || strings.Count(refused.Log.String(), "\n") != 1 ||
		!strings.Contains(refused.Log.String(), "read-only") {
		t.Errorf("it ended with %v; log:\n%s", refused.Err(), refused.Log)
	}
}

// checkReads reads while nothing can be written.
func checkReads(t *testing.T, url string) {
	t.Helper()
	began := time.Now()
	var data struct{ Sessions struct{ TotalCount int } }
	ask(t, url, "{ sessions(first: 1) { totalCount nodes { callId messages { text } } } }", nil, &data)
	if data.Sessions.TotalCount == 0 {
		t.Error("no session can be read")
	}
	for _, path := range []string{"/healthz", "/metrics"} {
		response, err := http.Get(url + path)
		if err != nil {
			t.Fatal(err)
		}
		_ = response.Body.Close()
		if response.StatusCode != http.StatusOK {
			t.Errorf("%s answers %d", path, response.StatusCode)
		}
	}
	if took := time.Since(began); took > 2*prompt {
		t.Errorf("reading took %v", took)
	}
}

// checkRecovery waits until notifications are stored again, by the same process.
func checkRecovery(t *testing.T, x *traffic, p *program.Process) {
	t.Helper()
	before, began := x.count(http.StatusOK), time.Now()
	for x.count(http.StatusOK) < before+100 {
		alive(t, p)
		if time.Since(began) > 20*time.Second {
			t.Fatalf("20 s later only %d notifications more are stored; log ends\n%s",
				x.count(http.StatusOK)-before, p.Log.Tail())
		}
		time.Sleep(10 * time.Millisecond)
	}
	t.Logf("100 notifications are stored %v later", time.Since(began).Round(time.Millisecond))
}
