package store

import (
	"context"
	"log/slog"
	"sync"
	"time"
)

// Other processes may store sessions, too: on PostgreSQL they say so, and a
// connection of its own listens. The ledger is looked at all the same, since a
// notification of PostgreSQL is lost with a connection, and SQLite has none.
const (
	lookInterval   = 2 * time.Second
	listenAgain    = time.Second
	lookingTimeout = 5 * time.Second
)

// watch keeps an eye on what other processes store, from the first subscriber on.
type watch struct {
	begin sync.Once
	stop  context.CancelFunc
	all   sync.WaitGroup
	ctx   context.Context // ends with the store
}

func newWatch() *watch {
	w := &watch{}
	w.ctx, w.stop = context.WithCancel(context.Background())
	return w
}

func (w *watch) close() {
	w.stop()
	w.begin.Do(func() {}) // nothing begins any more
	w.all.Wait()
}

func (s *Store) beginWatching() {
	s.watch.begin.Do(func() {
		s.watch.all.Go(s.look)
		s.watch.all.Go(s.listen)
	})
}

// look wakes subscribers when the ledger has events that nobody told of.
func (s *Store) look() {
	ticker := time.NewTicker(lookInterval)
	defer ticker.Stop()
	var seen int64
	for {
		select {
		case <-s.watch.ctx.Done():
			return
		case <-ticker.C:
		}
		if !s.news.awaited() {
			continue
		}
		ctx, cancel := context.WithTimeout(s.watch.ctx, lookingTimeout)
		seq, err := s.StoredSeq(ctx)
		cancel()
		if err == nil && seq != seen {
			seen = seq
			s.news.wake()
		}
	}
}

func (s *Store) listen() {
	for {
		err := s.db.Listen(s.watch.ctx, s.news.wake)
		if s.watch.ctx.Err() != nil {
			return
		}
		s.log.Warn("LISTEN connection lost, polling for stored sessions instead", slog.Any("error", err))
		select {
		case <-s.watch.ctx.Done():
			return
		case <-time.After(listenAgain):
		}
	}
}
