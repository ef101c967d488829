package models

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"log/slog"
	"runtime"
	"sync"
	"sync/atomic"
	"time"

	"gorm.io/gorm"
	"gorm.io/plugin/dbresolver"
)

// A replica is left out when it does not answer, or does not have what the primary
// had so long ago.
const (
	replicaMaxLag = 3 * time.Second
	replicaCheck  = time.Second
)

// replicas answer what may be a moment old in place of the primary.
type replicas struct {
	db      *gorm.DB // reads from the replica whose name is used, from the primary without one
	primary *sql.DB
	all     []*replica
	next    atomic.Uint32
	log     *slog.Logger
	past    []primaryState // oldest first
	stop    context.CancelFunc
	checks  sync.WaitGroup
}

type replica struct {
	name    string
	shown   string // its address
	pool    *sql.DB
	healthy atomic.Bool
	told    string // what the log last said of it
}

// primaryState is how far the primary had written its log at a time.
type primaryState struct {
	at      time.Time
	written int64
}

func (s *Store) openReplicas(addresses []string, options Options) error {
	pool, err := s.queries.DB()
	if err != nil {
		return err
	}
	config := postgresGormConfig(options)
	config.DisableAutomaticPing = true // one that is down is left out
	primary := steady{pool, queryPatience}
	r := &replicas{primary: pool, log: options.Log}
	ctx, stop := context.WithCancel(context.Background())
	r.stop = stop
	s.replicas = r
	if r.db, err = openPostgresGORM(primary, config); err != nil {
		return err
	}
	resolver := &dbresolver.DBResolver{}
	for i, address := range addresses {
		if !IsPostgres(address) {
			return fmt.Errorf("replica %s: expected a postgres:// address", address)
		}
		config, err := postgresConfig(address)
		if err != nil {
			return fmt.Errorf("replica %s: %w", withoutPassword(address), err)
		}
		one := &replica{name: fmt.Sprintf("replica %d", i+1), shown: withoutPassword(address)}
		one.pool = newPostgresReaders(config, max(postgresReaders, 2*runtime.NumCPU()))
		r.all = append(r.all, one)
		pool := failover{one.pool, one, primary}
		resolver.Register(dbresolver.Config{Replicas: []gorm.Dialector{postgresDialectorOf(pool)}}, one.name)
	}
	if err := r.db.Use(resolver); err != nil {
		return err
	}
	r.checks.Go(func() { r.watch(ctx) })
	return nil
}

func (r *replicas) close() error {
	r.stop()
	r.checks.Wait()
	var errs []error
	for _, one := range r.all {
		errs = append(errs, one.pool.Close())
	}
	return errors.Join(errs...)
}

// pick names a healthy replica, each in turn; "" where there is none.
func (r *replicas) pick() string {
	start := int(r.next.Add(1))
	for i := range r.all {
		if one := r.all[(start+i)%len(r.all)]; one.healthy.Load() {
			return one.name
		}
	}
	return ""
}

type oneReplica struct {
	once sync.Once
	name string
}

type oneReplicaKey struct{}

// FromOne makes all that is read with the context come from one replica, so that
// the parts of an answer are of one age.
func FromOne(ctx context.Context) context.Context {
	return context.WithValue(ctx, oneReplicaKey{}, &oneReplica{})
}

// answers is where what may be a moment old is read.
func (s *Store) answers(ctx context.Context) *gorm.DB {
	if s.replicas == nil {
		return s.queries.WithContext(ctx)
	}
	var name string
	if pinned, ok := ctx.Value(oneReplicaKey{}).(*oneReplica); ok {
		pinned.once.Do(func() { pinned.name = s.replicas.pick() })
		name = pinned.name
	} else {
		name = s.replicas.pick()
	}
	db := s.replicas.db.WithContext(ctx)
	if name == "" {
		return db
	}
	return db.Clauses(dbresolver.Use(name))
}

// Primary is the same store for the reader of events: without replicas, so that
// what it reads is never old. It is closed
// with the store.
func (s *Store) Primary() *Store {
	primary := *s
	primary.replicas = nil
	return &primary
}

// watch checks the replicas until ctx ends.
func (r *replicas) watch(ctx context.Context) {
	ticker := time.NewTicker(replicaCheck)
	defer ticker.Stop()
	for {
		r.check(ctx)
		select {
		case <-ticker.C:
		case <-ctx.Done():
			return
		}
	}
}

// Where a server is in its log, how far it wrote it or how far it followed, and
// whether it follows another.
const placeInLog = "SELECT CAST(CASE WHEN pg_is_in_recovery() THEN pg_last_wal_replay_lsn() ELSE pg_current_wal_lsn() END - '0/0' AS BIGINT), pg_is_in_recovery()"

func readPlace(ctx context.Context, pool *sql.DB) (place int64, follows bool, err error) {
	ctx, cancel := context.WithTimeout(ctx, replicaCheck)
	defer cancel()
	var read sql.NullInt64
	err = pool.QueryRowContext(ctx, placeInLog).Scan(&read, &follows)
	return read.Int64, follows, err
}

func (r *replicas) check(ctx context.Context) {
	began := time.Now()
	if written, _, err := readPlace(ctx, r.primary); err == nil {
		r.past = append(r.past, primaryState{began, written})
	} // else it writes nothing that a replica could lack
	for len(r.past) > 1 && began.Sub(r.past[1].at) >= replicaMaxLag {
		r.past = r.past[1:]
	}
	var all sync.WaitGroup
	for _, one := range r.all {
		all.Go(func() {
			followed, follows, err := readPlace(ctx, one.pool)
			switch {
			case err != nil:
			case !follows: // it never did, or was promoted
				err = errors.New("it does not follow another server")
			case len(r.past) > 0 && followed < r.past[0].written:
				err = fmt.Errorf("it is more than %v behind", replicaMaxLag)
			}
			if ctx.Err() != nil {
				return
			}
			one.healthy.Store(err == nil)
			before := one.told
			if one.told = "replica serves"; err != nil {
				one.told = "replica left out"
			}
			switch {
			case one.told == before:
			case err != nil:
				r.log.Warn(one.told, "replica", one.shown, "error", oneLine(err))
			default:
				r.log.Info(one.told, "replica", one.shown)
			}
		})
	}
	all.Wait()
}
