package ingest

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"sessiongraph/internal/test/testdb"
	"sessiongraph/internal/test/tools"
	"sessiongraph/models"
	"sessiongraph/models/store"
	"sessiongraph/models/store/dialect"
)

func received(body string) Received { return Received{Body: []byte(body), At: time.Now()} }

func notificationOf(callID string) Received {
	return received(string(withField("call_id", `"`+callID+`"`)))
}

func countSessions(t *testing.T, database *store.Store) int {
	t.Helper()
	counts, err := database.CountSessions(t.Context(), models.SessionList{Order: models.DefaultSessionOrder()},
		[]string{""})
	if err != nil {
		t.Fatal(err)
	}
	return counts[""]
}

// saveAll saves all of the notifications at once.
func saveAll(w *Writer, notifications []Received) (await func() []error) {
	errs := make([]error, len(notifications))
	var all sync.WaitGroup
	for i, n := range notifications {
		all.Go(func() { _, errs[i] = w.Save(context.Background(), n) })
	}
	return func() []error {
		all.Wait()
		return errs
	}
}

// eachWithAClock runs a test on each kind of database, with a clock that stands still while
// the test or the database works: how long they take does not matter.
func eachWithAClock(t *testing.T, test func(t *testing.T, database *store.Store)) {
	t.Helper()
	testdb.Each(t, func(t *testing.T, kind testdb.Kind) {
		address := kind.Fresh(t)
		synctest.Test(t, func(t *testing.T) {
			database, err := store.Open(t.Context(), address, store.Options{})
			if err != nil {
				t.Fatal(err)
			}
			defer func() { _ = database.Close() }()
			test(t, database)
		})
	})
}

func TestWriterStoresWhatManySend(t *testing.T) {
	eachWithAClock(t, func(t *testing.T, database *store.Store) {
		w := NewWriter(database, newMetrics())
		const count = 300
		notifications := make([]Received, count)
		for i := range notifications {
			notifications[i] = notificationOf(fmt.Sprint("call-", i%(count/2))) // each twice
		}
		for i, err := range saveAll(w, notifications)() {
			if err != nil {
				t.Errorf("delivery %d: %v", i, err)
			}
		}
		w.Close()
		if got := countSessions(t, database); got != count/2 {
			t.Errorf("%d sessions are stored, want %d", got, count/2)
		}
	})
}

// A delivery that was answered is committed: nobody has to wait for the next batch.
func TestWriterAnswersWhenItIsStored(t *testing.T) {
	eachWithAClock(t, func(t *testing.T, database *store.Store) {
		w := NewWriter(database, newMetrics())
		defer w.Close()
		for i := range 20 {
			if _, err := w.Save(t.Context(), notificationOf(fmt.Sprint("call-", i))); err != nil {
				t.Fatal(err)
			}
			if got := countSessions(t, database); got != i+1 {
				t.Fatalf("%d sessions after delivery %d", got, i)
			}
		}
	})
}

func (w *Writer) queued() int {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.queue.Len()
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
	synctest.Test(t, func(t *testing.T) {
		l := blocked()
		w := NewWriter(l, newMetrics())
		w.rate = 1000
		hold(w, l)
		fill(w, w.window()-1)
		if err := save(w, "one too many"); !errors.Is(err, ErrQueueFull) {
			t.Errorf("error is %v, want ErrQueueFull", err)
		}
		close(l.proceed)
		w.Close()
		if stored := l.stored(); slices.Contains(stored, "one too many") {
			t.Error("what was refused is stored")
		}
	})
}

// More send at once than can be stored within a second, each its next when answered: what
// is stored goes on being acknowledged.
func TestMoreSendersThanCanBeServed(t *testing.T) {
	const senders, each = 1500, 3
	l := &fakeLedger{answer: func(batch []store.PreparedDelivery) error {
		time.Sleep(time.Duration(len(batch)) * time.Millisecond) // a thousand a second
		return nil
	}}
	w := NewWriter(l, newMetrics())
	var acknowledged atomic.Int64
	var all sync.WaitGroup
	for range senders {
		all.Go(func() {
			for range each {
				if save(w, "{}") == nil {
					acknowledged.Add(1)
				}
			}
		})
	}
	all.Wait()
	w.Close()
	ok, stored := int(acknowledged.Load()), len(l.stored())
	t.Logf("%d of %d are acknowledged, %d stored", ok, senders*each, stored)
	if ok < senders*each/5 || ok < stored/2 {
		t.Errorf("%d of %d are acknowledged, %d stored", ok, senders*each, stored)
	}
}

// A batch is bounded by its bytes, too.
func TestWriterBoundsTheBytesOfABatch(t *testing.T) {
	w := &Writer{most: maxBatch, changed: make(chan struct{}, 1)}
	for range 3 {
		w.enqueue(&pending{delivery: store.PreparedDelivery{
			Delivery: models.Delivery{Body: make([]byte, maxBatchBytes/2)},
		}})
	}
	w.enqueue(&pending{delivery: store.PreparedDelivery{
		Delivery: models.Delivery{Body: make([]byte, 2*maxBatchBytes)},
	}})
	for _, want := range []int{2, 1, 1, 0} { // one alone may be larger
		if batch, _, _ := w.take(); len(batch) != want {
			t.Errorf("a batch of %d, want %d", len(batch), want)
		}
	}
}

