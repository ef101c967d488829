package server

import (
	"context"
	"log/slog"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"

	"sessiongraph/internal/buildinfo"
	"sessiongraph/models"
	"sessiongraph/models/store"
)

// registerMetrics registers what is measured of the process and of the database.
func registerMetrics(registry *prometheus.Registry, database *store.Store, build buildinfo.Info, log *slog.Logger) {
	registry.MustRegister(
		collectors.NewGoCollector(),
		collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}),
		ledgerCollector{database, log},
		buildMetric(build),
	)
}

// buildMetric is 1, with the build as its labels.
func buildMetric(build buildinfo.Info) prometheus.Collector {
	options := prometheus.GaugeOpts{Name: "sessiongraph_build_info", Help: "The program that runs: always 1."}
	metric := prometheus.NewGaugeVec(options, []string{"version", "commit", "date", "goversion"})
	metric.WithLabelValues(build.Version, build.Commit, build.Date, build.Go).Set(1)
	return metric
}

// ledgerCollector counts the ledger at each scrape.
type ledgerCollector struct {
	store *store.Store
	log   *slog.Logger
}

// ledgerTimeout bounds a count of the ledger.
const ledgerTimeout = time.Second

var ledgerDescription = prometheus.NewDesc("sessiongraph_ledger_notifications",
	"Notifications in the ledger by outcome.", []string{"outcome"}, nil)

// Describe implements prometheus.Collector.
func (ledgerCollector) Describe(to chan<- *prometheus.Desc) { to <- ledgerDescription }

// Collect implements prometheus.Collector.
func (c ledgerCollector) Collect(to chan<- prometheus.Metric) {
	ctx, cancel := context.WithTimeout(context.Background(), ledgerTimeout)
	defer cancel()
	counts, err := c.store.CountOutcomes(ctx)
	if err != nil {
		c.log.Error("ledger not counted", "error", err)
		return
	}
	for _, outcome := range []models.Outcome{models.Projected, models.Quarantined, models.Refused} {
		count := float64(counts[outcome])
		to <- prometheus.MustNewConstMetric(ledgerDescription, prometheus.GaugeValue, count, string(outcome))
	}
}
