package graph_test

import (
	"context"
	"log/slog"
	"testing"

	"sessiongraph/graph"
	"sessiongraph/internal/test/testdb"
	"sessiongraph/models"
)

func TestVersionsOfSessions(t *testing.T) {
	testdb.Each(t, func(t *testing.T, kind testdb.Kind) {
		handler := served(t, kind,
			wire{"call_id": "a", "timestamp": 1500, "intention": "shown",
				"session_start_time": "2025-04-15T06:41:01Z"},
			wire{"call_id": "a", "timestamp": 1000, "intention": "older"},
			wire{"call_id": "b", "intention": "only"},
			wire{"call_id": "a", "timestamp": 1000, "intention": "older"},
			wire{"call_id": "a", "timestamp": 1000, "intention": "late"},
		)
		got := asked(t, handler, `{ sessions { nodes { callId version deliveries intention { label } versions { `+
			`notifiedAt receivedAt deliveries } } } }`)
		const want = `{"sessions":{"nodes":[` +
			`{"callId":"a","version":3,"deliveries":4,"intention":{"label":"shown"},"versions":[` +
			`{"notifiedAt":"1970-01-01T00:25:00Z","receivedAt":"2025-04-15T06:53:20Z","deliveries":1},` +
			`{"notifiedAt":"1970-01-01T00:16:40Z","receivedAt":"2025-04-15T06:53:24Z","deliveries":1},` +
			`{"notifiedAt":"1970-01-01T00:16:40Z","receivedAt":"2025-04-15T06:53:21Z","deliveries":2}]},` +
			`{"callId":"b","version":1,"deliveries":1,"intention":{"label":"only"},"versions":[` +
			`{"notifiedAt":"1970-01-01T00:16:40Z","receivedAt":"2025-04-15T06:53:22Z","deliveries":1}]}]}}`
		if got != want {
			t.Errorf("got  %s\nwant %s", got, want)
		}
		got = asked(t, handler, `{ session(callId: "b") { raw versions { raw } } }`)
		body := string(wire{"call_id": "b", "intention": "only"}.body())
		if want := `{"session":{"raw":` + body + `,"versions":[{"raw":` + body + `}]}}`; got != want {
			t.Errorf("got  %s\nwant %s", got, want)
		}
	})
}

// A notification that names no callee has no contact.
func TestSessionsWithoutCallee(t *testing.T) {
	testdb.Each(t, func(t *testing.T, kind testdb.Kind) {
		handler := served(t, kind, wire{"call_id": "a", "callee": ""}, wire{"call_id": "b", "callee": nil},
			wire{"call_id": "c", "callee": "+1", "session_start_time": "2025-04-15T06:41:01Z"})
		got := asked(t, handler, `{ contact(callee: "") { callee } sessions { nodes { callId contact { callee `+
			`sessionCount } } } }`)
		const want = `{"contact":null,"sessions":{"nodes":[{"callId":"c","contact":{"callee":"+1",` +
			`"sessionCount":1}},` +
			`{"callId":"b","contact":null},{"callId":"a","contact":null}]}}`
		if got != want {
			t.Errorf("got  %s\nwant %s", got, want)
		}
	})
}

// removedReader reads messages whose sessions have been removed meanwhile.
type removedReader struct{ graph.Reader }

func (removedReader) SessionsByID(context.Context, []int64) (map[int64]*models.Session, error) {
	return nil, nil
}

func TestSessionsRemovedWhileRead(t *testing.T) {
	reader := removedReader{storedSessions(t, testdb.SQLite, 1)}
	settings := graph.Settings{MaxPage: 200, MaxComplexity: 250_000}
	handler := graph.HandlerOf(t.Context(), reader, settings, slog.New(slog.DiscardHandler), false)
	got := serve(t, handler, postOf(operation(`{ messages(first: 1) { edges { session { id } } } }`, nil)))
	got.refused(t, "UNAVAILABLE", "removed while it was read: send the query again")
}
