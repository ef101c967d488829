// Package crash tests the program as it is run: it is killed, its disk fills up, its
// database is locked, its clients dawdle. What it acknowledged has to be there.
package crash

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"io/fs"
	"math/rand/v2"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"sessiongraph/internal/test/tools"
)

// folder is where the program is built.
var folder string

func TestMain(m *testing.M) {
	var err error
	if folder, err = os.MkdirTemp("", "sessiongraph-crash-"); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	code := m.Run()
	_ = os.RemoveAll(folder)
	os.Exit(code)
}

// program is the file of the program, built when it is first asked for.
func program(t *testing.T) string {
	t.Helper()
	file, err := build()
	if err != nil {
		t.Fatal(err)
	}
	return file
}

var build = sync.OnceValues(func() (string, error) {
	// What go build reads, go test does not see: it would take an earlier run's result
	// for as long as only the program changes. So have it see that we look at the sources.
	err := filepath.WalkDir("../..", func(path string, entry fs.DirEntry, err error) error {
		switch name := filepath.Base(path); {
		case err != nil:
			return nil // it may just have been removed
		case entry.IsDir() && (name == "node_modules" || name == ".git"):
			return fs.SkipDir
		case strings.HasSuffix(name, ".go") && !strings.HasSuffix(name, "_test.go"), name == "schema.graphqls", name == "go.mod":
			_, err = os.Stat(path)
		}
		return err
	})
	if err != nil {
		return "", err
	}
	file := filepath.Join(folder, "sessiongraph")
	command := exec.Command("go", "build", "-o", file, "sessiongraph")
	command.Env = append(os.Environ(), "CGO_ENABLED=0")
	if output, err := command.CombinedOutput(); err != nil {
		return "", fmt.Errorf("build the program: %w\n%s", err, output)
	}
	return file, nil
})

// environment is the process's own without the program's settings.
func environment() []string {
	var kept []string
	for _, setting := range os.Environ() {
		if !strings.HasPrefix(setting, "SESSIONGRAPH_") {
			kept = append(kept, setting)
		}
	}
	return kept
}

// random is a source whose seed CRASH_SEED repeats.
func random(t *testing.T) *rand.Rand {
	t.Helper()
	seed := uint64(time.Now().UnixNano())
	if given := os.Getenv("CRASH_SEED"); given != "" {
		var err error
		if seed, err = strconv.ParseUint(given, 10, 64); err != nil {
			t.Fatalf("CRASH_SEED: %v", err)
		}
	}
	t.Logf("CRASH_SEED=%d repeats what is sent and when", seed)
	return rand.New(rand.NewPCG(seed, 0))
}

// process is the program while it serves.
type process struct {
	command *exec.Cmd
	log     *tools.Log
	url     string
	ended   chan struct{}
	err     error // how it ended, once ended is closed
}

// launch starts the program on a port of its own and does not wait until it serves.
func launch(t *testing.T, db string) *process {
	t.Helper()
	return launchCommand(t, exec.Command(program(t), "serve", "--addr", "127.0.0.1:0", "--db", db))
}

func launchCommand(t *testing.T, command *exec.Cmd) *process {
	t.Helper()
	p := &process{command: command, log: new(tools.Log), ended: make(chan struct{})}
	p.command.Env = environment()
	p.command.Stderr = p.log
	if err := p.command.Start(); err != nil {
		t.Fatal(err)
	}
	go func() {
		p.err = p.command.Wait()
		close(p.ended)
	}()
	t.Cleanup(p.kill)
	return p
}

// serve starts the program and waits until it serves.
func serve(t *testing.T, db string) *process {
	t.Helper()
	p := launch(t, db)
	p.await(t)
	return p
}

var startLine = regexp.MustCompile(`url=(http://\S+)`)

func (p *process) await(t *testing.T) {
	t.Helper()
	p.url = p.log.Await(t, startLine)[1]
}

// kill ends the program with SIGKILL.
func (p *process) kill() {
	_ = p.command.Process.Kill()
	<-p.ended
}

