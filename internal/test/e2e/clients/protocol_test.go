package clients_test

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/coder/websocket"

	"sessiongraph/internal/simulate"
)

const stored = `subscription ($filter: SessionFilter, $after: String) {
	sessionStored(filter: $filter, after: $after) { cursor session { callId } }
}`

// invented gives count notifications of its own, with that status.
func invented(t *testing.T, seed uint64, count int, set map[string]any) (bodies [][]byte, callIDs []string) {
	t.Helper()
	for i := range count {
		var fields map[string]json.RawMessage
		if err := json.Unmarshal(simulate.New(seed).Notification(i), &fields); err != nil {
			t.Fatal(err)
		}
		for name, value := range set {
			text, err := json.Marshal(value)
			if err != nil {
				t.Fatal(err)
			}
			fields[name] = text
		}
		body, err := json.Marshal(fields)
		if err != nil {
			t.Fatal(err)
		}
		bodies, callIDs = append(bodies, body), append(callIDs, callID(t, body))
	}
	return bodies, callIDs
}

func (s *server) postAll(bodies [][]byte) {
	for _, body := range bodies {
		s.post(body)
	}
}

// The codes with which the protocol says that a connection is closed.
func TestCloseCodes(t *testing.T) {
	t.Parallel()
	s := startServer(t)
	const initialise = `{"type":"connection_init"}`
	subscribe := func(id string) string {
		return fmt.Sprintf(`{"id":%q,"type":"subscribe","payload":{"query":"subscription { `+
			`sessionStored { cursor } }"}}`, id)
	}
	many := []string{initialise}
	for i := range 51 {
		many = append(many, subscribe(fmt.Sprint(i)))
	}
	for _, test := range []struct {
		name string
		says []string
		code websocket.StatusCode
	}{
		{"no JSON", []string{"hello"}, 4400},
		{"no object", []string{"[]"}, 4400},
		{"no type", []string{"{}"}, 4400},
		{"unknown type", []string{initialise, `{"type":"start","id":"1"}`}, 4400},
		{"subscribe without id", []string{initialise, `{"type":"subscribe","payload":{"query":"{ __typename }"}}`},
			4400},
		{"subscribe without payload", []string{initialise, `{"id":"1","type":"subscribe"}`}, 4400},
		{"subscribe without query", []string{initialise, `{"id":"1","type":"subscribe","payload":{}}`}, 4400},
		{"complete without id", []string{initialise, `{"type":"complete"}`}, 4400},
		{"subscribe before init", []string{subscribe("1")}, 4401},
		{"an id twice", []string{initialise, subscribe("1"), subscribe("1")}, 4409},
		{"init twice", []string{initialise, initialise}, 4429},
		{"too many operations", many, 4429},
		{"no init", nil, 4408},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			if test.code == 4408 && testing.Short() {
				t.Skip("takes 10 s")
			}
			c := dial(t, s, websocket.DialOptions{})
			for _, message := range test.says {
				c.say(message)
			}
			if code := c.closed(); code != test.code {
				t.Errorf("closed with %d, not %d", code, test.code)
			}
		})
	}
}

func TestSubprotocolIsNeeded(t *testing.T) {
	t.Parallel()
	s := startServer(t)
	conn, response, err := websocket.Dial(t.Context(), s.query(),
		&websocket.DialOptions{Subprotocols: []string{"graphql-ws"}})
	if err == nil {
		_ = conn.CloseNow()
		t.Fatal("connected")
	}
	if response.StatusCode != http.StatusBadRequest {
		t.Errorf("answered %s", response.Status)
	}
}

// Operations share a socket, and one that the client completes says no more.
func TestOperationsOnOneSocket(t *testing.T) {
	t.Parallel()
	s := startServer(t)
	c := greeted(t, s, websocket.DialOptions{})
	c.subscribe("all", stored, nil)
	c.subscribe("vip", stored, map[string]any{"filter": map[string]any{"status": map[string]any{"eq": "vip"}}})
	c.subscribe("query", "{ __typename }", nil)
	for _, want := range []string{"next", "complete"} {
		if got := c.read(); got.ID != "query" || got.Type != want {
			t.Fatalf("got %+v, not %s of the query", got, want)
		}
	}
	plain, _ := invented(t, 20, 5, map[string]any{"status": "closed"})
	vip, vipIDs := invented(t, 21, 5, map[string]any{"status": "vip"})
	s.postAll(plain)
	s.postAll(vip)
	got := map[string][]string{}
	for range len(plain) + 2*len(vip) {
		f := c.read()
		got[f.ID] = append(got[f.ID], sessionOf(t, f))
	}
	if len(got["all"]) != len(plain)+len(vip) || strings.Join(got["vip"], " ") != strings.Join(vipIDs, " ") {
		t.Fatalf("got %v", got)
	}

	c.say(`{"id":"all","type":"complete"}`)
	c.say(`{"type":"ping","payload":{"n":1}}`)
	if pong := c.read(); pong.Type != "pong" || string(pong.Payload) != `{"n":1}` {
		t.Fatalf("got %+v", pong)
	}
	more, moreIDs := invented(t, 22, 3, map[string]any{"status": "vip"})
	s.postAll(more)
	for _, want := range moreIDs {
		if f := c.read(); f.ID != "vip" || sessionOf(t, f) != want {
			t.Fatalf("got %+v", f)
		}
	}
	// The id is free again.
	c.subscribe("all", stored, nil)
	c.say(`{"id":"vip","type":"complete"}`)
	c.say(`{"type":"ping"}`)
	if pong := c.read(); pong.Type != "pong" {
		t.Fatalf("got %+v", pong)
	}
}

