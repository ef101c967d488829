// Package crash tests the program as it is run: it is killed, its disk fills up, its
// database is locked, its clients dawdle. What it acknowledged has to be there.
package crash

import (
	"bytes"
	"encoding/json"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"os"
	"os/exec"
	"strconv"
	"testing"
	"time"

	"sessiongraph/internal/test/program"
)

func TestMain(m *testing.M) { os.Exit(program.RunTests(m)) }

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

// launch starts the program on a port of its own and does not wait until it serves.
func launch(t *testing.T, db string) *program.Process {
	t.Helper()
	return program.Begin(t, exec.Command(program.Binary(t), "serve", "--addr", "127.0.0.1:0", "--db", db))
}

// serve starts the program and waits until it serves.
func serve(t *testing.T, db string) *program.Process {
	t.Helper()
	return program.Await(t, launch(t, db))
}

// interrupt ends the program as Ctrl-C does, and fails the test unless it ends well within the time.
func interrupt(t *testing.T, p *program.Process, within time.Duration) {
	t.Helper()
	if err := p.Stop(os.Interrupt, within); err != nil {
		t.Fatal(err)
	}
}

func awaitEnd(t *testing.T, p *program.Process, within time.Duration) {
	t.Helper()
	if err := p.AwaitEnd(within); err != nil {
		t.Fatal(err)
	}
}

func alive(t *testing.T, p *program.Process) {
	t.Helper()
	select {
	case <-p.Ended():
		t.Fatalf("it ended by itself with %v; log:\n%s", p.Err(), p.Log)
	default:
	}
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
