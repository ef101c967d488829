package ingest

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"sessiongraph/models"
)

// ErrBusy is the error of Save for a delivery that was not taken: the queue is
// full, or the program is stopping.
var ErrBusy = errors.New("too many notifications are waiting to be stored")

// ErrLate is the error of Save for a delivery that was not stored in time. It may
// be stored all the same.
var ErrLate = errors.New("the notification was not stored in time")

// Bounds of the writer. A batch of 64 costs one flush to disk where 64 deliveries
// alone cost 64; larger ones gain little and keep the first waiting (docs/ingest.md).
const (
	maxBatch      = 64
	maxQueue      = 1024
	maxQueueBytes = 256 << 20
	maxWait       = 900 * time.Millisecond // answered within a second
)

// Ledger is where the writer stores.
type Ledger interface {
	Arrive(models.Delivery) models.Arrival
	Save(context.Context, []models.Arrival) error
}

// Writer stores deliveries, whatever is waiting in one transaction: an idle server
// stores each at once, a busy one many with one flush to disk.
type Writer struct {
	ledger  Ledger
	metrics *Metrics
	most    int // deliveries of a batch
	queue   chan *waiting
	done    chan struct{}
	ctx     context.Context // ends when closing takes too long
	stop    context.CancelFunc

	mu     sync.Mutex
	bytes  int
	closed bool
}

type waiting struct {
	arrival models.Arrival
	stored  chan error
}

// NewWriter starts a writer; Close ends it.
func NewWriter(ledger Ledger, metrics *Metrics) *Writer { return newWriter(ledger, metrics, maxBatch) }

func newWriter(ledger Ledger, metrics *Metrics, most int) *Writer {
	w := &Writer{ledger: ledger, metrics: metrics, most: most, queue: make(chan *waiting, maxQueue), done: make(chan struct{})}
	w.ctx, w.stop = context.WithCancel(context.Background())
	go w.run()
	return w
}

// Save returns nil once the delivery is committed. Its errors are ErrBusy, ErrLate
// and models.ErrUnavailable; after each the same notification may be sent again.
func (w *Writer) Save(ctx context.Context, d models.Delivery) error {
	item := &waiting{w.ledger.Arrive(d), make(chan error, 1)}
	if !w.enqueue(item) {
		return ErrBusy
	}
	late := time.NewTimer(maxWait)
	defer late.Stop()
	select {
	case err := <-item.stored:
		return err
	case <-late.C:
		return ErrLate
	case <-ctx.Done():
		return fmt.Errorf("wait for the notification to be stored: %w", ctx.Err())
	}
}

func (w *Writer) enqueue(item *waiting) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.closed || w.bytes+len(item.arrival.Body) > maxQueueBytes {
		return false
	}
	select {
	case w.queue <- item:
		w.bytes += len(item.arrival.Body)
		return true
	default:
		return false
	}
}

// Close takes no more deliveries, stores those that wait, and returns. Where the
// database holds that up, it is given up once all have been answered.
func (w *Writer) Close() {
	w.mu.Lock()
	if !w.closed {
		w.closed = true
		close(w.queue)
	}
	w.mu.Unlock()
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
	for first := range w.queue {
		w.store(w.batch(first))
	}
}

// batch takes whatever waits behind the first, within its bound.
func (w *Writer) batch(first *waiting) []*waiting {
	batch := []*waiting{first}
	for len(batch) < w.most {
		select {
		case next, open := <-w.queue:
			if !open {
				return batch
			}
			batch = append(batch, next)
		default:
			return batch
		}
	}
	return batch
}

func (w *Writer) store(batch []*waiting) {
	size := 0
	arrivals := make([]models.Arrival, len(batch))
	for i, item := range batch {
		arrivals[i] = item.arrival
		size += len(item.arrival.Body)
	}
	w.metrics.batches.Observe(float64(len(batch)))
	// A request that ends does not take its batch with it.
	err := w.ledger.Save(w.ctx, arrivals)
	for i, item := range batch {
		if err == nil || errors.Is(err, models.ErrUnavailable) {
			item.stored <- err
		} else {
			item.stored <- w.storeAlone(arrivals[i])
		}
	}
	w.mu.Lock()
	w.bytes -= size
	w.mu.Unlock()
}

// storeAlone stores what failed among others by itself; what the database rejects as
// a session goes into quarantine. Any other error is the database's own.
func (w *Writer) storeAlone(a models.Arrival) error {
	err := w.ledger.Save(w.ctx, []models.Arrival{a})
	if !errors.Is(err, models.ErrRejected) || a.Projection == nil {
		return err
	}
	a.Projection, a.Outcome, a.Reason = nil, models.Quarantined, "the database did not take it: "+err.Error()
	return w.ledger.Save(w.ctx, []models.Arrival{a})
}
