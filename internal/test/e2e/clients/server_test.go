package clients_test

import (
	"bytes"
	"context"
	"flag"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"sessiongraph/internal/simulate"
	"sessiongraph/internal/test/program"
)

func TestMain(m *testing.M) {
	flag.Parse()
	// Most of these tests wait for time-outs.
	if err := flag.Set("test.parallel", "12"); err != nil {
		panic(err)
	}
	// go test runs again when they change
	for _, file := range []string{
		"subscribe.mjs", "parquet.mjs", "frontend/main.js", "frontend/index.html", "package-lock.json",
	} {
		if _, err := os.ReadFile(file); err != nil {
			panic(err)
		}
	}
	os.Exit(program.RunTests(m))
}

// server is a process that serves from one database, at one address.
type server struct {
	t        *testing.T
	settings []string
	address  string
	process  *program.Process
	client   *http.Client
}

func startServer(t *testing.T, settings ...string) *server {
	t.Helper()
	settings = append(settings, "--db", filepath.Join(t.TempDir(), "test.db"))
	s := &server{t: t, settings: settings, address: "127.0.0.1:0",
		client: &http.Client{Timeout: 20 * time.Second, Transport: new(http.Transport)}}
	s.start()
	return s
}

func (s *server) start() {
	s.t.Helper()
	s.process = program.Start(s.t, append([]string{"serve", "--addr", s.address}, s.settings...)...)
	s.address = s.process.Host() // the port that was picked, which stays over restarts
}

func (s *server) end(signal os.Signal) {
	_ = s.process.Command.Process.Signal(signal)
	<-s.process.Ended()
}

func (s *server) restart(signal os.Signal) {
	s.t.Helper()
	s.end(signal)
	s.start()
}

func (s *server) query() string { return "http://" + s.address + "/query" }

// post is what AIRudder does: it sends a notification until it is taken.
func (s *server) post(notification []byte) {
	for s.t.Context().Err() == nil {
		response, err := s.client.Post("http://"+s.address+"/ingest", "application/json",
			bytes.NewReader(notification))
		if err == nil {
			_, _ = io.Copy(io.Discard, response.Body)
			_ = response.Body.Close()
			if response.StatusCode == http.StatusOK {
				return
			}
		}
		time.Sleep(50 * time.Millisecond)
	}
}

// goroutines asks the server's metrics how many it has.
func (s *server) goroutines() int {
	s.t.Helper()
	response, err := s.client.Get("http://" + s.address + "/metrics")
	if err != nil {
		s.t.Fatal(err)
	}
	defer func() { _ = response.Body.Close() }()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		s.t.Fatal(err)
	}
	found := regexp.MustCompile(`(?m)^go_goroutines (\d+)$`).FindSubmatch(body)
	if found == nil {
		s.t.Fatalf("no go_goroutines in\n%s", body)
	}
	n, err := strconv.Atoi(string(found[1]))
	if err != nil {
		s.t.Fatal(err)
	}
	return n
}

// warmedUp makes the server open what it keeps open, and returns how many goroutines
// it has at rest.
func (s *server) warmedUp() int {
	s.t.Helper()
	var together sync.WaitGroup
	for i := range 16 {
		together.Go(func() { s.post(simulate.New(99).Notification(i)) })
	}
	together.Wait()
	s.subscribeOnce()
	least := s.goroutines()
	for unchanged := 0; unchanged < 5; unchanged++ {
		s.client.CloseIdleConnections()
		time.Sleep(50 * time.Millisecond)
		if now := s.goroutines(); now < least {
			least, unchanged = now, 0
		}
	}
	return least
}

// subscribeOnce begins to listen to what is stored, and stops: the server goes on
// looking for what other processes store.
func (s *server) subscribeOnce() {
	s.t.Helper()
	ctx, cancel := context.WithCancel(s.t.Context())
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, "http://"+s.address+"/query",
		strings.NewReader(`{"query":"subscription { sessionStored { cursor } }"}`))
	if err != nil {
		s.t.Fatal(err)
	}
	request.Header.Set("Content-Type", "application/json")
	request.Header.Set("Accept", "text/event-stream")
	response, err := s.client.Do(request)
	if err != nil {
		s.t.Fatal(err)
	}
	_ = response.Body.Close()
	if response.StatusCode != http.StatusOK {
		s.t.Fatalf("subscribing answered %d", response.StatusCode)
	}
}

// settled waits until the server is back at so many goroutines.
func (s *server) settled(before int, patience time.Duration) {
	s.t.Helper()
	for end := time.Now().Add(patience); ; time.Sleep(100 * time.Millisecond) {
		s.client.CloseIdleConnections()
		now := s.goroutines()
		if now <= before {
			return
		}
		if time.Now().After(end) {
			s.t.Fatalf("%d goroutines before, %d after", before, now)
		}
	}
}
