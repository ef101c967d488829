package ingest

import (
	"context"
	"fmt"
	"time"
)

// admit waits until the notification is admitted, for as long as leaves queueWait for storing it.
func (w *Writer) admit(ctx context.Context) error {
	w.mu.Lock()
	switch {
	case w.closed:
		w.mu.Unlock()
		return fmt.Errorf("%w: the server is stopping", ErrQueueFull)
	case w.arriving.Len() == 0 && w.admitted < w.window():
		w.admitted++
		w.mu.Unlock()
		return nil
	}
	admitted := make(chan struct{})
	place := w.arriving.PushBack(admitted)
	storing := w.expected() * 5 / 4 // the rate of late is not quite that of the next moment
	w.mu.Unlock()

	deadline, _ := ctx.Deadline()
	timer := time.NewTimer(time.Until(deadline) - storing)
	defer timer.Stop()
	select {
	case <-admitted:
		return nil
	case <-timer.C:
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	select {
	case <-admitted: // meanwhile
		return nil
	default:
		w.arriving.Remove(place)
		return ErrQueueFull
	}
}

// window is how many may be admitted: as many as are stored within queueWait. Two batches
// are, also where that takes a little longer: storing one costs as much as storing a few.
func (w *Writer) window() int {
	if w.rate == 0 {
		return maxAdmitted
	}
	within := func(wait time.Duration) int { return int(w.rate * wait.Seconds()) }
	return min(maxAdmitted, max(minAdmitted, within(queueWait), min(2*w.most, within(slowestWait))))
}

// expected is how long the last one of the window waits.
func (w *Writer) expected() time.Duration {
	if w.rate == 0 {
		return queueWait
	}
	return time.Duration(float64(w.window()) / w.rate * float64(time.Second))
}

// dismiss makes room for another notification.
func (w *Writer) dismiss() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.admitted--
	w.admitNext()
	w.notify()
}

// release makes room for another notification, once for each.
func (w *Writer) release(item *pending) {
	if item.counts {
		item.counts = false
		w.admitted--
	}
}

func (w *Writer) admitNext() {
	for w.arriving.Len() > 0 && w.admitted < w.window() {
		close(w.arriving.Remove(w.arriving.Front()).(chan struct{}))
		w.admitted++
	}
}

func (w *Writer) notify() {
	select {
	case w.changed <- struct{}{}:
	default:
	}
}
