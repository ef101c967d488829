package e2e

import (
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"sessiongraph/internal/test/program"
	"sessiongraph/internal/test/testdb"
)

const maskedNotification = `{"call_id":"c1","timestamp":1744699269,"callee":"+6281234567890","channel":"WhatsApp",
"session_start_time":"2025-04-15T06:41:00Z","session_end_time":"2025-04-15T06:41:09Z","session_end_reason":"robot",
"ner_slots":{"city":"Jakarta","amount":1500},"event_label":{"mood":"glad"},"variables":{"name":"Budi"},
"messages":[{"msg_id":"m1","sender_type":"user","timestamp":1744699269,"status":"read","content":{"type":"text",
"text":"I am budi of Jakarta, call 0812-3456-7890 or write budi@example.com"}}]}`

const maskedDocument = `{ sessions(first: 1) { nodes { callee contact { callee pseudonym } nerSlots { name value json }
	eventLabels { value } variables { value } messages { text raw } raw } } }`

// asked is the answer to a query by a token, as text.
func asked(t *testing.T, s *program.Server, token, query string) string {
	t.Helper()
	body := `{"query":` + quoted(query) + `}`
	return do(t, s.As(token).Request(t, http.MethodPost, "/query", strings.NewReader(body))).body
}

func quoted(text string) string {
	return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`, "\n", `\n`, "\t", " ").Replace(text) + `"`
}

