// Package pacing bounds for how long work beside a server holds the write lock.
package pacing

import (
	"context"
	"time"

	"sessiongraph/models/store/dialect"
)

// Long work beside a server takes the write lock for about stepTime at once, a
// fraction of the time that the server waits for it, and leaves it free for at
// least as long: a waiting server tries again every 25 milliseconds.
const (
	stepTime   = 40 * time.Millisecond
	leastPause = 30 * time.Millisecond
)

// Batch is how much of some long work goes into one transaction.
type Batch struct{ Size, Most int }

// Adapt makes the next transaction as large as fits into stepTime, after one of some
// size held the lock for some time.
func (p *Batch) Adapt(size int, held time.Duration) {
	fits := float64(size) * float64(stepTime) / float64(max(held, time.Microsecond))
	p.Size = int(min(max(fits, float64(p.Size)/4, 1), 2*float64(p.Size), float64(p.Most)))
}

// LeaveLock leaves the lock to others after it was held for some time.
func LeaveLock(ctx context.Context, held time.Duration) error {
	return dialect.Pause(ctx, max(held, leastPause))
}
