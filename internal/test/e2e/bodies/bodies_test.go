// Package bodies_test posts hostile bodies, and reads what became of them by GraphQL.
package bodies_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"log/slog"
	"maps"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"runtime/debug"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/prometheus/client_golang/prometheus"

	"sessiongraph/graph"
	"sessiongraph/ingest"
	"sessiongraph/internal/test/tools"
	"sessiongraph/models"
	"sessiongraph/models/store"
)

// largest is the body that the server takes by default.
const largest = 8 << 20

// What becomes of a body, and the status that says so.
const (
	stored      = "projected"   // 200
	quarantined = "quarantined" // 200
	refused     = "refused"     // 400
	tooLarge    = ""            // 413, not in the ledger
	either      = "either"      // projected or quarantined
)

var statuses = map[string]int{stored: 200, quarantined: 200, refused: 400, tooLarge: 413, either: 200}

type hostile struct{ name, body, want string }

// notification has all that a session needs, and one field as given, which may be
// followed by more.
func notification(callID, name, value string) string {
	var parts []string
	for _, f := range [][2]string{
		{"call_id", strconv.Quote(callID)}, {"timestamp", `1744699269`},
		{"session_start_time", `"2025-04-15T06:41:00Z"`},
		{"session_end_time", `"2025-04-15T06:41:09Z"`}, {"messages", `[]`},
	} {
		if f[0] != name {
			parts = append(parts, fmt.Sprintf("%q:%s", f[0], f[1]))
		}
	}
	return "{" + strings.Join(append(parts, fmt.Sprintf("%q:%s", name, value)), ",") + "}"
}

// filled is a field whose value is filled up with a piece until the body is as large
// as it may be.
func filled(name, before, piece, after string) string {
	times := (largest - len(notification("a", name, before+after))) / len(piece)
	return notification("a", name, before+strings.Repeat(piece, times)+after)
}

func nested(depth int) string { return strings.Repeat("[", depth) + strings.Repeat("]", depth) }

func said(text string) string {
	return `[{"msg_id":"m","sender_type":"user","status":"read","content":{"type":"text","text":"` + text + `"}}]`
}

// times is a list of that many pieces.
func times(count int, piece string) string {
	return "[" + piece + strings.Repeat(","+piece, count-1) + "]"
}

// names is an object of that many names.
func names(count int) string {
	parts := make([]string, count)
	for i := range parts {
		parts[i] = fmt.Sprintf(`"%x":0`, i)
	}
	return "{" + strings.Join(parts, ",") + "}"
}

func words(size int) string {
	const some = "the quick brown fox jumps over the lazy dog "
	return strings.Repeat(some, size/len(some))
}

// letters are so many that hardly any three in a row are the same: what search reads the slowest.
func letters(size int) string {
	out := make([]rune, size/3)
	state := uint32(1)
	for i := range out {
		state = state*1664525 + 1013904223
		out[i] = rune(0x4e00 + state>>8%0x5000)
	}
	return string(out)
}

const (
	beforeText = `[{"content":{"type":"text","text":"`
	afterText  = `"}}]`
)

