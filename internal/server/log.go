package server

import (
	"context"
	stdlog "log"
	"log/slog"
	"strings"
)

// errorLog is the log of an http.Server. Mistakes of clients are debug messages there;
// connections that could not be accepted are warnings.
func errorLog(log *slog.Logger) *stdlog.Logger { return stdlog.New(errorWriter{log}, "", 0) }

type errorWriter struct{ log *slog.Logger }

// Write logs a line.
func (w errorWriter) Write(line []byte) (int, error) {
	level, text := slog.LevelDebug, strings.TrimSpace(string(line))
	if strings.Contains(text, "Accept error") { // at most a few a second
		level = slog.LevelWarn
	}
	w.log.Log(context.Background(), level, text)
	return len(line), nil
}
