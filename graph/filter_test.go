package graph_test

import (
	"encoding/json"
	"log/slog"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"sessiongraph/graph"
	"sessiongraph/ingest"
	"sessiongraph/internal/testdb"
	"sessiongraph/models"
)

// wire is a notification for tests: what is not set has a value all the same.
type wire map[string]any

func (w wire) body() []byte {
	whole := wire{
		"timestamp": 1000, "callee": "+100", "channel": "WhatsApp", "session_end_reason": "robot", "messages": []any{},
		"session_start_time": "2025-04-15T06:41:00Z", "session_end_time": "2025-04-15T06:41:09Z",
	}
	for name, value := range w {
		whole[name] = value
	}
	return encodeJSON(whole)
}

func said(sender, text string) wire {
	return wire{"sender_type": sender, "timestamp": 1000, "content": wire{"type": "text", "text": text}}
}

// served answers GraphQL over a fresh store that holds the notifications, each of
// which arrived a second behind the one before.
func served(t *testing.T, kind testdb.Kind, notifications ...wire) http.Handler {
	t.Helper()
	store, err := models.Open(t.Context(), kind.Fresh(t), models.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = store.Close() })
	deliver(t, store, notifications...)
	return graph.Handler(t.Context(), store, graph.Settings{MaxPage: 200, MaxComplexity: 1_000_000}, slog.New(slog.DiscardHandler))
}

func deliver(t *testing.T, store *models.Store, notifications ...wire) {
	t.Helper()
	var arrivals []models.Arrival
	for i, n := range notifications {
		at := time.Unix(1744700000+int64(i), 0)
		arrivals = append(arrivals, store.Arrive(ingest.NewDelivery(n.body(), "", at)))
	}
	if err := store.Save(t.Context(), arrivals); err != nil {
		t.Fatal(err)
	}
}

// asked is the data of an answer without errors.
func asked(t *testing.T, handler http.Handler, query string) string {
	t.Helper()
	response := post(handler, strings.NewReader(string(encodeJSON(map[string]any{"query": query}))))
	var answer struct{ Data, Errors json.RawMessage }
	if err := json.Unmarshal(response.Body.Bytes(), &answer); err != nil || answer.Errors != nil {
		t.Fatalf("%s\nstatus %d: %s", query, response.Code, response.Body)
	}
	return string(answer.Data)
}

// found are the call_ids of the sessions that pass a filter.
func found(t *testing.T, handler http.Handler, filter string) []string {
	t.Helper()
	data := asked(t, handler, "{ sessions(filter: "+filter+") { totalCount nodes { callId } } }")
	var answer struct {
		Sessions struct {
			TotalCount int
			Nodes      []struct {
				CallID string `json:"callId"`
			}
		}
	}
	if err := json.Unmarshal([]byte(data), &answer); err != nil {
		t.Fatal(err)
	}
	callIDs := []string{}
	for _, node := range answer.Sessions.Nodes {
		callIDs = append(callIDs, node.CallID)
	}
	slices.Sort(callIDs)
	if answer.Sessions.TotalCount != len(callIDs) {
		t.Errorf("totalCount is %d, %d found", answer.Sessions.TotalCount, len(callIDs))
	}
	return callIDs
}

func TestSessionFilters(t *testing.T) {
	notifications := []wire{
		{"call_id": "a", "nodetask_name": "Reminder", "wfdetail_uuid": "row-1", "timestamp": 2000, "status": "closed",
			"messages": []any{said("robot", "Pay now?"), said("user", "yes"), wire{"sender_type": "user", "content": wire{"type": "text", "text": "later"}}}},
		{"call_id": "b", "nodetask_name": "a\x00Reminder", "wfdetail_uuid": "", "timestamp": 3000, "status": "", "messages": []any{said("user", "no")}},
		{"call_id": "c", "callee": "+200", "timestamp": 1000},
		{"call_id": "c", "callee": "+200", "timestamp": 900},
		{"call_id": "c", "callee": "+200", "timestamp": 900},
	}
	testdb.Each(t, func(t *testing.T, kind testdb.Kind) {
		handler := served(t, kind, notifications...)
		for filter, want := range map[string]string{
			`{nodeTaskName: {eq: "Reminder"}}`:                                     "a",
			`{nodeTaskName: {endsWith: "Reminder"}}`:                               "a b",
			`{wfDetailUuid: {startsWith: "row"}}`:                                  "a",
			`{notifiedAt: {gte: "1970-01-01T00:50:00Z"}}`:                          "b",
			`{version: {gt: 1}}`:                                                   "c",
			`{deliveries: {eq: 3}}`:                                                "c",
			`{status: {endsWith: "ed"}}`:                                           "a",
			`{not: {status: {endsWith: "ed"}}}`:                                    "b c",
			`{status: {endsWith: ""}}`:                                             "a b c",
			`{callee: {endsWith: "200"}}`:                                          "c",
			`{callee: {endsWith: "0+200"}}`:                                        "",
			`{messages: {position: {eq: 2}}}`:                                      "a",
			`{messages: {or: [{search: "yes"}, {search: "no"}]}}`:                  "a b",
			`{messages: {and: [{senderType: USER}, {search: "pay"}]}}`:             "",
			`{messages: {not: {senderType: USER}}}`:                                "a",
			`{messages: {or: []}}`:                                                 "",
			`{messages: {not: {sentAt: {gte: "1970-01-01T00:00:00Z"}}}}`:           "a",
			`{messages: {and: [{not: {senderType: ROBOT}}, {not: {sentAt: {}}}]}}`: "",
		} {
			if got := strings.Join(found(t, handler, filter), " "); got != want {
				t.Errorf("%s: %q, want %q", filter, got, want)
			}
		}
	})
}

// The filter of a transcript is of its session alone, whatever it joins.
func TestFilteredTranscripts(t *testing.T) {
	testdb.Each(t, func(t *testing.T, kind testdb.Kind) {
		handler := served(t, kind,
			wire{"call_id": "a", "session_start_time": "2025-04-15T06:41:01Z", "messages": []any{said("user", "one"), said("user", "two")}},
			wire{"call_id": "b", "messages": []any{said("user", "two"), said("user", "three")}})
		for arguments, want := range map[string]string{
			`filter: {or: [{search: "one"}, {search: "two"}]}`:           `[["one","two"],["two"]]`,
			`filter: {or: [{search: "one"}, {search: "two"}]}, first: 1`: `[["one"],["two"]]`,
			`filter: {or: [{search: "one"}, {search: "three"}]}`:         `[["one"],["three"]]`,
		} {
			data := asked(t, handler, "{ sessions { nodes { messages("+arguments+") { text } } } }")
			var answer struct {
				Sessions struct {
					Nodes []struct{ Messages []struct{ Text string } }
				}
			}
			if err := json.Unmarshal([]byte(data), &answer); err != nil {
				t.Fatal(err)
			}
			var texts [][]string
			for _, session := range answer.Sessions.Nodes {
				var transcript []string
				for _, message := range session.Messages {
					transcript = append(transcript, message.Text)
				}
				texts = append(texts, transcript)
			}
			if got := string(encodeJSON(texts)); got != want {
				t.Errorf("%s: %s, want %s", arguments, got, want)
			}
		}
	})
}
