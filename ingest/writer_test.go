package ingest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"sessiongraph/internal/testdb"
	"sessiongraph/models"
)

func deliveryOf(callID string) models.Delivery {
	return NewDelivery(withField("call_id", `"`+callID+`"`), "", time.Now())
}

func countSessions(t *testing.T, store *models.Store) int {
	t.Helper()
	counts, err := store.CountSessions(t.Context(), models.SessionList{Order: models.DefaultSessionOrder()}, []string{""})
	if err != nil {
		t.Fatal(err)
	}
	return counts[""]
}

// begin saves deliveries at once; await gives the error of each. On a slow disk some
// may be late, which is no error: they are stored all the same.
func begin(w *Writer, deliveries []models.Delivery) (await func() []error) {
	errs := make([]error, len(deliveries))
	var all sync.WaitGroup
	for i, d := range deliveries {
		all.Go(func() {
			if err := w.Save(context.Background(), d); !errors.Is(err, ErrLate) {
				errs[i] = err
			}
		})
	}
	return func() []error {
		all.Wait()
		return errs
	}
}

func TestWriterStoresWhatManySend(t *testing.T) {
	testdb.Each(t, func(t *testing.T, kind testdb.Kind) {
		store := openStore(t, kind)
		w := NewWriter(store, newMetrics())
		const count = 300
		deliveries := make([]models.Delivery, count)
		for i := range deliveries {
			deliveries[i] = deliveryOf(fmt.Sprint("call-", i%(count/2))) // each twice
		}
		for i, err := range begin(w, deliveries)() {
			if err != nil {
				t.Errorf("delivery %d: %v", i, err)
			}
		}
		w.Close()
		if got := countSessions(t, store); got != count/2 {
			t.Errorf("%d sessions are stored, want %d", got, count/2)
		}
	})
}

// A delivery that was answered is committed: nobody has to wait for the next batch.
func TestWriterAnswersWhenItIsStored(t *testing.T) {
	testdb.Each(t, func(t *testing.T, kind testdb.Kind) {
		store := openStore(t, kind)
		w := NewWriter(store, newMetrics())
		defer w.Close()
		for i := range 20 {
			if err := w.Save(t.Context(), deliveryOf(fmt.Sprint("call-", i))); errors.Is(err, ErrLate) {
				t.Skip("the disk is too slow to be answered by")
			} else if err != nil {
				t.Fatal(err)
			}
			if got := countSessions(t, store); got != i+1 {
				t.Fatalf("%d sessions after delivery %d", got, i)
			}
		}
	})
}

// fakeLedger takes batches when it is let, and answers what it is told to.
type fakeLedger struct {
	mu      sync.Mutex
	batches [][]models.Arrival
	entered chan struct{} // receives at the start of each batch
	proceed chan struct{} // closed, or sent to for each batch
	answer  func(batch []models.Arrival) error
}

func (l *fakeLedger) Arrive(d models.Delivery) models.Arrival { return models.Arrival{Delivery: d} }

func (l *fakeLedger) Save(_ context.Context, batch []models.Arrival) error {
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
	go func() { result <- w.Save(context.Background(), models.Delivery{Body: []byte("first")}) }()
	<-l.entered
	return result
}

// fill gives the writer deliveries and returns once they all wait in its queue.
func fill(w *Writer, count int) (results chan error) {
	results = make(chan error, count)
	for i := range count {
		go func() { results <- w.Save(context.Background(), models.Delivery{Body: fmt.Append(nil, i)}) }()
	}
	for len(w.queue) < count {
		runtime.Gosched()
	}
	return results
}

func TestWriterTakesWhatWaitsAsBatches(t *testing.T) {
	l := blocked()
	w := NewWriter(l, newMetrics())
	hold(w, l)
	fill(w, 2*maxBatch+1)
	close(l.proceed)
	w.Close()
	var sizes []int
	for _, batch := range l.batches {
		sizes = append(sizes, len(batch))
	}
	if want := []int{1, maxBatch, maxBatch, 1}; !slices.Equal(sizes, want) {
		t.Errorf("batches of %v, want %v", sizes, want)
	}
}

