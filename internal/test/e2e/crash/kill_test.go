package crash

import (
	"path/filepath"
	"testing"
	"time"
)

const (
	rounds      = 10
	connections = 32
)

// The program is killed again and again while notifications pour in.
func TestNothingIsLostToSIGKILL(t *testing.T) {
	r := random(t)
	sessions, longest := 6000, 2500*time.Millisecond
	if testing.Short() {
		sessions, longest = 1000, 300*time.Millisecond
	}
	db := filepath.Join(t.TempDir(), "killed.db")
	x := newTraffic(r, sessions)
	for round := range rounds {
		p := serve(t, db)
		stop := make(chan struct{})
		done := make(chan struct{})
		go func() {
			defer close(done)
			x.send(newClient(t, connections), p.URL, connections, stop)
		}()
		time.Sleep(time.Duration(r.Int64N(int64(longest))))
		p.Kill()
		close(stop)
		<-done
		if round%3 == 2 { // and killed while it starts: its tables and its log are mended then
			starting := launch(t, db)
			time.Sleep(time.Duration(r.Int64N(int64(60 * time.Millisecond))))
			starting.Kill()
		}
	}
	x.check(t)
	x.checkNothingLost(t, db)
}
