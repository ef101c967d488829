package store_test

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"time"

	"sessiongraph/internal/test/testdb"
	"sessiongraph/internal/test/tools"
)

type endlessQuery struct {
	name, query string
	rows        bool // whether rows come before it takes long
}

// endless are queries that do not end by themselves.
func endless(kind testdb.Kind) []endlessQuery {
	if kind.Name != testdb.SQLite.Name {
		const sleep = "SELECT COUNT(*) FROM (SELECT pg_sleep(100000)) x"
		return []endlessQuery{
			{"no row", sleep, false},
			{"rows, no further one", "SELECT i FROM generate_series(1, 10000) i UNION ALL " + sleep, true},
		}
	}
	return []endlessQuery{
		{"no row", numbers + "SELECT COUNT(*) FROM n", false},
		{"a row, no second one", numbers + "SELECT 1 UNION ALL SELECT COUNT(*) FROM n", true},
		{"a row, then Go", numbers + "SELECT 1 UNION ALL SELECT COUNT(case_fold(CAST(i AS BLOB))) FROM n", true},
	}
}

const numbers = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) "

// A query ends with its context, whatever it has read, and its connection is free again.
func TestDeadlineEndsQueries(t *testing.T) {
	testdb.EachAndPooled(t, func(t *testing.T, kind testdb.Kind) {
		store, db := openStore(t, kind)
		save(t, store, inOne(note{}.body())...)
		for _, test := range endless(kind) {
			var all sync.WaitGroup
			for range 30 { // more than there are connections
				all.Go(func() {
					ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
					defer cancel()
					// A connection that is being made may end at the deadline before the context's own timer does.
					deadline, _ := ctx.Deadline()
					read, err := store.RunForever(ctx, test.query)
					if err == nil || time.Now().Before(deadline) || read > 0 && !test.rows {
						t.Errorf("%s: error is %v after %d rows", test.name, err, read)
					}
				})
			}
			ended := make(chan struct{})
			go func() {
				defer close(ended)
				all.Wait()
			}()
			select {
			case <-ended:
			case <-time.After(time.Minute):
				t.Fatalf("%s: a query goes on", test.name)
			}
		}
		tools.Eventually(t, func() string {
			if busy, err := store.BusyQueries(); err != nil || busy > 0 {
				return fmt.Sprint(busy, " connections are busy ", err)
			}
			if kind.Name != testdb.SQLite.Name {
				running := rows(t, db, "SELECT query FROM pg_stat_activity WHERE state = 'active'"+
					" AND query LIKE '%pg_sleep(1%' AND pid <> pg_backend_pid()")
				if len(running) > 0 {
					return fmt.Sprint(running, " go on")
				}
			}
			return ""
		})
		if session(t, store, "call-1") == nil {
			t.Error("the session is not there")
		}
	})
}
