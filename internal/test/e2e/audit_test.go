package e2e

import (
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/coder/websocket"

	"sessiongraph/internal/test/program"
	"sessiongraph/internal/test/testdb"
	"sessiongraph/internal/test/tools"
)

// auditLines are the lines of the audit in a log, without time and duration.
func auditLines(s *program.Server) []string {
	var lines []string
	changing := regexp.MustCompile(`time=\S+ | duration=\d\S*| request_id=\S+`)
	for line := range strings.Lines(s.Log.String()) {
		if strings.Contains(line, "audit=true") {
			lines = append(lines, strings.TrimSpace(changing.ReplaceAllString(line, "")))
		}
	}
	return lines
}

// What a viewer who sees without masks has been sent is in the log, without a value of it.
func TestAudit(t *testing.T) {
	testdb.Each(t, func(t *testing.T, kind testdb.Kind) {
		folder := t.TempDir()
		const trusted = "query Trusted { sessions { totalCount } }"
		if err := os.WriteFile(filepath.Join(folder, "trusted.graphql"), []byte(trusted), 0o600); err != nil {
			t.Fatal(err)
		}
		s, _ := startWithTokens(t, kind.Fresh(t), "--documents", folder)
		mustPost(t, s, simulated(3)...)
		ask := func(token, query string, variables map[string]any) {
			t.Helper()
			body, err := json.Marshal(map[string]any{"query": query, "variables": variables})
			if err != nil {
				t.Fatal(err)
			}
			do(t, s.As(token).Request(t, http.MethodPost, "/query", strings.NewReader(string(body))))
		}
		const find = `query Find($callee: String!) { a: contact(callee: $callee) { callee } sessions { totalCount } }`
		ask(tokenOfPII, `query Page { page: sessions(first: 2) { nodes { callee } } }`, nil)
		ask(tokenOfAdmin, `{ messages(first: 2) { edges { node { id } } } intentions { label } }`, nil)
		ask(tokenOfPII, find, map[string]any{"callee": "+8613800138000"})
		ask(tokenOfPII, `{ contact(callee: "+8613800138000") { callee } }`, nil)
		ask(tokenOfPII, `query `+strings.Repeat("n", 300)+` { viewer { name } }`, nil)
		ask(tokenOfPII, trusted, nil)
		// No line: a viewer with masks, and operations that are refused.
		ask(tokenOfRead, `query Masked { sessions { totalCount } }`, nil)
		ask(tokenOfMetrics, `query Forbidden { sessions { totalCount } }`, nil)
		ask(tokenOfPII, `query Invalid { nothing }`, nil)
		ask(tokenOfPII, `query Large { sessions(first: 100000) { totalCount } }`, nil)

		intentions := len(s.As(tokenOfRead).Query(t, "{ intentions { label } }", nil)["intentions"].([]any))
		want := []string{
			`viewer=seer operation=Page fields=[sessions] rows=2`,
			`viewer=admin operation="" fields="[messages intentions]" rows=` + string(rune('0'+2+intentions)),
			`viewer=seer operation=Find fields="[contact sessions]" rows=0`,
			`viewer=seer operation="" fields=[contact] rows=0`,
			`viewer=seer operation=` + strings.Repeat("n", 100) + ` fields=[viewer] rows=1`,
			`viewer=seer operation=Trusted document=Trusted fields=[sessions] rows=0`,
		}
		for i, line := range want {
			want[i] = `level=INFO msg=operation audit=true ` + line
		}
		if got := auditLines(s); strings.Join(got, "\n") != strings.Join(want, "\n") {
			t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
		}

		connection := connect(t, s, tokenOfPII)
		say(t, connection, initNothing, subscribeCall)
		listen(t, connection)
		postUntil(t, s, func() { listen(t, connection) })
		if got := auditLines(s); len(got) != len(want) {
			t.Errorf("a subscription is in the log before its end: %q", got[len(want):])
		}
		if err := connection.Close(websocket.StatusNormalClosure, ""); err != nil {
			t.Error(err)
		}
		tools.Eventually(t, func() string {
			got := auditLines(s)
			line, rows, _ := strings.Cut(got[len(got)-1], " rows=")
			if !strings.HasSuffix(line, "viewer=seer operation=Stored fields=[sessionStored]") || rows < "1" {
				return "the end of a subscription: " + got[len(got)-1]
			}
			return ""
		})
		if strings.Contains(s.Log.String(), "138001380") {
			t.Errorf("the log has a value:\n%s", s.Log.String())
		}
	})
}

// postUntil posts one session after the other until received returns: a subscription may begin after the first ones.
func postUntil(t *testing.T, s *program.Server, received func()) {
	t.Helper()
	done := make(chan struct{})
	var posting sync.WaitGroup
	posting.Go(func() {
		body := string(simulated(1)[0])
		for n := 0; ; n++ {
			post(t, s, []byte(strings.Replace(body, `"call_id":"`, fmt.Sprintf(`"call_id":"x%d`, n), 1)))
			select {
			case <-done:
				return
			case <-time.After(300 * time.Millisecond):
			}
		}
	})
	received()
	close(done)
	posting.Wait()
}

// Where everyone sees everything, nobody is audited.
func TestNoAuditWithoutTokens(t *testing.T) {
	s := startServer(t, newDB(t))
	s.Query(t, "{ sessions { totalCount } }", nil)
	if lines := auditLines(s); lines != nil {
		t.Error(lines)
	}
}
