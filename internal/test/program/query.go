package program

import (
	"bytes"
	"encoding/json"
	"io"
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

// Request returns a request to the server, with its Token.
func (s *Server) Request(t testing.TB, method, path string, body io.Reader) *http.Request {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), method, s.URL+path, body)
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("Content-Type", "application/json")
	if s.Token != "" {
		request.Header.Set("Authorization", "Bearer "+s.Token)
	}
	return request
}

// As returns the server as the owner of a token uses it.
func (s *Server) As(token string) *Server {
	return &Server{URL: s.URL, Token: token, Log: s.Log, stop: s.stop, code: s.code}
}

// Ask returns the whole answer of the server.
func (s *Server) Ask(t *testing.T, query string, variables map[string]any) map[string]any {
	t.Helper()
	request, err := json.Marshal(map[string]any{"query": query, "variables": variables})
	if err != nil {
		t.Fatal(err)
	}
	response, err := http.DefaultClient.Do(s.Request(t, http.MethodPost, "/query", bytes.NewReader(request)))
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
