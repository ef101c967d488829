package graph_test

import (
	"bytes"
	"database/sql"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"sessiongraph/internal/test/testdb"
	"sessiongraph/internal/test/tools"
	"sessiongraph/models"
)

// as is a handler whose every request is of a viewer.
func as(viewer *models.Viewer, handler http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		handler.ServeHTTP(w, r.WithContext(models.WithViewer(r.Context(), viewer)))
	})
}

// rulesOf are rules that pass some of the sessions, and divide campaigns, robots and channels.
func rulesOf(t *testing.T, handler http.Handler) models.RowRules {
	t.Helper()
	var facts struct {
		Sessions struct {
			Nodes []struct{ WorkflowID, RobotID, Channel string }
		}
	}
	document := object{"query": "{ sessions(first: 1000) { nodes { workflowId robotId channel } } }"}
	if err := json.Unmarshal(answerOf(t, handler, encodeJSON(document)).Data, &facts); err != nil {
		t.Fatal(err)
	}
	var rules models.RowRules
	for _, s := range facts.Sessions.Nodes {
		rules.WorkflowIDs = append(rules.WorkflowIDs, s.WorkflowID)
		rules.RobotIDs = append(rules.RobotIDs, s.RobotID)
		rules.Channels = append(rules.Channels, s.Channel)
	}
	for _, list := range []*[]string{&rules.WorkflowIDs, &rules.RobotIDs, &rules.Channels} {
		slices.Sort(*list)
		*list = slices.Compact(*list)
		*list = (*list)[:max(1, len(*list)-1)]
	}
	return rules
}

// hiddenBy is the SQL of sessions that do not pass the rules.
func hiddenBy(rules models.RowRules) string {
	list := func(values []string) string { return "('" + strings.Join(values, "', '") + "')" }
	return fmt.Sprintf("workflow_id NOT IN %s OR robot_id NOT IN %s OR channel NOT IN %s",
		list(rules.WorkflowIDs), list(rules.RobotIDs), list(rules.Channels))
}

// keepOnly takes all sessions out of a database that do not pass the rules.
func keepOnly(t *testing.T, kind testdb.Kind, address string, rules models.RowRules) {
	t.Helper()
	statements := []string{"DELETE FROM sessions WHERE " + hiddenBy(rules)}
	for _, table := range []string{"messages", "session_prompts", "ner_slots", "event_labels", "variables"} {
		statements = append(statements, "DELETE FROM "+table+" WHERE session_id NOT IN (SELECT id FROM sessions)")
	}
	statements = append(statements, "DELETE FROM contacts",
		"DELETE FROM notifications WHERE call_id IS NULL OR call_id NOT IN (SELECT call_id FROM sessions)",
		"INSERT INTO contacts (callee, session_count, first_seen_at, last_seen_at, masked_callee) SELECT callee,"+
			" COUNT(*), MIN(started_at), MAX(ended_at), MAX(masked_callee) FROM sessions WHERE callee <> ''"+
			" GROUP BY callee")
	execute(t, kind, address, statements...)
}

func execute(t *testing.T, kind testdb.Kind, address string, statements ...string) {
	t.Helper()
	db, err := sql.Open(kind.Driver, address)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = db.Close() }()
	for _, statement := range statements {
		if _, err := db.ExecContext(t.Context(), statement); err != nil {
			t.Fatalf("%s: %v", statement, err)
		}
	}
}