func largeOnes() []hostile {
	inMessage := func(content string) string { return notification("a", "messages", `[{"content":`+content+`}]`) }
	return []hostile{
		{"a hundred thousand lists in lists", notification("a", "ner_slots", `{"a":`+nested(100_000)+`}`), refused},
		{"lists without an end", strings.Repeat("[", largest), refused},
		{"objects without an end", strings.Repeat(`{"a":`, largest/5), refused},
		{"deeper than is read", notification("a", "unknown", nested(10_001)), refused},
		{"a slot deeper than answers can be", notification("a", "ner_slots", `{"a":`+nested(9_998)+`}`), quarantined},
		{"a message deeper than answers can be", notification("a", "messages", nested(9_999)), quarantined},
		{"an unknown field deeper than answers can be", notification("a", "unknown", nested(9_999)), quarantined},
		{"a slot as deep as may be", notification("a", "ner_slots", `{"a":`+nested(5_998)+`}`), stored},
		{"a message as deep as may be", notification("a", "messages", nested(5_999)), stored},
		{"a field as deep as may be", notification("a", "unknown", nested(5_999)), stored},

		{"a call_id of 8 MiB", filled("call_id", `"`, "x", `"`), quarantined},
		{"a callee of 8 MiB", filled("callee", `"`, "x", `"`), quarantined},
		{"a text of 8 MiB", filled("messages", beforeText, "x", afterText), quarantined},
		{"a text of 8 MiB of words", filled("messages", beforeText, words(64<<10), afterText), quarantined},
		{"a text of 8 MiB of letters", filled("messages", beforeText, letters(4<<20-100), afterText), quarantined},
		{"a text of 8 MiB of NULs", filled("messages", beforeText, `\u0000`, afterText), stored},
		{"a slot of 8 MiB", filled("ner_slots", `{"a":"`, "x", `"}`), stored},
		{"a slot's name of 8 MiB", filled("ner_slots", `{"`, "x", `":1}`), quarantined},
		{"an unknown field of 8 MiB", filled("unknown", `"`, "x", `"`), stored},
		{"a number of 8 MiB", filled("talk_round", "1", "0", ""), stored},
		{"a timestamp of 8 MiB", filled("timestamp", "1", "0", ""), quarantined},
		{"white space of 8 MiB", filled("unknown", "[", " \n", "]"), stored},
		{"a byte too much", filled("unknown", `"`, "x", `"`) + strings.Repeat(" ", 100), tooLarge},

		{"a million slots", notification("a", "ner_slots", names(800_000)), quarantined},
		{"a million fields", strings.TrimSuffix(notification("a", "x", "1"), "}") + "," + names(700_000)[1:],
			quarantined},
		{"one slot a million times", filled("ner_slots", `{"a":0`, `,"a":1`, `}`), quarantined},
		{"a million messages", filled("messages", `[{}`, `,{}`, `]`), quarantined},
		{"a million numbers as messages", filled("messages", `[0`, `,0`, `]`), quarantined},
		{"a million buttons", filled("messages", `[{"content":{"type":"template","template":{"content":{"button":[{}`,
			`,{}`, `]}}}}]`), quarantined},

		{"a text as long as may be", notification("a", "messages", said(words(2<<20))), stored},
		{"a text as slow to search as may be", notification("a", "messages", said(letters(2<<20))), stored},
		{"as many messages as may be", notification("a", "messages", times(10_000, "{}")), stored},
		{"as many slots as may be", notification("a", "ner_slots", names(2_000)), stored},
		{"one slot more", notification("a", "ner_slots", names(2_001)), quarantined},
		{"one message more", notification("a", "messages", times(10_001, "{}")), quarantined},
		{"as many buttons as may be",
			inMessage(`{"type":"template","template":{"content":{"button":` + times(49_900, "{}") + `}}}`), stored},
		{"as many rows as may be", inMessage(`{"type":"interactive","interactive":{"action":{"sections":[{"rows":` +
			times(49_900, "{}") + `}]}}}`), stored},
		{"as many contacts as may be", inMessage(`{"type":"contacts","contacts":` + times(49_900, "{}") + `}`),
			stored},
	}
}

// server is the real handler over a real store, with GraphQL beside it.
type server struct {
	ingest, query http.Handler
	store         *store.Store
}

func newServer(t *testing.T) server {
	t.Helper()
	database, err := store.Open(t.Context(), filepath.Join(t.TempDir(), "test.db"), store.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = database.Close() })
	metrics := ingest.NewMetrics(prometheus.NewRegistry())
	writer := ingest.NewWriter(database, metrics)
	t.Cleanup(writer.Close)
	log := slog.New(slog.DiscardHandler)
	return server{
		ingest: ingest.NewHandler(&ingest.Verifier{Mode: ingest.SignOff}, writer, largest, metrics, log),
		query:  graph.Handler(t.Context(), database, graph.Settings{MaxPage: 200, MaxComplexity: 250_000}, log),
		store:  database,
	}
}

// post sends a body, again where the machine is too busy to store it within a
// second: it is stored all the same.
func (s server) post(t *testing.T, body string) (status int) {
	t.Helper()
	const patience = 2 * time.Minute // it may be a slow one, with the race detector
	for began := time.Now(); ; {
		response := httptest.NewRecorder()
		s.ingest.ServeHTTP(response, httptest.NewRequest(http.MethodPost, "/ingest", strings.NewReader(body)))
		if took := time.Since(began); took > patience {
			t.Fatalf("answered %d after %v", response.Code, took)
		}
		if response.Code != http.StatusServiceUnavailable {
			return response.Code
		}
		t.Logf("answered 503 after %v: sent again", time.Since(began))
	}
}

