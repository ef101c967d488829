package e2e

import (
	"fmt"
	"regexp"
	"strings"
	"testing"

	"sessiongraph/internal/test/program"
	"sessiongraph/internal/test/testdb"
	"sessiongraph/internal/test/tools"
)

// Two instances on a primary with a replica, both of which go away and come back
// under load: nothing that was acknowledged is lost, subscribers see it all, and
// queries go on as long as one of the two databases lives.
func TestInstancesReplicaAndRestarts(t *testing.T) {
	if testing.Short() {
		t.Skip("takes half a minute")
	}
	primary, err := testdb.StartCluster(nil)
	if err != nil {
		tools.Missing(t, "POSTGRESQL CANNOT BE STARTED, REPLICAS ARE NOT TESTED: "+err.Error())
	}
	t.Cleanup(primary.Remove)
	primary.Execute(t, "CREATE DATABASE deployed")
	replica, err := testdb.StartReplica(primary)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(replica.Remove)

	db := primary.Address("deployed")
	load := &load{posted: map[string]bool{}}
	var servers []*program.Server
	for range 2 {
		s := startServer(t, db, "--db-replica", replica.Address("deployed"))
		servers = append(servers, s)
		t.Cleanup(func() {
			if t.Failed() {
				t.Logf("failed queries of %s: %q", s.URL,
					regexp.MustCompile("(?m)^.*query failed.*$").FindAllString(s.Log.String(), 10))
			}
		})
	}
	seen := subscribe(t, servers[0], func(callID string) {
		load.post(servers[1], string(readFile(t, program.Example)), callID)
	})
	for _, s := range servers {
		load.on(t, s)
	}
	serves := regexp.MustCompile(`(?s)replica serves`)
	for _, s := range servers {
		s.Log.Await(t, serves)
	}
	load.goesOn(t, "primary and replica")
	tools.Eventually(t, func() string { // each of its statements is followed by others
		if replica.Count(t, "deployed", "SELECT COUNT(*) FROM pg_stat_activity"+
			" WHERE application_name = 'sessiongraph' AND query LIKE '%sessions s%'") == 0 {
			return "nothing asks the replica"
		}
		return ""
	})

	do := func(what string, err error) {
		t.Helper()
		if err != nil {
			t.Fatalf("%s: %v", what, err)
		}
	}
	do("stop replica", replica.Stop("immediate"))
	load.goesOn(t, "the primary alone")
	for _, s := range servers {
		s.Log.Await(t, regexp.MustCompile(`replica left out`))
	}
	do("start replica", replica.Start())
	for _, s := range servers {
		s.Log.Await(t, regexp.MustCompile(`(?s)replica serves.*replica left out.*replica serves`))
	}
	do("stop primary", primary.Stop("immediate"))
	load.answers(t, "the replica alone")
	do("start primary", primary.Start())
	load.goesOn(t, "both again")
	do("restart primary", primary.Stop("fast"))
	do("restart primary", primary.Start())
	load.goesOn(t, "both after a restart")

	stored := load.end(t)
	t.Logf("%d notifications acknowledged, %d refused for a while; %d queries answered, %d could not be for a while",
		len(stored), load.refused.Load(), load.answered.Load(), load.unanswered.Load())
	tools.Eventually(t, func() string {
		missing := 0
		for callID := range stored {
			if !seen.has(callID) && !strings.HasPrefix(callID, "early-") {
				missing++
			}
		}
		if missing > 0 {
			return fmt.Sprintf("the subscriber saw %d of %d sessions not; %s", missing, len(stored), seen.state())
		}
		return ""
	})
	seen.check(t)
	for _, s := range servers {
		for callID := range stored {
			tools.Eventually(t, func() string { // a replica may be a moment behind, or be left out
				answer := s.Ask(t, "query ($callId: String!) { session(callId: $callId) { callId } }",
					map[string]any{"callId": callID})
				data, _ := answer["data"].(map[string]any)
				if data["session"] == nil {
					return fmt.Sprintf("session %s was acknowledged and is not there: %v", callID, answer["errors"])
				}
				return ""
			})
		}
		if code := s.Stop(); code != 0 {
			t.Errorf("exit code %d", code)
		}
	}
	if ended := program.Run(t, "", "verify", "--db", db); ended.Code != 0 {
		t.Errorf("%+v", ended)
	}
}
