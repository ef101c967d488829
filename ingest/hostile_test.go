package ingest_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/prometheus/client_golang/prometheus"

	"sessiongraph/graph"
	"sessiongraph/ingest"
	"sessiongraph/internal/testtools"
	"sessiongraph/models"
)

// Body that the server takes by default.
const largest = 8 << 20

// field is a notification with all that a session needs, and one field as given.
func field(name, value string) string {
	var parts []string
	for _, f := range [][2]string{
		{"call_id", `"call-1"`}, {"timestamp", `1744699269`}, {"session_start_time", `"2025-04-15T06:41:00Z"`},
		{"session_end_time", `"2025-04-15T06:41:09Z"`}, {"messages", `[]`},
	} {
		if f[0] != name {
			parts = append(parts, fmt.Sprintf("%q:%s", f[0], f[1]))
		}
	}
	return "{" + strings.Join(append(parts, fmt.Sprintf("%q:%s", name, value)), ",") + "}"
}

// filled is a field whose value is filled up with a piece until the body is as large
// as is allowed.
func filled(name, before, piece, after string) string {
	times := (largest - len(field(name, before+after))) / len(piece)
	return field(name, before+strings.Repeat(piece, times)+after)
}

func nested(depth int) string { return strings.Repeat("[", depth) + strings.Repeat("]", depth) }

// slots is an object of that many names.
func slots(count int) string {
	var out strings.Builder
	out.WriteString("{")
	for i := range count {
		if i > 0 {
			out.WriteString(",")
		}
		fmt.Fprintf(&out, `"%x":`+"0", i)
	}
	return out.String() + "}"
}

const (
	stored      = "projected"
	quarantined = "quarantined"
	refused     = "refused"
	tooLarge    = "too large"
)

func hostile() []struct{ name, body, want string } {
	text := func(text string) string {
		return `[{"msg_id":"m","sender_type":"user","status":"read","content":{"type":"text","text":"` + text + `"}}]`
	}
	return []struct{ name, body, want string }{
		{"a hundred thousand lists in lists", field("ner_slots", `{"a":`+nested(100_000)+`}`), refused},
		{"lists that end nowhere", strings.Repeat("[", largest), refused},
		{"objects that end nowhere", strings.Repeat(`{"a":`, largest/5), refused},
		{"a body nested deeper than is read", field("unknown", nested(10_001)), refused},
		{"a slot nested as deep as is read", field("ner_slots", `{"a":`+nested(9_998)+`}`), stored},
		{"a message nested as deep as is read", field("messages", nested(9_999)), stored},
		{"an unknown field nested as deep as is read", field("unknown", nested(9_999)), stored},
		{"a call_id of 8 MiB", filled("call_id", `"`, "x", `"`), quarantined},
		{"a text of 8 MiB of one letter", filled("messages", strings.TrimSuffix(text(""), `"}}]`), "x", `"}}]`), stored},
		{"a text of 8 MiB of words", filled("messages", strings.TrimSuffix(text(""), `"}}]`), words(64<<10), `"}}]`), stored},
		{"a text of 8 MiB of any letters", filled("messages", strings.TrimSuffix(text(""), `"}}]`), letters(4<<20-200), `"}}]`), stored},
		{"a text of 8 MiB of escapes", filled("messages", strings.TrimSuffix(text(""), `"}}]`), `\u0000`, `"}}]`), stored},
		{"a slot of 8 MiB", filled("ner_slots", `{"a":"`, "x", `"}`), stored},
		{"a slot's name of 8 MiB", filled("ner_slots", `{"`, "x", `":1}`), quarantined},
		{"an unknown field of 8 MiB", filled("unknown", `"`, "x", `"`), stored},
		{"a byte more than 8 MiB", filled("unknown", `"`, "x", `"`) + strings.Repeat(" ", 100), tooLarge},
		{"a million slots", filled("ner_slots", `{"a":0`, `,"\u0061b":1`, `}`), quarantined},
		{"one slot a million times", filled("ner_slots", `{"a":0`, `,"a":1`, `}`), stored},
		{"millions of messages", filled("messages", `[{}`, `,{}`, `]`), quarantined},
		{"messages at bound", field("messages", "[{}"+strings.Repeat(",{}", 9999)+"]"), stored},
		{"slots at bound", field("ner_slots", slots(2000)), stored},
		{"text at bound, letters", field("messages", text(letters(2<<20))), stored},
		{"text at bound, words", field("messages", text(words(2<<20))), stored},
		{"text at bound, x", field("messages", text(strings.Repeat("x", 2<<20))), stored},
		{"text at bound, digits", field("messages", text(digits(2<<20))), stored},
		{"values at bound, buttons", field("messages", `[{"content":{"type":"template","template":{"content":{"button":[{}`+strings.Repeat(",{}", 49_900)+`]}}}}]`), stored},
	}
}