func sessionOf(t *testing.T, f frame) string {
	t.Helper()
	var e event
	if err := json.Unmarshal(f.Payload, &e); err != nil || f.Type != "next" || e.Errors != nil {
		t.Fatalf("%v, %+v %s", err, f, f.Payload)
	}
	return e.Data.SessionStored.Session.CallID
}

// awaitEvents returns when a subscription has begun, which is after it was opened: what was
// stored before is no event. It posts notifications until one is, and takes all events.
func awaitEvents(t *testing.T, s *server, from stream, seed uint64, set map[string]any) {
	t.Helper()
	type received struct {
		event
		err error
	}
	next := make(chan received, 1)
	receive := func() {
		e, err := from.receive()
		next <- received{e, err}
	}
	go receive()
	bodies, ids := invented(t, seed, 50, set)
	for i, body := range bodies {
		s.post(body)
		select {
		case got := <-next:
			for {
				if got.err != nil || got.Errors != nil {
					t.Fatalf("%+v", got)
				}
				if got.Data.SessionStored.Session.CallID == ids[i] {
					return
				}
				go receive()
				got = <-next
			}
		case <-time.After(200 * time.Millisecond):
		}
	}
	t.Fatal("the subscription has not begun")
}

// A subscription sends what passes its filter, in the order in which it was stored,
// and from a cursor on all that was stored since.
func TestFilterAndAfter(t *testing.T) {
	t.Parallel()
	s := startServer(t)
	for i, kind := range kinds {
		t.Run(kind, func(t *testing.T) {
			filter := map[string]any{"status": map[string]any{"eq": kind}}
			live := open(t, s, http.DefaultClient, kind, stored, map[string]any{"filter": filter})
			awaitEvents(t, s, live, uint64(60+i), map[string]any{"status": kind})
			bodies, ids := invented(t, uint64(30+2*i), 8, map[string]any{"status": kind})
			other, _ := invented(t, uint64(31+2*i), 8, map[string]any{"status": "other"})
			var cursors []string
			for i := range bodies {
				s.post(other[i])
				s.post(bodies[i])
				e, err := live.receive()
				if err != nil || e.Errors != nil || e.Data.SessionStored.Session.CallID != ids[i] {
					t.Fatalf("%+v, %v", e, err)
				}
				cursors = append(cursors, e.Data.SessionStored.Cursor)
			}
			s.post(bodies[0]) // a repeat is no event
			again := open(t, s, http.DefaultClient, kind, stored,
				map[string]any{"filter": filter, "after": cursors[2]})
			for _, id := range ids[3:] {
				e, err := again.receive()
				if err != nil || e.Errors != nil || e.Data.SessionStored.Session.CallID != id {
					t.Fatalf("%+v, %v", e, err)
				}
			}
		})
	}
}

func TestAfterThatIsNoCursor(t *testing.T) {
	t.Parallel()
	s := startServer(t)
	for _, kind := range kinds {
		for _, after := range []string{"", "garbage", "ZTEgeA", "💥", strings.Repeat("A", 10_000)} {
			refused := open(t, s, http.DefaultClient, kind, stored, map[string]any{"after": after})
			e, err := refused.receive()
			if err != nil || len(e.Errors) != 1 || e.Errors[0].Extensions.Code != "BAD_USER_INPUT" ||
				!strings.Contains(e.Errors[0].Message, "cursor") {
				t.Errorf("%s, after %.20q: %+v, %v", kind, after, e, err)
			}
		}
	}
}

