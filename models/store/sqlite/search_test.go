package sqlite

import (
	"crypto/sha256"
	"database/sql"
	"database/sql/driver"
	"encoding/json"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"modernc.org/sqlite"

	"sessiongraph/internal/simulate"
	"sessiongraph/models"
	"sessiongraph/models/store/body"
)

// What is skipped, stopped at or kept while a transcript is searched makes no difference, for all of it and for each
// message.
func FuzzTranscriptHolds(f *testing.F) {
	generator := simulate.New(1)
	for n := range 40 {
		notification := generator.Notification(n)
		for _, word := range []string{"thank", "terima kasih", "order 1", "a\nb", "\u00e9",
			"nowhere", "1", `{"a":1}`} {
			f.Add(notification, word)
		}
	}
	for _, content := range []string{
		`{"type":"text","text":{"a": 1}}`, `{"type":"text","text":"\u0061bc"}`, `{"type":"text","text":"ABC K\ufb01"}`,
		`{"type":"system","system":{"type":"abc"}}`, `{"type":"text","text":"a, b"}`,
	} {
		message := []byte(`{"messages":[{"content":` + content + `},{"content":{"type":"text","text":"x"}}]}`)
		for _, word := range []string{`{"a":1}`, "abc", "k", "fi", "a,", "a\nx", "x"} {
			f.Add(message, word)
		}
	}
	codec, err := body.NewCodec(1 << 30)
	if err != nil {
		f.Fatal(err)
	}
	searched, err := newTranscripts(codec)
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, notification []byte, search string) {
		if !json.Valid(notification) {
			return
		}
		var words []string
		for _, word := range strings.Fields(search) {
			words = append(words, models.CaseFold(word))
		}
		if len(words) == 0 {
			return
		}
		compressed, joined := codec.Compress(nil, notification), joinWords(words)
		messages := models.ReadMessages(models.JSON(notification).Get("messages"))
		want := int64(1)
		for _, word := range words {
			said := func(m models.Message) bool { return strings.Contains(m.SearchText, word) }
			if !slices.ContainsFunc(messages, said) {
				want = 0
			}
		}
		checkTranscript := func() {
			got, err := searched.transcriptHolds(nil, []driver.Value{compressed, joined})
			if err != nil {
				t.Fatal(err)
			}
			if got != want {
				t.Errorf("%q holds %q: %d, want %d", notification, words, got, want)
			}
		}
		checkTranscript()

		sum := sha256.Sum256(notification)
		args := []driver.Value{sum[:], int64(-1), joined}
		holds := func(body ...driver.Value) driver.Value {
			value, err := searched.messageHolds(nil, append(args, body...))
			if err != nil {
				t.Fatal(err)
			}
			return value
		}
		defer checkTranscript() // of the texts that are kept then
		if first, again := holds(compressed), holds(); first != int64(0) || again != int64(0) {
			t.Errorf("%q holds %q before its messages: %v, %v", notification, words, first, again)
		}
		for i := range len(messages) + 9 {
			args[1] = int64(i)
			lacks := func(word string) bool { return !strings.Contains(messages[i].SearchText, word) }
			want := int64(0)
			if i < len(messages) && !slices.ContainsFunc(words, lacks) {
				want = 1
			}
			if got := holds(); got != want {
				t.Errorf("message %d of %q holds %q: %v, want %d", i, notification, words, got, want)
			}
		}
	})
}

// A search in messages reads the body of a session for the first of its messages.
func TestBodyIsReadForOneMessage(t *testing.T) {
	codec, err := body.NewCodec(1 << 30)
	if err != nil {
		t.Fatal(err)
	}
	searched, err := newTranscripts(codec)
	if err != nil {
		t.Fatal(err)
	}
	withBody := 0
	d := &sqlite.Driver{}
	err = d.RegisterScalarFunction("message_holds", -1,
		func(c *sqlite.FunctionContext, args []driver.Value) (driver.Value, error) {
			if len(args) > 3 {
				withBody++
			}
			return searched.messageHolds(c, args)
		})
	if err != nil {
		t.Fatal(err)
	}
	file, err := openFile(filepath.Join(t.TempDir(), "bodies.db"), false)
	if err != nil {
		t.Fatal(err)
	}
	pool := sql.OpenDB(connector{d, "file:" + file.path, file})
	t.Cleanup(func() { _ = pool.Close() })
	run := func(statement string, args ...any) {
		t.Helper()
		if _, err := pool.ExecContext(t.Context(), statement, args...); err != nil {
			t.Fatalf("%s: %v", statement, err)
		}
	}
	run("CREATE TABLE notifications (id INTEGER PRIMARY KEY, sha256 BLOB, body BLOB)")
	run("CREATE TABLE sessions (id INTEGER PRIMARY KEY, notification_id BIGINT)")
	run("CREATE TABLE messages (session_id BIGINT, position BIGINT)")
	const messages, sessions = 100, 3
	for id := range sessions {
		said := strings.Repeat(`{"content":{"type":"text","text":"Hello"}},{"content":{"type":"text","text":"Bye"}},`,
			messages/2)
		notification := fmt.Appendf(nil, `{"call_id":"%d","messages":[%s{}]}`, id, said)
		sum := sha256.Sum256(notification)
		run("INSERT INTO notifications VALUES (?, ?, ?)", id+10, sum[:], codec.Compress(nil, notification))
		run("INSERT INTO sessions VALUES (?, ?)", id, id+10)
		run("INSERT INTO messages SELECT ?, key FROM json_each(?, '$.messages')", id, string(notification))
	}

	for _, words := range [][]string{{"hello"}, {"hel", "o"}} {
		withBody = 0
		holds := Dialect{}.SearchMessages(words, 0)
		var found int
		err := pool.QueryRowContext(t.Context(), "SELECT COUNT(*) FROM messages m WHERE "+holds.SQL,
			holds.Args...).Scan(&found)
		if err != nil || found != sessions*messages/2 || withBody != sessions {
			t.Errorf("%q: %d messages found, %d bodies read, error %v", words, found, withBody, err)
		}
	}
}
