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

// library returns the titles of /library that are not built in, by id.
func library(t *testing.T, s *program.Server) map[string]string {
	t.Helper()
	response, err := http.DefaultClient.Do(s.Request(t, http.MethodGet, "/library", nil))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = response.Body.Close() }()
	var answer struct {
		Operations []struct {
			ID, Title string
			BuiltIn   bool
		}
	}
	if err := json.NewDecoder(response.Body).Decode(&answer); err != nil || response.StatusCode != http.StatusOK {
		t.Fatalf("status %d, %v", response.StatusCode, err)
	}
	own := map[string]string{}
	for _, operation := range answer.Operations {
		if !operation.BuiltIn {
			own[operation.ID] = operation.Title
		}
	}
	return own
}

func TestLibrary(t *testing.T) {
	folder := t.TempDir()
	write(t, filepath.Join(folder, "count.graphql"), "# How many?\nquery Count { sessions { totalCount } }")
	s, _ := startWithTokens(t, newDB(t), "--documents", folder, "--documents-only",
		"--cors-origin", "https://a.example")
	for token, status := range map[string]int{
		"": 401, unknownToken: 401, tokenOfMetrics: 403, tokenOfRead: 200, tokenOfPII: 200, tokenOfAdmin: 200,
	} {
		request := s.As(token).Request(t, http.MethodGet, "/library", nil)
		request.Header.Set("Origin", "https://a.example")
		request.Header.Set("Accept-Encoding", "gzip")
		if status == http.StatusUnauthorized {
			request.Header.Set("Upgrade", "websocket") // is not one of this route
		}
		response, err := http.DefaultTransport.RoundTrip(request)
		if err != nil {
			t.Fatal(err)
		}
		_ = response.Body.Close()
		header := response.Header
		if response.StatusCode != status || header.Get("Access-Control-Allow-Origin") != "https://a.example" ||
			(header.Get("WWW-Authenticate") == "Bearer") != (status == 401) ||
			(header.Get("Content-Encoding") == "gzip") != (status == 200) {
			t.Errorf("token %q: status %d, %v", token, response.StatusCode, header)
		}
	}

	reader := s.As(tokenOfRead)
	if got := library(t, reader); len(got) != 1 || got["Count"] != "How many?" {
		t.Errorf("the operator's operations: %v", got)
	}
	write(t, filepath.Join(folder, "ends.graphql"), "# Mine?\nquery EndReasons { sessions { totalCount } }")
	tools.Eventually(t, func() string {
		if got := library(t, reader); got["EndReasons"] != "Mine?" {
			return "EndReasons is not taken up"
		}
		return ""
	})
	answer := reader.Ask(t, "query EndReasons { sessions { totalCount } }", nil)
	if answer["errors"] == nil {
		t.Errorf("an operation that is no document is answered: %v", answer)
	}
}
