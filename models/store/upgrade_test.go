package store_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"

	"sessiongraph/ingest"
	"sessiongraph/internal/test/testdb"
	"sessiongraph/internal/test/tools"
	"sessiongraph/models"
	"sessiongraph/models/store"
)

// oldDatabase is one that the first version of the program made.
func oldDatabase(t *testing.T, kind testdb.Kind, bodies ...[]byte) backend {
	t.Helper()
	db := fresh(t, kind)
	err := store.MakeOld(t.Context(), db.address, bodies, ingest.Project, func(text string) string {
		return "old " + text
	})
	if err != nil {
		t.Fatal(err)
	}
	return db
}

func differences(t *testing.T, database *store.Store) []string {
	t.Helper()
	var found []string
	err := database.Verify(t.Context(), ingest.Project, noProgress, func(difference string) {
		found = append(found, difference)
	})
	if err != nil {
		t.Fatal(err)
	}
	return found
}

func outdated(t *testing.T, database *store.Store) int {
	t.Helper()
	count, err := database.Outdated(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return count
}

func TestUpgradeOfAnOldDatabase(t *testing.T) {
	testdb.Each(t, func(t *testing.T, kind testdb.Kind) {
		db := oldDatabase(t, kind,
			note{"messages": texts("first")}.body(),
			note{"timestamp": 2000, "messages": texts("H\u00f3a \u0111\u01a1n"), "session_end_reason": "expire",
				"ner_slots": note{"a": "1"}}.body(),
			note{"call_id": "call-2", "messages": texts("other")}.body())
		database := reopen(t, db)
		found := differences(t, database)
		if len(found) != 1 || !strings.HasPrefix(found[0], "2 sessions ") || !strings.Contains(found[0], "replay") {
			t.Errorf("verify says %q", found)
		}
		if before := session(t, database, "call-1"); before.Projection != 1 || before.Engaged {
			t.Errorf("not as the old version stored it: %+v", before)
		}

		var progress []string
		left, err := database.Upgrade(t.Context(), ingest.Project, func(done, total int) {
			progress = append(progress, fmt.Sprint(done, " of ", total))
		})
		if err != nil || left != 0 || progress[0] != "0 of 2" || progress[len(progress)-1] != "2 of 2" {
			t.Errorf("left %d, progress %q, %v", left, progress, err)
		}
		got := session(t, database, "call-1")
		if got.ID != 1 || got.Version != 2 || got.Deliveries != 4 || got.Projection != store.ProjectionVersion ||
			got.ReceivedAt.UnixMicro() != 2 ||
			!got.Engaged || got.EndReasonRaw != "expire" {
			t.Errorf("session is %+v", got)
		}
		for search, want := range map[string]int{"old": 0, "HÓA": 1, "first": 0, "other": 1} {
			if found := hits(t, database, search); len(found) != want {
				t.Errorf("search for %q finds %q", search, found)
			}
		}
		seq, err := database.EventSeq(t.Context())
		events, err2 := database.EventsSince(t.Context(), 0, 100, 100)
		if seq != 3 || len(events) != 2 || err != nil || err2 != nil {
			t.Errorf("last event %d, %d events (%v, %v)", seq, len(events), err, err2)
		}
		verified(t, database)
		texts := rows(t, db, "SELECT session_id FROM messages WHERE LENGTH(text) + LENGTH(raw) > 0")
		if len(texts) != 0 {
			t.Errorf("texts are left of %s", texts)
		}
		for msgID, want := range map[string]int{"m0": 2, "m1": 0} {
			filter := &models.MessageFilter{MsgID: &models.StringFilter{Eq: &msgID}}
			if found, err := database.MessagePage(t.Context(), models.MessageList{Filter: filter},
				models.PageSpec[models.MessageListKey]{Limit: 10}); err != nil || len(found) != want {
				t.Errorf("%d messages with msg_id %s, %v", len(found), msgID, err)
			}
		}
		left, err = database.Upgrade(t.Context(), ingest.Project, func(int, int) {
			t.Error("progress, though there is nothing to do")
		})
		if left != 0 || err != nil {
			t.Errorf("again: %d left, %v", left, err)
		}
	})
}

func manyOld(count int) [][]byte {
	bodies := make([][]byte, count)
	for i := range bodies {
		bodies[i] = note{"call_id": fmt.Sprint("call-", i), "messages": texts(fmt.Sprintf("number-%d-", i))}.body()
	}
	return bodies
}

// It stops with its context, goes on where it was, and two at once do not get into
// each other's way.
func TestUpgradeIsResumedAndShared(t *testing.T) {
	testdb.Each(t, func(t *testing.T, kind testdb.Kind) {
		const count = 450
		db := oldDatabase(t, kind, manyOld(count)...)
		one, two := reopen(t, db), reopen(t, db)
		ctx, cancel := context.WithCancel(t.Context())
		_, err := one.Upgrade(ctx, ingest.Project, func(done, _ int) {
			if done > 0 {
				cancel()
			}
		})
		if rest := outdated(t, one); !errors.Is(err, context.Canceled) || rest == 0 || rest == count {
			t.Fatalf("stopped with %v, %d sessions to do", err, rest)
		}

		var both sync.WaitGroup
		for _, database := range []*store.Store{one, two} {
			both.Go(func() {
				if left, err := database.Upgrade(t.Context(), ingest.Project, noProgress); left != 0 || err != nil {
					t.Errorf("%d left, %v", left, err)
				}
			})
		}
		saveOnce(t, two, note{"call_id": "meanwhile"}.body())
		both.Wait()
		if rest := outdated(t, two); rest != 0 {
			t.Errorf("%d sessions still to do", rest)
		}
		for _, i := range []int{0, 1, count / 2, count - 1} {
			if found := hits(t, two, fmt.Sprintf("number-%d-", i)); len(found) != 1 {
				t.Errorf("search for number %d finds %q", i, found)
			}
		}
		verified(t, one)
	})
}

// A damaged notification keeps neither the others nor the server from starting.
func TestUpgradeLeavesWhatCannotBeRead(t *testing.T) {
	testdb.Each(t, func(t *testing.T, kind testdb.Kind) {
		tools.NoGoroutineLeft(t)
		db := oldDatabase(t, kind, manyOld(20)...)
		execute(t, db, "UPDATE notifications SET body = sha256 WHERE id IN (7, 20)")
		database := reopen(t, db)
		for range 2 {
			if left, err := database.Upgrade(t.Context(), ingest.Project, noProgress); left != 2 || err != nil {
				t.Errorf("%d left, %v", left, err)
			}
		}
		if rest := outdated(t, database); rest != 2 {
			t.Errorf("%d sessions are of the old version", rest)
		}
	})
}
