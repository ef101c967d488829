package store

import "sync"

// notifier wakes subscribers when sessions are stored, which they read from the ledger.
type notifier struct {
	mu          sync.Mutex
	subscribers map[chan struct{}]struct{}
	closed      bool
}

func newNotifier() *notifier { return &notifier{subscribers: map[chan struct{}]struct{}{}} }

// subscribe returns a channel that receives after each change, or once after several, and is
// closed with the store.
func (n *notifier) subscribe() (wake <-chan struct{}, unsubscribe func()) {
	c := make(chan struct{}, 1)
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.closed {
		close(c)
		return c, func() {}
	}
	n.subscribers[c] = struct{}{}
	return c, func() {
		n.mu.Lock()
		defer n.mu.Unlock()
		delete(n.subscribers, c)
	}
}

// wake wakes all subscribers.
func (n *notifier) wake() {
	n.mu.Lock()
	defer n.mu.Unlock()
	for c := range n.subscribers {
		select {
		case c <- struct{}{}:
		default: // it has a wake-up that it did not take yet
		}
	}
}

// hasSubscribers reports whether there are any.
func (n *notifier) hasSubscribers() bool {
	n.mu.Lock()
	defer n.mu.Unlock()
	return len(n.subscribers) > 0
}

// close closes the channels of all subscribers.
func (n *notifier) close() {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.closed {
		return
	}
	n.closed = true
	for c := range n.subscribers {
		close(c)
		delete(n.subscribers, c)
	}
}
