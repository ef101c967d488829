package graph_test

import (
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/prometheus/client_golang/prometheus"

	"sessiongraph/graph"
	"sessiongraph/graph/documents"
	"sessiongraph/internal/test/testdb"
)

// counts are the values of a counter, or the number of observations of a histogram, by the values of its labels.
func counts(t *testing.T, registry *prometheus.Registry, name string) map[string]int {
	t.Helper()
	families, err := registry.Gather()
	if err != nil {
		t.Fatal(err)
	}
	found := map[string]int{}
	for _, family := range families {
		if family.GetName() != name {
			continue
		}
		for _, metric := range family.GetMetric() {
			var labels []string
			for _, label := range metric.GetLabel() {
				labels = append(labels, label.GetValue())
			}
			count := int(metric.GetCounter().GetValue()) + int(metric.GetHistogram().GetSampleCount())
			found[strings.Join(labels, " ")] = count
		}
	}
	return found
}

func measuredServer(t *testing.T) (*httptest.Server, *prometheus.Registry) {
	t.Helper()
	collection, err := graph.DocumentReader().Folder([]documents.File{
		{Name: "count.graphql", Text: []byte("query Count { sessions { totalCount } }")},
	})
	if err != nil {
		t.Fatal(err)
	}
	registry := prometheus.NewRegistry()
	server := httptest.NewServer(graph.Handler(t.Context(), storedSessions(t, testdb.SQLite, 1), graph.Settings{
		MaxPage: 200, MaxComplexity: 250_000, Documents: documents.NewTrusted(collection),
		Metrics: graph.NewMetrics(registry),
	}, slog.New(slog.DiscardHandler)))
	t.Cleanup(server.Close)
	return server, registry
}

// Queries are measured by trusted documents, which have their names always, and by the names that clients choose,
// which are bounded.
func TestDurationsByOperation(t *testing.T) {
	server, registry := measuredServer(t)
	send := func(request map[string]any) {
		if answer := byPOST(t, server, request); !strings.HasPrefix(answer, `{"data":`) {
			t.Fatal(answer)
		}
	}
	send(map[string]any{"query": "{ __typename }"})
	send(map[string]any{"query": "query " + strings.Repeat("x", 101) + " { __typename }"})
	for n := range 120 {
		send(map[string]any{"query": fmt.Sprintf("query Name%d { __typename }", n)})
	}
	send(map[string]any{"query": "query Name7 { viewer { name } }"})
	send(map[string]any{"documentId": "Count"})
	send(map[string]any{"query": "query Count { sessions { totalCount } }"})
	send(map[string]any{"query": "query Count { __typename }"}) // no trusted document, whatever its name
	byPOST(t, server, map[string]any{"query": "query Invalid { nothing }"})

	got := counts(t, registry, "sessiongraph_graphql_duration_seconds")
	want := map[string]int{" false": 1, "Name0 false": 1, "Name7 false": 2, "Name99 false": 1, "Count true": 2,
		"other false": 22, "Name100 false": 0, "Count false": 0, "Invalid false": 0}
	for labels, count := range want {
		if got[labels] != count {
			t.Errorf("%q has %d, want %d", labels, got[labels], count)
		}
	}
	if len(got) != 103 { // of 100 names, the document, the anonymous, and other
		t.Errorf("%d operations are measured", len(got))
	}
}

// Errors are counted by their codes, whichever way they are sent.
func TestErrorsByCode(t *testing.T) {
	server, registry := measuredServer(t)
	name := "sessiongraph_graphql_errors_total"
	if got := counts(t, registry, name); got["INTERNAL"] != 0 || len(got) != 3 {
		t.Errorf("at the start: %v", got)
	}
	for _, way := range []way{byPOST, bySSE, byWebSocket} {
		way(t, server, map[string]any{"query": "{ sessions(first: 201) { totalCount } }"})
		way(t, server, map[string]any{"query": "{ sessions { totalCount } a: nothing }"})
		way(t, server, map[string]any{"query": "{ viewer { name } }"})
	}
	byPOST(t, server, map[string]any{})
	if response, err := http.Post(server.URL, "text/plain", nil); err != nil || response.Body.Close() != nil {
		t.Fatal(err)
	}
	got := counts(t, registry, name)
	for code, count := range map[string]int{"BAD_USER_INPUT": 3, "GRAPHQL_VALIDATION_FAILED": 3, "BAD_REQUEST": 2} {
		if got[code] != count {
			t.Errorf("%s: %d, want %d", code, got[code], count)
		}
	}
}
