package ingest

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"golang.org/x/sync/semaphore"
)

// Bounds of the bodies in memory, from before they are read until they are answered.
// Large ones have a budget of their own: a few senders of them, or of their first
// halves, hold up no others.
const (
	smallBody   = 64 << 10
	smallBudget = 64 << 20
	largeBudget = 64 << 20
	firstRead   = 4 << 10
	budgetWait  = maxWait / 2 // of one request
)

// budget bounds the bytes of all bodies in memory.
type budget struct{ small, large *semaphore.Weighted }

func newBudget() *budget {
	return &budget{semaphore.NewWeighted(smallBudget), semaphore.NewWeighted(largeBudget)}
}

// held is a request's part of the budget.
type held struct {
	budget       *budget
	small, large int64
	waited       time.Duration
}

func (h *held) release() {
	if h == nil {
		return
	}
	h.budget.small.Release(h.small)
	h.budget.large.Release(h.large)
	h.small, h.large = 0, 0
}

func (h *held) take(from *semaphore.Weighted, bytes int64, total *int64) error {
	if !from.TryAcquire(bytes) {
		began := time.Now()
		ctx, cancel := context.WithTimeout(context.Background(), budgetWait-h.waited)
		defer cancel()
		err := from.Acquire(ctx, bytes)
		h.waited += time.Since(began)
		if err != nil {
			return fmt.Errorf("%w: the bodies that are being read and stored have %d bytes", ErrQueueFull,
				smallBudget+largeBudget)
		}
	}
	*total += bytes
	return nil
}

// read reads a body. A small one takes its part of the budget as its bytes come in, a
// large one all of it at once: of many that come at once, some are served. The
// caller releases what is held, also after an error, which is ErrQueueFull where the budget
// is exhausted for too long.
func (b *budget) read(from io.Reader, declared, most int64) ([]byte, *held, error) {
	h := &held{budget: b}
	if err := h.take(b.small, firstRead, &h.small); err != nil {
		return nil, h, err
	}
	body := make([]byte, 0, firstRead)
	for int64(len(body)) != declared {
		if len(body) == cap(body) {
			capacity, err := h.grow(int64(cap(body)), declared, most)
			if err != nil {
				return nil, h, err
			}
			body = append(make([]byte, 0, capacity), body...)
		}
		n, err := from.Read(body[len(body):cap(body)])
		body = body[:len(body)+n]
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, h, err
		}
	}
	return body, h, nil
}

// grow takes more of the budget, and returns the new capacity.
func (h *held) grow(capacity, declared, most int64) (int64, error) {
	switch {
	case capacity < smallBody && declared <= smallBody:
		more := min(3*capacity, smallBody-capacity)
		return capacity + more, h.take(h.budget.small, more, &h.small)
	case h.large == 0 && declared > 0:
		return declared, h.take(h.budget.large, min(declared, largeBudget), &h.large)
	case h.large == 0: // the length is not known before its end
		return 4 * capacity, h.take(h.budget.large, min(most, largeBudget), &h.large)
	default:
		return min(4*capacity, most+1), nil
	}
}
