package model

import (
	"context"
	"encoding/binary"

	"sessiongraph/models"
)

// SessionStored is the event of a session that was stored, new or in a newer version.
type SessionStored struct {
	Cursor  string
	Session *Session
}

func (c *Codec) sealEvent(place models.EventPlace) string {
	var plain []byte
	for _, part := range []int64{place.Seq, place.History, place.Check} {
		plain = binary.BigEndian.AppendUint64(plain, uint64(part))
	}
	return c.seal(sealedEvent, plain)
}

func (c *Codec) openEvent(cursor string) (place models.EventPlace, err error) {
	plain, ok := c.open(sealedEvent, cursor)
	if !ok || len(plain) != 24 {
		return place, models.InputErrorf("after is not a cursor of this database's sessionStored: " +
			"pass the cursor of the last event that you saw, or none")
	}
	for i, part := range []*int64{&place.Seq, &place.History, &place.Check} {
		*part = int64(binary.BigEndian.Uint64(plain[8*i:]))
	}
	return place, nil
}

// EventPlace is the place of the event with the cursor after; nil for none.
func (c *Codec) EventPlace(after *string) (*models.EventPlace, error) {
	if after == nil {
		return nil, nil
	}
	place, err := c.openEvent(*after)
	if err != nil {
		return nil, err
	}
	return &place, nil
}

// Stored reads an event's session; nil if the session has another version now.
func Stored(ctx context.Context, source Source, event models.SessionEvent) (*SessionStored, error) {
	source.Store = source.Primary
	row, err := source.Store.SessionOf(ctx, event)
	if err != nil || row == nil {
		return nil, err
	}
	session := newSessionBatch(source).add([]*models.Session{row})[0]
	return &SessionStored{source.Codec.sealEvent(event.EventPlace), session}, nil
}
