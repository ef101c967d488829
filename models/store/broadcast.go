package store

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"sync"
	"time"

	"sessiongraph/models"
	"sessiongraph/models/store/dialect"
)

// Bounds of the broadcaster.
const (
	eventBatch      = 100              // events read at once
	keptEvents      = 2000             // for subscribers that are behind
	eventTimeout    = 10 * time.Second // of one read of the database
	eventRetry      = time.Second      // after the database was not available
	maxEventPause   = time.Second      // between two reads
	wokenAtOnce     = 64               // subscribers
	concurrentReads = 2                // of subscribers that are further behind
)

// ErrClosed is the end of a stream of events whose store was closed.
var ErrClosed = errors.New("the store is closed")

// broadcaster reads each event once for all subscribers, and queries once for each distinct filter
// which events pass. A subscriber further behind than the kept events reads by itself until it has
// caught up.
type broadcaster struct {
	store   *Store
	ctx     context.Context
	stop    context.CancelFunc
	ended   sync.WaitGroup
	most    int           // events that are kept
	reading chan struct{} // has room for those who read by themselves

	mu      sync.Mutex
	running bool
	streams map[*EventStream]struct{}
	filters map[string]*sharedFilter
	busy    int                // streams that are not waiting for an event
	left    chan struct{}      // receives when the last subscriber has left
	kept    []keptEvent        // in order
	tail    int64              // all events behind it, up to seq, are kept
	seq     int64              // up to which events were read
	place   *models.EventPlace // of the last that was read
	latest  map[int64]int64    // the last kept event of each session
}

// sharedFilter is a filter of one or more subscribers.
type sharedFilter struct {
	filter *models.SessionFilter
	masked bool // for viewers who see masks
	key    string
	users  int
	since  int64 // kept events behind it were judged
}

type keptEvent struct {
	models.SessionEvent
	passing map[*sharedFilter]bool
}

func newBroadcaster(s *Store) *broadcaster {
	b := &broadcaster{
		store: s, most: keptEvents, reading: make(chan struct{}, concurrentReads),
		streams: map[*EventStream]struct{}{},
		filters: map[string]*sharedFilter{}, left: make(chan struct{}, 1), latest: map[int64]int64{},
	}
	b.ctx, b.stop = context.WithCancel(context.Background())
	return b
}

func (b *broadcaster) close() {
	b.stop()
	b.ended.Wait()
}

func (b *broadcaster) subscribe(filter *sharedFilter, seq, latest int64) (*EventStream, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.ctx.Err() != nil {
		return nil, ErrClosed
	}
	if !b.running {
		b.running = true
		b.forget(latest)
		b.ended.Go(b.run)
	}
	shared := b.filters[filter.key]
	if shared == nil {
		shared = filter
		shared.since = b.seq
		b.filters[shared.key] = shared
	}
	shared.users++
	stream := &EventStream{b: b, filter: shared, seq: seq, wake: make(chan struct{}, 1)}
	b.streams[stream] = struct{}{}
	b.busy++
	return stream, nil
}

// read reads a batch of events, and which of them pass a filter.
func (b *broadcaster) read(
	ctx context.Context, after, upTo int64, filter *sharedFilter,
) ([]models.SessionEvent, map[int64]bool, error) {
	ctx, cancel := context.WithTimeout(ctx, eventTimeout)
	defer cancel()
	events, err := b.store.EventsSince(ctx, after, upTo, eventBatch)
	var passing map[int64]bool
	if err == nil {
		passing, err = b.store.passingEvents(ctx, filter, events)
	}
	return events, passing, unavailableAt(ctx, err)
}

// unavailableAt marks the error of a read that took too long.
func unavailableAt(ctx context.Context, err error) error {
	if err != nil && errors.Is(ctx.Err(), context.DeadlineExceeded) {
		return fmt.Errorf("%w: %w", dialect.ErrUnavailable, err)
	}
	return err
}

// run reads events until there are no subscribers. It pauses for as long as reading and
// handing out the last ones took, so that queries and storing get on, too.
func (b *broadcaster) run() {
	wake, unsubscribe := b.store.Wake()
	defer unsubscribe()
	for {
		began := time.Now()
		err := b.readNew()
		switch {
		case errors.Is(err, dialect.ErrUnavailable):
			b.pause(eventRetry)
		case err != nil:
			b.fail(err, nil)
		}
		if !b.goOn() {
			return
		}
		b.pause(min(time.Since(began), maxEventPause))
		if errors.Is(err, dialect.ErrUnavailable) {
			continue
		}
		select {
		case <-b.ctx.Done():
		case <-wake:
		case <-b.left:
		}
	}
}

// goOn says whether there are subscribers; where there are none, or the store is
// closed, run ends.
func (b *broadcaster) goOn() bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.running = len(b.streams) > 0 && b.ctx.Err() == nil; !b.running {
		for stream := range b.streams {
			b.wake(stream)
		}
	}
	return b.running
}

func (b *broadcaster) pause(d time.Duration) {
	select {
	case <-time.After(d):
	case <-b.ctx.Done():
	}
}

