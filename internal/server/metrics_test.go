package server

import (
	"log/slog"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/prometheus/client_golang/prometheus"

	"sessiongraph/internal/buildinfo"
	"sessiongraph/internal/test/testdb"
	"sessiongraph/models/store"
)

// A scrape reads the counts of the ledger, a few rows, and no table that grows.
func TestScrapesScanNoTable(t *testing.T) {
	var counts, others atomic.Int32
	database, err := store.Open(t.Context(), testdb.SQLite.Fresh(t), store.Options{OnStatement: func(sql string) {
		if strings.HasSuffix(sql, "FROM ledger_counts") {
			counts.Add(1)
		} else {
			others.Add(1)
		}
	}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = database.Close() })
	registry := prometheus.NewRegistry()
	registerMetrics(registry, database, buildinfo.Info{}, slog.New(slog.DiscardHandler))

	counts.Store(0)
	others.Store(0)
	if families, err := registry.Gather(); err != nil || len(families) == 0 {
		t.Fatal(families, err)
	}
	if counts.Load() != 1 || others.Load() != 0 {
		t.Errorf("a scrape runs %d statements on the counts, and %d others", counts.Load(), others.Load())
	}
}
