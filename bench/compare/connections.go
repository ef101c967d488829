package main

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"strings"
	"time"

	"github.com/coder/websocket"
	"github.com/coder/websocket/wsjson"

	"sessiongraph/internal/simulate"
)

const (
	// maxSubscribers is as many as a server takes.
	maxSubscribers = 1000
	subscription   = "subscription { sessionStored { session { callId intention { label } messageCount } } }"
	// eventsSent are the sessions that are stored for the subscribers.
	eventsSent = 20
)

// subscribers is how many are connected: fewer where a run is short.
func (m sizing) subscribers() int { return min(maxSubscribers, m.counts[0]/20) }

// connections reports the resident memory by what is connected and by what runs.
func (m sizing) connections(ctx context.Context, d dataset) error {
	m.heading(fmt.Sprintf("Memory with %d sessions", d.sessions),
		"state", "resident", "peak", "PostgreSQL's processes, memory of their own")
	few, many := m.subscribers(), 5*m.subscribers()
	for _, state := range []struct {
		name string
		work func(context.Context, *server) (release func(), err error)
	}{
		{"started", func(context.Context, *server) (func(), error) { return func() {}, nil }},
		{fmt.Sprintf("%d idle connections", few), idle(few)},
		{fmt.Sprintf("%d idle connections", many), idle(many)},
		{fmt.Sprintf("%d subscriptions by WebSocket", few), subscribeAll(few, byWebSocket)},
		{fmt.Sprintf("%d subscriptions by event stream", few), subscribeAll(few, byStream)},
		{"64 connections that read pages", m.under(64, graphQL{}.page(false, ""))},
		{"16 connections that read pages with transcripts", m.under(16, graphQL{}.page(true, ""))},
		{"64 connections that store", m.underStoring},
		{"4 exports of whole transcripts at once", m.underExports},
	} {
		err := m.withServer(ctx, "", d.file, func(p *server) error {
			release, err := state.work(ctx, p)
			if err != nil {
				return err
			}
			time.Sleep(m.round)
			row(m.out, state.name, format("%.0f MB", megabytes(p, "VmRSS")), format("%.0f MB", megabytes(p, "VmHWM")),
				m.backends())
			release()
			return nil
		})
		if err != nil {
			return fmt.Errorf("%s: %w", state.name, err)
		}
	}
	return m.events(ctx, d)
}

func megabytes(p *server, name string) float64 {
	return float64(procNumber(p.pid(), "status", name)) * 1024 / 1e6
}

// backends describes PostgreSQL's processes for clients.
func (m sizing) backends() string {
	if m.cluster == nil {
		return ""
	}
	pids, err := m.cluster.Processes()
	if err != nil {
		return err.Error()
	}
	var count, kilobytes int64
	for _, pid := range pids {
		title, _ := os.ReadFile(fmt.Sprintf("/proc/%d/cmdline", pid))
		if strings.HasPrefix(string(title), "postgres: postgres sessions_") {
			count++
			kilobytes += procNumber(pid, "smaps_rollup", "Private_Dirty")
		}
	}
	return fmt.Sprintf("%d, %.1f MB each", count, float64(kilobytes)/1000/float64(max(count, 1)))
}

// idle opens connections that stay open after one request each.
func idle(count int) func(context.Context, *server) (func(), error) {
	return func(ctx context.Context, p *server) (func(), error) {
		var opened []net.Conn
		release := func() {
			for _, connection := range opened {
				_ = connection.Close()
			}
		}
		for range count {
			connection, err := new(net.Dialer).DialContext(ctx, "tcp", p.process.Host())
			if err != nil {
				release()
				return nil, err
			}
			opened = append(opened, connection)
			_, err = io.WriteString(connection, "GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n")
			if err == nil {
				_, err = http.ReadResponse(bufio.NewReader(connection), nil)
			}
			if err != nil {
				release()
				return nil, err
			}
		}
		return release, nil
	}
}

// subscribe begins a subscription, and calls received for each event until ctx ends.
type subscribe func(ctx context.Context, p *server, received func()) error

// subscribeAll begins subscriptions.
func subscribeAll(count int, one subscribe) func(context.Context, *server) (func(), error) {
	return func(ctx context.Context, p *server) (func(), error) {
		ctx, cancel := context.WithCancel(ctx)
		for range count {
			if err := one(ctx, p, func() {}); err != nil {
				cancel()
				return nil, err
			}
		}
		return cancel, nil
	}
}

