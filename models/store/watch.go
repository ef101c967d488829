package store

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"
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
	// listen returns when its connection is lost; nil where a database says nothing.
	listen func(ctx context.Context, heard func()) error
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
		if s.watch.listen != nil {
			s.watch.all.Go(s.listen)
		}
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
		err := s.watch.listen(s.watch.ctx, s.news.wake)
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

// listenTo hears what announce tells, on a connection of its own.
func listenTo(config *pgx.ConnConfig) func(ctx context.Context, heard func()) error {
	return func(ctx context.Context, heard func()) error {
		connection, err := pgx.ConnectConfig(ctx, config.Copy())
		if err != nil {
			return err
		}
		defer func() {
			ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), time.Second)
			defer cancel()
			_ = connection.Close(ctx)
		}()
		if _, err := connection.Exec(ctx, "LISTEN "+storedChannel); err != nil {
			return err
		}
		for {
			heard() // also of what was stored before it listened
			if _, err := connection.WaitForNotification(ctx); err != nil {
				return err
			}
		}
	}
}
