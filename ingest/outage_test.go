package ingest

import (
	"database/sql"
	"fmt"
	"net/url"
	"testing"
	"testing/synctest"
	"time"

	"sessiongraph/internal/test/testdb"
	"sessiongraph/internal/test/tools"
	"sessiongraph/models/store"
)

// A server of PostgreSQL that does not answer any more, its connections open, holds up
// storing for seconds, not for as long as the kernel hopes: another host is taken, or the
// same one when it goes on.
func TestALinkThatIsCut(t *testing.T) {
	for _, c := range []struct {
		name  string
		hosts int
	}{{"another host is there", 2}, {"the host comes back", 1}} {
		t.Run(c.name, func(t *testing.T) {
			address, err := url.Parse(testdb.Postgres.Fresh(t))
			if err != nil {
				t.Fatal(err)
			}
			var proxies []*tools.Proxy
			hosts := ""
			for n := range c.hosts {
				proxy := tools.NewProxy(t, "unix", address.Query().Get("host")+"/.s.PGSQL.5432")
				proxies = append(proxies, proxy)
				if n > 0 {
					hosts += ","
				}
				hosts += proxy.Address
			}
			database, err := store.Open(t.Context(), "postgres://postgres@"+hosts+address.Path+
				"?sslmode=disable&connect_timeout=1", store.Options{})
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { _ = database.Close() })
			w := NewWriter(database, newMetrics())
			defer w.Close()
			if _, err := w.Save(t.Context(), notificationOf("before")); err != nil {
				t.Fatal(err)
			}

			proxies[0].Freeze(true)
			cut := time.Now()
			if _, err := w.Save(t.Context(), notificationOf("while")); err == nil {
				t.Fatal("stored by a server that does not answer")
			}
			if took := time.Since(cut); took > maxWait+5*time.Second { // five are for a slow machine
				t.Errorf("answered after %v", took)
			}
			tools.Eventually(t, func() string {
				if err := w.Ready(t.Context()); err == nil {
					return "it is ready"
				}
				return ""
			})
			if c.hosts == 1 {
				tools.Eventually(t, func() string {
					w.mu.Lock()
					defer w.mu.Unlock()
					if w.failing.IsZero() {
						return "the transaction goes on"
					}
					return ""
				})
				proxies[0].Freeze(false)
			}
			n := 0
			tools.Eventually(t, func() string {
				n++
				if _, err := w.Save(t.Context(), notificationOf(fmt.Sprint("after-", n))); err != nil {
					return "nothing is stored: " + err.Error()
				}
				return ""
			})
			t.Logf("stored again %v later", time.Since(cut).Round(time.Millisecond))
			if err := w.Ready(t.Context()); err != nil {
				t.Error(err)
			}
		})
	}
}

// A connection that the server ended, as a restart does, is no reason for a refusal.
func TestABackendThatIsTerminated(t *testing.T) {
	address := testdb.Postgres.Fresh(t)
	synctest.Test(t, func(t *testing.T) {
		database, err := store.Open(t.Context(), address, store.Options{})
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = database.Close() }()
		w := NewWriter(database, newMetrics())
		defer w.Close()
		administrator, err := sql.Open(testdb.Postgres.Driver, address)
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = administrator.Close() }()
		const terminate = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity " +
			"WHERE datname = current_database() AND pid <> pg_backend_pid()"
		for n := range 5 {
			if _, err := w.Save(t.Context(), notificationOf(fmt.Sprint("call-", n))); err != nil {
				t.Errorf("notification %d: %v", n, err)
			}
			if _, err := administrator.ExecContext(t.Context(), terminate); err != nil {
				t.Fatal(err)
			}
		}
	})
}