func TestWriterIsBusyWithAFullQueue(t *testing.T) {
	l := blocked()
	w := NewWriter(l, newMetrics())
	hold(w, l)
	fill(w, maxQueue)
	if err := w.Save(t.Context(), models.Delivery{Body: []byte("one too many")}); !errors.Is(err, ErrBusy) {
		t.Errorf("error is %v, want ErrBusy", err)
	}
	close(l.proceed)
	w.Close()
	if stored := l.stored(); len(stored) != maxQueue+1 || slices.Contains(stored, "one too many") {
		t.Errorf("%d are stored, want %d", len(stored), maxQueue+1)
	}
}

func TestWriterIsBusyWithManyBytes(t *testing.T) {
	l := blocked()
	w := NewWriter(l, newMetrics())
	hold(w, l)
	large := models.Delivery{Body: make([]byte, maxQueueBytes-100)} // never touched, so no memory is taken
	waiting := make(chan error, 1)
	go func() { waiting <- w.Save(context.Background(), large) }()
	for len(w.queue) == 0 {
		runtime.Gosched()
	}
	if err := w.Save(t.Context(), models.Delivery{Body: bytes.Repeat([]byte("x"), 101)}); !errors.Is(err, ErrBusy) {
		t.Errorf("error is %v, want ErrBusy", err)
	}
	close(l.proceed)
	<-waiting
	// What is stored makes room, before the next delivery is.
	for _, size := range []int{1, 101} {
		if err := w.Save(t.Context(), models.Delivery{Body: bytes.Repeat([]byte("x"), size)}); err != nil {
			t.Errorf("%d bytes later: %v", size, err)
		}
	}
	w.Close()
}

func TestWriterIsLateWithASlowLedger(t *testing.T) {
	l := blocked()
	w := NewWriter(l, newMetrics())
	if err := w.Save(t.Context(), models.Delivery{Body: []byte("slow")}); !errors.Is(err, ErrLate) {
		t.Errorf("error is %v, want ErrLate", err)
	}
	close(l.proceed)
	w.Close()
	if stored := l.stored(); !slices.Equal(stored, []string{"slow"}) {
		t.Errorf("stored are %q: what is late is stored all the same", stored)
	}
}

func TestWriterStoresForARequestThatEnded(t *testing.T) {
	l := blocked()
	w := NewWriter(l, newMetrics())
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := w.Save(ctx, models.Delivery{Body: []byte("gone")}); !errors.Is(err, context.Canceled) {
		t.Errorf("error is %v, want context.Canceled", err)
	}
	close(l.proceed)
	w.Close()
	if stored := l.stored(); !slices.Equal(stored, []string{"gone"}) {
		t.Errorf("stored are %q", stored)
	}
}

func TestCloseDrains(t *testing.T) {
	l := blocked()
	w := NewWriter(l, newMetrics())
	first := hold(w, l)
	results := fill(w, 100)
	closed := make(chan struct{})
	go func() { w.Close(); close(closed) }()
	select {
	case <-closed:
		t.Fatal("closed while deliveries wait")
	case l.proceed <- struct{}{}:
	}
	close(l.proceed)
	<-closed
	if got := len(l.stored()); got != 101 {
		t.Errorf("%d are stored, want 101", got)
	}
	if err := <-first; err != nil && !errors.Is(err, ErrLate) {
		t.Errorf("the first: %v", err)
	}
	for range 100 {
		if err := <-results; err != nil && !errors.Is(err, ErrLate) {
			t.Errorf("one that waited: %v", err)
		}
	}
	if err := w.Save(t.Context(), models.Delivery{}); !errors.Is(err, ErrBusy) {
		t.Errorf("after Close the error is %v, want ErrBusy", err)
	}
	w.Close() // once more does no harm
}

// failing is a store in which a batch with a marked delivery fails.
type failing struct {
	*models.Store
	marked string
	err    error
	always bool // also without its projection
}

func (l failing) Save(ctx context.Context, batch []models.Arrival) error {
	for _, a := range batch {
		if bytes.Contains(a.Body, []byte(l.marked)) && (l.always || a.Projection != nil) {
			return l.err
		}
	}
	return l.Store.Save(ctx, batch)
}

