package ingest

import (
	"container/list"
	"context"
	"errors"
	"fmt"
	"runtime"
	"sync"
	"time"

	"sessiongraph/internal/tracing"
	"sessiongraph/models"
	"sessiongraph/models/store"
	"sessiongraph/models/store/dialect"
)

// ErrQueueFull is the error of Save if too many notifications are pending, or the program
// is stopping.
var ErrQueueFull = errors.New("too many notifications are waiting to be stored")

// ErrTimeout is the error of Save for a notification that was not stored in time. It may
// be stored later.
var ErrTimeout = errors.New("the notification was not stored in time")

// Bounds of the writer. A batch of 64 costs one flush to disk where 64 notifications
// alone cost 64; larger ones gain little and keep the first waiting (docs/ingest.md).
const (
	maxBatch      = 64
	maxBatchBytes = 512 << 10 // of bodies; more than that of what search reads takes longer than a second
	maxLateBytes  = 16 << 20
	maxAdmitted   = 1024
	maxWait       = 900 * time.Millisecond // answered within a second
	queueWait     = maxWait / 4            // of it, from being admitted to being committed, as the rate lets expect
	slowestWait   = maxWait / 2            // the same, where a database stores two batches no faster
	minAdmitted   = 8
	retryPause    = 25 * time.Millisecond
	failingPause  = time.Second // between attempts that nobody waits for
)

// Ledger is where the writer stores.
type Ledger interface {
	Prepare(models.Delivery) store.PreparedDelivery
	Save(context.Context, []store.PreparedDelivery) error
	Probe(ctx context.Context, bytes int) error
}

// Writer stores notifications, all that are queued in one transaction: an idle server
// stores each at once, a busy one many with one flush to disk.
//
// A notification is admitted, then prepared (decoded and compressed), then queued. As
// many are admitted as are stored within queueWait at the recent rate; others wait for
// that before anything is done for them. One that was answered ErrTimeout leaves the queue.
type Writer struct {
	ledger  Ledger
	metrics *Metrics
	most    int           // notifications of a batch
	small   chan struct{} // a place for each small body that is prepared at once
	large   chan struct{} // and for each large one
	changed chan struct{} // receives when run has something to look at
	done    chan struct{}
	ctx     context.Context // ends when closing takes too long
	stop    context.CancelFunc
	probes  sync.WaitGroup

	mu       sync.Mutex
	arriving list.List // of chan struct{}: those that wait to be admitted, in order
	admitted int       // being prepared, queued or stored
	queue    list.List // of *pending
	late     list.List // of *pending: answered ErrTimeout, stored where nothing else waits
	rate     float64   // notifications a second that were stored of late
	busy     time.Time // end of the last batch, where others were admitted then; else zero
	closed   bool
	health
}

// health is the state of the writer's database.
type health struct {
	storing  time.Time     // when the batch that is being stored was taken; zero for none
	stored   time.Time     // when something was last committed
	failing  time.Time     // since when the database has not been available; zero where it is
	probing  chan struct{} // closed when the probe that is being written ends; nil for none
	probed   time.Time
	probeErr error
	retried  time.Time // when what was late was last tried again
}

// pending is a notification that was prepared.
type pending struct {
	request  context.Context // the batch that it is first in is recorded in its trace
	delivery store.PreparedDelivery
	result   chan result // has room for one
	place    *list.Element
	counts   bool // among those who are admitted
	left     bool // it was answered ErrTimeout
}

type result struct {
	receipt Receipt
	err     error
}

// NewWriter starts a writer; Close ends it.
func NewWriter(ledger Ledger, metrics *Metrics) *Writer { return newWriter(ledger, metrics, maxBatch) }

func newWriter(ledger Ledger, metrics *Metrics, most int) *Writer {
	w := &Writer{
		ledger: ledger, metrics: metrics, most: most,
		small:   make(chan struct{}, 2*runtime.GOMAXPROCS(0)),
		large:   make(chan struct{}, max(1, runtime.GOMAXPROCS(0)/2)),
		changed: make(chan struct{}, 1),
		done:    make(chan struct{}),
	}
	w.ctx, w.stop = context.WithCancel(context.Background())
	go w.run()
	return w
}

// Save returns once the notification is committed. Its errors are ErrQueueFull, ErrTimeout and
// dialect.ErrUnavailable; after each the same notification may be sent again.
func (w *Writer) Save(ctx context.Context, r Received) (Receipt, error) {
	ctx, cancel := context.WithTimeout(ctx, maxWait)
	defer cancel()
	if err := w.admit(ctx); err != nil {
		return Receipt{}, err
	}
	item, err := w.prepare(ctx, r)
	if err != nil {
		w.dismiss()
		return Receipt{}, err
	}
	w.enqueue(item)
	select {
	case got := <-item.result:
		return got.receipt, got.err
	case <-ctx.Done():
		return w.leave(item)
	}
}

