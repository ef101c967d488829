package cli

import (
	"fmt"
	"io"
	"time"
)

// progress shows the progress, rate and remaining time of long work on a terminal, and
// nothing on other outputs.
type progress struct {
	to    io.Writer
	what  string
	total int // 0 if unknown
	done  int
	began time.Time
	shown time.Time
	now   func() time.Time

	// If total is unknown, the share of bytes that are read.
	bytes     int64
	bytesDone func() int64
}

func newProgress(to io.Writer, what string, total int) *progress {
	if !isTerminal(to) {
		to = nil
	}
	return &progress{to: to, what: what, total: total, began: time.Now(), now: time.Now}
}

// ofBytes makes bytes the measure of the share that is done.
func (p *progress) ofBytes(total int64, done func() int64) { p.bytes, p.bytesDone = total, done }

func (p *progress) add(n int) { p.set(p.done+n, p.total) }

func (p *progress) set(done, total int) {
	p.done, p.total = done, total
	if p.to == nil || p.now().Sub(p.shown) < 100*time.Millisecond {
		return
	}
	p.shown = p.now()
	p.show()
}

func (p *progress) show() { _, _ = fmt.Fprintf(p.to, "\r\x1b[K%s", p.line()) }

func (p *progress) line() string {
	line := fmt.Sprintf("%s %d", p.what, p.done)
	share := 0.0
	switch {
	case p.total > 0:
		line += fmt.Sprintf(" of %d", p.total)
		share = float64(p.done) / float64(p.total)
	case p.bytes > 0:
		share = float64(p.bytesDone()) / float64(p.bytes)
	}
	if share > 0 {
		line += fmt.Sprintf(" (%d %%)", int(100*share))
	}
	taken := p.now().Sub(p.began)
	if taken < time.Second {
		return line
	}
	line += fmt.Sprintf(", %.0f a second", float64(p.done)/taken.Seconds())
	if share > 0 && share < 1 {
		left := time.Duration(float64(taken) * (1 - share) / share)
		line += fmt.Sprintf(", %v left", left.Round(time.Second))
	}
	return line
}

// end shows the last state and ends the line.
func (p *progress) end() {
	if p.to != nil && !p.shown.IsZero() {
		p.show()
		_, _ = fmt.Fprintln(p.to)
	}
}