// A viewer with rules is answered as if the other sessions did not exist.
func TestViewersSeeADatabaseOfTheirOwn(t *testing.T) {
	tools.SkipUnderRace(t, "one question follows the other")
	const sessions = 400
	testdb.Each(t, func(t *testing.T, kind testdb.Kind) {
		wholeAddress, address := kind.Fresh(t), kind.Fresh(t)
		whole := openWorld(t, wholeAddress, sessions)
		if err := openWorld(t, address, sessions).Close(); err != nil {
			t.Fatal(err)
		}
		viewer := models.Operator()
		viewer.RowRules = rulesOf(t, wideHandler(t, whole))
		shareCursorKey(t, kind, address, whole.CursorKey())
		for _, a := range []string{wholeAddress, address} { // as if every notification had it
			execute(t, kind, a, "INSERT INTO drifts (id, kind, path, value) VALUES (1, 'FIELD', 'everywhere', '')",
				"INSERT INTO drift_notifications (notification_id, drift_id, received_at)"+
					" SELECT id, 1, first_received_at FROM notifications")
		}
		keepOnly(t, kind, address, viewer.RowRules)
		// The others would be seen in what a campaign is called.
		execute(t, kind, wholeAddress, "UPDATE sessions SET workflow_name = 'hidden', started_at = 2000000000000000"+
			" WHERE "+hiddenBy(viewer.RowRules))
		part := openWorld(t, address, 0)

		want, got := as(viewer, wideHandler(t, part)), as(viewer, wideHandler(t, whole))
		compareAnswers(t, want, got)
		const drift = `{"query":"{ drift { kind path value notificationCount firstSeenAt lastSeenAt } }"}`
		wanted, found := post(want, strings.NewReader(drift)).Body, post(got, strings.NewReader(drift)).Body
		if wanted.String() != found.String() || !strings.Contains(wanted.String(), "everywhere") {
			t.Errorf("drift is %s, want %s", found, wanted)
		}
		compareNodes(t, as(models.Operator(), wideHandler(t, whole)), want, got)
	})
}

// A session that was another campaign's before shows nothing of that to who sees the new campaign alone.
func TestOlderVersionsOfOtherCampaignsAreHidden(t *testing.T) {
	testdb.Each(t, func(t *testing.T, kind testdb.Kind) {
		viewer := models.Operator()
		viewer.RowRules = models.RowRules{WorkflowIDs: []string{"w1"}, Channels: []string{"c"}}
		version := func(timestamp int, workflow, channel, unknown string) wire {
			return wire{"call_id": "a", "timestamp": timestamp, "workflow_id": workflow, "channel": channel,
				unknown: "x"}
		}
		handler := as(viewer, served(t, kind,
			version(1, "w1", "c", "first"), version(2, "w2", "c", "second"), version(3, "w1", "d", "third"),
			version(4, "w1", "c", "fourth"), wire{"call_id": "b", "workflow_id": "w2", "channel": "c", "fifth": 1}))
		got := asked(t, handler, `{ sessions { nodes { callId version versions { notifiedAt raw } } } `+
			`drift { path notificationCount } }`)
		first, fourth := string(version(1, "w1", "c", "first").body()), string(version(4, "w1", "c", "fourth").body())
		want := `{"sessions":{"nodes":[{"callId":"a","version":4,"versions":[` +
			`{"notifiedAt":"1970-01-01T00:00:04Z","raw":` + fourth + `},` +
			`{"notifiedAt":"1970-01-01T00:00:01Z","raw":` + first + `}]}]},` +
			`"drift":[{"path":"first","notificationCount":1},{"path":"fourth","notificationCount":1}]}`
		if got != want {
			t.Errorf("got  %s\nwant %s", got, want)
		}
	})
}