// prepare decodes and compresses, a few at once: the processors are for storing, too.
// What takes a processor long has places of its own, so that it holds up no others.
func (w *Writer) prepare(ctx context.Context, r Received) (*pending, error) {
	places := w.small
	if len(r.Body) > smallBody {
		places = w.large
	}
	select {
	case places <- struct{}{}:
		defer func() { <-places }()
	default:
		select {
		case places <- struct{}{}:
			defer func() { <-places }()
		case <-ctx.Done():
			return nil, ErrTimeout
		}
	}
	_, end := tracing.Start(ctx, "prepare")
	delivery := w.ledger.Prepare(NewDelivery(r.Body, r.Sign, r.At))
	end(nil)
	return &pending{request: ctx, delivery: delivery, result: make(chan result, 1), counts: true}, nil
}

func (w *Writer) enqueue(item *pending) {
	w.mu.Lock()
	defer w.mu.Unlock()
	item.place = w.queue.PushBack(item)
	w.notify()
}

// leave gives up waiting, unless the result came meanwhile.
func (w *Writer) leave(item *pending) (Receipt, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	select {
	case got := <-item.result:
		return got.receipt, got.err
	default:
	}
	item.left = true
	if item.place != nil {
		w.queue.Remove(item.place)
		w.release(item)
		w.keepLate(item)
		w.admitNext()
		w.notify()
	}
	return Receipt{}, ErrTimeout
}

// keepLate keeps a notification that was answered ErrTimeout until nothing else is pending: its
// sender may not send it again. Only the last few are kept.
func (w *Writer) keepLate(item *pending) {
	item.place = nil
	w.late.PushBack(item)
	for bytes := w.lateBytes(); w.late.Len() > w.most || w.late.Len() > 1 && bytes > maxLateBytes; {
		bytes -= len(w.late.Remove(w.late.Front()).(*pending).delivery.Body)
	}
}

func (w *Writer) lateBytes() int {
	bytes := 0
	for e := w.late.Front(); e != nil; e = e.Next() {
		bytes += len(e.Value.(*pending).delivery.Body)
	}
	return bytes
}

// Close takes no more notifications, stores those that wait, and returns. Where the
// database holds that up, it is given up once all have been answered.
func (w *Writer) Close() {
	w.mu.Lock()
	w.closed = true
	w.notify()
	w.mu.Unlock()
	defer w.probes.Wait()
	defer w.stop()
	select {
	case <-w.done:
	case <-time.After(2 * maxWait):
		w.stop()
		<-w.done
	}
}

func (w *Writer) run() {
	defer close(w.done)
	for {
		batch, pause, end := w.take()
		switch {
		case end:
			return
		case batch != nil:
			w.store(batch)
		default:
			w.sleep(pause)
		}
	}
}

// sleep returns when there may be something to store; pause is 0 for no bound.
func (w *Writer) sleep(pause time.Duration) {
	if pause == 0 {
		<-w.changed
		return
	}
	timer := time.NewTimer(pause)
	defer timer.Stop()
	select {
	case <-w.changed:
	case <-timer.C:
	}
}

// take returns a batch of what is queued or, if nothing is, of what was late. If there is neither,
// it returns how long to wait, or that the writer has ended.
func (w *Writer) take() (batch []*pending, pause time.Duration, end bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	from := &w.queue
	if from.Len() == 0 && w.late.Len() > 0 && w.admitted == 0 {
		from = &w.late
		switch {
		case w.failing.IsZero():
		case w.closed:
			from.Init()
		case time.Since(w.failing) < failingPause || time.Since(w.retried) < failingPause:
			return nil, failingPause, false
		default:
			w.retried = time.Now()
		}
	}
	bytes := 0
	for len(batch) < w.most && from.Len() > 0 {
		next := from.Front().Value.(*pending)
		if bytes += len(next.delivery.Body); len(batch) > 0 && bytes > maxBatchBytes {
			break
		}
		from.Remove(from.Front())
		next.place = nil
		batch = append(batch, next)
	}
	if len(batch) > 0 {
		w.storing = time.Now()
	}
	return batch, 0, batch == nil && w.closed && w.admitted == 0 && w.arriving.Len() == 0
}

// store stores a batch, and sends the results. While the database is not available it tries again,
// until all are answered or the database has been away for maxWait.
func (w *Writer) store(batch []*pending) {
	all := batch
	defer func() { w.stopped(all) }()
	for {
		deliveries := make([]store.PreparedDelivery, len(batch))
		for i, item := range batch {
			deliveries[i] = item.delivery
		}
		began := time.Now()
		// A request that ends does not take its batch with it.
		ctx, end := tracing.Start(tracing.Within(w.ctx, batch[0].request), "save batch")
		err := w.ledger.Save(ctx, deliveries)
		end(err)
		w.noteAttempt(err, len(batch), time.Since(began))
		switch {
		case err == nil:
			w.metrics.batches.Observe(float64(len(batch)))
			for i, item := range batch {
				w.metrics.drifted(deliveries[i])
				item.result <- result{receipt: receiptOf(deliveries[i])}
			}
			return
		case !errors.Is(err, dialect.ErrUnavailable):
			for i, item := range batch {
				item.result <- w.storeAlone(deliveries[i])
			}
			return
		}
		if batch = w.remaining(batch, err); batch == nil {
			return
		}
		select {
		case <-time.After(retryPause):
		case <-w.ctx.Done():
		}
	}
}

