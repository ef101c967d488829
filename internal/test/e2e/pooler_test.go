package e2e

import (
	"encoding/json"
	"testing"

	"sessiongraph/internal/test/program"
	"sessiongraph/internal/test/testdb"
	"sessiongraph/internal/test/tools"
)

// Two instances by way of a transaction pooler: what one stores, the other answers and its subscribers see; and the
// commands work on it, too.
func TestInstancesBehindAPooler(t *testing.T) {
	direct := testdb.Postgres.Fresh(t)
	db, _ := testdb.Pooled.At(t, direct)
	load := &load{posted: map[string]bool{}}
	one := startServer(t, db, "--db-direct", direct)
	other := startServer(t, db, "--db-direct", direct)
	seen := subscribe(t, one, func(callID string) {
		load.post(other, string(readFile(t, program.Example)), callID)
	})
	mustPost(t, other, simulated(50)...)
	load.post(other, string(readFile(t, program.Example)), "of the other")
	tools.Eventually(t, func() string {
		if !seen.has("of the other") {
			return "a subscriber of one instance does not see what the other stored: " + seen.state()
		}
		return ""
	})
	seen.check(t)
	const query = "{ sessions(first: 50) { totalCount nodes { callId messages { text } nerSlots { name } } }" +
		" sessionStats(groupBy: [INTENTION]) { sessionCount } }"
	same := ""
	for range 10 { // of the pooler's connections, which take turns
		for _, s := range []*program.Server{one, other} {
			answer, err := json.Marshal(s.Query(t, query, nil))
			if err != nil {
				t.Fatal(err)
			}
			if same != "" && string(answer) != same {
				t.Errorf("answers differ: %s and %s", answer, same)
			}
			same = string(answer)
		}
	}
	for _, args := range [][]string{{"verify"}, {"replay"}, {"prune", "--before", "2020-01-01T00:00:00Z"}} {
		if ended := program.Run(t, "", append(args, "--db", db, "--db-direct", direct)...); ended.Code != 0 {
			t.Errorf("%s: %+v", args, ended)
		}
	}
	for _, s := range []*program.Server{one, other} {
		if code := s.Stop(); code != 0 {
			t.Errorf("exit code %d: %s", code, s.Log.String())
		}
	}
}
