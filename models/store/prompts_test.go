package store_test

import (
	"fmt"
	"testing"

	"sessiongraph/ingest"
	"sessiongraph/internal/test/testdb"
	"sessiongraph/models/store"
)

// What is stored of prompts is compared with the ledger, made again from it, and goes with its session.
func TestStoredPrompts(t *testing.T) {
	testdb.Each(t, func(t *testing.T, kind testdb.Kind) {
		database, db := openStore(t, kind)
		for i, callID := range []string{"a", "b", "c"} {
			save(t, database, [][]byte{note{"call_id": callID, "callee": fmt.Sprint("+628123456789", i),
				"messages": []any{prompt("Hi", "Yes", "No"), note{"sender_type": "user",
					"content": note{"type": "interactive", "text": "No"}}}}.body()})
		}
		save(t, database, [][]byte{note{"call_id": "none", "messages": texts("no prompt")}.body()})
		prompts := func() string {
			t.Helper()
			rows, err := database.PromptStats(t.Context(), nil, nil)
			if err != nil {
				return "error"
			}
			text := ""
			for _, row := range rows {
				text += fmt.Sprintf("%s sent %d answered %d, ", row.Body, row.SentCount, row.AnsweredCount)
			}
			return text
		}
		stored := func(want int) {
			t.Helper()
			if got := len(rows(t, db, "SELECT session_id FROM session_prompts")); got != want {
				t.Errorf("prompts of %d sessions are stored, want %d", got, want)
			}
		}
		stored(3)
		const whole = "Hi sent 3 answered 3, "
		if got := prompts(); got != whole {
			t.Errorf("prompts: %s", got)
		}

		damaged := map[string]string{testdb.SQLite.Name: "x'01'", testdb.Postgres.Name: `'\x01'`}
		for _, damage := range []struct{ statement, want string }{
			{"DELETE FROM session_prompts WHERE session_id = 1", "Hi sent 2 answered 2, "},
			{"INSERT INTO session_prompts (session_id, prompts)" +
				" SELECT 99, prompts FROM session_prompts WHERE session_id = 1", whole},
			{"INSERT INTO session_prompts (session_id, prompts)" +
				" SELECT 4, prompts FROM session_prompts WHERE session_id = 1", "error"},
			{"UPDATE session_prompts SET prompts = " + damaged[kind.Name], "error"},
		} {
			execute(t, db, damage.statement)
			if got := prompts(); got != damage.want {
				t.Errorf("prompts after %s: %s, want %s", damage.statement, got, damage.want)
			}
			if len(differences(t, database)) == 0 {
				t.Errorf("verify finds nothing after %s", damage.statement)
			}
			if err := database.Replay(t.Context(), ingest.Project, noProgress); err != nil {
				t.Fatal(err)
			}
			if got := prompts(); got != whole {
				t.Errorf("prompts after %s and replay: %s", damage.statement, got)
			}
			if found := differences(t, database); len(found) > 0 {
				t.Errorf("after %s and replay: %v", damage.statement, found)
			}
		}

		if _, err := database.Erase(t.Context(), "+6281234567890", store.RemovalProgress{}); err != nil {
			t.Fatal(err)
		}
		stored(2)
		// As an older version of the program removes a session.
		execute(t, db, "DELETE FROM sessions WHERE call_id = 'b'")
		stored(1)
		if got := prompts(); got != "Hi sent 1 answered 1, " {
			t.Errorf("prompts of the last session: %s", got)
		}
	})
}
