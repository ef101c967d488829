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

// A query ends with its context, and its connection is free again.
func TestDeadlineEndsQueries(t *testing.T) {
	testdb.EachAndPooled(t, func(t *testing.T, kind testdb.Kind) {
		store, db := openStore(t, kind)
		save(t, store, inOne(note{}.body())...)
		var all sync.WaitGroup
		for range 30 { // more than there are connections
			all.Go(func() {
				ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
				defer cancel()
				// A connection that is being made may end at the deadline before the context's own timer does.
				deadline, _ := ctx.Deadline()
				if err := store.RunForever(ctx); err == nil || time.Now().Before(deadline) {
					t.Errorf("error is %v", err)
				}
			})
		}
		all.Wait()
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
