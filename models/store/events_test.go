package store_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"sessiongraph/internal/test/testdb"
	"sessiongraph/internal/test/tools"
	"sessiongraph/models"
	"sessiongraph/models/store"
)

func subscribe(
	t *testing.T, database *store.Store, filter *models.SessionFilter, after *models.EventPlace,
) *store.EventStream {
	t.Helper()
	stream, err := database.Events(t.Context(), filter, after)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(stream.Close)
	return stream
}

// next is the next event with its session, nil where that was overtaken meanwhile.
func next(t *testing.T, database *store.Store, stream *store.EventStream) (models.SessionEvent, *models.Session) {
	t.Helper()
	event, err := stream.Next(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	session, err := database.SessionOf(t.Context(), event)
	if err != nil {
		t.Fatal(err)
	}
	return event, session
}

// nextShown is the session of the next event that is shown.
func nextShown(t *testing.T, database *store.Store, stream *store.EventStream) *models.Session {
	t.Helper()
	for {
		if _, session := next(t, database, stream); session != nil {
			return session
		}
	}
}

// store1 stores a session of that number, which ended so many days after the epoch.
func store1(t *testing.T, database *store.Store, n int) {
	t.Helper()
	ended := epoch.AddDate(0, 0, n).Format(time.RFC3339)
	save(t, database, inOne(note{"call_id": fmt.Sprint("call-", n), "talk_round": n,
		"session_end_time": ended}.body())...)
}

// sessionsUpTo reads events until the one of a session, and returns their sessions.
func sessionsUpTo(t *testing.T, database *store.Store, stream *store.EventStream, last string) []string {
	t.Helper()
	var callIDs []string
	for {
		session := nextShown(t, database, stream)
		callIDs = append(callIDs, session.CallID)
		if session.CallID == last {
			return callIDs
		}
	}
}

// places stores sessions of the numbers from from on, and returns the places of their events.
func places(t *testing.T, database *store.Store, from, to int) map[int]models.EventPlace {
	t.Helper()
	stream := subscribe(t, database, nil, nil)
	found := map[int]models.EventPlace{}
	for n := from; n <= to; n++ {
		store1(t, database, n)
		event, _ := next(t, database, stream)
		found[n] = event.EventPlace
	}
	return found
}

// restore makes a database what it was after so many events, as restoring a backup does.
func restore(t *testing.T, db backend, seq int64) {
	t.Helper()
	later := fmt.Sprint("(SELECT id FROM notifications WHERE stored_seq > ", seq, ")")
	execute(t, db, "DELETE FROM sessions WHERE notification_id IN "+later,
		"DELETE FROM notifications WHERE id IN "+later,
		fmt.Sprint("DELETE FROM histories WHERE first_seq > ", seq),
		fmt.Sprint("UPDATE ledger_clock SET last_stored_seq = ", seq))
}

func isForeign(database *store.Store, t *testing.T, place models.EventPlace) bool {
	t.Helper()
	stream, err := database.Events(t.Context(), nil, &place)
	if err == nil {
		stream.Close()
		return false
	}
	var input models.InputError
	if !errors.As(err, &input) || !strings.Contains(err.Error(), "history") {
		t.Fatalf("error is %v", err)
	}
	return true
}

// A place that a client has seen stays valid when the program is started again and
// when its session is removed, and what was stored since is read from there.
func TestPlacesStayValid(t *testing.T) {
	testdb.Each(t, func(t *testing.T, kind testdb.Kind) {
		database, db := openStore(t, kind)
		seen := places(t, database, 1, 3)
		again := reopen(t, db)
		more := places(t, again, 4, 6)
		store1(t, database, 7) // the first goes on beside it
		_, err := again.Prune(t.Context(), models.TimeOf(epoch.AddDate(0, 0, 3).Add(time.Hour)),
			store.RemovalProgress{})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := again.Erase(t.Context(), "+nobody", store.RemovalProgress{}); err != nil {
			t.Fatal(err)
		}
		third := reopen(t, db)
		store1(t, third, 8)
		for n, place := range map[int]models.EventPlace{1: seen[1], 2: seen[2], 3: seen[3], 4: more[4], 6: more[6]} {
			var want []string
			for stored := max(n+1, 4); stored <= 8; stored++ { // up to the third were pruned
				want = append(want, fmt.Sprint("call-", stored))
			}
			for _, from := range []*store.Store{database, third} {
				if got := sessionsUpTo(t, from, subscribe(t, from, nil, &place), "call-8"); !slices.Equal(got, want) {
					t.Errorf("behind %d are %v, want %v", n, got, want)
				}
			}
		}
	})
}

// A place of before a restore is an error, also when as many events were stored since,
// and when those were removed; one that the backup has is valid.
func TestPlacesOfAnotherHistory(t *testing.T) {
	for name, restarted := range map[string]bool{"restarted": true, "running": false} {
		t.Run(name, func(t *testing.T) {
			testdb.Each(t, func(t *testing.T, kind testdb.Kind) {
				database, db := openStore(t, kind)
				seen := places(t, database, 1, 6)
				live := subscribe(t, database, nil, nil)
				restore(t, db, 3)
				if restarted {
					database = reopen(t, db)
				}
				check := func(state string) {
					t.Helper()
					for n, place := range seen {
						if got := isForeign(database, t, place); got != (n > 3) {
							t.Errorf("%s: a place behind %d is foreign: %t", state, n, got)
						}
					}
				}
				check("restored")
				for n := 10; n < 15; n++ {
					store1(t, database, n)
				}
				check("grown beyond it")
				_, err := database.Prune(t.Context(), models.TimeOf(epoch.AddDate(1, 0, 0)), store.RemovalProgress{})
				if err != nil {
					t.Fatal(err)
				}
				check("pruned")
				var input models.InputError
				if _, err := live.Next(t.Context()); !errors.As(err, &input) {
					t.Errorf("a live stream: %v, want an InputError", err)
				}
			})
		})
	}
}

// versionsOf are so many versions of one session, the channel of each its own.
func versionsOf(count int, channels ...string) [][]byte {
	bodies := make([][]byte, count)
	for i := range bodies {
		bodies[i] = note{"timestamp": 1000 + i, "talk_round": i, "channel": channels[i%len(channels)]}.body()
	}
	return bodies
}

// Of versions that were stored while nobody listened the last is sent, once, and the
// filter judges that one.
func TestOvertakenVersionsAreNoEvents(t *testing.T) {
	sub, other := "Sub", "Other"
	channel := func(name string) *models.SessionFilter {
		return &models.SessionFilter{Channel: &models.StringFilter{Eq: &name}}
	}
	testdb.Each(t, func(t *testing.T, kind testdb.Kind) {
		database, _ := openStore(t, kind)
		start := places(t, database, 100, 100)[100]
		save(t, database, oneByOne(versionsOf(5, other, sub)...)...) // the last is Other
		store1(t, database, 101)
		for name, c := range map[string]struct {
			filter *models.SessionFilter
			want   []string
		}{
			"all":                   {nil, []string{"call-1", "call-101"}},
			"what the last is":      {channel(other), []string{"call-1"}},
			"what an earlier is":    {channel(sub), nil},
			"what none was stored":  {channel("None"), nil},
			"what the other one is": {channel("WhatsApp"), []string{"call-101"}},
		} {
			stream := subscribe(t, database, c.filter, &start)
			for _, want := range c.want {
				session := nextShown(t, database, stream)
				if session.CallID != want || want == "call-1" && session.Version != 5 {
					t.Errorf("%s: %+v, want %s", name, session, want)
				}
			}
			ended, cancel := context.WithCancel(t.Context())
			cancel()
			if event, err := stream.Next(ended); !errors.Is(err, context.Canceled) {
				t.Errorf("%s: one more event: %+v, %v", name, event, err)
			}
		}
	})
}

// A live subscriber is sent each version at most once, in their order, and the last.
func TestLiveVersions(t *testing.T) {
	testdb.EachAndPooled(t, func(t *testing.T, kind testdb.Kind) {
		const versions = 60
		database, db := openStore(t, kind)
		stream := subscribe(t, database, nil, nil)
		var writers sync.WaitGroup
		bodies := versionsOf(versions, "a", "b", "c")
		for w := range 2 {
			writer := reopen(t, db)
			writers.Go(func() {
				for n := w; n < versions; n += 2 {
					saveOnce(t, writer, bodies[n])
				}
			})
		}
		last := -1
		for last < versions-1 {
			session := nextShown(t, database, stream)
			if session.TalkRound <= last {
				t.Fatalf("version %d after %d", session.TalkRound, last)
			}
			last = session.TalkRound
		}
		writers.Wait()
	})
}

// Subscribers with filters of their own, from now on and from before, miss nothing,
// however few events are kept for those that are behind.
func TestManySubscribers(t *testing.T) {
	for _, kept := range []int{3, 2000} {
		t.Run(fmt.Sprint("kept ", kept), func(t *testing.T) {
			testdb.Each(t, func(t *testing.T, kind testdb.Kind) {
				const sessions, channels = 250, 5
				tools.NoGoroutineLeft(t)
				database, _ := openStore(t, kind)
				database.KeepEvents(kept)
				start := places(t, database, 0, 0)[0]
				body := func(n int) []byte {
					return note{"call_id": fmt.Sprintf("new-%03d", n), "channel": fmt.Sprint(n % channels),
						"talk_round": n}.body()
				}
				type subscriber struct {
					stream *store.EventStream
					want   []int
				}
				var all []subscriber
				add := func(from int, after *models.EventPlace) {
					for c := range channels + 1 {
						filter, want := (*models.SessionFilter)(nil), []int{}
						if c < channels {
							name := fmt.Sprint(c)
							filter = &models.SessionFilter{Channel: &models.StringFilter{Eq: &name}}
						}
						for n := from; n < sessions; n++ {
							if c == channels || n%channels == c {
								want = append(want, n)
							}
						}
						all = append(all, subscriber{subscribe(t, database, filter, after), want})
					}
				}
				add(0, nil)
				var read sync.WaitGroup
				for n := range sessions {
					save(t, database, inOne(body(n))...)
					if n == sessions/2 {
						add(n+1, nil)
						add(0, &start)
					}
				}
				for _, s := range all {
					read.Go(func() {
						for _, want := range s.want {
							event, err := s.stream.Next(t.Context())
							if err != nil {
								t.Error(err)
								return
							}
							session, err := database.SessionOf(t.Context(), event)
							if err != nil || session == nil || session.TalkRound != want {
								t.Errorf("event is %+v, %v, want %d", session, err, want)
								return
							}
						}
					})
				}
				read.Wait()
			})
		})
	}
}

// What is stored is read once for all subscribers, and once for each distinct filter.
func TestEventsAreReadOnce(t *testing.T) {
	const subscribers, sessions = 40, 10
	db := fresh(t, testdb.SQLite)
	var mu sync.Mutex
	counts := map[string]int{}
	database, err := store.Open(t.Context(), db.address, store.Options{OnStatement: func(sql string) {
		mu.Lock()
		defer mu.Unlock()
		for _, part := range []string{"FROM notifications e", "SELECT s.notification_id FROM sessions s"} {
			if strings.Contains(sql, part) {
				counts[part]++
			}
		}
	}})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = database.Close() }()
	var streams []*store.EventStream
	for n := range subscribers {
		channel := []string{"WhatsApp", "none"}[n%2]
		streams = append(streams,
			subscribe(t, database, &models.SessionFilter{Channel: &models.StringFilter{Eq: &channel}}, nil))
	}
	for n := range sessions {
		store1(t, database, n)
		for i := 0; i < subscribers; i += 2 {
			next(t, database, streams[i])
		}
	}
	mu.Lock()
	defer mu.Unlock()
	for _, part := range []string{"FROM notifications e", "SELECT s.notification_id FROM sessions s"} {
		if got := counts[part]; got == 0 || got > 2*sessions {
			t.Errorf("%d statements %s for %d sessions", got, part, sessions)
		}
	}
}

// A store that is closed ends its streams.
func TestClosedStoreEndsStreams(t *testing.T) {
	database, _ := openStore(t, testdb.SQLite)
	stream := subscribe(t, database, nil, nil)
	ended := make(chan error)
	go func() {
		_, err := stream.Next(context.WithoutCancel(t.Context()))
		ended <- err
	}()
	if err := database.Close(); err != nil {
		t.Error(err)
	}
	if err := <-ended; !errors.Is(err, store.ErrClosed) {
		t.Errorf("ends with %v", err)
	}
	if _, err := database.Events(t.Context(), nil, nil); err == nil {
		t.Error("a closed store gives a stream")
	}
}