// stop ends the program with SIGTERM, and fails the test unless it ends well within the time.
func (p *process) stop(t *testing.T, within time.Duration) {
	t.Helper()
	if err := p.command.Process.Signal(os.Interrupt); err != nil {
		t.Fatal(err)
	}
	p.awaitEnd(t, within)
}

func (p *process) awaitEnd(t *testing.T, within time.Duration) {
	t.Helper()
	select {
	case <-p.ended:
	case <-time.After(within):
		t.Fatalf("it still runs after %v; log:\n%s", within, p.log)
	}
	if p.err != nil {
		t.Errorf("it ended with %v; log:\n%s", p.err, p.log)
	}
}

func (p *process) alive(t *testing.T) {
	t.Helper()
	select {
	case <-p.ended:
		t.Fatalf("it ended by itself with %v; log:\n%s", p.err, p.log)
	default:
	}
}

// run runs a command of the program to its end, which has to be a good one.
func run(t *testing.T, args ...string) []byte {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	command := exec.CommandContext(ctx, program(t), args...)
	command.Env = environment()
	var out, errors bytes.Buffer
	command.Stdout, command.Stderr = &out, &errors
	if err := command.Run(); err != nil {
		t.Fatalf("%v: %v\n%s%.2000s", args, err, errors.String(), out.String())
	}
	return out.Bytes()
}

// answer is what the server said to a notification.
type answer struct {
	status int
	took   time.Duration
	fault  string // what is wrong with the answer itself, "" for nothing
}

// post sends a notification once. The error is that of a connection that broke.
func post(client *http.Client, url string, body []byte) (answer, error) {
	began := time.Now()
	response, err := client.Post(url+"/ingest", "application/json", bytes.NewReader(body))
	if err != nil {
		return answer{}, err
	}
	defer func() { _ = response.Body.Close() }()
	said, err := io.ReadAll(response.Body)
	if err != nil {
		return answer{}, err
	}
	return answer{response.StatusCode, time.Since(began), faultOf(response, said)}, nil
}

// faultOf holds an answer against the contract: {} for 200, an error in JSON for
// anything else, and when to come again for 503.
func faultOf(response *http.Response, said []byte) string {
	if response.Header.Get("Content-Type") != "application/json" {
		return "content type " + response.Header.Get("Content-Type")
	}
	if response.StatusCode == http.StatusOK {
		if string(said) != "{}" {
			return "body " + string(said)
		}
		return ""
	}
	var shown struct {
		Error struct{ Code, Message string }
	}
	if err := json.Unmarshal(said, &shown); err != nil || shown.Error.Code == "" || shown.Error.Message == "" {
		return "body " + string(said)
	}
	if response.StatusCode == http.StatusServiceUnavailable {
		if seconds, err := strconv.Atoi(response.Header.Get("Retry-After")); err != nil || seconds < 1 {
			return "503 without Retry-After"
		}
	}
	return ""
}

// newClient holds that many connections to the server.
func newClient(t *testing.T, connections int) *http.Client {
	transport := &http.Transport{
		MaxIdleConnsPerHost: connections, MaxConnsPerHost: connections,
		DialContext: (&net.Dialer{Timeout: 5 * time.Second}).DialContext,
	}
	t.Cleanup(transport.CloseIdleConnections)
	return &http.Client{Transport: transport, Timeout: 30 * time.Second}
}

// ask sends a query, and decodes its data.
func ask(t *testing.T, url, query string, variables map[string]any, into any) {
	t.Helper()
	request, err := json.Marshal(map[string]any{"query": query, "variables": variables})
	if err != nil {
		t.Fatal(err)
	}
	response, err := http.Post(url+"/query", "application/json", bytes.NewReader(request))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = response.Body.Close() }()
	var shown struct {
		Data   json.RawMessage
		Errors json.RawMessage
	}
	if err := json.NewDecoder(response.Body).Decode(&shown); err != nil || shown.Errors != nil {
		t.Fatalf("%s answers %s, %v", query, shown.Errors, err)
	}
	if err := json.Unmarshal(shown.Data, into); err != nil {
		t.Fatal(err)
	}
}