func (s server) ask(t *testing.T, query string, variables map[string]any) []byte {
	t.Helper()
	request, err := json.Marshal(map[string]any{"query": query, "variables": variables})
	if err != nil {
		t.Fatal(err)
	}
	r := httptest.NewRequest(http.MethodPost, "/query", bytes.NewReader(request))
	r.Header.Set("Content-Type", "application/json")
	response := httptest.NewRecorder()
	s.query.ServeHTTP(response, r)
	answer := response.Body.Bytes()
	if response.Code != http.StatusOK || bytes.Contains(answer[:min(200, len(answer))], []byte(`"errors"`)) {
		t.Fatalf("the query is answered %d %.500s", response.Code, answer)
	}
	if !json.Valid(answer) || !utf8.Valid(answer) {
		t.Fatalf("the answer is no JSON in UTF-8: %.500q", answer)
	}
	return answer
}

type row struct {
	body, outcome, reason string
	deliveries            int
}

func (s server) ledger(t *testing.T) []row {
	t.Helper()
	rows := []row{}
	err := s.store.Ledger(t.Context(), func(int, int) {}, nil, func(n *models.Notification, body []byte) error {
		rows = append(rows, row{string(body), string(n.Outcome), n.Reason, n.Deliveries})
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return rows
}

func (s server) verify(t *testing.T) {
	t.Helper()
	err := s.store.Verify(t.Context(), ingest.Project, func(int, int) {}, func(difference string) {
		t.Errorf("verify: %.300s", difference)
	})
	if err != nil {
		t.Error(err)
	}
}

// everything selects all fields of a session and of what it leads to.
func everything(t *testing.T) string {
	t.Helper()
	sdl, err := os.ReadFile("../../../../schema.graphqls")
	if err != nil {
		t.Fatal(err)
	}
	return tools.Selection(t, string(sdl), "Session", map[string]string{
		"Session.nerSlot": "", "Contact.sessions": "", "Intention.sessions": "",
		"MessageReply.message": "{ position }",
	})
}

func TestLargeHostileBodies(t *testing.T) {
	tools.SkipUnderRace(t, "it does one thing after the other, with much data")
	for _, c := range largeOnes() {
		t.Run(c.name, func(t *testing.T) {
			s := newServer(t)
			memory := watchMemory(t)
			began := time.Now()
			status := s.post(t, c.body)
			took, peak := time.Since(began), memory()
			if status != statuses[c.want] {
				t.Errorf("answered %d, want %d", status, statuses[c.want])
			}
			if peak > 60*largest {
				t.Errorf("took %d MiB", peak>>20)
			}
			t.Logf("%d bytes took %v and %d MiB", len(c.body), took.Round(time.Millisecond), peak>>20)
			rows := s.ledger(t)
			switch {
			case c.want == tooLarge:
				if len(rows) > 0 {
					t.Errorf("%d rows are kept", len(rows))
				}
			case len(rows) != 1 || rows[0].outcome != c.want:
				t.Errorf("the ledger has %.300v, want it %s", rows, c.want)
			case c.want == refused && rows[0].body != c.body[:min(len(c.body), 64<<10)], c.want != refused &&
				rows[0].body != c.body:
				t.Errorf("the body is kept as %.300q", rows[0].body)
			}
			s.checkReadable(t, map[bool]int{true: 1}[c.want == stored])
			if c.want != refused { // of which the ledger has not all
				s.verify(t)
			}
		})
	}
}

// watchMemory tells the largest amount of memory that the process had more than now:
// all of it, since the database's is not Go's. 0 where the system does not tell.
func watchMemory(t *testing.T) (peak func() int64) {
	t.Helper()
	debug.FreeOSMemory()
	if os.WriteFile("/proc/self/clear_refs", []byte("5"), 0) != nil {
		return func() int64 { return 0 }
	}
	before := highWater(t)
	return func() int64 { return highWater(t) - before }
}

func highWater(t *testing.T) int64 {
	t.Helper()
	status, err := os.ReadFile("/proc/self/status")
	if err != nil {
		t.Fatal(err)
	}
	_, rest, _ := strings.Cut(string(status), "VmHWM:")
	kilobytes, err := strconv.ParseInt(strings.Fields(rest)[0], 10, 64)
	if err != nil {
		t.Fatal(err)
	}
	return kilobytes << 10
}

func oddOnes() []hostile {
	var all []hostile
	add := func(want, name, value string) {
		callID := fmt.Sprint("call-", len(all))
		all = append(all, hostile{fmt.Sprintf("%s: %.60q", name, value), notification(callID, name, value), want})
	}
	for _, text := range []string{
		`\u0000`, `a\u0000b`, `\u0000\u0000\u0000`, `\ud800`, `a\udfffb`, `\ud83d\ud83d\ude00`, `\ude00\ud83d`, "\xff",
		"a\xc3", "\xed\xa0\x80", "\xf4\x90\x80\x80", "\xc0\xaf",
		`\u202e\u2066\ufeff\uffff`, `"\\\"'; DROP TABLE sessions; --`[1:], `%s%n_*?`, `<script>alert(1)</script>&amp;`,
		` `, `\t\r\n\u0007\u001b[31m`, `👩‍👩‍👧‍👦 e\u0301`,
	} {
		add(stored, "messages", said(text))
		add(stored, "ner_slots", `{"a":"`+text+`"}`)
		add(stored, "ner_slots", `{"`+text+`":"a"}`)
		add(stored, "event_label", `{"`+text+`":{"`+text+`":["`+text+`"]}}`)
		add(stored, "callee", `"`+text+`"`)
		add(stored, "intention", `"`+text+`"`)
		add(stored, "unknown", `{"`+text+`":"`+text+`"}`)
		add(stored, "messages", `[{"msg_id":"`+text+`","content":{"type":"`+text+
			`","text":"x"},"reply":{"msg_id":"`+text+`"}}]`)
		all = append(all, hostile{fmt.Sprintf("call_id: %q", text), notification("", "call_id", `"odd `+text+`"`),
			stored})
	}
	for _, value := range []string{`NaN`, `Infinity`, `-Infinity`, `+1`, `.5`, `0x10`, `01`, `1.`, `1e`, `'a'`,
		`undefined`, `None`, `True`, `{a:1}`, `[1,]`, "\"\x00\"", "\"a\nb\"", `"\x41"`, `"\u12"`} {
		add(refused, "talk_round", value)
	}
	for _, number := range []string{`9223372036854775807`, `9223372036854775808`, `-9223372036854775809`,
		`123456789012345678901234567890`, `1e308`, `1e400`, `-1e400`, `1e-400`, `-0`, `0.1e1`,
		`1E99999999999999999999`, strings.Repeat("9", 2000)} {
		add(stored, "talk_round", number)
		add(stored, "ner_slots", `{"a":`+number+`}`)
		add(stored, "callee", strings.Repeat(number, 1)[:min(len(number), 1000)])
		add(stored, "messages", `[{"timestamp":`+number+`,"content":{"type":"location","location":{"latitude":`+number+
			`,"longitude":0}}}]`)
		add(either, "timestamp", number)
		add(either, "session_start_time", number)
		add(either, "session_end_time", `"`+number+`"`)
	}
	for _, at := range []string{`0`, `-1`, `"0"`, `1e11`, `1e15`, `253402300799`, `253402300800`, `-62135596800`,
		`-62135596801`, `1744699269.9999999`,
		`"2025-04-15T06:41:60Z"`, `"2025-02-30T06:41:00Z"`, `"2025-04-15T24:00:00Z"`, `"2025-04-15T06:41:00+25:00"`,
		`"2025-04-15T06:41:00.999999999999Z"`, `"2025-04-15T06:41:00,5Z"`,
		`"9999-12-31T23:59:59-23:59"`, `"0001-01-01T00:00:00+23:59"`, `"0000-01-01T00:00:00Z"`,
		`"10000-01-01T00:00:00Z"`, `"-2025-04-15T06:41:00Z"`, `"2025-04-15 06:41:00Z"`,
		`"2025-04-15t06:41:00z"`, `"2025-04-15T06:41:00"`, `"2025-04-15"`, `"Tue, 15 Apr 2025 06:41:00 GMT"`, `""`,
		`" 1744699269 "`, `"1e9"`, `"0x1p30"`, `"Inf"`, `"１７４４"`, `true`, `{}`, `[1]`} {
		for _, name := range []string{"timestamp", "session_start_time", "session_end_time"} {
			add(either, name, at)
		}
		add(stored, "messages", `[{"timestamp":`+at+`}]`)
	}
	for _, value := range []string{`null`, `true`, `5`, `""`, `"text"`, `[]`, `{}`, `[[]]`, `{"":{"":""}}`,
		`{"a":1,"a":2,"\u0061":3}`} {
		for _, name := range []string{"workflow_id", "channel", "callee", "robot_id", "status", "session_end_reason",
			"intention", "talk_round", "ner_slots", "event_label", "variables", "unknown"} {
			add(stored, name, value)
		}
		add(either, "messages", value)
		add(stored, "messages", `[`+value+`,{"content":`+value+`,"reply":`+value+`},{"content":{"type":`+value+
			`}},{"reply":{"content":`+value+`}}]`)
		for _, kind := range []string{"text", "system", "template", "button", "image", "file", "video", "audio",
			"interactive", "location", "contacts"} {
			add(stored, "messages", `[{"content":{"type":"`+kind+`","text":`+value+`,"media":`+value+`,"`+kind+`":`+
				value+`},"reply":{"content":{"type":"`+kind+`","`+kind+`":{"content":`+value+
				`,"action":`+value+`}}}}]`)
		}
	}
	for name, body := range map[string]string{
		"nothing": "", "white space": " \n\t", "a byte order mark": "\ufeff{}", "NULs": strings.Repeat("\x00", 1000),
		"UTF-16": "{\x00}\x00", "gzip": "\x1f\x8b\x08\x00", "two objects": "{}{}",
		"half an object": `{"call_id":"a"`, "a form": "call_id=a", "XML": "<xml/>", "a list": "[{}]", "a text": `"{}"`,
		"a comment": "{/**/}", "binary": "\xff\xfe\xfd",
	} {
		all = append(all, hostile{name, body, refused})
	}
	for name, body := range map[string]string{
		"an empty object": "{}", "an empty name": `{"":""}`, "names in capitals": `{"CALL_ID":"a","MESSAGES":[]}`,
		"call_id as an object": notification("", "call_id", `{"a":1}`),
		"an empty call_id":     notification("", "x", "1"),
	} {
		all = append(all, hostile{name, body, quarantined})
	}
	for name, body := range map[string]string{
		"each field twice": `{"call_id":"first","timestamp":1,"session_start_time":1,"session_end_time":1,` +
			`"messages":{},` + notification("twice", "x", "1")[1:],
		"escaped names": strings.Replace(notification("escaped", "x", "1"), "call_id", `\u0063all_id`, 1),
		"white space":   "\r\n\t " + strings.ReplaceAll(notification("spaced", "x", "1"), ",", " ,\n\t") + " \r\n",
	} {
		all = append(all, hostile{name, body, stored})
	}
	return all
}

func TestOddBodies(t *testing.T) {
	tools.SkipUnderRace(t, "it does one thing after the other, with much data")
	s := newServer(t)
	want := map[string]hostile{}
	for _, c := range oddOnes() {
		if status := s.post(t, c.body); status != statuses[c.want] {
			t.Errorf("%s: answered %d, want %d for %.300q", c.name, status, statuses[c.want], c.body)
		}
		want[c.body] = c
	}
	sessions := map[string]bool{}
	for _, row := range s.ledger(t) {
		c, known := want[row.body]
		if !known {
			t.Errorf("the ledger has what was not sent: %.300q", row.body)
			continue
		}
		delete(want, row.body)
		if row.outcome != c.want && (c.want != either || row.outcome == refused) {
			t.Errorf("%s is %s (%s), want %s", c.name, row.outcome, row.reason, c.want)
		}
		if row.outcome == stored {
			p, err := ingest.Decode([]byte(row.body))
			if err != nil {
				t.Fatal(err)
			}
			sessions[p.Session.CallID] = true
		}
	}
	for _, name := range slices.Sorted(maps.Keys(want)) {
		t.Errorf("not in the ledger: %.300q", name)
	}
	s.verify(t)
	s.checkReadable(t, len(sessions))
}

// checkReadable reads all sessions through all fields, and finds each by its call_id and its id.
func (s server) checkReadable(t *testing.T, want int) {
	t.Helper()
	whole := everything(t)
	seen := map[string]bool{}
	for after := any(nil); ; {
		var found struct {
			Data struct {
				Sessions struct {
					PageInfo struct {
						HasNextPage bool
						EndCursor   string
					}
					Nodes []struct{ ID, CallID string }
				}
			}
		}
		answer := s.ask(t, "query ($after: String) { sessions(first: 20, after: $after) { pageInfo { hasNextPage "+
			"endCursor } nodes "+whole+" } }", map[string]any{"after": after})
		if err := json.Unmarshal(answer, &found); err != nil {
			t.Fatal(err)
		}
		for _, node := range found.Data.Sessions.Nodes {
			seen[node.CallID] = true
			variables := map[string]any{"callId": node.CallID, "id": node.ID}
			answer := string(s.ask(t, "query ($callId: String!, $id: ID!) { byCallId: session(callId: $callId) { id "+
				"} byId: node(id: $id) { id } }", variables))
			if want := fmt.Sprintf(`{"data":{"byCallId":{"id":%q},"byId":{"id":%[1]q}}}`, node.ID); answer != want {
				t.Errorf("session %q is not found by its call_id or id: %s, want %s", node.CallID, answer, want)
			}
		}
		if after = found.Data.Sessions.PageInfo.EndCursor; !found.Data.Sessions.PageInfo.HasNextPage {
			break
		}
	}
	if len(seen) != want {
		t.Errorf("%d sessions are listed, want %d", len(seen), want)
	}
}
