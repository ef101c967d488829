package e2e

import (
	"fmt"
	"regexp"
	"strings"
	"testing"
	"time"

	"sessiongraph/internal/test/program"
	"sessiongraph/internal/test/tools"
)

// What is too old goes when the server starts.
func TestRetention(t *testing.T) {
	db := newDB(t)
	old := simulated(20)
	mustPost(t, startServer(t, db), old...)
	began := time.Now().UTC().Format(time.RFC3339)
	recent := strings.NewReplacer("a3f5c12ac59xxxxxxxxad71fe6a8ea3e",
		"recent").Replace(string(readFile(t, program.Example)))
	recent = regexp.MustCompile(`("session_(?:start|end)_time": *)"[^"]*"`).ReplaceAllString(recent, `${1}"`+began+`"`)
	s := startServer(t, db, "--retention=24h")
	mustPost(t, s, []byte(recent))
	tools.Eventually(t, func() string {
		left := s.Query(t, "{ sessions { nodes { callId } } }", nil)
		if fmt.Sprint(left) != "map[sessions:map[nodes:[map[callId:recent]]]]" {
			return fmt.Sprint(left)
		}
		return ""
	})
	s.Log.Await(t, regexp.MustCompile(`msg="retention is on" retention=1d before=\S+ would_delete=20 next=\S+`))
	s.Log.Await(t, regexp.MustCompile(`msg=retention sessions=20 messages=\d+ notifications=20`))
}

// Erase and prune say what they would remove, and leave it; erase says when there is
// nothing, and what is near.
func TestRemovingByCommand(t *testing.T) {
	db := newDB(t)
	body := func(callID, callee, text, ended string) string {
		return fmt.Sprintf(`{"call_id":%q,"callee":%q,"timestamp":1750000000,"session_start_time":%[3]q,`+
			`"session_end_time":%[3]q,`+
			`"messages":[{"msg_id":"m","sender_type":"user","timestamp":1750000000,"content":{"type":"text",`+
			`"text":%[4]q}}]}`, callID, callee, ended, text)
	}
	notifications := strings.Join([]string{
		body("a", "+6281999000111", "hello", "2025-06-01T10:00:00Z"),
		body("b", "+6281999000111", "hello", "2025-06-02T10:00:00Z"),
		body("c", "081999000111", "hello", "2025-06-02T10:00:00Z"),
		body("d", "+6281200000000", "call +6281999000111 please", "2025-06-03T10:00:00Z"),
	}, "\n")
	if ended := program.Run(t, notifications, "import", "--db", db); ended.Code != 0 {
		t.Fatal(ended.Err)
	}
	for _, step := range []struct {
		args     string
		code     int
		out, err string
	}{
		{"erase --dry-run --callee=+6281999000111", 0, "would erase 2 sessions with 2 messages, 2 notifications\n" +
			"other spellings of this number are callees, too, and stay: \"081999000111\"\n1 sessions of other " +
			"callees have this number in their messages, and stay\n", ""},
		{"erase --callee=6281999000111", 3, "erased 0 sessions with 0 messages, 0 notifications\n",
			"sessiongraph: nothing was received of \"6281999000111\"; other spellings of this number are callees: " +
				"\"+6281999000111\", \"081999000111\"\n"},
		{"erase --dry-run --callee=+620", 3, "", "sessiongraph: nothing was received of \"+620\"\n"},
		{"prune --dry-run --before=2025-06-03", 0, "would prune 3 sessions with 3 messages, 3 notifications\n", ""},
		{"prune --dry-run --before=90d", 0, "would prune 4 sessions with 4 messages, 4 notifications\n", ""},
		{"erase --callee=+6281999000111", 0, "erased 2 sessions with 2 messages, 2 notifications\n" +
			"other spellings of this number are callees, too, and stay: \"081999000111\"\n1 sessions of other " +
			"callees have this number in their messages, and stay\n", ""},
		{"prune --before=2025-06-03", 0, "pruned 1 sessions with 1 messages, 1 notifications\n", ""},
		{"prune --before=2025-06-03T10:00:01Z", 0, "pruned 1 sessions with 1 messages, 1 notifications\n", ""},
	} {
		ended := program.Run(t, "", append(strings.Fields(step.args), "--db", db)...)
		if ended.Code != step.code || ended.Out != step.out || ended.Err != step.err {
			t.Errorf("%s: exit code %d, want %d; output %q, want %q; standard error %q, want %q", step.args,
				ended.Code, step.code, ended.Out, step.out, ended.Err, step.err)
		}
	}
}
