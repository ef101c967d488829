package graph_test

import (
	"bufio"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"sessiongraph/graph"
	"sessiongraph/internal/test/testdb"
	"sessiongraph/models/store"
)

func openSSE(t *testing.T, address, query string, variables map[string]any) *bufio.Scanner {
	t.Helper()
	encoded, err := json.Marshal(variables)
	if err != nil {
		t.Fatal(err)
	}
	parameters := url.Values{"query": {query}, "variables": {string(encoded)}}
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, address+"/query?"+parameters.Encode(), nil)
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("Accept", "text/event-stream")
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = response.Body.Close() })
	return bufio.NewScanner(response.Body)
}

// dataOf hands on the data of a stream's events.
func dataOf(lines *bufio.Scanner) <-chan string {
	came := make(chan string, 100)
	go func() {
		defer close(came)
		for lines.Scan() {
			if data, ok := strings.CutPrefix(lines.Text(), "data: "); ok && data != "" {
				came <- data
			}
		}
	}()
	return came
}

// firstData stores sessions until the stream, which may not have begun yet, has something.
func firstData(t *testing.T, database *store.Store, came <-chan string, stored *int) string {
	t.Helper()
	for {
		select {
		case data, ok := <-came:
			if !ok {
				t.Fatal("the stream ended")
			}
			return data
		case <-time.After(50 * time.Millisecond):
			storeMore(t, database, *stored, *stored+1)
			*stored++
		}
	}
}

// Subscribers whose operations differ in no more than which events they want share
// the answer to an event; those that select something else do not.
func TestSubscribersShareAnswers(t *testing.T) {
	const of = `subscription($f: SessionFilter, $n: Int) { sessionStored(filter: $f) { session { callId ` +
		`messages(last: $n) { position } } } }`
	var mu sync.Mutex
	transcripts := 0
	database, err := store.Open(t.Context(), testdb.SQLite.Fresh(t), store.Options{OnStatement: func(sql string) {
		mu.Lock()
		defer mu.Unlock()
		if strings.Contains(sql, "FROM messages m WHERE m.session_id") {
			transcripts++
		}
	}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = database.Close() })
	server := httptest.NewServer(graph.Handler(t.Context(), database,
		graph.Settings{MaxPage: 200, MaxComplexity: 250_000}, slog.New(slog.DiscardHandler)))
	t.Cleanup(server.Close)
	stored := 0
	var streams []<-chan string
	for n := range 12 {
		filter := map[string]any{"channel": map[string]any{"ne": fmt.Sprint("none ", n)}}
		stream := dataOf(openSSE(t, server.URL, of, map[string]any{"f": filter, "n": 1 + n%2}))
		firstData(t, database, stream, &stored)
		streams = append(streams, stream)
	}
	mu.Lock()
	before := transcripts
	mu.Unlock()
	storeMore(t, database, stored, stored+1)
	last := lastCallID(t, database)
	for n, stream := range streams {
		for data := range stream {
			if !strings.Contains(data, last) {
				continue
			}
			if got := strings.Count(data, "position"); got != 1+n%2 {
				t.Errorf("subscriber %d has %d messages: %s", n, got, data)
			}
			break
		}
	}
	mu.Lock()
	defer mu.Unlock()
	if got := transcripts - before; got > 2 {
		t.Errorf("the transcript was read %d times for two kinds of subscribers", got)
	}
}

func lastCallID(t *testing.T, database *store.Store) string {
	t.Helper()
	events, err := database.EventsSince(t.Context(), 0, 1000, 1000)
	if err != nil {
		t.Fatal(err)
	}
	session, err := database.SessionOf(t.Context(), events[len(events)-1])
	if err != nil || session == nil {
		t.Fatal(session, err)
	}
	return session.CallID
}