func words(size int) string {
	return strings.Repeat("the quick brown fox jumps over the lazy dog ", size/44)
}

func digits(size int) string {
	var out strings.Builder
	for i := 0; out.Len() < size-9; i++ {
		fmt.Fprintf(&out, "%x", i*7919)
	}
	return out.String()
}

// letters are so many that hardly any three in a row are the same.
func letters(size int) string {
	out := make([]rune, 0, size/3)
	state := uint32(1)
	for range size / 3 {
		state = state*1664525 + 1013904223
		out = append(out, rune(0x4e00+state>>8%0x5000))
	}
	return string(out)
}

// door is the real handler over a real store, and GraphQL beside it.
type door struct {
	ingest, query http.Handler
	store         *models.Store
}

func openDoor(t *testing.T) door {
	t.Helper()
	store, err := models.Open(t.Context(), filepath.Join(t.TempDir(), "test.db"), models.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = store.Close() })
	metrics := ingest.NewMetrics(prometheus.NewRegistry())
	writer := ingest.NewWriter(store, metrics)
	t.Cleanup(writer.Close)
	log := slog.New(slog.DiscardHandler)
	return door{
		ingest: ingest.Handler{Verifier: &ingest.Verifier{Mode: ingest.SignOff}, Saver: writer, MaxBody: largest, Metrics: metrics, Log: log, Now: time.Now},
		query:  graph.Handler(t.Context(), store, graph.Settings{MaxPage: 200, MaxComplexity: 250_000}, log),
		store:  store,
	}
}

func (d door) post(body string) (status int, said string) {
	response := httptest.NewRecorder()
	d.ingest.ServeHTTP(response, httptest.NewRequest(http.MethodPost, "/ingest", strings.NewReader(body)))
	return response.Code, response.Body.String()
}

func TestHostile(t *testing.T) {
	sdl, err := os.ReadFile("../schema.graphqls")
	if err != nil {
		t.Fatal(err)
	}
	everything := testtools.Selection(t, string(sdl), "Session", map[string]string{
		"Session.nerSlot": "", "Contact.sessions": "", "Intention.sessions": "", "MessageReply.message": "{ position }",
	})
	for _, c := range hostile() {
		t.Run(c.name, func(t *testing.T) {
			d := openDoor(t)
			var before, after runtime.MemStats
			runtime.GC()
			runtime.ReadMemStats(&before)
			began := time.Now()
			status, said := d.post(c.body)
			took := time.Since(began)
			runtime.ReadMemStats(&after)
			t.Logf("%d %s %v, %d MB allocated, heap %d MB", status, said, took, (after.TotalAlloc-before.TotalAlloc)>>20, after.HeapSys>>20)
			began = time.Now()
			var outcome, reason string
			for time.Since(began) < 2*time.Minute && outcome == "" {
				_ = d.store.Ledger(t.Context(), func(int, int) {}, func(n *models.Notification, _ []byte) error {
					outcome, reason = string(n.Outcome), n.Reason
					return nil
				})
				time.Sleep(10 * time.Millisecond)
			}
			t.Logf("%s %q after %v", outcome, reason, took+time.Since(began))
			began = time.Now()
			request, _ := json.Marshal(map[string]any{"query": "{ sessions { nodes " + everything + "} }"})
			response := httptest.NewRecorder()
			r := httptest.NewRequest(http.MethodPost, "/query", bytes.NewReader(request))
			r.Header.Set("Content-Type", "application/json")
			d.query.ServeHTTP(response, r)
			answer, _ := io.ReadAll(response.Body)
			t.Logf("query: %d, %d bytes, %v, valid %t %t: %.200s", response.Code, len(answer), time.Since(began), json.Valid(answer), utf8.Valid(answer), answer)
			began = time.Now()
			err := d.store.Verify(t.Context(), ingest.Project, func(int, int) {}, func(s string) { t.Error(s) })
			t.Logf("verify %v: %v", err, time.Since(began))
		})
	}
}
