package models

import (
	"context"
	"fmt"
)

// StoredSession is the moment at which a notification became its session.
type StoredSession struct {
	Seq     int64 // grows from one to the next, in the order of their commits
	Session *Session
}

// StoredSeq is the number of the latest of those moments. Like StoredSince it asks
// the primary: an event that a replica has not yet must not be passed over.
func (s *Store) StoredSeq(ctx context.Context) (int64, error) {
	var seq int64
	if err := s.read.WithContext(ctx).Raw("SELECT last_stored_seq FROM ledger_clock WHERE id = 1").Scan(&seq).Error; err != nil {
		return 0, fmt.Errorf("read ledger clock: %w", err)
	}
	return seq, nil
}

// StoredSince reads up to limit of the sessions that pass the filter and were
// stored after one moment and up to another, each as it is now.
func (s *Store) StoredSince(ctx context.Context, filter *SessionFilter, after, upTo int64, limit int) ([]StoredSession, error) {
	c := filterSQL{s.dialect}.session(filter)
	type row struct {
		StoredSeq int64
		Session   `gorm:"embedded"`
	}
	var rows []row
	err := s.read.WithContext(ctx).Raw(fmt.Sprintf("SELECT e.stored_seq, "+sessionColumns+" FROM notifications e CROSS JOIN sessions s"+
		" WHERE e.stored_seq > ? AND e.stored_seq <= ? AND s.call_id = e.call_id AND (%s) ORDER BY e.stored_seq LIMIT %d", c.sql, limit),
		append([]any{after, upTo}, c.args...)...).Scan(&rows).Error
	if err != nil {
		return nil, fmt.Errorf("read stored sessions: %w", err)
	}
	stored := make([]StoredSession, len(rows))
	for i := range rows {
		stored[i] = StoredSession{rows[i].StoredSeq, &rows[i].Session}
	}
	return stored, nil
}

// Wake gives a channel that receives whenever sessions may have been stored, by
// this process or another, and is closed with the store; leave ends it.
func (s *Store) Wake() (wake <-chan struct{}, leave func()) {
	s.beginWatching()
	return s.news.subscribe()
}