// Proxies cut off connections that are silent.
func TestKeepAlive(t *testing.T) {
	if testing.Short() {
		t.Skip("takes 12 s")
	}
	t.Parallel()
	s := startServer(t)
	t.Run("sse", func(t *testing.T) {
		t.Parallel()
		quiet := open(t, s, http.DefaultClient, "sse", stored, nil).(sseStream)
		comments := awaitComments(quiet.lines, 2) // the first comes at once
		select {
		case err := <-comments:
			if err != nil {
				t.Error(err)
			}
		case <-time.After(20 * time.Second):
			t.Error("no comment for 20 s")
		}
	})
	t.Run("ws", func(t *testing.T) {
		t.Parallel()
		pinged := make(chan struct{}, 1)
		c := greeted(t, s, websocket.DialOptions{OnPingReceived: func(context.Context, []byte) bool {
			select {
			case pinged <- struct{}{}:
			default:
			}
			return true
		}})
		go func() { _, _ = c.next() }()
		select {
		case <-pinged:
		case <-time.After(20 * time.Second):
			t.Error("no ping for 20 s")
		}
	})
}

func awaitComments(lines *bufio.Reader, count int) <-chan error {
	came := make(chan error, 1)
	go func() {
		for count > 0 {
			line, err := lines.ReadString('\n')
			if err != nil {
				came <- err
				return
			}
			if strings.HasPrefix(line, ":") {
				count--
			}
		}
		came <- nil
	}()
	return came
}

// Clients that are gone without a word leave nothing behind.
func TestVanishedClients(t *testing.T) {
	t.Parallel()
	s := startServer(t)
	before := s.warmedUp()
	var streams []stream
	for _, kind := range kinds {
		for range 20 {
			streams = append(streams, open(t, s, &http.Client{Transport: new(http.Transport)}, kind, stored, nil))
		}
	}
	if now := s.goroutines(); now < before+len(streams) {
		t.Fatalf("%d goroutines before %d streams, %d with them", before, len(streams), now)
	}
	for _, stream := range streams {
		stream.vanish()
	}
	s.settled(before, 20*time.Second)
}

// Notifications so large that a few fill the buffers of a connection.
func large(t *testing.T, seed uint64) [][]byte {
	bodies, _ := invented(t, seed, 24, map[string]any{"padding": strings.Repeat("x", 1<<20)})
	return bodies
}

const storedRaw = "subscription { sessionStored { cursor session { callId raw } } }"

// A client that does not read holds up no notification, and is cut off.
func TestClientThatDoesNotRead(t *testing.T) {
	if testing.Short() {
		t.Skip("takes 30 s")
	}
	t.Parallel()
	for i, kind := range kinds {
		t.Run(kind, func(t *testing.T) {
			t.Parallel()
			s := startServer(t)
			bodies := large(t, uint64(40+i))
			before := s.warmedUp()
			stuck := open(t, s, smallBuffers(), kind, storedRaw, nil)
			awaitEvents(t, s, stuck, uint64(60+i), nil)
			longest := time.Duration(0)
			for _, body := range bodies {
				began := time.Now()
				s.post(body)
				longest = max(longest, time.Since(began))
			}
			if longest > 5*time.Second {
				t.Errorf("a notification took %v", longest)
			}
			if now := s.goroutines(); now <= before {
				t.Errorf("%d goroutines before, %d with the client: it is not stuck", before, now)
			}
			s.settled(before, 45*time.Second)
			for {
				_, err := stuck.receive()
				if errors.Is(err, io.EOF) && !strings.Contains(err.Error(), "cut off") {
					t.Error("the subscription ended as if there were no more")
				}
				if err != nil {
					break
				}
			}
		})
	}
}

// A client that reads again after too long learns why its events end, and goes on
// from its last cursor.
func TestClientThatIsSlow(t *testing.T) {
	if testing.Short() {
		t.Skip("takes 20 s")
	}
	t.Parallel()
	for i, kind := range kinds {
		t.Run(kind, func(t *testing.T) {
			t.Parallel()
			s := startServer(t)
			bodies := large(t, uint64(50+i))
			slow := open(t, s, smallBuffers(), kind, storedRaw, nil)
			awaitEvents(t, s, slow, uint64(60+i), nil)
			s.postAll(bodies)
			time.Sleep(18 * time.Second)
			got, last := 0, ""
			for {
				e, err := slow.receive()
				if err != nil {
					t.Fatalf("after %d events: %v", got, err)
				}
				if e.Errors != nil {
					if code := e.Errors[0].Extensions.Code; code != "TOO_SLOW" {
						t.Fatalf("code %s", code)
					}
					break
				}
				got, last = got+1, e.Data.SessionStored.Cursor
			}
			if got == 0 || got == len(bodies) {
				t.Fatalf("%d events before the error", got)
			}
			again := open(t, s, http.DefaultClient, kind, stored, map[string]any{"after": last})
			for ; got < len(bodies); got++ {
				if e, err := again.receive(); err != nil || e.Errors != nil {
					t.Fatalf("after %d events: %+v, %v", got, e, err)
				}
			}
		})
	}
}
