package server

import (
	"log/slog"
	"strings"
	"testing"
)

// Connections that cannot be accepted are in the log, what clients do wrong is not.
func TestLogOfTheListener(t *testing.T) {
	var log strings.Builder
	listener := errorLog(slog.New(slog.NewTextHandler(&log, nil)))
	listener.Print("http: Accept error: accept tcp 127.0.0.1:80: accept4: too many open files; retrying in 5ms")
	listener.Print("http: TLS handshake error from 127.0.0.1:1: EOF")
	got := log.String()
	if strings.Count(got, "\n") != 1 || !strings.Contains(got, "level=WARN") ||
		!strings.Contains(got, "too many open files") {
		t.Errorf("log:\n%s", got)
	}
}
