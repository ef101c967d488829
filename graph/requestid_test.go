package graph_test

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"sessiongraph/graph"
	"sessiongraph/internal/requestid"
	"sessiongraph/internal/test/testdb"
	"sessiongraph/models"
)

// withoutContacts is a reader that cannot read contacts.
type withoutContacts struct{ graph.Reader }

func (withoutContacts) ContactsOf(context.Context, []string) (map[string]*models.ContactSummary, error) {
	return nil, errBroken
}

// lockedBuffer is a log that is read while it is written.
type lockedBuffer struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (b *lockedBuffer) Write(line []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.Write(line)
}

func (b *lockedBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.String()
}

// Each error, and each line of the log, names the request, also where subscribers share the response to an event.
func TestErrorsNameTheirRequest(t *testing.T) {
	database := storedSessions(t, testdb.SQLite, 1)
	settings := graph.Settings{MaxPage: 200, MaxComplexity: 250_000}
	var lines lockedBuffer
	log := slog.New(requestid.LogHandler(slog.NewTextHandler(&lines, nil)))
	server := httptest.NewServer(requestid.Handler(
		graph.HandlerOf(t.Context(), withoutContacts{database}, settings, log, false)))
	t.Cleanup(server.Close)

	open := func(id, accept, query string) io.ReadCloser {
		request, err := http.NewRequestWithContext(t.Context(), http.MethodGet,
			server.URL+"/query?query="+url.QueryEscape(query), nil)
		if err != nil {
			t.Fatal(err)
		}
		request.Header.Set("Accept", accept)
		request.Header.Set(requestid.Header, id)
		response, err := http.DefaultClient.Do(request)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = response.Body.Close() })
		if got := response.Header.Get(requestid.Header); got != id {
			t.Errorf("answer of request %q to %q", got, id)
		}
		return response.Body
	}
	const contact = `{ callId contact { firstSeenAt } }`
	for id, query := range map[string]string{
		"of-a-reader":      `{ sessions { nodes ` + contact + ` } }`,
		"of-the-parser":    `{`,
		"of-the-validator": `{ nothing }`,
		"of-an-argument":   `{ sessions(first: -1) { totalCount } }`,
		"of-the-transport": `subscription { sessionStored { session { callId } } }`,
	} {
		body, err := io.ReadAll(open(id, "application/json", query))
		if err != nil || !strings.Contains(string(body), `"requestId":"`+id+`"`) {
			t.Errorf("%s: %s %v", id, body, err)
		}
	}

	const subscription = `subscription { sessionStored { session ` + contact + ` } }`
	const subscribers, events = 3, 3
	ids := [subscribers]string{"first", "second", "third"}
	streams := [subscribers]<-chan string{}
	stored := 1
	for i, id := range ids {
		streams[i] = dataOf(bufio.NewScanner(open(id, "text/event-stream", subscription)))
		firstData(t, database, streams[i], &stored)
	}
	for range events {
		storeMore(t, database, stored, stored+1)
		stored++
		last := lastCallID(t, database)
		for i, stream := range streams {
			found := false
			for data := range stream {
				var answer struct {
					Errors []struct{ Extensions struct{ RequestID string } }
				}
				if err := json.Unmarshal([]byte(data), &answer); err != nil || len(answer.Errors) != 1 ||
					answer.Errors[0].Extensions.RequestID != ids[i] {
					t.Errorf("subscriber %s: %s %v", ids[i], data, err)
				}
				if found = strings.Contains(data, last); found {
					break
				}
			}
			if !found {
				t.Fatalf("subscriber %s: the stream ended", ids[i])
			}
		}
	}

	if text := lines.String(); !strings.Contains(text, "request_id=of-a-reader") ||
		!strings.Contains(text, "request_id=first") || strings.Contains(text, "request_id=of-the-parser") {
		t.Error(text)
	}
}

// slowContacts is a reader that takes longer to read contacts than an answer may take.
type slowContacts struct{ graph.Reader }

func (slowContacts) ContactsOf(ctx context.Context, _ []string) (map[string]*models.ContactSummary, error) {
	<-ctx.Done()
	return nil, ctx.Err()
}

// Subscribers that wait for one response, which takes too long, are each sent an error of their own.
func TestSharedErrorsNameTheirRequest(t *testing.T) {
	database := storedSessions(t, testdb.SQLite, 1)
	settings := graph.Settings{MaxPage: 200, MaxComplexity: 250_000, QueryTimeout: 500 * time.Millisecond}
	server := httptest.NewServer(requestid.Handler(
		graph.HandlerOf(t.Context(), slowContacts{database}, settings, slog.New(slog.DiscardHandler), false)))
	t.Cleanup(server.Close)
	const subscription = `subscription { sessionStored { session { callId contact { firstSeenAt } } } }`

	var ended sync.WaitGroup
	for n := range 20 {
		id := fmt.Sprint("subscriber-", n)
		request, err := http.NewRequestWithContext(t.Context(), http.MethodGet,
			server.URL+"/query?query="+url.QueryEscape(subscription), nil)
		if err != nil {
			t.Fatal(err)
		}
		request.Header.Set("Accept", "text/event-stream")
		request.Header.Set(requestid.Header, id)
		response, err := http.DefaultClient.Do(request)
		if err != nil {
			t.Fatal(err)
		}
		ended.Go(func() {
			body, err := io.ReadAll(response.Body)
			_ = response.Body.Close()
			text := string(body)
			if err != nil || !strings.Contains(text, `"TIMEOUT"`) || strings.Count(text, `"requestId":"`) != 1 ||
				!strings.Contains(text, `"requestId":"`+id+`"`) {
				t.Errorf("%s: %s %v", id, body, err)
			}
		})
	}
	all := make(chan struct{})
	go func() { ended.Wait(); close(all) }()
	for n := 1; ; n++ { // until all have subscribed
		storeMore(t, database, n, n+1)
		select {
		case <-all:
			return
		case <-time.After(200 * time.Millisecond):
		}
	}
}