// readNew reads the events that were stored since, and lets subscribers have them.
func (b *broadcaster) readNew() error {
	ctx, cancel := context.WithTimeout(b.ctx, eventTimeout)
	defer cancel()
	b.mu.Lock()
	seq, place := b.seq, b.place
	b.mu.Unlock()
	latest, err := b.store.latestBehind(ctx, place)
	if errors.Is(err, errHistory) || err == nil && latest < seq {
		b.fail(errHistory, nil)
		latest, err = b.store.EventSeq(ctx)
		b.mu.Lock()
		seq = latest
		b.forget(latest)
		b.mu.Unlock()
	}
	if err != nil {
		return unavailableAt(ctx, err)
	}
	for seq < latest {
		if seq, err = b.readBatch(seq, latest); err != nil {
			return err
		}
	}
	return nil
}

// readBatch reads events behind seq and judges them by each filter. It returns the number up to
// which all were read.
func (b *broadcaster) readBatch(seq, latest int64) (int64, error) {
	ctx, cancel := context.WithTimeout(b.ctx, eventTimeout)
	defer cancel()
	events, err := b.store.EventsSince(ctx, seq, latest, eventBatch)
	if err != nil {
		return seq, unavailableAt(ctx, err)
	}
	kept := make([]keptEvent, len(events))
	for i, event := range events {
		kept[i] = keptEvent{event, map[*sharedFilter]bool{}}
	}
	b.mu.Lock()
	filters := make([]*sharedFilter, 0, len(b.filters))
	for _, filter := range b.filters {
		filters = append(filters, filter)
	}
	b.mu.Unlock()
	for _, filter := range filters {
		if len(events) == 0 {
			break
		}
		passing, err := b.judge(filter, events)
		if errors.Is(err, dialect.ErrUnavailable) {
			return seq, err
		}
		if err != nil {
			b.fail(err, filter)
		}
		for i, event := range events {
			if passing[event.NotificationID] {
				kept[i].passing[filter] = true
			}
		}
	}
	upTo := latest
	if len(events) == eventBatch {
		upTo = events[len(events)-1].Seq
	}
	b.keep(kept, filters, upTo)
	b.wakeAll()
	return upTo, nil
}

// judge returns which events pass a filter. A filter that takes too long while the database
// answers fails only its own subscribers.
func (b *broadcaster) judge(filter *sharedFilter, events []models.SessionEvent) (map[int64]bool, error) {
	ctx, cancel := context.WithTimeout(b.ctx, eventTimeout)
	defer cancel()
	passing, err := b.store.passingEvents(ctx, filter, events)
	if err != nil && ctx.Err() != nil && b.ctx.Err() == nil && b.store.Ping(b.ctx) != nil {
		err = unavailableAt(ctx, err)
	}
	return passing, err
}

// keep adds events that were judged by the filters, and drops the oldest.
func (b *broadcaster) keep(events []keptEvent, judged []*sharedFilter, upTo int64) {
	b.mu.Lock()
	defer b.mu.Unlock()
	wasJudged := make(map[*sharedFilter]bool, len(judged))
	for _, filter := range judged {
		wasJudged[filter] = true
	}
	for _, filter := range b.filters {
		if !wasJudged[filter] { // it came meanwhile
			filter.since = upTo
		}
	}
	b.kept = append(b.kept, events...)
	for _, event := range events {
		b.latest[event.SessionID] = event.Seq
		b.place = &event.EventPlace
	}
	for len(b.kept) > b.most {
		oldest := b.kept[0]
		b.kept, b.tail = b.kept[1:], oldest.Seq
		if b.latest[oldest.SessionID] == oldest.Seq {
			delete(b.latest, oldest.SessionID)
		}
	}
	b.seq = upTo
}

// forget starts anew behind a number.
func (b *broadcaster) forget(seq int64) {
	b.kept, b.tail, b.seq, b.place, b.latest = nil, seq, seq, nil, map[int64]int64{}
	for _, filter := range b.filters {
		filter.since = seq
	}
}

// fail ends the streams of a filter, or all where it is nil.
func (b *broadcaster) fail(err error, filter *sharedFilter) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for stream := range b.streams {
		if filter == nil || stream.filter == filter {
			stream.failed = err
			b.wake(stream)
		}
	}
}

// wake lets a stream that waits look for events.
func (b *broadcaster) wake(stream *EventStream) {
	if stream.waiting {
		stream.waiting = false
		b.busy++
		select {
		case stream.wake <- struct{}{}:
		default: // it did not take the last one: its context ended
		}
	}
}

// wakeAll wakes the streams, some at once: a thousand that run at the same time would
// keep all else waiting.
func (b *broadcaster) wakeAll() {
	b.mu.Lock()
	streams := slices.Collect(maps.Keys(b.streams))
	b.mu.Unlock()
	for some := range slices.Chunk(streams, wokenAtOnce) {
		b.mu.Lock()
		for _, stream := range some {
			if _, open := b.streams[stream]; open {
				b.wake(stream)
			}
		}
		b.mu.Unlock()
		b.settle()
	}
}

// settle waits for streams to take what they were woken for, but not for those whose
// clients are slow.
func (b *broadcaster) settle() {
	busy := func() int {
		b.mu.Lock()
		defer b.mu.Unlock()
		return b.busy
	}
	for before := busy(); before > 0 && b.ctx.Err() == nil; {
		b.pause(time.Millisecond)
		now := busy()
		if now >= before {
			return
		}
		before = now
	}
}
