package graph_test

import (
	"bytes"
	"errors"
	"log/slog"
	"strings"
	"testing"

	"sessiongraph/graph"
	"sessiongraph/graph/export"
	"sessiongraph/internal/test/testdb"
)

type fullDisk struct{}

// Write fails.
func (fullDisk) Write([]byte) (int, error) { return 0, errors.New("no space left") }

// A file that cannot be written is no fault of the program: its reader is told why, and the log has nothing.
func TestAnExportThatCannotBeWritten(t *testing.T) {
	database := storedSessions(t, testdb.SQLite, 3)
	for _, format := range export.Formats() {
		var log bytes.Buffer
		command := graph.NewCommand(database, slog.New(slog.NewTextHandler(&log, nil)))
		const query = "{ sessions { nodes { callId } } }"
		_, errs := command.Export(t.Context(), query, nil, format, fullDisk{}, func(int) {})
		if len(errs) != 1 || !strings.Contains(errs[0].Message, "no space left") || log.Len() > 0 {
			t.Errorf("%s: %v, the log is %q", format, errs, log.String())
		}
	}
}
