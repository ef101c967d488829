package ingest

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"sessiongraph/internal/simulate"
	"sessiongraph/models"
	"sessiongraph/models/store"
)

// BenchmarkIngest compares bounds of a batch, over HTTP, the real handler and a
// database on disk: notifications that are acknowledged each second, and how long the
// middle one and the slowest in a hundred wait. No more can wait than there are
// connections, so only with 256 of them a bound of 256 differs from one of 64.
// Without a rate, each connection sends as soon as it is answered: then all wait for
// each other, and the wait is their number over what is stored in a second.
func BenchmarkIngest(b *testing.B) {
	for _, connections := range []int{64, 256} {
		for _, batch := range []int{1, 16, 64, 256} {
			for _, rate := range []int{0, 600} {
				b.Run(fmt.Sprintf("connections=%d/batch=%d/rate=%d", connections, batch, rate), func(b *testing.B) {
					benchmarkIngest(b, connections, batch, rate)
				})
			}
		}
	}
}

func benchmarkIngest(b *testing.B, connections, batch, rate int) {
	database, err := store.Open(b.Context(), filepath.Join(b.TempDir(), "bench.db"), store.Options{})
	if err != nil {
		b.Fatal(err)
	}
	writer := newWriter(database, newMetrics(), batch)
	handler := newHandler(writer)
	handler.MaxBody = 8 << 20
	server := httptest.NewServer(handler)
	client := &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: connections}}
	b.Cleanup(func() {
		client.CloseIdleConnections()
		server.Close()
		writer.Close()
		_ = database.Close()
	})
	generator := simulate.New(1)
	bodies := make([][]byte, b.N)
	for n := range bodies {
		bodies[n] = generator.Notification(n)
	}
	waits := make([]time.Duration, b.N)
	var next atomic.Int64
	var refused atomic.Int64
	b.ResetTimer()
	start := time.Now()
	var senders sync.WaitGroup
	for range connections {
		senders.Go(func() {
			for n := int(next.Add(1)) - 1; n < len(bodies); n = int(next.Add(1)) - 1 {
				if rate > 0 {
					time.Sleep(time.Until(start.Add(time.Duration(n) * time.Second / time.Duration(rate))))
				}
				began := time.Now()
				response, err := client.Post(server.URL, "application/json", bytes.NewReader(bodies[n]))
				if err != nil {
					b.Error(err)
					return
				}
				_, _ = io.Copy(io.Discard, response.Body)
				_ = response.Body.Close()
				waits[n] = time.Since(began)
				if response.StatusCode != http.StatusOK {
					refused.Add(1)
				}
			}
		})
	}
	senders.Wait()
	b.StopTimer()
	slices.Sort(waits)
	milliseconds := func(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }
	b.ReportMetric(float64(b.N-int(refused.Load()))/b.Elapsed().Seconds(), "stored/s")
	b.ReportMetric(milliseconds(waits[len(waits)/2]), "p50-ms")
	b.ReportMetric(milliseconds(waits[len(waits)*99/100]), "p99-ms")
	b.ReportMetric(float64(refused.Load()), "503s")
	b.ReportMetric(0, "ns/op")
}

// BenchmarkDrift compares finding drift with decoding, which it is beside.
func BenchmarkDrift(b *testing.B) {
	generator, reader := simulate.New(1), models.NewDriftReader()
	bodies := make([][]byte, 200)
	for n := range bodies {
		bodies[n] = generator.Notification(n)
	}
	b.Run("decode", func(b *testing.B) {
		for n := 0; b.Loop(); n++ {
			_, _ = Decode(bodies[n%len(bodies)])
		}
	})
	b.Run("drift", func(b *testing.B) {
		for n := 0; b.Loop(); n++ {
			reader.Read(bodies[n%len(bodies)])
		}
	})
}
