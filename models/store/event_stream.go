package store

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"sort"
	"time"

	"sessiongraph/models"
	"sessiongraph/models/store/dialect"
)

// EventStream is the events of one subscriber: each session that is stored, in the
// order of storing, in the version that it has when it is taken.
type EventStream struct {
	b       *broadcaster
	filter  *sharedFilter
	seq     int64 // up to which events were taken
	ahead   []models.SessionEvent
	aheadTo int64 // up to which ahead holds all
	failed  error
	waiting bool          // for an event
	wake    chan struct{} // receives when there may be one
}

// Events subscribes to the sessions that are stored behind a place, from now on where
// it is nil, pass the filter, and are visible to the viewer. A place of another history is an InputError.
func (s *Store) Events(
	ctx context.Context, filter *models.SessionFilter, after *models.EventPlace,
) (*EventStream, error) {
	latest, err := s.latestBehind(ctx, after)
	if err != nil {
		return nil, err
	}
	seq := latest
	if after != nil {
		seq = after.Seq
	}
	filter = visible(ctx, filter)
	masked := s.masksOf(ctx) != nil
	key, err := json.Marshal([]any{filter, masked})
	if err != nil {
		return nil, fmt.Errorf("encode filter: %w", err)
	}
	return s.events.subscribe(&sharedFilter{filter: filter, key: string(key), masked: masked}, seq, latest)
}

// Close ends the stream.
func (e *EventStream) Close() {
	b := e.b
	b.mu.Lock()
	defer b.mu.Unlock()
	if _, open := b.streams[e]; !open {
		return
	}
	delete(b.streams, e)
	if !e.waiting {
		b.busy--
	}
	if e.filter.users--; e.filter.users == 0 {
		delete(b.filters, e.filter.key)
	}
	if len(b.streams) == 0 {
		select {
		case b.left <- struct{}{}:
		default:
		}
	}
}

// Next waits for the next event. Its errors are ErrClosed, ctx's, an InputError where
// the database was restored meanwhile, and those of reading the database.
func (e *EventStream) Next(ctx context.Context) (models.SessionEvent, error) {
	for {
		event, found, behind, err := e.take()
		switch {
		case err != nil:
			return models.SessionEvent{}, err
		case found:
			return event, nil
		case behind:
			if err := e.readAhead(ctx); err != nil {
				return models.SessionEvent{}, err
			}
			continue
		}
		select {
		case <-e.wake:
		case <-ctx.Done():
			return models.SessionEvent{}, ctx.Err()
		}
	}
}

// take returns the next event at hand. If there is none, the stream has to wait for wake or, if it
// is behind, to read by itself.
func (e *EventStream) take() (event models.SessionEvent, found, behind bool, err error) {
	b := e.b
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.ctx.Err() != nil {
		return models.SessionEvent{}, false, false, ErrClosed
	}
	if e.failed != nil {
		return models.SessionEvent{}, false, false, e.failed
	}
	for len(e.ahead) > 0 {
		event, e.ahead = e.ahead[0], e.ahead[1:]
		e.seq = event.Seq
		if latest, known := b.latest[event.SessionID]; !known || latest <= event.Seq {
			return event, true, false, nil
		}
	}
	e.seq = max(e.seq, e.aheadTo)
	if e.seq < max(b.tail, e.filter.since) {
		return models.SessionEvent{}, false, true, nil
	}
	for i := sort.Search(len(b.kept), func(i int) bool { return b.kept[i].Seq > e.seq }); i < len(b.kept); i++ {
		k := b.kept[i]
		if k.passing[e.filter] && b.latest[k.SessionID] == k.Seq {
			e.seq = k.Seq
			return k.SessionEvent, true, false, nil
		}
	}
	e.seq = max(e.seq, b.seq)
	if !e.waiting {
		e.waiting = true
		b.busy--
	}
	return models.SessionEvent{}, false, false, nil
}

// readAhead reads what the broadcaster does not keep. While the database is not
// available it waits.
func (e *EventStream) readAhead(ctx context.Context) error {
	b := e.b
	b.mu.Lock()
	upTo := b.seq
	b.mu.Unlock()
	select {
	case b.reading <- struct{}{}:
		defer func() { <-b.reading }()
	case <-ctx.Done():
		return ctx.Err()
	}
	for {
		events, passing, err := b.read(ctx, e.seq, upTo, e.filter)
		if err == nil {
			e.ahead, e.aheadTo = e.ahead[:0], upTo
			for _, event := range events {
				if passing[event.NotificationID] {
					e.ahead = append(e.ahead, event)
				}
			}
			if len(events) == eventBatch {
				e.aheadTo = events[len(events)-1].Seq
			}
			return nil
		}
		if !errors.Is(err, dialect.ErrUnavailable) {
			return err
		}
		select {
		case <-time.After(eventRetry):
		case <-ctx.Done():
			return ctx.Err()
		case <-b.ctx.Done():
			return ErrClosed
		}
	}
}