func TestMasks(t *testing.T) {
	testdb.Each(t, func(t *testing.T, kind testdb.Kind) {
		db, names := kind.Fresh(t), filepath.Join(t.TempDir(), "names")
		if err := os.WriteFile(names, []byte("city\n\n"), 0o600); err != nil {
			t.Fatal(err)
		}
		s, _ := startWithTokens(t, db, "--unmasked", "@"+names)
		mustPost(t, s, []byte(maskedNotification))

		masked := asked(t, s, tokenOfRead, maskedDocument)
		for _, hidden := range []string{"81234567890", "3456", "udi", "1500", "example.com"} {
			if strings.Contains(masked, hidden) {
				t.Errorf("%s stands in %s", hidden, masked)
			}
		}
		for _, shown := range []string{"Jakarta", "glad", "I am value:", "call phone:", "write email:"} {
			if !strings.Contains(masked, shown) {
				t.Errorf("%s does not stand in %s", shown, masked)
			}
		}
		clear := asked(t, s, tokenOfPII, maskedDocument)
		if !strings.Contains(clear, `"callee":"+6281234567890"`) || !strings.Contains(clear, `"json":1500`) {
			t.Errorf("pii sees %s", clear)
		}
		_, pseudonym, _ := strings.Cut(clear, `"pseudonym":"`)
		pseudonym, _, _ = strings.Cut(pseudonym, `"`)
		if !strings.Contains(masked, `"callee":"`+pseudonym+`"`) {
			t.Errorf("the pseudonym is %q, the mask shows %s", pseudonym, masked)
		}
		for _, token := range []string{tokenOfRead, tokenOfPII} {
			for _, query := range []string{`{ contact(callee: "` + pseudonym + `") { sessionCount } }`,
				`{ sessions(filter: {callee: {eq: "` + pseudonym + `"}}) { sessionCount: totalCount } }`} {
				if got := asked(t, s, token, query); !strings.Contains(got, `"sessionCount":1`) {
					t.Errorf("%s by %s: %s", query, token, got)
				}
			}
		}

		for _, filter := range []string{
			`callee: {eq: "+6281234567890"}`, `callee: {in: ["` + pseudonym + `", "Budi"]}`, `callee: {contains: ""}`,
			`not: {callee: {ne: "Budi"}}`, `variables: [{name: "name", value: {startsWith: "B"}}]`,
			`nerSlots: {name: "amount", number: {gte: 1}}`,
			`or: [{}, {nerSlots: [{name: "amount", value: {eq: "1500"}}]}]`,
		} {
			for _, query := range []string{`{ sessions(filter: {` + filter + `}) { totalCount } }`,
				`{ contacts(filter: {sessions: {` + filter + `}}) { totalCount } }`,
				`{ sessionStats(filter: {` + filter + `}) { sessionCount } }`,
				`{ promptStats(filter: {` + filter + `}) { sentCount } }`,
				`{ messages(sessions: {` + filter + `}) { totalCount } }`,
				`{ intentions { sessions(filter: {` + filter + `}) { totalCount } } }`} {
				got := asked(t, s, tokenOfRead, query)
				if !strings.Contains(got, `"FORBIDDEN"`) || strings.Contains(got, `"data":{`) {
					t.Errorf("%s: %s", query, got)
				}
				if got := asked(t, s, tokenOfPII, query); strings.Contains(got, "errors") {
					t.Errorf("%s by pii: %s", query, got)
				}
			}
		}
		for _, query := range []string{`{ contact(callee: "+6281234567890") { sessionCount } }`,
			`{ contacts(filter: {digits: "812"}) { totalCount } }`,
			`{ contacts(filter: {callee: {endsWith: "0"}}) { totalCount } }`} {
			if got := asked(t, s, tokenOfRead, query); !strings.Contains(got, `"FORBIDDEN"`) {
				t.Errorf("%s: %s", query, got)
			}
		}
		for filter, count := range map[string]string{
			`nerSlots: [{name: "city", value: {startsWith: "Jak"}}]`: `1`, `nerSlots: [{name: "amount"}]`: `1`,
			`eventLabels: [{name: "mood", value: {contains: "gl"}}]`: `1`, `callee: {eq: ""}`: `0`,
			`search: "jakarta"`: `1`, `search: "budi"`: `0`, `search: "8123"`: `0`, `search: "write"`: `1`,
		} {
			query := `{ sessions(filter: {` + filter + `}) { totalCount } }`
			if got := asked(t, s, tokenOfRead, query); got != `{"data":{"sessions":{"totalCount":`+count+`}}}` {
				t.Errorf("%s: %s, want %s", query, got, count)
			}
		}

		if err := os.WriteFile(names, []byte("amount\n"), 0o600); err != nil {
			t.Fatal(err)
		}
		deadline := time.Now().Add(5 * time.Second)
		word := `{ sessions(filter: {search: "jakarta"}) { totalCount } }`
		for {
			got := asked(t, s, tokenOfRead, maskedDocument)
			if !strings.Contains(got, "Jakarta") && strings.Contains(got, "1500") &&
				strings.Contains(asked(t, s, tokenOfRead, word), ":0") {
				break
			}
			if time.Now().After(deadline) {
				t.Fatalf("other names are not taken up: %s", got)
			}
			time.Sleep(50 * time.Millisecond)
		}
		if code := s.Stop(); code != 0 {
			t.Fatalf("the server ended with %d", code)
		}

		keyed, _ := startWithTokens(t, db, "--mask-key", "a key of the operator")
		if got := asked(t, keyed, tokenOfPII, `{ contact(callee: "`+pseudonym+`") { callee } }`); got !=
			`{"data":{"contact":null}}` {
			t.Errorf("with another key the pseudonym is still known: %s", got)
		}
		again := asked(t, keyed, tokenOfPII, `{ contact(callee: "+6281234567890") { pseudonym } }`)
		if strings.Contains(again, pseudonym) || !strings.Contains(again, `"phone:`) {
			t.Errorf("with another key the pseudonym is %s, before it was %s", again, pseudonym)
		}
		_, other, _ := strings.Cut(again, `"pseudonym":`)
		other = strings.Trim(other, "}")
		seen := asked(t, keyed, tokenOfRead, `{ sessions(first: 1) { nodes { contact { pseudonym callee } } } }`)
		if !strings.Contains(seen, `{"pseudonym":`+other+`,"callee":`+other+`}`) {
			t.Errorf("a reader sees %s, want %s", seen, other)
		}
	})
}
