package crash

import (
	"io"
	"net"
	"net/http"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"sessiongraph/internal/test/program"
)

// trickle sends text byte by byte until the server ends the connection, and returns
// how long that took.
func trickle(t *testing.T, p *program.Process, first, slowly string) time.Duration {
	connection, err := net.Dial("tcp", p.Host())
	if err != nil {
		t.Error(err)
		return 0
	}
	defer func() { _ = connection.Close() }()
	began := time.Now()
	ended := make(chan time.Duration, 1)
	go func() {
		_, _ = io.Copy(io.Discard, connection) // until the server has had enough
		ended <- time.Since(began)
	}()
	_, _ = io.WriteString(connection, first)
	for i := 0; ; i++ {
		select {
		case took := <-ended:
			return took
		case <-time.After(200 * time.Millisecond):
			_, _ = io.WriteString(connection, slowly[i%len(slowly):i%len(slowly)+1])
		}
		if time.Since(began) > 30*time.Second {
			t.Errorf("the server still listens after 30 s: %.40q", first)
			return 0
		}
	}
}

// Two hundred clients that dawdle are cut off; meanwhile others are served.
func TestSlowClients(t *testing.T) {
	const clients = 200
	db := filepath.Join(t.TempDir(), "slow.db")
	p := serve(t, db)
	x := newTraffic(random(t), 3000)
	head := "POST /ingest HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
	ways := []struct {
		name, first, slowly string
		within              time.Duration // the server's own limit, and some for a busy machine
	}{
		{"nothing at all", "", " ", 5 * time.Second},
		{"headers", "POST /ingest HTTP/1.1\r\nHost: localhost\r\n", "X-A: b\r\n", 5 * time.Second},
		{"a body", head + "Content-Length: 100000\r\n\r\n", "{", 8 * time.Second},
		{"a body in chunks", head + "Transfer-Encoding: chunked\r\n\r\n", "1\r\n{\r\n", 8 * time.Second},
		{"a query", "POST /query HTTP/1.1\r\nHost: localhost\r\nContent-Type: " +
			"application/json\r\nContent-Length: 1000\r\n\r\n", "{", 8 * time.Second},
	}
	var slow sync.WaitGroup
	for n := range clients {
		slow.Go(func() {
			way := ways[n%len(ways)]
			if took := trickle(t, p, way.first, way.slowly); took > way.within+3*time.Second {
				t.Errorf("who sends %s slowly is cut off after %v, want %v", way.name, took, way.within)
			}
		})
	}
	stop, done := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(done)
		x.send(newClient(t, 4), p.URL, 4, stop)
	}()
	slow.Wait()
	close(stop)
	<-done
	alive(t, p)
	if x.count(http.StatusOK) < 100 {
		t.Errorf("only %d notifications were stored beside slow clients", x.count(http.StatusOK))
	}
	terminate(t, p)
	awaitEnd(t, p, grace)
	x.check(t)
	x.checkNothingLost(t, db)
}
