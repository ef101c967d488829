package transport

import (
	"context"
	"encoding/json"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/99designs/gqlgen/graphql"
	"github.com/coder/websocket"

	"sessiongraph/graph/apierror"
	"sessiongraph/models"
)

// WebSocket is the protocol graphql-transport-ws, with the close codes of its
// specification. gqlgen's own transport has other codes, and loses operations that share
// an id.
type WebSocket struct {
	Runner Runner
	// Stopping ends all connections.
	Stopping context.Context
	// Origins are those of web pages that may connect beside the server's own, in lower case.
	Origins []string
	// Authenticator finds out whose a connection is; nil where that is in the request's context.
	Authenticator Authenticator
}

var _ graphql.Transport = WebSocket{}

const (
	websocketProtocol = "graphql-transport-ws"
	initTimeout       = 10 * time.Second
	maxFrame          = 64 << 10 // bytes
	maxOperations     = 50       // under way on one connection
)

// Supports reports whether the request is one to upgrade the connection.
func (WebSocket) Supports(r *http.Request) bool { return r.Header.Get("Upgrade") != "" }

// Do serves a connection until it ends.
func (t WebSocket) Do(w http.ResponseWriter, r *http.Request, exec graphql.GraphExecutor) {
	if !offers(r.Header, websocketProtocol) {
		writeErrors(r.Context(), w, typeJSON, http.StatusBadRequest,
			apierror.New(apierror.BadRequest, "offer the WebSocket subprotocol "+websocketProtocol))
		return
	}
	if !isAllowed(r.Header.Get("Origin"), r.Host, t.Origins) {
		writeErrors(r.Context(), w, typeJSON, http.StatusForbidden, apierror.New(apierror.Forbidden,
			"pages of this origin may not connect: name it with --cors-origin"))
		return
	}
	conn, err := websocket.Accept(w, r, &websocket.AcceptOptions{
		Subprotocols: []string{websocketProtocol}, InsecureSkipVerify: true, // of the origin, which is allowed
	})
	if err != nil {
		return // Accept has answered
	}
	conn.SetReadLimit(maxFrame)
	ctx, cancel := context.WithCancel(r.Context())
	defer cancel()
	s := &socket{conn: conn, exec: exec, runner: t.Runner, header: r.Header, operations: map[string]*running{},
		authenticator: t.Authenticator, authorization: authorization(r), viewing: ctx, release: func() {}}
	defer context.AfterFunc(t.Stopping, func() { s.close(websocket.StatusGoingAway, "the server is stopping") })()
	s.serve(ctx)
	cancel()
	s.ended.Wait()
	s.release()
	_ = conn.CloseNow()
}

func offers(header http.Header, protocol string) bool {
	for _, line := range header.Values("Sec-WebSocket-Protocol") {
		for offered := range strings.SplitSeq(line, ",") {
			if strings.TrimSpace(offered) == protocol {
				return true
			}
		}
	}
	return false
}

// isAllowed reports whether pages of an origin may connect to a host: its own and those of the origins. Clients
// that are not browsers have none.
func isAllowed(origin, host string, origins []string) bool {
	if origin == "" || slices.Contains(origins, strings.ToLower(origin)) {
		return true
	}
	page, err := url.Parse(origin)
	return err == nil && page.Host != "" && strings.EqualFold(page.Host, host)
}

// frame is a message of the protocol.
type frame struct {
	ID      string          `json:"id,omitempty"`
	Type    string          `json:"type"`
	Payload json.RawMessage `json:"payload,omitempty"`
}

// violation is a breach of the protocol that closes the connection.
type violation struct {
	code   websocket.StatusCode
	reason string
}

// socket is one connection.
type socket struct {
	conn   *websocket.Conn
	exec   graphql.GraphExecutor
	runner Runner
	header http.Header
	ended  sync.WaitGroup // operations and pings
	writes atomic.Int32   // messages that are being written

	authenticator Authenticator
	authorization string // the header of the request

	// Used by the reader alone.
	initialised bool
	viewing     context.Context // of operations; it ends with the viewer's token
	release     context.CancelFunc

	mu         sync.Mutex // not held while a message is written
	operations map[string]*running
}

// running is an operation under way.
type running struct{ cancel context.CancelFunc }

// serve reads messages until the connection ends.
func (s *socket) serve(ctx context.Context) {
	late := time.AfterFunc(initTimeout, func() { s.close(4408, "Connection initialisation timeout") })
	defer late.Stop()
	s.ended.Go(func() { s.keepAlive(ctx) })
	for {
		kind, data, err := s.conn.Read(ctx)
		if err != nil {
			return
		}
		var f frame
		if kind != websocket.MessageText || json.Unmarshal(data, &f) != nil {
			s.close(4400, "Invalid message received")
			return
		}
		if broken := s.handle(ctx, f, late); broken != nil {
			s.close(broken.code, broken.reason)
			return
		}
	}
}

func (s *socket) handle(ctx context.Context, f frame, late *time.Timer) *violation {
	switch f.Type {
	case "connection_init":
		if s.initialised {
			return &violation{4429, "Too many initialisation requests"}
		}
		if !isObjectOrNone(f.Payload) {
			return &violation{4400, "Invalid payload of connection_init"}
		}
		if refused := s.authenticate(ctx, models.JSON(f.Payload)); refused != nil {
			return refused
		}
		late.Stop()
		s.initialised = true
		s.send(ctx, frame{Type: "connection_ack"})
	case "ping", "pong":
		if !isObjectOrNone(f.Payload) {
			return &violation{4400, "Invalid payload of " + f.Type}
		}
		if f.Type == "ping" {
			s.send(ctx, frame{Type: "pong", Payload: f.Payload})
		}
	case "subscribe":
		return s.subscribe(ctx, f)
	case "complete":
		if f.ID == "" {
			return &violation{4400, "Invalid message received"}
		}
		s.cancel(f.ID)
	default:
		return &violation{4400, "Invalid message received"}
	}
	return nil
}

