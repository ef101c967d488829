// Package tools holds small helpers of the tests.
package tools

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"os"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"
)

// Program is what a main function does: it ends with ctx and returns the exit code.
type Program func(ctx context.Context, args []string, in io.Reader, out, err io.Writer) int

// Ended is a program that has run to its end.
type Ended struct {
	Code     int
	Out, Err string
}

// patience is how long a test waits for what takes a moment.
const patience = time.Minute

// Run runs the program to its end, which it has to reach by itself.
func (p Program) Run(t *testing.T, in string, args ...string) Ended {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	var out, err Log
	code := p(ctx, args, strings.NewReader(in), &out, &err)
	if ctx.Err() != nil {
		t.Fatalf("%q did not end by itself; it wrote:\n%s", args, err.String())
	}
	return Ended{code, out.String(), err.String()}
}

// Server is the program while it serves.
type Server struct {
	URL  string
	Log  *Log
	stop context.CancelFunc
	code chan int
}

// The start line says where the program serves, as text or as JSON.
var startLine = regexp.MustCompile(`url"?[=:]"?(http://[^"\s]+)`)

// Serve runs the program until Stop, or until the test ends.
func (p Program) Serve(t *testing.T, args ...string) *Server {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	s := &Server{Log: new(Log), stop: cancel, code: make(chan int, 1)}
	go func() { s.code <- p(ctx, args, strings.NewReader(""), io.Discard, s.Log) }()
	t.Cleanup(func() { s.Stop() })
	s.URL = s.Log.Await(t, startLine)[1]
	return s
}

// Stop ends the program and returns its exit code.
func (s *Server) Stop() int {
	s.stop()
	code := <-s.code
	s.code <- code // for who asks again
	http.DefaultClient.CloseIdleConnections()
	return code
}

// Log is a buffer that one goroutine writes and another reads.
type Log struct {
	mu      sync.Mutex
	written bytes.Buffer
}

func (l *Log) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.written.Write(p)
}

// String is what was written so far.
func (l *Log) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.written.String()
}

// Await returns the pattern and its groups once they were written.
func (l *Log) Await(t *testing.T, pattern *regexp.Regexp) []string {
	t.Helper()
	var found []string
	Eventually(t, func() string {
		if found = pattern.FindStringSubmatch(l.String()); found == nil {
			return "the log has no " + pattern.String() + ":\n" + l.String()
		}
		return ""
	})
	return found
}

// Eventually fails the test unless the complaint ends, and is "", before long.
func Eventually(t *testing.T, complaint func() string) {
	t.Helper()
	for end := time.Now().Add(patience); ; time.Sleep(5 * time.Millisecond) {
		said := complaint()
		if said == "" {
			return
		}
		if time.Now().After(end) {
			t.Fatal(said)
		}
	}
}

// Missing skips a test that needs what this machine does not have. CI has it all.
func Missing(t testing.TB, what string) {
	t.Helper()
	if os.Getenv("CI") == "true" {
		t.Fatal(what)
	}
	t.Skip(what)
}
