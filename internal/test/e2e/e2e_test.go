// Package e2e tests the program as a whole, through its command line and over HTTP.
package e2e

import (
	"bytes"
	"errors"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"testing"
	"time"

	"sessiongraph/internal/simulate"
	"sessiongraph/internal/test/program"
)

func TestMain(m *testing.M) { os.Exit(program.RunTests(m)) }

// startServer serves from that database on a port of its own.
func startServer(t *testing.T, db string, settings ...string) *program.Server {
	t.Helper()
	return program.Serve(t, append([]string{"serve", "--addr", "127.0.0.1:0", "--db", db}, settings...)...)
}

func newDB(t *testing.T) string { return filepath.Join(t.TempDir(), "test.db") }

// metrics are what Prometheus reads.
func metrics(t *testing.T, s *program.Server) string { return bodyOf(t, s, "/metrics") }

func bodyOf(t *testing.T, s *program.Server, path string) string {
	t.Helper()
	response, err := http.Get(s.URL + path)
	if err != nil {
		t.Fatal(err)
	}
	text, err := io.ReadAll(response.Body)
	if err = errors.Join(err, response.Body.Close()); err != nil {
		t.Fatal(err)
	}
	return string(text)
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
