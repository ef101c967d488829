package graph

import (
	"context"
	"slices"
	"sync"
	"time"

	"github.com/99designs/gqlgen/graphql"

	"sessiongraph/graph/transport"
)

// Bounds of the cached responses to events.
const (
	cachedBytes = 16 << 20
	maxEventAge = 2 * time.Second // the session may change, or be erased
)

// eventCache caches the responses to events for a moment: subscribers with equal
// operations share them.
type eventCache struct {
	mu     sync.Mutex
	events map[eventKey]*cachedEvent
	order  []eventKey // oldest first
	bytes  int
}

type eventKey struct {
	operation [32]byte // its hash
	seq       int64
}

type cachedEvent struct {
	ready  chan struct{}
	ok     bool
	err    error
	at     time.Time
	answer *eventAnswer // nil for none
}

// eventAnswer is the response to an event. It is encoded once for all subscribers, unless it has errors, which name
// the request of each.
type eventAnswer struct {
	encoded []byte
	failed  *graphql.Response // the one with errors
}

func newEventAnswer(ctx context.Context, response *graphql.Response) *eventAnswer {
	if len(response.Errors) > 0 {
		failed := *response
		failed.Data = slices.Clone(response.Data) // gqlgen's buffer, which the next event is written to
		return &eventAnswer{failed: &failed}
	}
	return &eventAnswer{encoded: transport.Encode(ctx, response)}
}

func (a *eventAnswer) encode(ctx context.Context) []byte {
	if a.failed != nil {
		return transport.Encode(ctx, a.failed)
	}
	return a.encoded
}

// size is about how many bytes an answer takes.
func (a *eventAnswer) size() int {
	switch {
	case a == nil:
		return 0
	case a.failed != nil:
		return len(a.failed.Data)
	default:
		return len(a.encoded)
	}
}

// get returns the response to an event, rendered by one of the concurrent callers. If
// that caller's context ends, another renders.
func (r *eventCache) get(
	ctx context.Context, key eventKey, render func() (*eventAnswer, error),
) (*eventAnswer, error) {
	for {
		r.mu.Lock()
		event := r.events[key]
		if event == nil {
			event = &cachedEvent{ready: make(chan struct{})}
			if r.events == nil {
				r.events = map[eventKey]*cachedEvent{}
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

		if event.ok && time.Since(event.at) < maxEventAge {
			return event.answer, nil
		}
		if event.err != nil {
			return nil, event.err
		}
		r.mu.Lock()
		r.drop(key, event)
		r.mu.Unlock()
	}
}

func (r *eventCache) render(
	ctx context.Context, key eventKey, event *cachedEvent, render func() (*eventAnswer, error),
) (*eventAnswer, error) {
	defer close(event.ready)
	answer, err := render()

	r.mu.Lock()
	defer r.mu.Unlock()
	if err != nil {
		r.drop(key, event)
		if ctx.Err() == nil {
			event.err = err
		}
		return nil, err
	}
	event.ok, event.at, event.answer = true, time.Now(), answer
	r.bytes += answer.size()
	r.order = append(r.order, key)

	for len(r.order) > 0 {
		oldest := r.events[r.order[0]]
		if oldest != nil && r.bytes <= cachedBytes && time.Since(oldest.at) < maxEventAge {
			break
		}
		if oldest != nil {
			r.drop(r.order[0], oldest)
		}
		r.order = r.order[1:]
	}
	return answer, nil
}

// drop removes an event unless it has been replaced.
func (r *eventCache) drop(key eventKey, event *cachedEvent) {
	if r.events[key] == event {
		delete(r.events, key)
		r.bytes -= event.answer.size()
	}
}
