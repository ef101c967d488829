package ingest

import (
	"bytes"
	"context"
	"fmt"
	"runtime"
	"slices"
	"sync"
	"testing/synctest"

	"sessiongraph/models"
	"sessiongraph/models/store"
)

// fakeLedger takes batches when it is let, and answers what it is told to.
type fakeLedger struct {
	mu      sync.Mutex
	batches [][]store.PreparedDelivery
	entered chan struct{} // receives at the start of each batch
	proceed chan struct{} // closed, or sent to for each batch
	answer  func(batch []store.PreparedDelivery) error
	probe   func(bytes int) error
}

func (l *fakeLedger) Probe(_ context.Context, bytes int) error {
	if l.probe == nil {
		return nil
	}
	return l.probe(bytes)
}

func (l *fakeLedger) Prepare(d models.Delivery) store.PreparedDelivery {
	return store.PreparedDelivery{Delivery: d}
}

func (l *fakeLedger) Save(_ context.Context, batch []store.PreparedDelivery) error {
	if l.entered != nil {
		l.entered <- struct{}{}
		<-l.proceed
	}
	if l.answer != nil {
		if err := l.answer(batch); err != nil {
			return err
		}
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.batches = append(l.batches, slices.Clone(batch))
	return nil
}

func (l *fakeLedger) stored() []string {
	l.mu.Lock()
	defer l.mu.Unlock()
	var bodies []string
	for _, batch := range l.batches {
		for _, a := range batch {
			bodies = append(bodies, string(a.Body))
		}
	}
	return bodies
}

func blocked() *fakeLedger {
	return &fakeLedger{entered: make(chan struct{}, 10_000), proceed: make(chan struct{})}
}

// hold gives the writer one delivery and returns once the ledger holds it: what
// comes next has to wait.
func hold(w *Writer, l *fakeLedger) (result chan error) {
	result = make(chan error, 1)
	go func() { result <- save(w, "first") }()
	<-l.entered
	return result
}

// fill gives the writer deliveries and returns once they all wait in its queue.
func fill(w *Writer, count int) (results chan error) {
	results = make(chan error, count)
	for i := range count {
		go func() { results <- save(w, fmt.Sprint(i)) }()
	}
	for w.queued()+len(results) < count { // on a slow machine some were answered already
		runtime.Gosched()
	}
	return results
}

func save(w *Writer, body string) error {
	_, err := w.Save(context.Background(), received(body))
	return err
}

// failing is a store in which a batch with a marked delivery fails.
type failing struct {
	*store.Store
	marked string
	err    error
	always bool // also without its projection
}

func (l failing) Save(ctx context.Context, batch []store.PreparedDelivery) error {
	for _, a := range batch {
		if bytes.Contains(a.Body, []byte(l.marked)) && (l.always || a.Projection != nil) {
			return l.err
		}
	}
	return l.Store.Save(ctx, batch)
}

// saveAsOneBatch lets deliveries wait behind one, so that they are one batch.
func saveAsOneBatch(ledger Ledger, notifications ...Received) []error {
	gate := &gated{Ledger: ledger, entered: make(chan struct{}, 1000), proceed: make(chan struct{})}
	w := NewWriter(gate, newMetrics())
	defer w.Close()
	saveAll(w, []Received{notificationOf("the one in front")})
	<-gate.entered
	await := saveAll(w, notifications)
	synctest.Wait()
	close(gate.proceed)
	return await()
}

// gated holds up a ledger.
type gated struct {
	Ledger
	entered, proceed chan struct{}
}

func (l *gated) Save(ctx context.Context, batch []store.PreparedDelivery) error {
	l.entered <- struct{}{}
	<-l.proceed
	return l.Ledger.Save(ctx, batch)
}
