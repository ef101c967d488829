package store

import (
	"context"
	"sync"

	"gorm.io/gorm"
)

// snapshot is the transaction in which one operation reads.
type snapshot struct {
	ctx   context.Context
	mu    sync.Mutex
	begin sync.Once
	tx    *gorm.DB
}

type snapshotKey struct{}

// Snapshot makes all that is read with the context come from one state of one database,
// until end is called or ctx ends. It takes a connection when the first statement needs
// one. Its statements run on that connection, so those who read at the same time have to
// hold LockSnapshot.
func Snapshot(ctx context.Context) (reading context.Context, end func()) {
	s := &snapshot{ctx: ctx}
	return context.WithValue(ctx, snapshotKey{}, s), func() {
		s.begin.Do(func() {})
		if s.tx != nil {
			s.tx.Rollback()
		}
	}
}

// LockSnapshot waits until nobody else reads in the snapshot of the context.
func LockSnapshot(ctx context.Context) (unlock func()) {
	shared, ok := ctx.Value(snapshotKey{}).(*snapshot)
	if !ok {
		return func() {}
	}
	shared.mu.Lock()
	return shared.mu.Unlock
}

// reader is the connection, or the snapshot of the context, that queries are read from. What it reads
// may be a moment old.
func (s *Store) reader(ctx context.Context) *gorm.DB {
	shared, ok := ctx.Value(snapshotKey{}).(*snapshot)
	if !ok {
		return s.queryPool().WithContext(ctx)
	}
	shared.begin.Do(func() {
		shared.tx = s.queryPool().WithContext(shared.ctx).Begin(s.db.SnapshotOptions())
	})
	if shared.tx == nil { // it has ended
		return s.queryPool().WithContext(ctx)
	}
	db := shared.tx.WithContext(ctx)
	if shared.tx.Error != nil {
		_ = db.AddError(shared.tx.Error)
	}
	return db
}

// queryPool is the pool of a replica, each in turn, or of the primary where none serves.
func (s *Store) queryPool() *gorm.DB {
	if !s.primaryOnly {
		if replica := s.db.Replica(); replica != nil {
			return replica
		}
	}
	return s.queries
}

// Primary is the same store for the reader of events: without replicas, so that
// what it reads is never old. It is closed with the store.
func (s *Store) Primary() *Store {
	primary := *s
	primary.primaryOnly = true
	return &primary
}
