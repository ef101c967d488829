package graph

import (
	"context"
	"sync"
	"time"
)

// Bounds of the answers to events that are kept for other subscribers.
const (
	renderedBytes = 16 << 20
	renderedAge   = 2 * time.Second // the session may change, or be erased
)

// renderedEvents keeps the answers to events for a moment: subscribers with equal
// operations are sent one and the same.
type renderedEvents struct {
	mu     sync.Mutex
	events map[eventKey]*renderedEvent
	order  []eventKey // oldest first
	bytes  int
}

type eventKey struct {
	operation [32]byte // a hash of what it depends on
	seq       int64
}

type renderedEvent struct {
	ready   chan struct{}
	ok      bool
	err     error
	at      time.Time
	payload []byte
}

// get returns the answer to an event, rendered by one of those who ask at once. Where
// that one leaves meanwhile, another renders.
func (r *renderedEvents) get(ctx context.Context, key eventKey, render func() ([]byte, error)) ([]byte, error) {
	for {
		r.mu.Lock()
		event := r.events[key]
		if event == nil {
			event = &renderedEvent{ready: make(chan struct{})}
			if r.events == nil {
				r.events = map[eventKey]*renderedEvent{}
			}
			r.events[key] = event
			r.mu.Unlock()
			return r.render(ctx, key, event, render)
		}
		r.mu.Unlock()
		select {
		case <-event.ready:
		case <-ctx.Done():
			return nil, ctx.Err()
		}
		if event.ok && time.Since(event.at) < renderedAge {
			return event.payload, nil
		}
		if event.err != nil {
			return nil, event.err
		}
		r.mu.Lock()
		r.drop(key, event)
		r.mu.Unlock()
	}
}

func (r *renderedEvents) render(ctx context.Context, key eventKey, event *renderedEvent, render func() ([]byte, error)) ([]byte, error) {
	defer close(event.ready)
	payload, err := render()
	r.mu.Lock()
	defer r.mu.Unlock()
	if err != nil {
		r.drop(key, event)
		if ctx.Err() == nil {
			event.err = err
		}
		return nil, err
	}
	event.ok, event.at, event.payload = true, time.Now(), payload
	r.bytes += len(payload)
	r.order = append(r.order, key)
	for len(r.order) > 0 {
		oldest := r.events[r.order[0]]
		if oldest != nil && r.bytes <= renderedBytes && time.Since(oldest.at) < renderedAge {
			break
		}
		if oldest != nil {
			r.drop(r.order[0], oldest)
		}
		r.order = r.order[1:]
	}
	return payload, nil
}

// drop forgets an event unless another has taken its place.
func (r *renderedEvents) drop(key eventKey, event *renderedEvent) {
	if r.events[key] == event {
		delete(r.events, key)
		r.bytes -= len(event.payload)
	}
}