// What is already in the transaction is stored all the same.
func TestWriterIsLateWithASlowLedger(t *testing.T) {
	l := blocked()
	w := NewWriter(l, newMetrics())
	if err := save(w, "slow"); !errors.Is(err, ErrTimeout) {
		t.Errorf("error is %v, want ErrTimeout", err)
	}
	close(l.proceed)
	w.Close()
	if stored := l.stored(); !slices.Equal(stored, []string{"slow"}) {
		t.Errorf("stored are %q: what is late is stored all the same", stored)
	}
}

// Who was answered leaves the queue: those who still wait come first. The last few are
// stored once nobody waits.
func TestTheQueueForgetsWhoWasAnswered(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := blocked()
		w := NewWriter(l, newMetrics())
		hold(w, l)
		const late = 3 * maxBatch
		answered := fill(w, late)
		for range late {
			if err := <-answered; !errors.Is(err, ErrTimeout) {
				t.Fatalf("error is %v, want ErrTimeout", err)
			}
		}
		if waiting := w.queued(); waiting > 0 {
			t.Errorf("%d of those who were answered wait", waiting)
		}
		waits := make(chan error, 1)
		go func() { waits <- save(w, "waits") }()
		synctest.Wait()
		close(l.proceed)
		if err := <-waits; err != nil {
			t.Error(err)
		}
		w.Close()
		stored := l.stored()
		if len(stored) != 2+maxBatch || stored[1] != "waits" {
			t.Errorf("%d are stored, the second is %q", len(stored), stored[1])
		}
	})
}

// No more are admitted than are stored in the time that is left: others wait before
// anything is done for them, and are admitted in turn.
func TestAdmissionFollowsTheRate(t *testing.T) {
	for _, c := range []struct {
		rate float64
		want int
	}{{0, maxAdmitted}, {1, minAdmitted}, {100, 45}, {300, 2 * maxBatch}, {1000, 225}, {1e6, maxAdmitted}} {
		if got := (&Writer{most: maxBatch, rate: c.rate}).window(); got != c.want {
			t.Errorf("at %v a second %d are admitted, want %d", c.rate, got, c.want)
		}
	}
	l := blocked()
	w := NewWriter(l, newMetrics())
	w.rate = 1000
	hold(w, l)
	answered := fill(w, 224)
	next := make(chan error, 1)
	go func() { next <- save(w, "next") }()
	tools.Eventually(t, func() string {
		w.mu.Lock()
		defer w.mu.Unlock()
		// on a slow machine they may be answered already
		if w.arriving.Len() == 0 && len(next) == 0 && len(answered) == 0 {
			return fmt.Sprintf("nothing waits to be admitted, %d are", w.admitted)
		}
		return ""
	})
	if waiting := w.queued(); waiting > 224 {
		t.Errorf("%d are queued", waiting)
	}
	close(l.proceed)
	if err := <-next; err != nil && !errors.Is(err, ErrQueueFull) && !errors.Is(err, ErrTimeout) {
		t.Error(err)
	}
	w.Close()
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
	if got := len(l.stored()); got < 1+maxBatch { // on a slow machine the others were answered ErrTimeout
		t.Errorf("%d are stored, want 101", got)
	}
	if err := <-first; err != nil && !errors.Is(err, ErrTimeout) {
		t.Errorf("the first: %v", err)
	}
	for range 100 {
		if err := <-results; err != nil && !errors.Is(err, ErrTimeout) {
			t.Errorf("one that waited: %v", err)
		}
	}
	if err := save(w, "{}"); !errors.Is(err, ErrQueueFull) {
		t.Errorf("after Close the error is %v, want ErrQueueFull", err)
	}
	w.Close() // once more does no harm
}

func TestOneThatFailsDoesNotFailItsNeighbours(t *testing.T) {
	eachWithAClock(t, func(t *testing.T, database *store.Store) {
		ledger := failing{Store: database, marked: "bad",
			err: fmt.Errorf("constraint failed: %w", dialect.ErrRejected)}
		errs := saveAsOneBatch(ledger, notificationOf("good-1"), notificationOf("bad"),
			notificationOf("good-2"), received(`{}`))
		for i, err := range errs {
			if err != nil {
				t.Errorf("delivery %d: %v", i, err)
			}
		}
		if got := countSessions(t, database); got != 3 { // the one in front is the third
			t.Errorf("%d sessions, want 3", got)
		}
		found := false
		bodies, err := database.BodiesOf(t.Context(), []int64{1, 2, 3, 4, 5})
		for _, body := range bodies {
			found = found || strings.Contains(string(body), "bad")
		}
		if err != nil || len(bodies) != 5 || !found {
			t.Errorf("%d bodies are in the ledger, the bad one among them: %t (%v)", len(bodies), found, err)
		}
	})
}

