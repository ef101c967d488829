package graph_test

import (
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"sessiongraph/graph"
	"sessiongraph/ingest"
	"sessiongraph/internal/test/testdb"
	"sessiongraph/models/store"
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
	database, err := store.Open(t.Context(), kind.Fresh(t), store.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = database.Close() })
	deliver(t, database, notifications...)
	return graph.Handler(t.Context(), database, graph.Settings{MaxPage: 200, MaxComplexity: 1_000_000},
		slog.New(slog.DiscardHandler))
}

func deliver(t *testing.T, database *store.Store, notifications ...wire) {
	t.Helper()
	var deliveries []store.PreparedDelivery
	for i, n := range notifications {
		at := time.Unix(1744700000+int64(i), 0)
		deliveries = append(deliveries, database.Prepare(ingest.NewDelivery(n.body(), "", at)))
	}
	if err := database.Save(t.Context(), deliveries); err != nil {
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
	reply := wire{"sender_type": "user", "timestamp": 1000, "content": wire{"type": "button", "text": "yes"},
		"reply": wire{"msg_id": "x"}}
	notifications := []wire{
		{"call_id": "a", "nodetask_name": "Reminder", "wfdetail_uuid": "row-1", "timestamp": 2000, "status": "closed",
			"messages": []any{said("robot", "Pay now?"), said("user", "yes"),
				wire{"sender_type": "user", "content": wire{"type": "text", "text": "later"}}}},
		{"call_id": "b", "nodetask_name": "a\x00Reminder", "wfdetail_uuid": "", "timestamp": 3000, "status": "",
			"messages": []any{said("user", "no")}},
		{"call_id": "c", "callee": "+200", "timestamp": 1000, "session_end_reason": "expire",
			"messages": []any{reply, said("agent", "hello"), said("chatbot", "bye")}},
		{"call_id": "c", "callee": "+200", "timestamp": 900},
		{"call_id": "c", "callee": "+200", "timestamp": 900},
	}
	testdb.Each(t, func(t *testing.T, kind testdb.Kind) {
		handler := served(t, kind, notifications...)
		for filter, want := range map[string]string{
			`{nodeTaskName: {eq: "Reminder"}}`:                                       "a",
			`{nodeTaskName: {endsWith: "Reminder"}}`:                                 "a b",
			`{wfDetailUuid: {startsWith: "row"}}`:                                    "a",
			`{notifiedAt: {gte: "1970-01-01T00:50:00Z"}}`:                            "b",
			`{version: {gt: 1}}`:                                                     "c",
			`{deliveries: {eq: 3}}`:                                                  "c",
			`{status: {endsWith: "ed"}}`:                                             "a",
			`{not: {status: {endsWith: "ed"}}}`:                                      "b c",
			`{status: {eqIgnoreCase: "CLOSED"}}`:                                     "a",
			`{not: {status: {containsIgnoreCase: "CLOSED"}}}`:                        "b c",
			`{status: {endsWith: ""}}`:                                               "a b c",
			`{callee: {endsWith: "200"}}`:                                            "c",
			`{callee: {endsWith: "0+200"}}`:                                          "",
			`{engaged: true}`:                                                        "a b c",
			`{handedOver: true}`:                                                     "c",
			`{abandoned: false}`:                                                     "a b",
			`{engaged: null}`:                                                        "a b c",
			`{messages: {hasReply: true}}`:                                           "c",
			`{messages: {hasReply: false, senderType: AGENT}}`:                       "c",
			`{messages: {position: {eq: 2}}}`:                                        "a c",
			`{messages: {or: [{search: "yes"}, {search: "no", position: {eq: 0}}]}}`: "a b c",
			`{messages: {and: [{senderType: USER}, {search: "pay"}]}}`:               "",
			`{messages: {not: {senderType: USER}}}`:                                  "a c",
			`{messages: {or: []}}`:                                                   "",
			`{messages: {not: {sentAt: {gte: "1970-01-01T00:00:00Z"}}}}`:             "a",
			`{messages: {and: [{not: {senderType: ROBOT}}, {not: {sentAt: {}}}]}}`:   "",
		} {
			if got := strings.Join(found(t, handler, filter), " "); got != want {
				t.Errorf("%s: %q, want %q", filter, got, want)
			}
		}
	})
}

// Many alternatives are found in another way than few, and find the same.
func TestManyAlternatives(t *testing.T) {
	var notifications []wire
	for i := range 20 {
		value := fmt.Sprint("v", i)
		notifications = append(notifications, wire{"call_id": fmt.Sprintf("%02d", i), "status": value,
			"ner_slots": wire{"s": value, "n": i}, "variables": wire{"v": value}})
	}
	alternatives := []string{`{status: {eq: "v19"}}`, `{nerSlots: [{name: "s", exists: false}, {name: "n"}]}`,
		`{nerSlots: {name: "n", number: {lt: 1}}}`, `{nerSlots: {name: "s", value: {in: ["v2", "v4"]}}, ` +
			`status: {ne: "v4"}}`}
	for i := range 15 {
		alternatives = append(alternatives, fmt.Sprintf(`{nerSlots: {name: "s", value: {eq: "v%d"}}}`, 100*i+5),
			fmt.Sprintf(`{variables: {name: "v", value: {eq: "v%d"}}}`, 100*i+7))
	}
	or := "{or: [" + strings.Join(alternatives, ", ") + "]}"
	slots := func(filters ...string) string {
		return "{nerSlots: [" + strings.Join(filters, ", ") + strings.Repeat(`, {name: "n"}`, 8) + "]}"
	}
	testdb.Each(t, func(t *testing.T, kind testdb.Kind) {
		handler := served(t, kind, notifications...)
		for filter, want := range map[string]string{
			slots(`{name: "s"}`, `{name: "n", number: {gt: 16}}`, `{name: "s", value: {ne: "v18"}}`): "17 19",
			slots(`{name: "n", number: {lt: 2}}`, `{name: "x", exists: false}`):                      "00 01",
			slots(`{name: "n", number: {lt: 2}}`, `{name: "n", exists: false}`):                      "",
			slots(`{name: "n", number: {lt: 2}}`, `{name: "n", number: {gt: 2}}`):                    "",
			slots(`{name: "x"}`): "",
			or:                   "00 02 05 07 19",
			`{and: [` + or + `], not: {status: {eq: "v5"}}}`: "00 02 07 19",
			`{not: ` + or + `}`: "01 03 04 06 08 09 10 11 12 13 14 15 16 17 18",
		} {
			if got := strings.Join(found(t, handler, filter), " "); got != want {
				t.Errorf("%s: %q, want %q", filter, got, want)
			}
		}
	})
}

func TestNumberFilters(t *testing.T) {
	var notifications []wire
	for callID, value := range map[string]any{
		"int": 1000, "text": "1000", "spaced": " \t1000.5\u3000", "small": -0.5, "exponent": "1e3",
		"huge": json.RawMessage("1e999"), "zero": json.RawMessage("-0"),
		"hex": "0x3e8", "plus": "+1000", "padded": "01000", "grouped": "1,000", "arabic": "١٠٠٠", "empty": "",
		"null": nil, "true": true, "list": []any{1000}, "inf": "Infinity",
	} {
		notifications = append(notifications, wire{"call_id": callID, "ner_slots": wire{"n": value},
			"variables": wire{"n": value}, "event_label": wire{"n": value}})
	}
	notifications = append(notifications, wire{"call_id": "none"})
	testdb.Each(t, func(t *testing.T, kind testdb.Kind) {
		handler := served(t, kind, notifications...)
		for filter, want := range map[string]string{
			`{}`:                     "exponent huge int small spaced text zero",
			`{eq: 1000}`:             "exponent int text",
			`{ne: 1000}`:             "huge small spaced zero",
			`{gt: 1000}`:             "huge spaced",
			`{gte: 1e3, lt: 1000.5}`: "exponent int text",
			`{lte: 0}`:               "small zero",
			`{eq: 0}`:                "zero",
			`{gt: 1e308}`:            "huge",
			`{lt: null}`:             "exponent huge int small spaced text zero",
		} {
			for _, of := range []string{"nerSlots", "variables", "eventLabels"} {
				got := strings.Join(found(t, handler, "{"+of+`: {name: "n", number: `+filter+"}}"), " ")
				if got != want {
					t.Errorf("%s %s: %q, want %q", of, filter, got, want)
				}
			}
		}
		for filter, want := range map[string]string{
			`{nerSlots: {name: "n", number: {gt: 5}, value: {startsWith: "1"}}}`: "exponent huge int text",
			`{nerSlots: {name: "n", number: {gt: 5}, exists: false}}`:            "",
			`{nerSlots: {name: "m", number: {}}}`:                                "",
		} {
			if got := strings.Join(found(t, handler, filter), " "); got != want {
				t.Errorf("%s: %q, want %q", filter, got, want)
			}
		}
	})
}

// A field of a filter that no test uses could pass everything.
func TestEveryFieldOfFiltersIsTested(t *testing.T) {
	schema := loadSchema(t, "../schema.graphqls")
	for _, field := range schema.Types["SessionFilter"].Fields {
		if !slices.Contains(slices.Concat(sessionFilterFields, filterOperators), field.Name) {
			t.Errorf("sessionFilterFields does not have %s", field.Name)
		}
		if field.Type.Name() == "StringFilter" && oracleTextFields[field.Name] == "" {
			t.Errorf("oracleTextFields does not have %s", field.Name)
		}
	}
}

// Every text of a session, its values and its messages is compared without case.
func TestFiltersThatIgnoreCase(t *testing.T) {
	session := func(text string) wire {
		w := wire{"ner_slots": wire{"n": text}, "variables": wire{"n": text}, "event_label": wire{"n": text},
			"messages": []any{wire{"msg_id": text, "content": wire{"type": "text", "text": ""}}}}
		for _, field := range oracleTextFields {
			w[field] = text
		}
		return w
	}
	testdb.Each(t, func(t *testing.T, kind testdb.Kind) {
		handler := served(t, kind, session("Số ĐẸP"), session("số đẹp"), session("SỐ ĐẸP 2"), session("other"),
			session("\x01a\x00B\"}"))
		filters := []string{`{nerSlots: {name: "n", value: %s}}`, `{variables: {name: "n", value: %s}}`,
			`{eventLabels: {name: "n", value: %s}}`, `{messages: {msgId: %s}}`}
		for field := range oracleTextFields {
			filters = append(filters, "{"+field+": %s}")
		}
		for operator, want := range map[string]string{
			`{eqIgnoreCase: "SỐ đẸp"}`:               "Số ĐẸP|số đẹp",
			`{containsIgnoreCase: "đẸp"}`:            "SỐ ĐẸP 2|Số ĐẸP|số đẹp",
			`{containsIgnoreCase: ""}`:               "\x01a\x00B\"}|SỐ ĐẸP 2|Số ĐẸP|other|số đẹp",
			`{eqIgnoreCase: ""}`:                     "",
			`{eqIgnoreCase: "Other"}`:                "other",
			`{containsIgnoreCase: "b\"}"}`:           "\x01a\x00B\"}",
			`{eqIgnoreCase: "số đẹp", ne: "số đẹp"}`: "Số ĐẸP",
			`{containsIgnoreCase: "ỐĐ"}`:             "",
		} {
			for _, filter := range filters {
				filter = fmt.Sprintf(filter, operator)
				got := strings.Join(found(t, handler, filter), "|")
				if strings.ReplaceAll(got, "\uFFFD", "\x00") != want {
					t.Errorf("%s: %q, want %q", filter, got, want)
				}
			}
		}
	})
}

// The filter of a transcript is of its session alone, whatever it joins.
func TestFilteredTranscripts(t *testing.T) {
	testdb.Each(t, func(t *testing.T, kind testdb.Kind) {
		handler := served(t, kind,
			wire{"call_id": "a", "session_start_time": "2025-04-15T06:41:01Z",
				"messages": []any{said("user", "one"), said("user", "two")}},
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
