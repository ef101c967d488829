package program

import (
	"bytes"
	"encoding/json"
	"net/http"
	"testing"
)

// Query asks the server, and returns data; an answer with errors fails the test.
func (s *Server) Query(t *testing.T, query string, variables map[string]any) map[string]any {
	t.Helper()
	answer := s.Ask(t, query, variables)
	if answer["errors"] != nil {
		t.Fatalf("%v\n%s", answer["errors"], query)
	}
	data, _ := answer["data"].(map[string]any)
	return data
}

// Ask returns the whole answer of the server.
func (s *Server) Ask(t *testing.T, query string, variables map[string]any) map[string]any {
	t.Helper()
	request, err := json.Marshal(map[string]any{"query": query, "variables": variables})
	if err != nil {
		t.Fatal(err)
	}
	response, err := http.Post(s.URL+"/query", "application/json", bytes.NewReader(request))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = response.Body.Close() }()
	decoder := json.NewDecoder(response.Body)
	decoder.UseNumber()
	var answer map[string]any
	if err := decoder.Decode(&answer); err != nil {
		t.Fatal(err)
	}
	return answer
}
