package store

import (
	"context"
	"time"
)

// Long work beside a server takes the write lock for about stepTime at once, a
// fraction of the time that the server waits for it, and leaves it free for at
// least as long: a waiting server tries again every 25 milliseconds.
const (
	stepTime   = 40 * time.Millisecond
	leastPause = 30 * time.Millisecond
)

// pacing is how much of some long work goes into one transaction.
type pacing struct{ size, most int }

// adapt makes the next transaction as large as fits into stepTime, after one of some
// size held the lock for some time.
func (p *pacing) adapt(size int, held time.Duration) {
	fits := float64(size) * float64(stepTime) / float64(max(held, time.Microsecond))
	p.size = int(min(max(fits, float64(p.size)/4, 1), 2*float64(p.size), float64(p.most)))
}

// leaveLock leaves the lock to others after it was held for some time.
func leaveLock(ctx context.Context, held time.Duration) error {
	return pause(ctx, max(held, leastPause))
}
