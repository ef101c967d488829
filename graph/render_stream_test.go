package graph_test

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"sessiongraph/graph"
	"sessiongraph/graph/model"
	"sessiongraph/ingest"
	"sessiongraph/internal/simulate"
	"sessiongraph/internal/test/testdb"
	"sessiongraph/models"
	"sessiongraph/models/store"
)

// streamServer sends events of one store, rendered in one way.
type streamServer struct {
	t   *testing.T
	url string
}

func newStreamServer(t *testing.T, reader graph.Reader, plain bool) streamServer {
	settings := graph.Settings{MaxPage: 200, MaxComplexity: 1 << 30}
	server := httptest.NewServer(graph.HandlerOf(t.Context(), reader, settings, slog.New(slog.DiscardHandler), plain))
	t.Cleanup(server.Close)
	return streamServer{t, server.URL}
}

// first is the first event of a subscription.
func (s streamServer) first(selection string, after string) string {
	s.t.Helper()
	ctx, cancel := context.WithCancel(s.t.Context())
	defer cancel()
	body := encodeJSON(map[string]any{"query": "subscription($after: String) { stored: sessionStored(after: $after) " +
		selection + " }", "variables": map[string]any{"after": after}})
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, s.url, bytes.NewReader(body))
	if err != nil {
		s.t.Fatal(err)
	}
	request.Header.Set("Content-Type", "application/json")
	request.Header.Set("Accept", "text/event-stream")
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		s.t.Fatal(err)
	}
	defer func() { _ = response.Body.Close() }()
	lines := bufio.NewReader(response.Body)
	for {
		line, err := lines.ReadString('\n')
		if err != nil {
			s.t.Fatal(err)
		}
		if data, ok := strings.CutPrefix(line, "data: "); ok {
			return strings.TrimSpace(data)
		}
	}
}

// cursorOfEvent stores a session and returns the cursor of its event.
func cursorOfEvent(t *testing.T, database *store.Store) string {
	t.Helper()
	source := model.Source{Store: database, Primary: database, Codec: model.NewCodec(database.CursorKey()), MaxPage: 1}
	stream, err := database.Events(t.Context(), nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer stream.Close()
	saveDelivery(t, database, simulate.New(1).Notification(0))
	event, err := stream.Next(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	stored, err := model.Stored(t.Context(), source, event)
	if err != nil {
		t.Fatal(err)
	}
	return stored.Cursor
}

func saveDelivery(t *testing.T, database *store.Store, body []byte) {
	t.Helper()
	err := database.Save(t.Context(),
		[]store.PreparedDelivery{database.Prepare(ingest.NewDelivery(body, "", time.Unix(1744699269, 0)))})
	if err != nil {
		t.Fatal(err)
	}
}

func TestEventsAreRenderedAsByGqlgen(t *testing.T) {
	database := openDifferential(t, testdb.SQLite)
	after := cursorOfEvent(t, database)
	var spaced bytes.Buffer
	if err := json.Indent(&spaced, simulate.New(1).Notification(1), "", "\t"); err != nil {
		t.Fatal(err)
	}
	saveDelivery(t, database, spaced.Bytes())
	ours, gqlgen := newStreamServer(t, database, false), newStreamServer(t, database, true)
	for _, selection := range []string{
		`{ cursor session { ` + scalarsOfSession + ` raw messages { ` + wholeMessage + ` } } }`,
		`{ __typename session { contact { sessions { totalCount } } intention { share } } ... { cursor } }`,
	} {
		got, want := ours.first(selection, after), gqlgen.first(selection, after)
		if got != want {
			t.Errorf("got %s\nwant %s", got, want)
		}
	}
}

// The path of an event's error begins with the subscription's field, as the
// specification has it; gqlgen leaves that out.
func TestErrorsOfEvents(t *testing.T) {
	database := openDifferential(t, testdb.SQLite)
	after := cursorOfEvent(t, database)
	saveDelivery(t, database, simulate.New(1).Notification(1))
	var event struct {
		Data   json.RawMessage
		Errors []struct{ Path []any }
	}
	answer := newStreamServer(t, &bodilessReader{database}, false).first(`{ session { callId text: raw } }`, after)
	if err := json.Unmarshal([]byte(answer), &event); err != nil {
		t.Fatal(err)
	}
	if string(event.Data) != "null" || len(event.Errors) != 1 ||
		!slices.Equal(event.Errors[0].Path, []any{"stored", "session", "text"}) {
		t.Error(answer)
	}
}

// bodilessReader cannot read notifications.
type bodilessReader struct{ graph.Reader }

func (*bodilessReader) BodiesOf(context.Context, []int64) (map[int64]models.JSON, error) {
	return nil, errBroken
}
