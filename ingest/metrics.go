package ingest

import (
	"fmt"
	"log/slog"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"sessiongraph/models"
	"sessiongraph/models/store"
)

// Metrics are the Prometheus metrics of the ingest route.
type Metrics struct {
	answers    *prometheus.CounterVec
	deliveries *prometheus.CounterVec
	signatures *prometheus.CounterVec
	schemes    *prometheus.CounterVec
	drift      *prometheus.CounterVec
	batches    prometheus.Histogram
	durations  prometheus.Histogram
}

// NewMetrics makes the metrics and registers them.
func NewMetrics(registry prometheus.Registerer) *Metrics {
	m := &Metrics{
		answers: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "sessiongraph_ingest_requests_total", Help: "Requests of the ingest route, by status.",
		}, []string{"code"}),
		deliveries: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "sessiongraph_ingest_deliveries_total", Help: "Notifications that were stored, repeats included, " +
				"by outcome: projected, quarantined or refused.",
		}, []string{"outcome"}),
		signatures: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "sessiongraph_ingest_signatures_total", Help: "Signatures that were checked, by the secret that " +
				"verified them: its place in the settings, from 1; none where none did.",
		}, []string{"secret"}),
		schemes: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "sessiongraph_ingest_signature_schemes_total", Help: "Signatures that a scheme verified while " +
				"they were observed; none where no scheme did.",
		}, []string{"scheme"}),
		drift: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "sessiongraph_drift_notifications_total", Help: "Notifications that were stored, without repeats, " +
				"and have something that this version does not know, by its kind.",
		}, []string{"kind"}),
		batches: prometheus.NewHistogram(prometheus.HistogramOpts{
			Name: "sessiongraph_ingest_batch_size", Help: "Notifications stored in one transaction.",
			Buckets: prometheus.ExponentialBuckets(1, 2, 8),
		}),
		durations: prometheus.NewHistogram(prometheus.HistogramOpts{
			Name: "sessiongraph_ingest_duration_seconds",
			Help: "Time from a request's headers to the response to it, of the ingest route.",
			// Responses take at most a second.
			Buckets: []float64{.005, .01, .025, .05, .1, .25, .5, .75, 1},
		}),
	}
	registry.MustRegister(m.answers, m.deliveries, m.signatures, m.schemes, m.drift, m.batches, m.durations)
	for _, kind := range models.DriftKinds() {
		m.drift.WithLabelValues(string(kind))
	}
	return m
}

func (m *Metrics) answered(status int, took time.Duration) {
	m.answers.WithLabelValues(strconv.Itoa(status)).Inc()
	m.durations.Observe(took.Seconds())
}

func (m *Metrics) stored(outcome models.Outcome) { m.deliveries.WithLabelValues(string(outcome)).Inc() }

// drifted counts a notification that was stored by the kinds of its drift.
func (m *Metrics) drifted(d store.PreparedDelivery) {
	if d.Stored.Repeat {
		return
	}
	for _, kind := range d.DriftKinds() {
		m.drift.WithLabelValues(string(kind)).Inc()
	}
}

// Expect exports a count for each of so many secrets, also for one that verifies nothing.
func (m *Metrics) Expect(secrets int) {
	for n := range secrets {
		m.signatures.WithLabelValues(strconv.Itoa(n + 1))
	}
}

// Verified counts a signature by the secret that verified it.
func (m *Metrics) Verified(secret int) {
	name := "none"
	if secret > 0 {
		name = strconv.Itoa(secret)
	}
	m.signatures.WithLabelValues(name).Inc()
}

// Observer counts which schemes verify, and writes to the log how many of how many
// they did: after the first notification, the second, the fourth and so on.
func (m *Metrics) Observer(log *slog.Logger) func([]Scheme) {
	var mu sync.Mutex
	total := 0
	verified := map[string]int{}
	return func(schemes []Scheme) {
		mu.Lock()
		defer mu.Unlock()
		total++
		for _, s := range schemes {
			verified[s.String()]++
			m.schemes.WithLabelValues(s.String()).Inc()
		}
		if len(schemes) == 0 {
			m.schemes.WithLabelValues("none").Inc()
		}
		if isPowerOfTwo(total) {
			log.Info("signatures observed", "notifications", total, "verified", summary(verified, total))
		}
	}
}

func summary(verified map[string]int, total int) string {
	if len(verified) == 0 {
		return "none by any scheme"
	}
	var parts []string
	for name, count := range verified {
		parts = append(parts, fmt.Sprintf("%s %d of %d", name, count, total))
	}
	slices.Sort(parts)
	return strings.Join(parts, ", ")
}
