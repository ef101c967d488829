package graph_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"sessiongraph/ingest"
	"sessiongraph/internal/test/testdb"
	"sessiongraph/models/store"
)

// momentBody is a notification of one of a few sessions: what its version is says each of its parts.
func momentBody(session, version int) []byte {
	var messages []map[string]any
	for range 1 + version%7 {
		messages = append(messages,
			map[string]any{"msg_id": "m", "content": map[string]any{"type": "text", "text": fmt.Sprint("v", version)}})
	}
	body, err := json.Marshal(map[string]any{
		"call_id": fmt.Sprint("call-", session), "timestamp": 1744000000 + version, "callee": "+1",
		"workflow_name":      fmt.Sprint("v", version),
		"session_start_time": "2025-04-07T04:26:40Z", "session_end_time": "2025-04-07T04:27:40Z",
		"ner_slots": map[string]string{"version": fmt.Sprint("v", version)}, "messages": messages,
	})
	if err != nil {
		panic(err)
	}
	return body
}

type momentOfSession struct {
	WorkflowName string
	MessageCount int
	Messages     []struct{ Text string }
	NerSlot      struct{ Value string }
	Raw          struct {
		WorkflowName string `json:"workflow_name"`
	}
}

type moment struct {
	Sessions struct {
		TotalCount int
		Nodes      []momentOfSession
	}
	Messages struct {
		TotalCount int
		Nodes      []struct{ Text string }
		Edges      []struct {
			Node    struct{ Text string }
			Session struct{ WorkflowName string }
		}
	}
}

func checkMoment(t *testing.T, body []byte) {
	t.Helper()
	var answer struct {
		Data   moment
		Errors json.RawMessage
	}
	if err := json.Unmarshal(body, &answer); err != nil || answer.Errors != nil {
		t.Errorf("errors %s, %v", answer.Errors, err)
		return
	}
	m := answer.Data
	total := 0
	for _, s := range m.Sessions.Nodes {
		total += s.MessageCount
		if len(s.Messages) != s.MessageCount || s.NerSlot.Value != s.WorkflowName ||
			s.Raw.WorkflowName != s.WorkflowName {
			t.Errorf("mixed: %+v", s)
		}
		for _, message := range s.Messages {
			if message.Text != s.WorkflowName {
				t.Errorf("mixed: %+v", s)
			}
		}
	}
	if m.Sessions.TotalCount != len(m.Sessions.Nodes) || m.Messages.TotalCount != len(m.Messages.Nodes) ||
		m.Messages.TotalCount != total {
		t.Errorf("%d sessions of %d, %d messages of %d, the sessions have %d",
			len(m.Sessions.Nodes), m.Sessions.TotalCount, len(m.Messages.Nodes), m.Messages.TotalCount, total)
	}
	for _, edge := range m.Messages.Edges {
		if edge.Node.Text != edge.Session.WorkflowName {
			t.Errorf("a message %q of session %q", edge.Node.Text, edge.Session.WorkflowName)
		}
	}
}

// While versions of sessions are stored, an answer shows one of them in all of its parts,
// and counts what it lists.
func TestAnswersAreOfOneMoment(t *testing.T) {
	testdb.Each(t, func(t *testing.T, kind testdb.Kind) {
		database := openWorld(t, kind.Fresh(t), 0)
		const sessions = 5
		reads := int64(5000)
		if testing.Short() {
			reads = 100
		}
		var stored atomic.Int64
		save := func(session, version int) {
			arrival := database.Prepare(ingest.NewDelivery(momentBody(session, version), "", time.Now()))
			err := database.Save(context.WithoutCancel(t.Context()), []store.PreparedDelivery{arrival})
			if err != nil {
				t.Error(err)
			}
			stored.Add(1)
		}
		for session := range sessions {
			save(session, 0)
		}
		handler := handlerOf(t, database, time.Minute)
		stop := make(chan struct{})
		var writers sync.WaitGroup
		for writer := range 4 {
			writers.Go(func() {
				for version := 1; ; version++ {
					select {
					case <-stop:
						return
					default:
						save((writer+version)%sessions, 10*version+writer)
					}
				}
			})
		}
		defer writers.Wait()
		defer close(stop)

		const document = `{
			sessions { totalCount nodes { workflowName messageCount messages { text } nerSlot(name: "version") { value
			} raw } }
			messages(first: 200) { totalCount nodes { text } edges { node { text } session { workflowName } } }
		}`
		request := []byte(operation(document, nil))
		var left atomic.Int64
		left.Store(reads)
		var readers sync.WaitGroup
		for range 4 {
			readers.Go(func() {
				for left.Add(-1) >= 0 && !t.Failed() {
					checkMoment(t, post(handler, bytes.NewReader(request)).Body.Bytes())
				}
			})
		}
		readers.Wait()
		t.Logf("%d reads beside %d versions", reads, stored.Load())
	})
}
