package store

import "sync"

// newsroom wakes those who wait for newly stored sessions. It carries no news:
// what was stored is read from the ledger.
type newsroom struct {
	mu      sync.Mutex
	waiting map[chan struct{}]struct{}
	closed  bool
}

func newNewsroom() *newsroom { return &newsroom{waiting: map[chan struct{}]struct{}{}} }

// subscribe gives a channel that receives after each change, several changes at
// once possibly as one, and is closed with the store; leave ends it.
func (n *newsroom) subscribe() (wake <-chan struct{}, leave func()) {
	c := make(chan struct{}, 1)
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.closed {
		close(c)
		return c, func() {}
	}
	n.waiting[c] = struct{}{}
	return c, func() {
		n.mu.Lock()
		defer n.mu.Unlock()
		delete(n.waiting, c)
	}
}

func (n *newsroom) wake() {
	n.mu.Lock()
	defer n.mu.Unlock()
	for c := range n.waiting {
		select {
		case c <- struct{}{}:
		default: // it has a wake-up that it did not take yet
		}
	}
}

// awaited says whether anybody waits.
func (n *newsroom) awaited() bool {
	n.mu.Lock()
	defer n.mu.Unlock()
	return len(n.waiting) > 0
}

func (n *newsroom) close() {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.closed {
		return
	}
	n.closed = true
	for c := range n.waiting {
		close(c)
		delete(n.waiting, c)
	}
}