// compareNodes asks for everything that an operator finds, by its id and its key.
func compareNodes(t *testing.T, operator, want, got http.Handler) {
	t.Helper()
	var facts struct {
		Sessions struct {
			Nodes []struct {
				ID, CallID string
				Contact    *struct{ ID, Callee string }
				Messages   []struct{ ID string }
			}
		}
	}
	document := object{
		"query": "{ sessions(first: 1000) { nodes { id callId contact { id callee } messages { id } } } }",
	}
	if err := json.Unmarshal(answerOf(t, operator, encodeJSON(document)).Data, &facts); err != nil {
		t.Fatal(err)
	}
	hidden := 0
	for _, s := range facts.Sessions.Nodes {
		ids, callee := []string{s.ID}, ""
		if s.Contact != nil {
			ids, callee = append(ids, s.Contact.ID), s.Contact.Callee
		}
		for _, m := range s.Messages {
			ids = append(ids, m.ID)
		}
		body := encodeJSON(object{
			"query": `query ($ids: [ID!]!, $callId: String!, $callee: String!) {
				nodes(ids: $ids) { id ... on Message { text } ... on Contact { sessionCount sessions { totalCount } } }
				session(callId: $callId) { callee versions { raw } }
				contact(callee: $callee) { sessionCount firstSeenAt lastSeenAt } }`,
			"variables": object{"ids": ids, "callId": s.CallID, "callee": callee},
		})
		w, g := answerOf(t, want, body), answerOf(t, got, body)
		if bytes.Contains(w.Data, []byte(`"session":null`)) {
			hidden++
		}
		if !bytes.Equal(w.Data, g.Data) || !slices.Equal(w.Errors, g.Errors) {
			t.Errorf("%s: %.500s, want %.500s", s.CallID, g.Data, w.Data)
		}
	}
	if hidden == 0 || hidden == len(facts.Sessions.Nodes) {
		t.Errorf("%d of %d sessions are hidden: the test tests little", hidden, len(facts.Sessions.Nodes))
	}
}

// Subscribers see the events of their own sessions, and in them nothing of the others, although they ask the same.
func TestSubscribersSeeTheirOwnSessions(t *testing.T) {
	const document = `subscription { sessionStored { session { channel intention { sessions(first: 1000) {
		nodes { channel } } } } } }`
	type event struct {
		Data struct {
			SessionStored struct {
				Session struct {
					Channel   string
					Intention struct {
						Sessions struct{ Nodes []struct{ Channel string } }
					}
				}
			}
		}
	}
	stored := 40
	database := openWorld(t, testdb.SQLite.Fresh(t), stored)
	handler := wideHandler(t, database)
	channels := func() (all []string) {
		var facts struct {
			Sessions struct{ Nodes []struct{ Channel string } }
		}
		body := encodeJSON(object{"query": "{ sessions(first: 1000) { nodes { channel } } }"})
		if err := json.Unmarshal(answerOf(t, handler, body).Data, &facts); err != nil {
			t.Fatal(err)
		}
		for _, s := range facts.Sessions.Nodes {
			all = append(all, s.Channel)
		}
		return all
	}

	counts, most := map[string]int{}, ""
	for _, channel := range channels() {
		if counts[channel]++; counts[channel] > counts[most] {
			most = channel
		}
	}
	viewer := models.Operator()
	viewer.Channels = []string{most}
	var streams [2]<-chan string
	for i, h := range []http.Handler{handler, as(viewer, handler)} {
		server := httptest.NewServer(h)
		t.Cleanup(server.Close)
		streams[i] = dataOf(openSSE(t, server.URL, document, nil))
		firstData(t, database, streams[i], &stored)
	}
	before := channels()
	storeMore(t, database, stored, stored+40)
	after := channels()
	expected, hidden := 0, 0
	for _, channel := range after {
		if channel == most {
			expected++
		} else {
			hidden++
		}
	}
	for _, channel := range before {
		if channel == most {
			expected--
		}
	}
	if expected == 0 || hidden == 0 {
		t.Fatalf("%d sessions to see, %d hidden: the test tests little", expected, hidden)
	}
	for range expected {
		var got event
		if err := json.Unmarshal([]byte(<-streams[1]), &got); err != nil {
			t.Fatal(err)
		}
		session := got.Data.SessionStored.Session
		seen := append(session.Intention.Sessions.Nodes, struct{ Channel string }{session.Channel})
		for _, s := range seen {
			if s.Channel != most {
				t.Errorf("saw a session of channel %s", s.Channel)
			}
		}
	}
}
