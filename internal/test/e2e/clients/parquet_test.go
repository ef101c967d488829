package clients_test

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"sessiongraph/internal/test/program"
	"sessiongraph/internal/test/testdb"
)

// exported is a file of the query.
func exported(t *testing.T, url, format, query string) []byte {
	t.Helper()
	body, err := json.Marshal(map[string]string{"query": query})
	if err != nil {
		t.Fatal(err)
	}
	response, err := http.Post(url+"/export?format="+format, "application/json", bytes.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = response.Body.Close() }()
	file, err := io.ReadAll(response.Body)
	if err != nil || response.StatusCode != http.StatusOK {
		t.Fatalf("status %d, error %v: %s", response.StatusCode, err, file)
	}
	return file
}

// DuckDB reads of a Parquet file what the NDJSON has.
func TestParquetIsReadByDuckDB(t *testing.T) {
	t.Parallel()
	needNPM(t)
	testdb.Each(t, func(t *testing.T, kind testdb.Kind) {
		url := program.Serve(t, "serve", "--addr", "127.0.0.1:0", "--db", kind.Fresh(t)).URL
		if ended := program.Run(t, "", "simulate", "--count", "100", "--to", url+"/ingest"); ended.Code != 0 {
			t.Fatal(ended.Err)
		}
		const query = `{ sessions { nodes { startedAt callId talkRound engaged intention { share } contact { callee }
			handover { takenOverAt waitSeconds } nerSlots { name } messages @rows { position sentAt text raw
			content { ... on TextContent { text } } } raw } } }`
		file := filepath.Join(t.TempDir(), "sessions.parquet")
		if err := os.WriteFile(file, exported(t, url, "parquet", query), 0o600); err != nil {
			t.Fatal(err)
		}
		out, err := exec.CommandContext(t.Context(), "node", "parquet.mjs", file).CombinedOutput()
		if err != nil {
			t.Fatalf("%v: %s", err, out)
		}
		lines := strings.Split(strings.TrimSpace(string(out)), "\n")
		const columns = `["startedAt TIMESTAMP WITH TIME ZONE","callId VARCHAR","talkRound INTEGER",` +
			`"engaged BOOLEAN","intention.share DOUBLE","contact.callee VARCHAR",` +
			`"handover.takenOverAt TIMESTAMP WITH TIME ZONE","handover.waitSeconds INTEGER","nerSlots VARCHAR",` +
			`"messages.position INTEGER","messages.sentAt TIMESTAMP WITH TIME ZONE","messages.text VARCHAR",` +
			`"messages.raw VARCHAR","messages.content.text VARCHAR","raw VARCHAR"]`
		if lines[0] != columns {
			t.Errorf("columns\n%s\nwant\n%s", lines[0], columns)
		}
		want := strings.Split(strings.TrimSpace(string(exported(t, url, "ndjson", query))), "\n")
		if len(lines)-1 != len(want) {
			t.Fatalf("%d rows, want %d", len(lines)-1, len(want))
		}
		for i, line := range lines[1:] {
			if got, want := duckRow(t, line), apiRow(t, want[i]); !reflect.DeepEqual(got, want) {
				t.Fatalf("row %d is\n%v\nwant\n%v", i, got, want)
			}
		}
	})
}

func cellsOf(t *testing.T, line string) []any {
	t.Helper()
	var cells []any
	if err := json.Unmarshal([]byte(line), &cells); err != nil {
		t.Fatalf("%v: %s", err, line)
	}
	return cells
}

// duckRow are the cells of a row that DuckDB has read.
func duckRow(t *testing.T, line string) []any {
	t.Helper()
	cells := cellsOf(t, line)
	for i, cell := range cells {
		text, isText := cell.(string)
		if at, err := time.Parse("2006-01-02 15:04:05.999999-07", text); isText && err == nil {
			cells[i] = at.UTC().Format(time.RFC3339Nano)
		}
	}
	return cells
}

// apiRow are the cells of a row of NDJSON, whose lists and JSON are texts.
func apiRow(t *testing.T, line string) []any {
	t.Helper()
	decoder := json.NewDecoder(strings.NewReader(line))
	if _, err := decoder.Token(); err != nil {
		t.Fatal(err)
	}
	var cells []any
	for decoder.More() {
		if _, err := decoder.Token(); err != nil {
			t.Fatal(err)
		}
		var cell json.RawMessage
		if err := decoder.Decode(&cell); err != nil {
			t.Fatal(err)
		}
		var value any
		if cell[0] == '{' || cell[0] == '[' {
			value = string(cell)
		} else if err := json.Unmarshal(cell, &value); err != nil {
			t.Fatal(err)
		}
		cells = append(cells, value)
	}
	return cells
}
