package store_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"sessiongraph/ingest"
	"sessiongraph/internal/simulate"
	"sessiongraph/models/store"
)

// BenchmarkSave stores simulated notifications in batches of several sizes.
func BenchmarkSave(b *testing.B) {
	for _, size := range []int{1, 16, 64, 256} {
		b.Run(fmt.Sprintf("batch=%d", size), func(b *testing.B) {
			database, err := store.Open(context.Background(), b.TempDir()+"/bench.db", store.Options{})
			if err != nil {
				b.Fatal(err)
			}
			b.Cleanup(func() {
				if err := database.Close(); err != nil {
					b.Error(err)
				}
			})
			generator := simulate.New(1)
			n := 0
			for b.Loop() {
				b.StopTimer()
				batch := make([]store.PreparedDelivery, size)
				for i := range batch {
					batch[i] = database.Prepare(ingest.NewDelivery(generator.Notification(n), "", time.Now()))
					n++
				}
				b.StartTimer()
				if err := database.Save(context.Background(), batch); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(n)/b.Elapsed().Seconds(), "notifications/s")
		})
	}
}
