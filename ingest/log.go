package ingest

import (
	"context"
	"log/slog"
	"sync"
	"time"
)

// limitedLog writes one line a second at most; a line says how many it stands for.
type limitedLog struct {
	log     *slog.Logger
	level   slog.Level
	message string

	mu      sync.Mutex
	waiting bool // for a second to pass since the last line
	count   int  // since the last line
	latest  []any
	last    context.Context // of the request that was counted last
}

func newLimitedLog(log *slog.Logger, level slog.Level, message string) *limitedLog {
	return &limitedLog{log: log, level: level, message: message}
}

// add counts one more, and writes it with its attributes where a line may be written.
func (l *limitedLog) add(ctx context.Context, attributes ...any) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.count++
	l.latest, l.last = attributes, context.WithoutCancel(ctx)
	if !l.waiting {
		l.write()
	}
}

// write writes what was counted, and again a second later where more was by then.
func (l *limitedLog) write() {
	l.waiting = l.count > 0
	if !l.waiting {
		return
	}
	l.log.Log(l.last, l.level, l.message, append([]any{"count", l.count}, l.latest...)...)
	l.count, l.latest, l.last = 0, nil, nil
	time.AfterFunc(time.Second, func() {
		l.mu.Lock()
		defer l.mu.Unlock()
		l.write()
	})
}

// rejections counts signatures that do not verify.
type rejections struct {
	mu             sync.Mutex
	total, lacking int
}

func (r *rejections) count(lacks bool) (total, lacking int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.total++
	if lacks {
		r.lacking++
	}
	return r.total, r.lacking
}

// isPowerOfTwo picks, of counted events, the first, the second, the fourth and so on.
func isPowerOfTwo(n int) bool { return n&(n-1) == 0 }
