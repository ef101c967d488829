package store_test

import (
	"context"
	"errors"
	"log/slog"
	"regexp"
	"sync"
	"testing"
	"time"

	"sessiongraph/internal/test/testdb"
	"sessiongraph/internal/test/tools"
	"sessiongraph/models/store"
	"sessiongraph/models/store/dialect"
)

func startCluster(t *testing.T) *testdb.Cluster {
	t.Helper()
	cluster, err := testdb.StartCluster(map[string]string{"fsync": "off", "full_page_writes": "off"})
	if err != nil {
		tools.Missing(t, "POSTGRESQL CANNOT BE STARTED: "+err.Error())
	}
	t.Cleanup(cluster.Remove)
	t.Cleanup(func() { _ = cluster.Thaw() })
	cluster.Execute(t, "CREATE DATABASE deployed TEMPLATE template0")
	return cluster
}

// startReplicated is a primary with a replica, and a store that reads from the replica.
func startReplicated(t *testing.T, log *tools.Log) (primary, replica *testdb.Cluster, database *store.Store) {
	t.Helper()
	primary = startCluster(t)
	replica, err := testdb.StartReplica(primary)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(replica.Remove)
	t.Cleanup(func() { _ = replica.Thaw() })
	database, err = store.Open(t.Context(), primary.Address("deployed"), store.Options{
		Replicas: []string{replica.Address("deployed")}, Log: slog.New(slog.NewTextHandler(log, nil))})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = database.Close() })
	save(t, database, inOne(note{}.body())...)
	log.Await(t, regexp.MustCompile(`msg="replica serves"`))
	tools.Eventually(t, func() string {
		if found, err := database.SessionsByCallID(t.Context(), []string{"call-1"}); err != nil || len(found) != 1 {
			return "the replica lacks the session"
		}
		return ""
	})
	return primary, replica, database
}

// A server that hangs, its connections open, holds up no question for longer than its
// context lasts; when it goes on, so does all else.
func TestFrozenServerEndsQuestions(t *testing.T) {
	cluster := startCluster(t)
	database := reopen(t, backend{testdb.Postgres, cluster.Address("deployed")})
	save(t, database, inOne(note{}.body())...)
	ask := func(ctx context.Context) error {
		_, err := database.SessionsByCallID(ctx, []string{"call-1"})
		return err
	}
	if err := ask(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := cluster.Freeze(); err != nil {
		t.Fatal(err)
	}
	var all sync.WaitGroup
	for range 30 { // more than there are connections
		all.Go(func() {
			ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
			defer cancel()
			if err := ask(ctx); err == nil || ctx.Err() == nil && !errors.Is(err, dialect.ErrUnavailable) {
				t.Errorf("error is %v", err)
			}
		})
	}
	all.Wait()
	if err := cluster.Thaw(); err != nil {
		t.Fatal(err)
	}
	tools.Eventually(t, func() string {
		if err := ask(t.Context()); err != nil {
			return err.Error()
		}
		return ""
	})
}

// What a replica that hangs has not answered is asked of the primary.
func TestFrozenReplicaIsLeftOut(t *testing.T) {
	var log tools.Log
	_, replica, database := startReplicated(t, &log)
	if err := replica.Freeze(); err != nil {
		t.Fatal(err)
	}
	var all sync.WaitGroup
	for range 20 {
		all.Go(func() {
			found, err := database.SessionsByCallID(t.Context(), []string{"call-1"})
			if err != nil || len(found) != 1 {
				t.Errorf("%v, %v", found, err)
			}
		})
	}
	all.Wait()
	log.Await(t, regexp.MustCompile(`msg="replica left out"`))
	if err := replica.Thaw(); err != nil {
		t.Fatal(err)
	}
	log.Await(t, regexp.MustCompile(`(?s)replica left out.*replica serves`))
}

// After a failover to a replica queries go on, although the primary does not come back.
func TestPromotedReplicaServes(t *testing.T) {
	var log tools.Log
	primary, replica, database := startReplicated(t, &log)
	if err := primary.Stop("immediate"); err != nil {
		t.Fatal(err)
	}
	tools.Eventually(t, func() string {
		if database.Ping(t.Context()) == nil {
			return "the primary answers"
		}
		return ""
	})
	replica.Execute(t, "SELECT pg_promote()")
	// some checks
	for end := time.Now().Add(3 * time.Second); time.Now().Before(end); time.Sleep(20 * time.Millisecond) {
		if found, err := database.SessionsByCallID(t.Context(), []string{"call-1"}); err != nil || len(found) != 1 {
			t.Fatalf("%v, %v; %s", found, err, log.String())
		}
	}
	// A primary that is back, and is another server now, counts alone.
	if err := primary.Start(); err != nil {
		t.Fatal(err)
	}
	log.Await(t, regexp.MustCompile(`(?s)replica left out.*does not follow`))
}
