package assistants_test

import (
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"testing"

	"sessiongraph/internal/test/program"
	"sessiongraph/internal/test/testdb"
)

// postMCP sends a request as it is, and returns the status and the body of the answer.
func postMCP(t *testing.T, s *program.Server, token, body string) (status int, text string) {
	t.Helper()
	r := s.As(token).Request(t, http.MethodPost, "/mcp", strings.NewReader(body))
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("Accept", "application/json, text/event-stream")
	response, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = response.Body.Close() }()
	answer, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return response.StatusCode, string(answer)
}

func TestRequestsThatNoClientSends(t *testing.T) {
	s := start(t, testdb.SQLite.Fresh(t))
	for _, test := range []struct {
		method, params string
		code           int
	}{
		{"tools/list", `{"cursor":"x"}`, -32602},
		{"resources/list", `{"cursor":"x"}`, -32602},
		{"tools/call", `{"name":"nothing"}`, -32602},
	} {
		_, text := postMCP(t, s, tokenOfRead,
			`{"jsonrpc":"2.0","id":1,"method":"`+test.method+`","params":`+test.params+`}`)
		var answer struct{ Error struct{ Code int } }
		if err := json.Unmarshal([]byte(text), &answer); err != nil || answer.Error.Code != test.code {
			t.Errorf("%s %s: %s, want the error %d", test.method, test.params, text, test.code)
		}
	}
}
