package postgres

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
)

// A replica is left out when it does not answer, or lacks what the primary had replicaMaxLag ago.
const (
	replicaMaxLag = 3 * time.Second
	replicaCheck  = time.Second
)

// replicas answer queries in place of the primary. Their answers may be a moment old.
type replicas struct {
	primary *sql.DB // of the program's own connections
	all     []*replica
	next    atomic.Uint32
	log     *slog.Logger
	past    []primaryState // oldest first
	stop    context.CancelFunc
	checks  sync.WaitGroup
}

type replica struct {
	db      *gorm.DB // reads from it, or from the primary where it fails
	shown   string   // its address
	pool    *sql.DB
	probe   *sql.DB // which queries cannot keep from being checked
	serving atomic.Pointer[serving]
	follows bool   // it did when it was last checked with success
	logged  string // last of it
}

// serving is a time during which a replica answers queries.
type serving struct {
	ctx  context.Context
	stop context.CancelFunc
}

func (r *replica) isServing() bool { return r.serving.Load() != nil }

// serve lets the replica answer queries, or not. When it is left out, its unanswered queries are
// cancelled, and run on the primary.
func (r *replica) serve(serves bool) {
	if serves == r.isServing() {
		return
	}
	var next *serving
	if serves {
		next = &serving{}
		next.ctx, next.stop = context.WithCancel(context.Background())
	}
	if before := r.serving.Swap(next); before != nil {
		before.stop()
	}
}

// primaryState is how far the primary had written its log at a time.
type primaryState struct {
	at      time.Time
	written int64
}

func (d *Database) openReplicas(at Addresses, gormConfig gorm.Config) error {
	pool, err := d.pools.Queries.DB()
	if err != nil {
		return err
	}
	own, err := d.pools.Read.DB()
	if err != nil {
		return err
	}
	gormConfig.DisableAutomaticPing = true // one that is down is left out
	primary := retryPool{pool}
	r := &replicas{primary: own, log: d.log}
	ctx, stop := context.WithCancel(context.Background())
	r.stop = stop
	d.replicas = r
	for _, address := range at.Replicas {
		if !IsAddress(address) {
			return fmt.Errorf("replica %s: expected a postgres:// address", address)
		}
		config, err := parseAddress(address)
		if err != nil {
			return fmt.Errorf("replica %s: %w", WithoutPassword(address), err)
		}
		one, to := &replica{shown: WithoutPassword(address)}, server{config, at.Direct != ""}
		one.pool = to.newReaders(max(queryReaders, 2*runtime.NumCPU()))
		one.probe = to.newReaders(1)
		r.all = append(r.all, one)
		if one.db, err = openGORM(failover{one.pool, one, primary}, gormConfig); err != nil {
			return err
		}
	}
	r.checks.Go(func() { r.watch(ctx) })
	return nil
}

func (r *replicas) close() error {
	r.stop()
	r.checks.Wait()
	var errs []error
	for _, one := range r.all {
		one.serve(false)
		errs = append(errs, one.pool.Close(), one.probe.Close())
	}
	return errors.Join(errs...)
}

// pick is a replica that serves, each in turn; nil where there is none.
func (r *replicas) pick() *replica {
	start := int(r.next.Add(1))
	for i := range r.all {
		if one := r.all[(start+i)%len(r.all)]; one.isServing() {
			return one
		}
	}
	return nil
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

// serverState is where a server is in its log, how far it wrote it or how far it
// followed, whether it follows another, and which database of which server it is.
type serverState struct {
	place    sql.NullInt64
	follows  bool
	identity string
}

const readServerState = "SELECT CAST(CASE WHEN pg_is_in_recovery() THEN pg_last_wal_replay_lsn() ELSE" +
	" pg_current_wal_lsn() END - '0/0' AS BIGINT)," +
	" pg_is_in_recovery(), " + serverIdentity

// serverIdentity is which database of which server answers, until that is started again.
const serverIdentity = "CONCAT(EXTRACT(EPOCH FROM pg_postmaster_start_time()), ' '," +
	" (SELECT oid FROM pg_database WHERE datname = current_database()))"

func readState(ctx context.Context, pool *sql.DB) (state serverState, err error) {
	ctx, cancel := context.WithTimeout(ctx, replicaCheck)
	defer cancel()
	err = pool.QueryRowContext(ctx, readServerState).Scan(&state.place, &state.follows, &state.identity)
	return state, err
}

func (r *replicas) check(ctx context.Context) {
	began := time.Now()
	primary, err := readState(ctx, r.primary)
	primaryAnswers := err == nil
	if primaryAnswers {
		r.past = append(r.past, primaryState{began, primary.place.Int64})
	} // else it writes nothing that a replica could lack
	for len(r.past) > 1 && began.Sub(r.past[1].at) >= replicaMaxLag {
		r.past = r.past[1:]
	}
	var all sync.WaitGroup
	for _, one := range r.all {
		all.Go(func() {
			state, err := readState(ctx, one.probe)
			// One that was promoted serves while there is no other primary, or is it.
			promoted := !state.follows &&
				(one.follows && !primaryAnswers || primaryAnswers && state.identity == primary.identity)
			switch {
			case err != nil:
			case !state.follows && !promoted:
				err = errors.New("it does not follow another server")
			case len(r.past) > 0 && state.place.Int64 < r.past[0].written:
				err = fmt.Errorf("it is more than %v behind", replicaMaxLag)
			}
			if ctx.Err() != nil {
				return
			}
			if err == nil {
				one.follows = true
			}
			one.serve(err == nil)
			before := one.logged
			if one.logged = "replica serves"; err != nil {
				one.logged = "replica left out"
			}
			switch {
			case one.logged == before:
			case err != nil:
				r.log.Warn(one.logged, "replica", one.shown, "error",
					oneLine(Dialect{}.DescribeError(err).Error()))
			default:
				r.log.Info(one.logged, "replica", one.shown)
			}
		})
	}
	all.Wait()
}
