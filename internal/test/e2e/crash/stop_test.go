package crash

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"net"
	"net/http"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"sessiongraph/internal/simulate"
	"sessiongraph/internal/test/program"
	"sessiongraph/internal/test/tools"
)

// grace is how long a stop may take, its notice to load balancers included.
const grace = 10*time.Second + 500*time.Millisecond

func terminate(t *testing.T, p *program.Process) {
	t.Helper()
	if err := p.Command.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
}

// SIGTERM amid the traffic: what is acknowledged is there, and the exit code is 0.
func TestSIGTERMAmidTraffic(t *testing.T) {
	r := random(t)
	db := filepath.Join(t.TempDir(), "stopped.db")
	x := newTraffic(r, 2000)
	for range 3 {
		p := serve(t, db)
		stop, done := make(chan struct{}), make(chan struct{})
		go func() {
			defer close(done)
			x.send(newClient(t, connections), p.URL, connections, stop)
		}()
		time.Sleep(time.Duration(r.Int64N(int64(time.Second))))
		terminate(t, p)
		awaitEnd(t, p, grace)
		close(stop)
		<-done
	}
	x.check(t)
	x.checkNothingLost(t, db)
	stored := 0
	for _, row := range export(t, db) {
		stored += row.Deliveries
	}
	if answered := x.count(http.StatusOK); stored != answered && x.count(http.StatusServiceUnavailable) == 0 {
		t.Errorf("%d notifications were stored and %d acknowledged: a request that was taken was not answered", stored,
			answered)
	}
}

// underWay is a request of which the server has begun to read the body.
type underWay struct {
	connection net.Conn
	answer     *bufio.Reader
	rest       []byte
}

func begin(t *testing.T, p *program.Process, body []byte) *underWay {
	t.Helper()
	connection, err := net.Dial("tcp", p.Host())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = connection.Close() })
	_ = connection.SetDeadline(time.Now().Add(30 * time.Second))
	// With Expect, the server says when it has begun.
	_, _ = fmt.Fprintf(connection, "POST /ingest HTTP/1.1\r\nHost: %s\r\nContent-Type: "+
		"application/json\r\nContent-Length: %d\r\nExpect: 100-continue\r\n\r\n", p.Host(), len(body))
	answer := bufio.NewReader(connection)
	for _, want := range []string{"HTTP/1.1 100 Continue\r\n", "\r\n"} {
		if line, err := answer.ReadString('\n'); err != nil || line != want {
			t.Fatalf("%q, %v", line, err)
		}
	}
	half := len(body) / 2
	if _, err := connection.Write(body[:half]); err != nil {
		t.Fatal(err)
	}
	return &underWay{connection, answer, body[half:]}
}

// finish sends the rest and reads the answer.
func (u *underWay) finish() (status int, fault string, err error) {
	if _, err := u.connection.Write(u.rest); err != nil {
		return 0, "", err
	}
	response, err := http.ReadResponse(u.answer, nil)
	if err != nil {
		return 0, "", err
	}
	defer func() { _ = response.Body.Close() }()
	said, err := io.ReadAll(response.Body)
	return response.StatusCode, faultOf(response, said), err
}

// What was begun before SIGTERM is answered, however many that are.
func TestSIGTERMAnswersWhatWasBegun(t *testing.T) {
	const requests = 64
	db := filepath.Join(t.TempDir(), "stopped.db")
	p := serve(t, db)
	generator := simulate.New(7)
	x := newTraffic(random(t), 0)
	var begun []*underWay
	var bodies [][]byte
	for n := range requests {
		bodies = append(bodies, generator.Notification(n))
		begun = append(begun, begin(t, p, bodies[n]))
		x.tried[string(bodies[n])]++
	}
	terminate(t, p)
	awaitRefusal(t, p)
	time.Sleep(200 * time.Millisecond)
	var answers sync.WaitGroup
	for n, u := range begun {
		answers.Go(func() {
			began := time.Now()
			status, fault, err := u.finish()
			if err != nil || status != http.StatusOK && status != http.StatusServiceUnavailable {
				t.Errorf("request %d is answered %d, %v", n, status, err)
				return
			}
			x.answered(bodies[n], answer{status, time.Since(began), fault}, nil)
		})
	}
	answers.Wait()
	awaitEnd(t, p, grace)
	x.check(t)
	if stored := x.count(http.StatusOK); stored < requests/2 {
		t.Errorf("only %d of %d are stored", stored, requests)
	}
	x.checkNothingLost(t, db)
}

func awaitRefusal(t *testing.T, p *program.Process) {
	t.Helper()
	tools.Eventually(t, func() string {
		other, err := net.Dial("tcp", p.Host())
		if err != nil {
			return ""
		}
		_ = other.Close()
		return "it still takes connections"
	})
}

// Who asks for much and does not read it is cut off, which is no failure.
func TestSIGTERMCutsOffWhoDoesNotRead(t *testing.T) {
	p := serve(t, filepath.Join(t.TempDir(), "stopped.db"))
	generator := simulate.New(7)
	client := newClient(t, 4)
	for n := range 200 {
		response, err := client.Post(p.URL+"/ingest", "application/json", bytes.NewReader(generator.Notification(n)))
		if err != nil {
			t.Fatal(err)
		}
		_ = response.Body.Close()
	}
	deaf, err := net.Dial("tcp", p.Host())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = deaf.Close() })
	query := `{"query":"{ sessions(first: 200) { nodes { raw messages { raw } } } }"}`
	request := fmt.Sprintf("POST /query HTTP/1.1\r\nHost: localhost\r\nContent-Type: "+
		"application/json\r\nContent-Length: %d\r\n\r\n%s", len(query), query)
	if _, err := io.WriteString(deaf, strings.Repeat(request, 8)); err != nil {
		t.Fatal(err)
	}
	time.Sleep(500 * time.Millisecond)
	terminate(t, p)
	awaitEnd(t, p, grace)
}

// Clients that say nothing, or never end, do not hold up a stop for longer than its grace.
func TestSIGTERMDoesNotWaitForIdlers(t *testing.T) {
	p := serve(t, filepath.Join(t.TempDir(), "stopped.db"))
	body := simulate.New(7).Notification(0)
	for range 5 {
		begin(t, p, body)
		silent, err := net.Dial("tcp", p.Host())
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = silent.Close() })
		half, err := net.Dial("tcp", p.Host())
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = half.Close() })
		_, _ = half.Write([]byte("POST /ingest HTTP/1.1\r\nHost:"))
	}
	began := time.Now()
	terminate(t, p)
	awaitEnd(t, p, grace)
	t.Logf("stopped after %v", time.Since(began).Round(time.Millisecond))
}
