package clients_test

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/coder/websocket"
)

// frame is a message of graphql-transport-ws.
type frame struct {
	ID      string          `json:"id,omitempty"`
	Type    string          `json:"type"`
	Payload json.RawMessage `json:"payload,omitempty"`
}

// event is what a subscription sends.
type event struct {
	Data struct {
		SessionStored struct {
			Cursor  string
			Session struct{ CallID string }
		}
	}
	Errors []problem
}

type problem struct {
	Message    string
	Extensions struct{ Code string }
}

// smallBuffers is a client whose connections hold little that is not read.
func smallBuffers() *http.Client {
	return &http.Client{Transport: &http.Transport{
		DisableKeepAlives: true,
		DialContext: func(ctx context.Context, network, address string) (net.Conn, error) {
			conn, err := new(net.Dialer).DialContext(ctx, network, address)
			if err != nil {
				return nil, err
			}
			return conn, conn.(*net.TCPConn).SetReadBuffer(128 << 10)
		},
	}}
}

// wsClient is one WebSocket.
type wsClient struct {
	t    *testing.T
	conn *websocket.Conn
	ctx  context.Context
}

func dial(t *testing.T, s *server, options websocket.DialOptions) *wsClient {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	t.Cleanup(cancel)
	options.Subprotocols = []string{"graphql-transport-ws"}
	conn, response, err := websocket.Dial(ctx, s.query(), &options)
	if err != nil {
		t.Fatal(err)
	}
	if response.Body != nil {
		_ = response.Body.Close()
	}
	conn.SetReadLimit(-1)
	t.Cleanup(func() { _ = conn.CloseNow() })
	return &wsClient{t, conn, ctx}
}

// greeted has said hello.
func greeted(t *testing.T, s *server, options websocket.DialOptions) *wsClient {
	t.Helper()
	c := dial(t, s, options)
	c.say(`{"type":"connection_init"}`)
	if ack := c.read(); ack.Type != "connection_ack" {
		t.Fatalf("got %+v", ack)
	}
	return c
}

func (c *wsClient) say(message string) {
	c.t.Helper()
	if err := c.conn.Write(c.ctx, websocket.MessageText, []byte(message)); err != nil {
		c.t.Fatal(err)
	}
}

func (c *wsClient) subscribe(id, query string, variables map[string]any) {
	c.t.Helper()
	payload, err := json.Marshal(map[string]any{"query": query, "variables": variables})
	if err != nil {
		c.t.Fatal(err)
	}
	message, err := json.Marshal(frame{id, "subscribe", payload})
	if err != nil {
		c.t.Fatal(err)
	}
	c.say(string(message))
}

func (c *wsClient) next() (frame, error) {
	var f frame
	_, data, err := c.conn.Read(c.ctx)
	if err == nil {
		err = json.Unmarshal(data, &f)
	}
	return f, err
}

func (c *wsClient) read() frame {
	c.t.Helper()
	f, err := c.next()
	if err != nil {
		c.t.Fatal(err)
	}
	return f
}

// closed reads until the server closes, and returns the code.
func (c *wsClient) closed() websocket.StatusCode {
	for {
		if _, err := c.next(); err != nil {
			return websocket.CloseStatus(err)
		}
	}
}

// stream is one subscription, over either transport.
type stream interface {
	// receive is the next event; io.EOF when the server says that there are no more.
	receive() (event, error)
	// vanish ends the connection without a goodbye.
	vanish()
}

func open(t *testing.T, s *server, client *http.Client, kind, query string, variables map[string]any) stream {
	t.Helper()
	if kind == "ws" {
		c := greeted(t, s, websocket.DialOptions{HTTPClient: client})
		c.subscribe("1", query, variables)
		return wsStream{c}
	}
	body, err := json.Marshal(map[string]any{"query": query, "variables": variables})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	t.Cleanup(cancel)
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, s.query(), bytes.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("Content-Type", "application/json")
	request.Header.Set("Accept", "text/event-stream")
	response, err := client.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = response.Body.Close() })
	if response.StatusCode != http.StatusOK || response.Header.Get("Content-Type") != "text/event-stream" {
		t.Fatalf("answered %s, %v", response.Status, response.Header)
	}
	return sseStream{bufio.NewReader(response.Body), cancel}
}

type wsStream struct{ c *wsClient }

func (s wsStream) receive() (event, error) {
	var e event
	f, err := s.c.next()
	switch {
	case err != nil:
		return e, err
	case f.Type == "complete":
		return e, io.EOF
	case f.Type == "error":
		return e, json.Unmarshal(f.Payload, &e.Errors)
	case f.Type == "next":
		return e, json.Unmarshal(f.Payload, &e)
	}
	return e, errors.New("unexpected " + f.Type)
}

func (s wsStream) vanish() { _ = s.c.conn.CloseNow() }

type sseStream struct {
	lines  *bufio.Reader
	cancel context.CancelFunc
}

func (s sseStream) receive() (event, error) {
	var e event
	kind := ""
	for {
		line, err := s.lines.ReadString('\n')
		if err != nil {
			return e, errors.Join(errors.New("cut off"), err)
		}
		field, value, _ := strings.Cut(strings.TrimSuffix(line, "\n"), ": ")
		switch {
		case field == "event" && value == "complete":
			return e, io.EOF
		case field == "event":
			kind = value
		case field == "data" && kind == "next":
			return e, json.Unmarshal([]byte(value), &e)
		}
	}
}

func (s sseStream) vanish() { s.cancel() }