func byWebSocket(ctx context.Context, p *server, received func()) error {
	options := &websocket.DialOptions{Subprotocols: []string{"graphql-transport-ws"}}
	connection, _, err := websocket.Dial(ctx, p.process.URL+"/query", options)
	if err != nil {
		return err
	}
	var message struct{ Type string }
	err = errors.Join(wsjson.Write(ctx, connection, object{"type": "connection_init"}),
		wsjson.Read(ctx, connection, &message),
		wsjson.Write(ctx, connection,
			object{"type": "subscribe", "id": "1", "payload": object{"query": subscription}}))
	go func() {
		for wsjson.Read(ctx, connection, &message) == nil {
			if message.Type == "next" {
				received()
			}
		}
	}()
	return err
}

func byStream(ctx context.Context, p *server, received func()) error {
	asked := operation(subscription, nil)
	sent, err := http.NewRequestWithContext(ctx, asked.method, p.process.URL+asked.path, bytes.NewReader(asked.body))
	if err != nil {
		return err
	}
	sent.Header.Set("Content-Type", "application/json")
	sent.Header.Set("Accept", "text/event-stream")
	response, err := http.DefaultClient.Do(sent)
	if err != nil {
		return err
	}
	if response.StatusCode != http.StatusOK {
		return errors.Join(errors.New(response.Status), response.Body.Close())
	}
	go func() {
		defer func() { _ = response.Body.Close() }()
		for lines := bufio.NewScanner(response.Body); lines.Scan(); {
			if lines.Text() == "event: next" {
				received()
			}
		}
	}()
	return nil
}

// under is a load of one request, sent again and again.
func (m sizing) under(connections int, asked request) func(context.Context, *server) (func(), error) {
	return func(ctx context.Context, p *server) (func(), error) {
		_, err := load(ctx, p, []request{asked}, connections, maxRequests, m.round)
		return func() {}, err
	}
}

func (m sizing) underStoring(ctx context.Context, p *server) (func(), error) {
	sent := notifications(simulate.New(storedSeed+2), 0, m.counts[0]/10)
	_, err := load(ctx, p, sent, writeConnections, len(sent), maxStored)
	return func() {}, err
}

func (m sizing) underExports(ctx context.Context, p *server) (func(), error) {
	asked := operation("{ sessions(first: 20000) { nodes { callId messages { sentAt senderType text } } } }", nil)
	asked.path = "/export?format=ndjson"
	_, err := load(ctx, p, []request{asked}, 4, 4, maxStored)
	return func() {}, err
}

// events reports the processor time of an event for a subscriber.
func (m sizing) events(ctx context.Context, d dataset) error {
	m.heading(fmt.Sprintf("Events for %d subscribers with one document", m.subscribers()),
		"by", "processor time of an event for one of them")
	generator := simulate.New(storedSeed + 3)
	for n, transport := range []struct {
		name string
		one  subscribe
	}{{"WebSocket", byWebSocket}, {"event stream", byStream}} {
		sent := notifications(generator, n*eventsSent, eventsSent)
		err := m.withServer(ctx, "", d.file, func(p *server) error {
			took, err := m.deliver(ctx, p, transport.one, sent)
			row(m.out, transport.name, m.each(took, m.subscribers()*eventsSent))
			return err
		})
		if err != nil {
			return fmt.Errorf("%s: %w", transport.name, err)
		}
	}
	return nil
}

// deliver stores one session after the other, each when all subscribers have received the one before.
func (m sizing) deliver(ctx context.Context, p *server, one subscribe, sent []request) (took used, err error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	received := make(chan struct{}, m.subscribers()*len(sent))
	for range m.subscribers() {
		if err := one(ctx, p, func() { received <- struct{}{} }); err != nil {
			return took, err
		}
	}
	time.Sleep(m.round)
	before, err := m.usedBy(p.pid())
	if err != nil {
		return took, err
	}
	for i := range sent {
		if _, err := load(ctx, p, sent[i:i+1], 1, 1, maxStored); err != nil {
			return took, err
		}
		for range m.subscribers() {
			select {
			case <-received:
			case <-time.After(maxStored):
				return took, errors.New("an event did not arrive")
			}
		}
	}
	after, err := m.usedBy(p.pid())
	return after.minus(before), err
}