// remaining is what of a batch is to be tried again. All others are answered.
func (w *Writer) remaining(batch []*pending, err error) []*pending {
	w.mu.Lock()
	defer w.mu.Unlock()
	again := w.ctx.Err() == nil && time.Since(w.failing) < maxWait
	var waiting []*pending
	for _, item := range batch {
		switch {
		case item.left:
			w.release(item)
			w.keepLate(item)
		case again:
			waiting = append(waiting, item)
		default:
			item.result <- result{err: err}
		}
	}
	return waiting
}

func (w *Writer) noteAttempt(err error, count int, took time.Duration) {
	w.mu.Lock()
	defer w.mu.Unlock()
	switch {
	case err == nil:
		w.stored, w.failing = time.Now(), time.Time{}
		if !w.busy.IsZero() { // preparing it took time, too
			took = time.Since(w.busy)
		}
		rate := float64(count) / max(took, time.Microsecond).Seconds()
		if w.rate > 0 {
			rate = (w.rate + rate) / 2
		}
		w.rate = rate
	case w.failing.IsZero() && errors.Is(err, dialect.ErrUnavailable):
		w.failing = time.Now()
	}
}

// stopped ends a batch.
func (w *Writer) stopped(batch []*pending) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, item := range batch {
		w.release(item)
	}
	w.storing, w.busy = time.Time{}, time.Time{}
	if w.admitted > 0 || w.arriving.Len() > 0 {
		w.busy = time.Now()
	}
	w.admitNext()
}

// rejectedReason begins the reason of a notification that the database rejected as a session.
const rejectedReason = "the database did not take it"

// storeAlone stores what failed among others by itself; what the database rejects as
// a session goes into quarantine. Any other error is the database's own.
func (w *Writer) storeAlone(d store.PreparedDelivery) result {
	alone := []store.PreparedDelivery{d}
	err := w.ledger.Save(w.ctx, alone)
	if errors.Is(err, dialect.ErrRejected) && d.Projection != nil {
		alone[0].Projection, alone[0].Outcome = nil, models.Quarantined
		alone[0].Reason = rejectedReason + ": " + err.Error()
		err = w.ledger.Save(w.ctx, alone)
	}
	if err != nil {
		return result{err: err}
	}
	w.metrics.drifted(alone[0])
	return result{receipt: receiptOf(alone[0])}
}

func receiptOf(d store.PreparedDelivery) Receipt {
	return Receipt{d.Stored.ID, d.Stored.Repeat, d.Stored.Outcome, d.Stored.Reason}
}

// How long a commit vouches for the database, and the bytes that a probe writes: more
// where storing failed, since a little may still fit on a disk that is full.
const (
	commitVouches = 2 * time.Second
	probeAgain    = 500 * time.Millisecond
	smallProbe    = 1
	largeProbe    = 256 << 10
)

// Ready returns nil while notifications are stored: the last one was, or nothing waits
// and a probe can be written. The probe has a connection of its own.
func (w *Writer) Ready(ctx context.Context) error {
	w.mu.Lock()
	closed, now := w.closed, w.health
	w.mu.Unlock()
	switch {
	case closed:
		return errors.New("the writer is closed")
	case !now.storing.IsZero() && time.Since(now.storing) > time.Second:
		return errors.New("a notification has been waiting for more than a second")
	case now.failing.IsZero() && time.Since(now.stored) < commitVouches:
		return nil
	}
	return w.probe(ctx)
}

// probe writes a probe, or joins one that is being written, or repeats the result of one
// that was a moment ago.
func (w *Writer) probe(ctx context.Context) error {
	w.mu.Lock()
	if time.Since(w.probed) < probeAgain {
		defer w.mu.Unlock()
		return w.probeErr
	}
	if w.probing == nil && !w.closed {
		w.probing = make(chan struct{})
		w.probes.Go(w.writeProbe)
	}
	done := w.probing
	w.mu.Unlock()

	timer := time.NewTimer(maxWait)
	defer timer.Stop()
	select {
	case <-done:
		w.mu.Lock()
		defer w.mu.Unlock()
		return w.probeErr
	case <-timer.C:
		return fmt.Errorf("the database took more than %v to write a probe", maxWait)
	case <-ctx.Done():
		return fmt.Errorf("wait for the probe: %w", ctx.Err())
	}
}

func (w *Writer) writeProbe() {
	w.mu.Lock()
	failing := w.failing
	w.mu.Unlock()
	size := smallProbe
	if !failing.IsZero() {
		size = largeProbe
	}
	err := w.ledger.Probe(w.ctx, size)

	w.mu.Lock()
	defer w.mu.Unlock()
	close(w.probing)
	w.probing = nil
	w.probed, w.probeErr = time.Now(), err
	if err == nil {
		w.stored = time.Now()
		if w.failing.Equal(failing) {
			w.failing = time.Time{}
			w.notify()
		}
	}
}