func TestOneThatCannotBeStoredAtAllIsItsOwnFault(t *testing.T) {
	eachWithAClock(t, func(t *testing.T, database *store.Store) {
		broken := errors.New("broken")
		ledger := failing{Store: database, marked: "bad", err: broken, always: true}
		errs := saveAsOneBatch(ledger, notificationOf("good"), notificationOf("bad"))
		if errs[0] != nil || !errors.Is(errs[1], broken) {
			t.Errorf("errors are %v", errs)
		}
	})
}

// A database that is away for a moment is tried again within the second of the request.
func TestAMomentOfUnavailabilityIsNoRefusal(t *testing.T) {
	calls := 0
	l := &fakeLedger{answer: func([]store.PreparedDelivery) error {
		if calls++; calls < 4 {
			return fmt.Errorf("save: %w", dialect.ErrUnavailable)
		}
		return nil
	}}
	w := NewWriter(l, newMetrics())
	if err := save(w, "a"); err != nil {
		t.Error(err)
	}
	w.Close()
	if calls != 4 {
		t.Errorf("%d attempts", calls)
	}
}

// One that is away for longer fails each batch at its first attempt.
func TestAnUnavailableDatabaseFailsTheBatch(t *testing.T) {
	calls := map[string]int{}
	l := &fakeLedger{answer: func(batch []store.PreparedDelivery) error {
		calls[string(batch[0].Body)]++
		return fmt.Errorf("save: %w", dialect.ErrUnavailable)
	}}
	w := NewWriter(l, newMetrics())
	first := save(w, "first")
	for {
		w.mu.Lock()
		failing := time.Since(w.failing)
		w.mu.Unlock()
		if failing > maxWait {
			break
		}
		runtime.Gosched()
	}
	second := save(w, "second")
	w.Close()
	if !errors.Is(first, dialect.ErrUnavailable) && !errors.Is(first, ErrTimeout) ||
		!errors.Is(second, dialect.ErrUnavailable) || calls["first"] < 2 || calls["second"] != 1 {
		t.Errorf("errors are %v and %v after %v attempts", first, second, calls)
	}
}

func TestADatabaseThatGoesAwayAmidABatch(t *testing.T) {
	eachWithAClock(t, func(t *testing.T, database *store.Store) {
		l := &fakeLedger{answer: func(batch []store.PreparedDelivery) error {
			if len(batch) > 1 {
				return errors.New("one of them is bad")
			}
			if strings.Contains(string(batch[0].Body), "in front") {
				return nil
			}
			return dialect.ErrUnavailable
		}}
		for i, err := range saveAsOneBatch(l, notificationOf("a"), notificationOf("b")) {
			if !errors.Is(err, dialect.ErrUnavailable) {
				t.Errorf("delivery %d: %v, want ErrUnavailable", i, err)
			}
		}
		if got := countSessions(t, database); got != 0 {
			t.Errorf("%d sessions", got)
		}
	})
}

// Ready follows the writer: what it last committed, what waits, and what a probe shows.
func TestReady(t *testing.T) {
	full := fmt.Errorf("the disk is full: %w", dialect.ErrUnavailable)
	l := blocked()
	var probes []int
	var broken error
	l.probe = func(bytes int) error { probes = append(probes, bytes); return broken }
	l.answer = func([]store.PreparedDelivery) error { return broken }
	w := NewWriter(l, newMetrics())
	defer w.Close()
	ready := func(what string, want bool, wantProbes ...int) {
		t.Helper()
		w.mu.Lock()
		w.probed = time.Time{} // no result of a moment ago
		w.mu.Unlock()
		probes = nil
		if err := w.Ready(t.Context()); (err == nil) != want {
			t.Errorf("%s: %v", what, err)
		}
		if !slices.Equal(probes, wantProbes) {
			t.Errorf("%s: probes of %v bytes, want %v", what, probes, wantProbes)
		}
	}
	ready("at the start", true, smallProbe)
	ready("after a probe", true)
	result := hold(w, l)
	w.mu.Lock()
	w.storing = w.storing.Add(-2 * time.Second)
	w.mu.Unlock()
	ready("while one waits for two seconds", false)
	l.proceed <- struct{}{}
	if err := <-result; err != nil {
		t.Fatal(err)
	}
	ready("after a commit", true)
	w.mu.Lock()
	w.stored = w.stored.Add(-time.Minute)
	w.mu.Unlock()
	ready("a minute later", true, smallProbe)

	broken = full
	close(l.proceed)
	if err := save(w, "no room"); err == nil {
		t.Fatal("stored")
	}
	w.mu.Lock()
	for !w.storing.IsZero() {
		w.mu.Unlock()
		runtime.Gosched()
		w.mu.Lock()
	}
	w.mu.Unlock()
	ready("after a failure", false, largeProbe)
	broken = nil
	ready("with room again", true, largeProbe)
	ready("and then", true)
	w.Close()
	ready("closed", false)
}
