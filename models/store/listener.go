package store

import (
	"context"
	"log/slog"
	"sync"
	"time"
)

// Sessions that other processes store are found by notifications of the database, and by polling
// the ledger, because notifications are lost with their connection, and SQLite has none.
const (
	pollInterval = 2 * time.Second
	listenRetry  = time.Second
	pollTimeout  = 5 * time.Second
)

// changeListener finds out when other processes store sessions, from the first subscriber on.
type changeListener struct {
	begin sync.Once
	stop  context.CancelFunc
	all   sync.WaitGroup
	ctx   context.Context // ends with the store
}

func newChangeListener() *changeListener {
	l := &changeListener{}
	l.ctx, l.stop = context.WithCancel(context.Background())
	return l
}

func (l *changeListener) close() {
	l.stop()
	l.begin.Do(func() {}) // nothing begins any more
	l.all.Wait()
}

func (s *Store) startListening() {
	s.listener.begin.Do(func() {
		s.listener.all.Go(s.poll)
		s.listener.all.Go(s.listen)
	})
}

// poll wakes subscribers when the ledger has new events.
func (s *Store) poll() {
	ticker := time.NewTicker(pollInterval)
	defer ticker.Stop()
	var seen int64
	for {
		select {
		case <-s.listener.ctx.Done():
			return
		case <-ticker.C:
		}
		if !s.notifier.hasSubscribers() {
			continue
		}
		ctx, cancel := context.WithTimeout(s.listener.ctx, pollTimeout)
		seq, err := s.EventSeq(ctx)
		cancel()
		if err == nil && seq != seen {
			seen = seq
			s.notifier.wake()
		}
	}
}

func (s *Store) listen() {
	for {
		err := s.db.Listen(s.listener.ctx, s.notifier.wake)
		if s.listener.ctx.Err() != nil {
			return
		}
		s.log.Warn("LISTEN connection lost, polling for stored sessions instead", slog.Any("error", err))
		select {
		case <-s.listener.ctx.Done():
			return
		case <-time.After(listenRetry):
		}
	}
}
