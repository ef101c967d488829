package e2e

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"sessiongraph/internal/test/program"
	"sessiongraph/internal/test/tools"
)

// sent is the answer to a request of any members.
func sent(t *testing.T, s *program.Server, request map[string]any) string {
	t.Helper()
	body, err := json.Marshal(request)
	if err != nil {
		t.Fatal(err)
	}
	response, err := http.Post(s.URL+"/query", "application/json", bytes.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = response.Body.Close() }()
	answer, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return string(answer)
}

func write(t *testing.T, file, text string) {
	t.Helper()
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

// withinFiveSeconds waits for the answer to a document.
func withinFiveSeconds(t *testing.T, s *program.Server, id, want string) {
	t.Helper()
	began := time.Now()
	tools.Eventually(t, func() string {
		if got := sent(t, s, map[string]any{"documentId": id}); !strings.Contains(got, want) {
			return got
		}
		return ""
	})
	if took := time.Since(began); took > 5*time.Second {
		t.Errorf("%s took %v", id, took)
	}
}

func TestDocumentsOfAFolder(t *testing.T) {
	folder := t.TempDir()
	write(t, filepath.Join(folder, "count.graphql"), "# Counts.\nquery Count { sessions { ...Total } }")
	write(t, filepath.Join(folder, "total.graphql"), "fragment Total on SessionConnection { totalCount }")
	write(t, filepath.Join(folder, ".hidden.graphql"), "no GraphQL")
	write(t, filepath.Join(folder, "notes.txt"), "no GraphQL")
	s := startServer(t, newDB(t), "--documents", folder, "--documents-only")
	const counted, unknown = `{"data":{"sessions":{"totalCount":0}}}`, "PERSISTED_QUERY_NOT_FOUND"
	withinFiveSeconds(t, s, "Count", counted)
	withinFiveSeconds(t, s, "Typed", unknown)
	if !strings.Contains(s.Log.String(), "there are none") {
		t.Errorf("the log does not say that --documents-only restricts nobody:\n%s", s.Log.String())
	}
	if got := sent(t, s, map[string]any{"query": "{ __typename }"}); !strings.Contains(got, `"Query"`) {
		t.Errorf("without tokens an operation of one's own is answered with %s", got)
	}

	write(t, filepath.Join(folder, "typed.graphql"), "query Typed { __typename }")
	withinFiveSeconds(t, s, "Typed", `{"data":{"__typename":"Query"}}`)

	write(t, filepath.Join(folder, "typed.graphql"), "query Typed {\n nope }")
	tools.Eventually(t, func() string {
		if !strings.Contains(s.Log.String(), "typed.graphql:2: ") {
			return s.Log.String()
		}
		return ""
	})
	withinFiveSeconds(t, s, "Typed", `{"data":{"__typename":"Query"}}`)

	if err := os.Remove(filepath.Join(folder, "typed.graphql")); err != nil {
		t.Fatal(err)
	}
	withinFiveSeconds(t, s, "Typed", unknown)
	withinFiveSeconds(t, s, "Count", counted)
	if lines := strings.Count(s.Log.String(), "not taken up"); lines != 1 {
		t.Errorf("%d lines of one error:\n%s", lines, s.Log.String())
	}
}

func TestDocumentsOfAManifest(t *testing.T) {
	file := filepath.Join(t.TempDir(), "persisted.json")
	write(t, file, `{"1": "query A { __typename }"}`)
	s := startServer(t, newDB(t), "--documents", file)
	withinFiveSeconds(t, s, "1", `{"data":{"__typename":"Query"}}`)
	write(t, file, `{"2": "query A { sessions { totalCount } }"}`)
	withinFiveSeconds(t, s, "2", `{"data":{"sessions":{"totalCount":0}}}`)
	withinFiveSeconds(t, s, "1", "PERSISTED_QUERY_NOT_FOUND")
	withinFiveSeconds(t, s, "PlaygroundViewer", `"scopes":["READ","PII"`)
}
