package graph_test

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"sessiongraph/graph"
	"sessiongraph/ingest"
	"sessiongraph/internal/simulate"
	"sessiongraph/internal/test/testdb"
	"sessiongraph/models"
	"sessiongraph/models/store"
)

// BenchmarkRender compares the two renderers, and what masks cost, on what people ask for most, through the whole
// handler.
func BenchmarkRender(b *testing.B) {
	database := storedSessions(b, testdb.SQLite, 500)
	settings := graph.Settings{MaxPage: 200, MaxComplexity: 1_000_000}
	log := slog.New(slog.DiscardHandler)
	callID := firstCallID(b, graph.Handler(b.Context(), database, settings, log))
	transcripts := `{ sessions(first: 50) { nodes { ` + scalarsOfSession + ` messages { ` + wholeMessage + ` } } } }`
	for _, question := range []struct {
		name, query string
		reader      graph.Reader
	}{
		{"transcripts", transcripts, database},
		{"transcripts without reading", transcripts, &keptReader{Reader: database}},
		{"session", `{ session(callId: "` + callID + `") { ` + scalarsOfSession + ` messages { ` + wholeMessage +
			` } } }`, database},
		{"page", `{ sessions(first: 50) { nodes { ` + scalarsOfSession + ` } } }`, database},
	} {
		for _, how := range []string{"gqlgen", "render", "masked"} {
			name := question.name + "/" + how
			h := graph.HandlerOf(b.Context(), question.reader, settings, log, how == "gqlgen")
			if how == "masked" {
				h = as(&models.Viewer{Scopes: []models.Scope{models.ScopeRead}}, h)
			}
			body, _ := json.Marshal(map[string]any{"query": question.query})
			b.Run(name, func(b *testing.B) {
				b.ReportAllocs()
				if answer := answerOf(b, h, body); answer.Errors != nil {
					b.Fatal(answer.Errors)
				}
				request := httptest.NewRequest(http.MethodPost, "/query", nil)
				request.Header.Set("Content-Type", "application/json")
				sink := discardResponse{header: http.Header{}}
				for b.Loop() {
					request.Body = io.NopCloser(bytes.NewReader(body))
					h.ServeHTTP(&sink, request)
				}
			})
		}
	}
}

// discardResponse takes a response and keeps its length alone.
type discardResponse struct {
	header http.Header
	length int
}

func (d *discardResponse) Header() http.Header { return d.header }
func (d *discardResponse) WriteHeader(int)     {}
func (d *discardResponse) Write(body []byte) (int, error) {
	d.length += len(body)
	return len(body), nil
}

func firstCallID(tb testing.TB, h http.Handler) string {
	tb.Helper()
	request := httptest.NewRequest(http.MethodGet, "/query?query={sessions(first:1){nodes{callId}}}", nil)
	response := httptest.NewRecorder()
	h.ServeHTTP(response, request)
	var answer struct {
		Data struct {
			Sessions struct{ Nodes []struct{ CallID string } }
		}
	}
	if err := json.Unmarshal(response.Body.Bytes(), &answer); err != nil || len(answer.Data.Sessions.Nodes) == 0 {
		tb.Fatalf("status %d: %s", response.Code, response.Body)
	}
	return answer.Data.Sessions.Nodes[0].CallID
}

// storedSessions is a store of so many simulated sessions.
func storedSessions(tb testing.TB, kind testdb.Kind, sessions int) *store.Store {
	tb.Helper()
	database, err := store.Open(tb.Context(), kind.Fresh(tb), store.Options{})
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() { _ = database.Close() })
	generator := simulate.New(1)
	var deliveries []store.PreparedDelivery
	for n := range sessions {
		deliveries = append(deliveries,
			database.Prepare(ingest.NewDelivery(generator.Notification(n), "", time.Unix(1744699269+int64(n), 0))))
	}
	if err := database.Save(tb.Context(), deliveries); err != nil {
		tb.Fatal(err)
	}
	return database
}

// keptReader keeps what it has read of sessions and messages, so that rendering is
// measured without reading.
type keptReader struct {
	graph.Reader
	sessions map[string][]*models.Session
	messages map[int64][]*models.Message
	answers  map[models.MsgKey]*models.Message
}

func (r *keptReader) SessionPages(
	ctx context.Context, l models.SessionList, w models.PageSpec[models.SessionKey], owners []string,
) (_ map[string][]*models.Session, err error) {
	if r.sessions == nil {
		r.sessions, err = r.Reader.SessionPages(ctx, l, w, owners)
	}
	return r.sessions, err
}

func (r *keptReader) MessagesOf(
	ctx context.Context, ids []int64, selected models.TranscriptRange,
) (_ map[int64][]*models.Message, err error) {
	if r.messages == nil {
		r.messages, err = r.Reader.MessagesOf(ctx, ids, selected)
	}
	return r.messages, err
}

func (r *keptReader) MessagesByMsgID(
	ctx context.Context, keys []models.MsgKey,
) (_ map[models.MsgKey]*models.Message, err error) {
	if r.answers == nil {
		r.answers, err = r.Reader.MessagesByMsgID(ctx, keys)
	}
	return r.answers, err
}
