package command

import (
	"fmt"
	"io"
	"time"
)

// progress shows on a terminal how far long work is, and nothing anywhere else.
type progress struct {
	to    io.Writer
	what  string
	total int // 0 where it is not known
	done  int
	shown time.Time
}

func newProgress(to io.Writer, what string, total int) *progress {
	if !isTerminal(to) {
		to = nil
	}
	return &progress{to: to, what: what, total: total}
}

func (p *progress) add(n int) { p.set(p.done+n, p.total) }

func (p *progress) set(done, total int) {
	p.done, p.total = done, total
	if p.to == nil || time.Since(p.shown) < 100*time.Millisecond {
		return
	}
	p.shown = time.Now()
	p.show()
}

func (p *progress) show() {
	if p.total > 0 {
		_, _ = fmt.Fprintf(p.to, "\r%s %d of %d (%d %%) ", p.what, p.done, p.total, 100*p.done/p.total)
	} else {
		_, _ = fmt.Fprintf(p.to, "\r%s %d ", p.what, p.done)
	}
}

// end leaves the line to what is written next.
func (p *progress) end() {
	if p.to != nil && !p.shown.IsZero() {
		p.show()
		_, _ = fmt.Fprintln(p.to)
	}
}
