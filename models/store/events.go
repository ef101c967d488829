package store

import (
	"context"
	"encoding/binary"
	"fmt"

	"sessiongraph/models"
	"sessiongraph/models/store/dialect"
)

// errHistory is the error of a cursor that belongs to another history of the database.
var errHistory = models.InputErrorf("the database was restored: the cursor belongs to another history." +
	" Subscribe without after, and query sessions for what was stored meanwhile")

// EventSeq is the number of the latest event. Like EventsSince it reads from the primary:
// an event that a replica lacks must not be passed over.
func (s *Store) EventSeq(ctx context.Context) (int64, error) {
	var seq int64
	err := s.read.WithContext(ctx).Raw("SELECT last_stored_seq FROM ledger_clock WHERE id = 1").Scan(&seq).Error
	if err != nil {
		return 0, fmt.Errorf("read ledger clock: %w", err)
	}
	return seq, nil
}

// historyColumn is the history that an event number belongs to.
const historyColumn = "COALESCE((SELECT h.id FROM histories h WHERE h.first_seq <= %s" +
	" ORDER BY h.first_seq DESC LIMIT 1), 0)"

// eventRow is what an event is read from.
type eventRow struct {
	EventSeq        int64 `gorm:"column:stored_seq"`
	History         int64
	SHA256          []byte `gorm:"column:sha256"`
	FirstReceivedAt int64
	SessionID       int64
	NotificationID  int64
}

func (r eventRow) check() int64 {
	return int64(binary.BigEndian.Uint64(r.SHA256[:8])) ^ r.FirstReceivedAt
}

// EventsSince reads up to limit events behind one number and up to another. A version
// that a newer one has overtaken is left out: what is shown is the session as it is.
func (s *Store) EventsSince(ctx context.Context, after, upTo int64, limit int) ([]models.SessionEvent, error) {
	var rows []eventRow
	err := s.read.WithContext(ctx).Raw("SELECT e.stored_seq, "+fmt.Sprintf(historyColumn, "e.stored_seq")+
		" AS history,"+
		" e.sha256, e.first_received_at, s.id AS session_id, s.notification_id"+
		" FROM notifications e CROSS JOIN sessions s"+
		" WHERE e.stored_seq > ? AND e.stored_seq <= ? AND s.call_id = e.call_id"+
		" AND s.notification_id = e.id ORDER BY e.stored_seq LIMIT ?",
		after, upTo, limit).Scan(&rows).Error
	if err != nil {
		return nil, fmt.Errorf("read events: %w", err)
	}
	events := make([]models.SessionEvent, len(rows))
	for i, r := range rows {
		place := models.EventPlace{Seq: r.EventSeq, History: r.History, Check: r.check()}
		events[i] = models.SessionEvent{EventPlace: place, SessionID: r.SessionID, NotificationID: r.NotificationID}
	}
	return events, nil
}

// latestBehind is the number of the latest event. A place of another history is an
// error: one behind the end, one that another process stored, or one where another
// notification stands. Where the notification was removed, its history decides.
func (s *Store) latestBehind(ctx context.Context, place *models.EventPlace) (int64, error) {
	if place == nil {
		return s.EventSeq(ctx)
	}
	var found struct {
		Latest int64
		Row    eventRow `gorm:"embedded"`
	}
	err := s.read.WithContext(ctx).Raw("SELECT c.last_stored_seq AS latest, "+
		fmt.Sprintf(historyColumn, "?")+" AS history,"+
		" n.sha256, COALESCE(n.first_received_at, 0) AS first_received_at"+
		" FROM ledger_clock c LEFT JOIN notifications n ON n.stored_seq = ? WHERE c.id = 1", place.Seq,
		place.Seq).Scan(&found).Error
	switch {
	case err != nil:
		return 0, fmt.Errorf("look for an event: %w", err)
	case place.Seq > found.Latest, place.History != found.Row.History, found.Row.SHA256 != nil &&
		place.Check != found.Row.check():
		return 0, errHistory
	}
	return found.Latest, nil
}

// passingEvents returns the notifications of the events whose sessions pass the filter
// in the version of the event.
func (s *Store) passingEvents(
	ctx context.Context, filter *sharedFilter, events []models.SessionEvent,
) (map[int64]bool, error) {
	ids := make([]int64, len(events))
	for i, e := range events {
		ids[i] = e.SessionID
	}
	filters := filterSQL{Dialect: s.db}
	if filter.masked {
		filters.masks = s.masking.now()
	}
	c := dialect.AllOf(dialect.In("s.id", ids), filters.session(filter.filter))
	var passing []int64
	err := s.read.WithContext(ctx).Raw("SELECT s.notification_id FROM sessions s WHERE "+c.SQL,
		c.Args...).Scan(&passing).Error
	if err != nil {
		return nil, fmt.Errorf("filter events: %w", err)
	}
	found := make(map[int64]bool, len(passing))
	for _, id := range passing {
		found[id] = true
	}
	return found, nil
}

// SessionOf reads the session of an event; nil where a newer version has overtaken the
// event's, or the session was removed.
func (s *Store) SessionOf(ctx context.Context, event models.SessionEvent) (*models.Session, error) {
	columns := sessionColumnList().seenBy(s.masksOf(ctx))
	passes := dialect.AllOf(dialect.Where("s.id = ? AND s.notification_id = ?", event.SessionID, event.NotificationID),
		s.visibleSessions(ctx))
	sessions, err := columns.read(s.reader(ctx), s.db, dialect.Select("SELECT "+columns.sql()+
		" FROM sessions s WHERE "+passes.SQL, passes.Args...))
	if err != nil {
		return nil, fmt.Errorf("read session of event: %w", err)
	}
	if len(sessions) == 0 {
		return nil, nil
	}
	return sessions[0], nil
}

// Wake returns a channel that receives whenever sessions may have been stored, by
// this process or another, and is closed with the store.
func (s *Store) Wake() (wake <-chan struct{}, unsubscribe func()) {
	s.startListening()
	return s.notifier.subscribe()
}
