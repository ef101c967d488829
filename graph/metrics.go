package graph

import (
	"sync"
	"time"

	"github.com/99designs/gqlgen/graphql"
	"github.com/prometheus/client_golang/prometheus"

	"sessiongraph/graph/apierror"
	"sessiongraph/graph/documents"
)

// Metrics are the Prometheus metrics of the GraphQL API. The nil Metrics counts nothing.
type Metrics struct {
	durations *prometheus.HistogramVec
	errors    *prometheus.CounterVec
	names     operationNames
}

// NewMetrics makes the metrics and registers them.
func NewMetrics(registry prometheus.Registerer) *Metrics {
	m := &Metrics{
		durations: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: "sessiongraph_graphql_duration_seconds",
			Help: "Time from a query that was read to its answer, by the name of the trusted document or, where " +
				"trusted is false, of the operation: other for names beyond the first 100.",
			Buckets: []float64{.001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10},
		}, []string{"operation", "trusted"}),
		errors: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "sessiongraph_graphql_errors_total", Help: "Errors of GraphQL that were sent, by extensions.code.",
		}, []string{"code"}),
	}
	for _, code := range []string{apierror.Internal, apierror.Timeout, apierror.Unavailable} {
		m.errors.WithLabelValues(code) // 0 from the start: the first one is an increase
	}
	registry.MustRegister(m.durations, m.errors)
	return m
}

// answered measures a query whose answer is ready.
func (m *Metrics) answered(oc *graphql.OperationContext) {
	if m == nil {
		return
	}
	name, trusted := "", "true"
	if document, ok := oc.Stats.GetExtension(documentKey).(*documents.Document); !ok {
		name, trusted = m.names.bounded(oc.Operation.Name), "false"
	} else if name = document.Name; name == "" {
		name = document.ID
	}
	m.durations.WithLabelValues(name, trusted).Observe(time.Since(oc.Stats.Read.End).Seconds())
}

func (m *Metrics) countError(code string) { m.errors.WithLabelValues(code).Inc() }

// Bounds of the names of operations, which clients choose.
const (
	maxNames   = 100
	otherNames = "other"
)

// operationNames are the names that operations are measured by.
type operationNames struct {
	mu    sync.Mutex
	known map[string]bool
}

// bounded returns a name if it is one of the first and not too long, and otherNames for others.
func (n *operationNames) bounded(name string) string {
	n.mu.Lock()
	defer n.mu.Unlock()
	switch {
	case name == "" || n.known[name]:
		return name
	case len(n.known) >= maxNames || len(name) > maxAudited:
		return otherNames
	case n.known == nil:
		n.known = map[string]bool{}
	}
	n.known[name] = true
	return name
}
