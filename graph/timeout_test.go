package graph_test

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"sessiongraph/graph"
	"sessiongraph/ingest"
	"sessiongraph/internal/simulate"
	"sessiongraph/internal/test/testdb"
	"sessiongraph/internal/test/tools"
	"sessiongraph/models/store"
)

func openWorld(t *testing.T, address string, sessions int) *store.Store {
	t.Helper()
	database, err := store.Open(t.Context(), address, store.Options{MaskKey: []byte("key")})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = database.Close() })
	storeMore(t, database, 0, sessions)
	return database
}

func storeMore(t *testing.T, database *store.Store, from, to int) {
	t.Helper()
	generator := simulate.New(1)
	var deliveries []store.PreparedDelivery
	for n := range to {
		body := generator.Notification(n)
		if n >= from {
			deliveries = append(deliveries, database.Prepare(ingest.NewDelivery(body, "", time.Unix(1744699269, 0))))
		}
	}
	if err := database.Save(t.Context(), deliveries); err != nil {
		t.Fatal(err)
	}
}

func handlerOf(t *testing.T, database *store.Store, timeout time.Duration) http.Handler {
	t.Helper()
	settings := graph.Settings{MaxPage: 200, MaxComplexity: 250_000, QueryTimeout: timeout}
	return graph.Handler(t.Context(), database, settings, slog.New(slog.DiscardHandler))
}

// What takes longer than it may ends with a code of its own, an answer and an event alike.
func TestTimeout(t *testing.T) {
	testdb.Each(t, func(t *testing.T, kind testdb.Kind) {
		database := openWorld(t, kind.Fresh(t), 5)
		handler := handlerOf(t, database, time.Nanosecond)
		for _, query := range []string{`{ sessions { nodes { id } } }`, `{ session(callId: "a") { id } }`} {
			serve(t, handler, postOf(operation(query, nil))).refused(t, "TIMEOUT", "took too long")
		}
		server := httptest.NewServer(handler)
		t.Cleanup(server.Close)
		stored := 5
		stream := dataOf(openSSE(t, server.URL, `subscription { sessionStored { cursor session { callId } } }`, nil))
		if line := firstData(t, database, stream, &stored); !strings.Contains(line, `"code":"TIMEOUT"`) {
			t.Errorf("event is %s", line)
		}
		got := serve(t, handlerOf(t, database, 0), postOf(operation(`{ sessions { totalCount } }`, nil)))
		if got.errors != nil {
			t.Errorf("with time enough: %v", got.errors)
		}
	})
}

// lockSessions holds up all that reads sessions, until unlock.
func lockSessions(t *testing.T, address string) (unlock func()) {
	t.Helper()
	connection, err := pgx.Connect(t.Context(), address)
	if err != nil {
		t.Fatal(err)
	}
	for _, statement := range []string{"BEGIN", "LOCK TABLE sessions IN ACCESS EXCLUSIVE MODE"} {
		if _, err := connection.Exec(t.Context(), statement); err != nil {
			t.Fatal(err)
		}
	}
	unlock = sync.OnceFunc(func() { _ = connection.Close(context.WithoutCancel(t.Context())) })
	t.Cleanup(unlock)
	return unlock
}

const waitingForLock = "SELECT COUNT(*) FROM pg_stat_activity WHERE datname = current_database()" +
	" AND wait_event_type = 'Lock'"

// waiting counts the statements of a database that wait for a lock.
func waiting(t *testing.T, address string) (count int) {
	t.Helper()
	connection, err := pgx.Connect(t.Context(), address)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = connection.Close(t.Context()) }()
	if err := connection.QueryRow(t.Context(), waitingForLock).Scan(&count); err != nil {
		t.Fatal(err)
	}
	return count
}

// The server's statement ends with the operation.
func TestTimeoutEndsTheStatement(t *testing.T) {
	address := testdb.Postgres.Fresh(t)
	database := openWorld(t, address, 5)
	lockSessions(t, address)
	handler := handlerOf(t, database, 100*time.Millisecond)
	for range 20 { // more than there are connections
		serve(t, handler, postOf(operation(`{ sessions { totalCount nodes { id } } }`, nil))).refused(t,
			"TIMEOUT", "took too long")
	}
	tools.Eventually(t, func() string {
		if count := waiting(t, address); count > 0 {
			return fmt.Sprint(count, " statements go on")
		}
		return ""
	})
}

// Where as many operations run as may, one more is refused after a moment. Others have
// places of their own, and the program its own connections.
func TestAdmission(t *testing.T) {
	address := testdb.Postgres.Fresh(t)
	database := openWorld(t, address, 5)
	unlock := lockSessions(t, address)
	handler := handlerOf(t, database, time.Minute)
	const large = `{ sessions(first: 200) { nodes { id messages { id text content { ... on Content { type } } } } } }`
	places := runtime.GOMAXPROCS(0)
	var held sync.WaitGroup
	for range places {
		held.Go(func() {
			got := serve(t, handler, postOf(operation(large, nil)))
			if got.errors != nil || got.status != http.StatusOK {
				t.Errorf("status %d, %v", got.status, got.errors)
			}
		})
	}
	tools.Eventually(t, func() string {
		if count := waiting(t, address); count < places {
			return fmt.Sprint(count, " statements wait")
		}
		return ""
	})
	refused := serve(t, handler, postOf(operation(large, nil)))
	refused.refused(t, "UNAVAILABLE", "try again")
	if refused.status != http.StatusServiceUnavailable || refused.header.Get("Retry-After") == "" || refused.hasData {
		t.Errorf("status %d, Retry-After %q", refused.status, refused.header.Get("Retry-After"))
	}
	if got := serve(t, handler, postOf(operation(`{ node(id: "none") { id } }`, nil))); got.errors != nil {
		t.Errorf("a small operation: %v", got.errors)
	}
	if err := database.Ping(t.Context()); err != nil {
		t.Error(err)
	}
	unlock()
	held.Wait()
}

// Searches and filters of messages cost what they read, wherever they stand.
func TestCostOfFilters(t *testing.T) {
	handler := handlerOf(t, openWorld(t, testdb.SQLite.Fresh(t), 3), 0)
	ask := func(filter map[string]any) answeredHTTP {
		return serve(t, handler, postOf(operation(`query($f: SessionFilter) { sessions(first: 1, filter: $f) { `+
			`totalCount } }`, map[string]any{"f": filter})))
	}
	many := func(count int, filter map[string]any) []any {
		list := make([]any, count)
		for i := range list {
			list[i] = filter
		}
		return list
	}
	search := map[string]any{"messages": map[string]any{"search": "e a i n o zzqN"}}
	for name, filter := range map[string]map[string]any{
		"in or":        {"or": many(1200, search)},
		"in and in or": {"or": many(4, map[string]any{"and": many(300, search)})},
		"in not":       {"not": map[string]any{"or": many(1200, search)}},
		"of sessions":  {"or": many(1200, map[string]any{"search": "e a i n o zzqN"})},
		"in no list":   {"and": map[string]any{"or": many(1200, search)}},
	} {
		t.Run(name, func(t *testing.T) { ask(filter).refused(t, "QUERY_TOO_COMPLEX", "at most 250000") })
	}
	words := strings.TrimSpace(strings.Repeat("word ", 50))
	for name, filter := range map[string]map[string]any{
		"fifty words": {"search": words},
		"some":        {"or": many(20, search)},
		"many names":  {"callId": map[string]any{"in": strings.Fields(strings.Repeat("name ", 1000))}},
	} {
		if got := ask(filter); got.errors != nil {
			t.Errorf("%s: %v", name, got.errors)
		}
	}
}
