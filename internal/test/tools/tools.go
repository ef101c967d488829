// Package tools holds small helpers of the tests.
package tools

import (
	"bytes"
	"os"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"
)

// patience is how long Eventually waits for what takes a moment.
const patience = time.Minute

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

// Tail returns the last lines that were written.
func (l *Log) Tail() string {
	lines := strings.Split(strings.TrimRight(l.String(), "\n"), "\n")
	return strings.Join(lines[max(0, len(lines)-20):], "\n")
}

// Await returns the pattern and its groups once they were written.
func (l *Log) Await(t testing.TB, pattern *regexp.Regexp) []string {
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
func Eventually(t testing.TB, complaint func() string) {
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

// UnderRace reports whether the binary is built with the race detector, which makes it
// several times slower.
func UnderRace() bool { return raceDetector }

// SkipUnderRace skips a test UnderRace, for a reason.
func SkipUnderRace(t testing.TB, reason string) {
	t.Helper()
	if raceDetector {
		t.Skip("not run under the race detector: " + reason)
	}
}
