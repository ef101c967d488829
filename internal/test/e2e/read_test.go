package e2e

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"sessiongraph/internal/test/diff"
	"sessiongraph/internal/test/expected"
	"sessiongraph/internal/test/program"
	"sessiongraph/internal/test/tools"
)

// everything selects all fields of a session and of what it leads to, but for lists
// of other sessions and the answered message as a whole.
func everything(t *testing.T) string {
	return tools.Selection(t, program.Schema(t), "Session", map[string]string{
		"Session.nerSlot": "", "Session.versions": "", "Contact.sessions": "", "Contact.pseudonym": "",
		"Intention.sessions":   "",
		"MessageReply.message": "{ position }",
	})
}

// readAll reads all sessions through all fields, page by page, by call_id.
func readAll(t *testing.T, s *program.Server) map[string]map[string]any {
	t.Helper()
	query := "query ($after: String) { sessions(first: 20, after: $after) { totalCount pageInfo { hasNextPage " +
		"endCursor } nodes " + everything(t) + "} }"
	all := map[string]map[string]any{}
	for after := any(nil); ; {
		page := s.Query(t, query, map[string]any{"after": after})["sessions"].(map[string]any)
		for _, node := range page["nodes"].([]any) {
			session := node.(map[string]any)
			all[session["callId"].(string)] = session
		}
		info := page["pageInfo"].(map[string]any)
		if info["hasNextPage"] == false {
			if count := fmt.Sprint(len(all)); count != page["totalCount"].(json.Number).String() {
				t.Errorf("%s different sessions on all pages, totalCount is %s", count, page["totalCount"])
			}
			return all
		}
		after = info["endCursor"]
	}
}

func compareAll(t *testing.T, want, got map[string]map[string]any) {
	t.Helper()
	for _, callID := range slices.Sorted(maps.Keys(want)) {
		if differences := diff.JSON(want[callID], got[callID]); len(differences) > 0 {
			t.Errorf("session %s:\n%s", callID, strings.Join(differences, "\n"))
		}
	}
	if len(got) != len(want) {
		t.Errorf("%d sessions, want %d", len(got), len(want))
	}
}

func TestExampleIsReadBackWhole(t *testing.T) {
	tools.SkipUnderRace(t, "one command or request follows the other")
	example := readFile(t, program.Example)
	s := startServer(t, newDB(t))
	before := time.Now()
	mustPost(t, s, example)
	got := readAll(t, s)
	want := expected.Sessions([][]byte{example})
	want["a3f5c12ac59xxxxxxxxad71fe6a8ea3e"]["deliveries"] = json.Number("1")
	compareAll(t, want, got)
	session := got["a3f5c12ac59xxxxxxxxad71fe6a8ea3e"]
	received, err := time.Parse(time.RFC3339Nano, fmt.Sprint(session["receivedAt"]))
	if err != nil || received.Before(before.Truncate(time.Microsecond)) || received.After(time.Now()) {
		t.Errorf("received at %v, posted at %v", session["receivedAt"], before.UTC())
	}
	notification := expected.Decode(example).(map[string]any)
	for _, lost := range expected.FieldsNotShown(notification, session) {
		if !strings.Contains(lost, ".interactive.type: ") { // that is __typename
			t.Error("in no field but raw:", lost)
		}
	}
	for _, by := range []string{`session(callId: "a3f5c12ac59xxxxxxxxad71fe6a8ea3e")`,
		fmt.Sprintf("node(id: %q)", session["id"])} {
		one := s.Query(t, "{ found: "+by+" { ... on Session "+everything(t)+"} }", nil)["found"]
		if differences := diff.JSON(session, one); len(differences) > 0 {
			t.Errorf("%s:\n%s", by, strings.Join(differences, "\n"))
		}
	}
}

func TestSimulatedAreReadBackWhole(t *testing.T) {
	tools.SkipUnderRace(t, "one command or request follows the other")
	bodies := simulated(300)
	db := newDB(t)
	s := startServer(t, db)
	var posting sync.WaitGroup
	for part := range slices.Chunk(bodies, 100) {
		posting.Go(func() {
			for _, body := range part {
				if status := post(t, s, body); status != http.StatusOK {
					t.Errorf("posting answered %d", status)
				}
			}
		})
	}
	posting.Wait()
	want := expected.Sessions(bodies)
	compareAll(t, want, readAll(t, s))
	if code := s.Stop(); code != 0 {
		t.Fatalf("exit code %d", code)
	}
	compareAll(t, want, readAll(t, startServer(t, db))) // all of it is in the file
}
