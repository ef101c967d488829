package view

import (
	"context"
	"encoding/binary"
	"errors"
	"time"

	"sessiongraph/models"
)

// SessionStored is an event: a session was stored, new or in a newer version.
type SessionStored struct {
	Cursor  string
	Session *Session
}

// ErrSlowReceiver is the end of a subscription whose events are not taken.
var ErrSlowReceiver = errors.New("an event was not taken in time")

// PatienceWithReceiver is how long an event waits to be taken.
const PatienceWithReceiver = 15 * time.Second

// unavailablePause is how long a database is left alone that was not available.
const unavailablePause = time.Second

const storedBatch = 100

func (c *Codec) sealEvent(seq int64) string {
	return c.seal(sealedEvent, binary.BigEndian.AppendUint64(nil, uint64(seq)))
}

func (c *Codec) openEvent(cursor string) (int64, error) {
	plain, ok := c.open(sealedEvent, cursor)
	if !ok || len(plain) != 8 {
		return 0, models.InputErrorf("after is not a cursor of this database's sessionStored: pass the cursor of the last event that you saw, or none")
	}
	return int64(binary.BigEndian.Uint64(plain)), nil
}

// StoredSessions sends each session that is stored from now on, or since the event
// whose cursor is after, and passes the filter, until ctx ends. It reads ahead of
// the receiver by one batch and no more. failed is told what ends it early.
//
// While the database is not available it waits: what is stored meanwhile comes later.
func StoredSessions(ctx context.Context, source Source, filter *models.SessionFilter, after *string, failed func(error)) (<-chan *SessionStored, error) {
	source.Store = source.Store.Primary() // what an event tells of is there
	var seen int64
	var err error
	if after != nil {
		seen, err = source.Codec.openEvent(*after)
	} else {
		seen, err = source.Store.StoredSeq(ctx)
	}
	if err != nil {
		return nil, err
	}
	events := make(chan *SessionStored)
	go func() {
		defer close(events)
		wake, leave := source.Store.Wake()
		defer leave()
		for {
			var again <-chan time.Time
			switch err := sendStored(ctx, source, filter, &seen, events); {
			case ctx.Err() != nil:
				return
			case errors.Is(err, models.ErrUnavailable):
				again = time.After(unavailablePause)
			case err != nil:
				failed(err)
				return
			}
			select {
			case <-ctx.Done():
				return
			case <-again:
			case _, open := <-wake:
				if !open {
					return
				}
			}
		}
	}()
	return events, nil
}

// sendStored sends what was stored since seen, and moves seen on.
func sendStored(ctx context.Context, source Source, filter *models.SessionFilter, seen *int64, events chan<- *SessionStored) error {
	latest, err := source.Store.StoredSeq(ctx)
	if err != nil {
		return err
	}
	for *seen < latest {
		batch, err := source.Store.StoredSince(ctx, filter, *seen, latest, storedBatch)
		if err != nil {
			return err
		}
		for _, stored := range batch {
			session := newSiblings(source).add([]*models.Session{stored.Session})[0]
			patience := time.NewTimer(PatienceWithReceiver)
			select {
			case events <- &SessionStored{source.Codec.sealEvent(stored.Seq), session}:
				patience.Stop()
				*seen = stored.Seq
			case <-patience.C:
				return ErrSlowReceiver
			case <-ctx.Done():
				patience.Stop()
				return ctx.Err()
			}
		}
		if len(batch) < storedBatch {
			*seen = latest
		}
	}
	return nil
}