// authenticate finds out whose a connection is: by the Authorization in the payload of connection_init, else by the
// header. When the token ends, the connection is closed with a code after which a client may connect again, with
// another token.
func (s *socket) authenticate(ctx context.Context, payload models.JSON) *violation {
	if s.authenticator == nil {
		return nil
	}
	authorization := s.authorization
	if given := payload.Get("Authorization"); given.Kind() != models.IsAbsent {
		authorization = given.Text()
	}
	viewing, release, err := s.authenticator.Authenticate(ctx, authorization)
	if err != nil {
		return &violation{4401, "Unauthorized: " + err.Error()}
	}
	stop := context.AfterFunc(viewing, func() {
		if tokenEnded(viewing) {
			s.close(4403, "Forbidden: "+models.ErrTokenEnded.Error())
		}
	})
	s.viewing, s.release = viewing, func() {
		stop()
		release()
	}
	return nil
}

func isObjectOrNone(payload json.RawMessage) bool {
	return len(payload) == 0 || string(payload) == "null" || payload[0] == '{'
}

func (s *socket) subscribe(ctx context.Context, f frame) *violation {
	if !s.initialised {
		return &violation{4401, "Unauthorized"}
	}
	params := &graphql.RawParams{Headers: s.header}
	params.ReadTime.Start = graphql.Now()
	if f.ID == "" || len(f.Payload) == 0 || f.Payload[0] != '{' ||
		decodeParams(f.Payload, params) != nil || !hasDocument(params) {
		return &violation{4400, "Invalid message received"}
	}
	params.ReadTime.End = graphql.Now()

	s.mu.Lock()
	defer s.mu.Unlock()
	if s.operations[f.ID] != nil {
		return &violation{4409, "Subscriber for " + shortID(f.ID) + " already exists"}
	}
	if len(s.operations) >= maxOperations {
		return &violation{4429, "Too many operations on one connection"}
	}
	live, cancel := context.WithCancel(s.viewing)
	operation := &running{cancel}
	s.operations[f.ID] = operation
	s.ended.Go(func() {
		defer cancel()
		s.run(ctx, live, f.ID, operation, params)
	})
	return nil
}

// A reason to close has at most 123 bytes.
func shortID(id string) string {
	if len(id) > 60 {
		return strings.ToValidUTF8(id[:60], "") + "…"
	}
	return id
}

// run sends the responses of an operation until live ends, and its end unless the client
// ended it. It writes with the context of the connection: a message that is cut short
// breaks the connection.
func (s *socket) run(ctx, live context.Context, id string, operation *running, params *graphql.RawParams) {
	start, err := json.Marshal(id)
	if err != nil {
		return // never: it is a string
	}
	start = slices.Concat([]byte(`{"id":`), start, []byte(`,"type":"next","payload":`))
	errs := s.runner.Respond(live, s.exec, params, func(payload []byte) bool {
		return s.isLive(id, operation) && s.write(ctx, slices.Concat(start, payload, []byte("}")))
	})
	if !s.remove(id, operation) || tokenEnded(live) {
		return
	}
	end := frame{ID: id, Type: "complete"}
	if errs != nil {
		payload, err := json.Marshal(leaving(ctx, errs))
		if err == nil {
			end = frame{ID: id, Type: "error", Payload: payload}
		}
	}
	s.send(ctx, end)
}

// remove removes an operation that has ended, and reports whether it was live.
func (s *socket) remove(id string, operation *running) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.operations[id] != operation {
		return false
	}
	delete(s.operations, id)
	return true
}

// cancel removes the operation with the id and ends it.
func (s *socket) cancel(id string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if operation := s.operations[id]; operation != nil {
		delete(s.operations, id)
		operation.cancel()
	}
}

// isLive reports whether the client still expects responses of the operation.
func (s *socket) isLive(id string, operation *running) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.operations[id] == operation
}

// send writes a message. The connection ends if the client does not take it in time.
func (s *socket) send(ctx context.Context, f frame) bool {
	message, err := json.Marshal(f)
	return err == nil && s.write(ctx, message)
}

func (s *socket) write(ctx context.Context, message []byte) bool {
	ctx, cancel := context.WithTimeout(ctx, writeTimeout)
	defer cancel()
	s.writes.Add(1)
	defer s.writes.Add(-1)
	return s.conn.Write(ctx, websocket.MessageText, message) == nil
}

func (s *socket) close(code websocket.StatusCode, reason string) { _ = s.conn.Close(code, reason) }

// keepAlive sends pings, and ends the connection of a client that does not answer them.
func (s *socket) keepAlive(ctx context.Context) {
	ticker := time.NewTicker(keepAlive)
	defer ticker.Stop()
	for {
		select {
		case <-ticker.C:
			pong, cancel := context.WithTimeout(ctx, writeTimeout)
			err := s.conn.Ping(pong)
			cancel()
			// A ping may be delayed by a message, which has a time-out of its own.
			if err != nil && s.writes.Load() == 0 {
				_ = s.conn.CloseNow()
				return
			}
		case <-ctx.Done():
			return
		}
	}
}
