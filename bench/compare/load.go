package main

import (
	"bytes"
	"context"
	"slices"
	"sync"
	"sync/atomic"
	"time"
)

// maxRequests bounds one turn besides its time.
const maxRequests = 50_000

// turn cycles through the requests for the given time, and returns the responses per second.
func turn(ctx context.Context, p *server, requests []request, length time.Duration) (float64, error) {
	return load(ctx, p, requests, readConnections, maxRequests, length)
}

// load sends at most the given number of requests over parallel connections, each as soon as
// the previous one on its connection is answered.
func load(ctx context.Context, p *server, requests []request, connections, most int, length time.Duration) (
	rate float64, err error,
) {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	c := newClient(p, connections)
	defer c.close()
	var next, answered atomic.Int64
	began := time.Now()
	var workers sync.WaitGroup
	for range connections {
		workers.Go(func() {
			var buffer bytes.Buffer
			for time.Since(began) < length {
				n := next.Add(1) - 1
				if n >= int64(most) {
					return
				}
				if err := c.sendUntilTaken(ctx, requests[n%int64(len(requests))], &buffer); err != nil {
					cancel(err)
					return
				}
				answered.Add(1)
			}
		})
	}
	workers.Wait()
	return float64(answered.Load()) / time.Since(began).Seconds(), context.Cause(ctx)
}

// series is one value per round.
type series []float64

func (s series) median() float64 {
	sorted := slices.Sorted(slices.Values(s))
	return (sorted[(len(sorted)-1)/2] + sorted[len(sorted)/2]) / 2
}

// ratios are the quotients round by round.
func (s series) ratios(of series) series {
	ratios := make(series, len(s))
	for i := range s {
		ratios[i] = s[i] / of[i]
	}
	return ratios
}