// saveAsOneBatch lets deliveries wait behind one, so that they are one batch.
func saveAsOneBatch(t *testing.T, ledger Ledger, deliveries ...models.Delivery) []error {
	t.Helper()
	gate := &gated{Ledger: ledger, entered: make(chan struct{}, 1000), proceed: make(chan struct{})}
	w := NewWriter(gate, newMetrics())
	defer w.Close()
	begin(w, []models.Delivery{deliveryOf("the one in front")})
	<-gate.entered
	await := begin(w, deliveries)
	for len(w.queue) < len(deliveries) {
		runtime.Gosched()
	}
	close(gate.proceed)
	return await()
}

// gated holds up a ledger.
type gated struct {
	Ledger
	entered, proceed chan struct{}
}

func (l *gated) Save(ctx context.Context, batch []models.Arrival) error {
	l.entered <- struct{}{}
	<-l.proceed
	return l.Ledger.Save(ctx, batch)
}

func TestOneThatFailsDoesNotFailItsNeighbours(t *testing.T) {
	testdb.Each(t, func(t *testing.T, kind testdb.Kind) {
		store := openStore(t, kind)
		ledger := failing{Store: store, marked: "bad", err: fmt.Errorf("constraint failed: %w", models.ErrRejected)}
		errs := saveAsOneBatch(t, ledger, deliveryOf("good-1"), deliveryOf("bad"), deliveryOf("good-2"), NewDelivery([]byte(`{}`), "", time.Now()))
		for i, err := range errs {
			if err != nil {
				t.Errorf("delivery %d: %v", i, err)
			}
		}
		if got := countSessions(t, store); got != 3 { // the one in front is the third
			t.Errorf("%d sessions, want 3", got)
		}
		found := false
		bodies, err := store.BodiesOf(t.Context(), []int64{1, 2, 3, 4, 5})
		for _, body := range bodies {
			found = found || strings.Contains(string(body), "bad")
		}
		if err != nil || len(bodies) != 5 || !found {
			t.Errorf("%d bodies are in the ledger, the bad one among them: %t (%v)", len(bodies), found, err)
		}
	})
}

func TestOneThatCannotBeStoredAtAllIsItsOwnFault(t *testing.T) {
	testdb.Each(t, func(t *testing.T, kind testdb.Kind) {
		store := openStore(t, kind)
		broken := errors.New("broken")
		ledger := failing{Store: store, marked: "bad", err: broken, always: true}
		errs := saveAsOneBatch(t, ledger, deliveryOf("good"), deliveryOf("bad"))
		if errs[0] != nil || !errors.Is(errs[1], broken) {
			t.Errorf("errors are %v", errs)
		}
	})
}

func TestAnUnavailableDatabaseFailsTheBatch(t *testing.T) {
	calls := 0
	l := &fakeLedger{answer: func([]models.Arrival) error {
		calls++
		return fmt.Errorf("save: %w", models.ErrUnavailable)
	}}
	w := NewWriter(l, newMetrics())
	err := w.Save(t.Context(), deliveryOf("a"))
	w.Close()
	if !errors.Is(err, models.ErrUnavailable) || calls != 1 {
		t.Errorf("error is %v after %d calls, want ErrUnavailable after 1", err, calls)
	}
}

func TestADatabaseThatGoesAwayAmidABatch(t *testing.T) {
	testdb.Each(t, func(t *testing.T, kind testdb.Kind) {
		store := openStore(t, kind)
		l := &fakeLedger{answer: func(batch []models.Arrival) error {
			if len(batch) > 1 {
				return errors.New("one of them is bad")
			}
			return models.ErrUnavailable
		}}
		for i, err := range saveAsOneBatch(t, l, deliveryOf("a"), deliveryOf("b")) {
			if !errors.Is(err, models.ErrUnavailable) {
				t.Errorf("delivery %d: %v, want ErrUnavailable", i, err)
			}
		}
		if got := countSessions(t, store); got != 0 {
			t.Errorf("%d sessions", got)
		}
	})
}
