package ingest

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"regexp"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"sessiongraph/internal/test/testdb"
	"sessiongraph/internal/test/tools"
	"sessiongraph/models"
	"sessiongraph/models/store"
	"sessiongraph/models/store/dialect"
)

const maxBody = 20_000

func newHandler(saver Saver) *Handler {
	return NewHandler(&Verifier{Mode: SignOff}, saver, maxBody, newMetrics(), slog.New(slog.DiscardHandler))
}

func newMetrics() *Metrics { return NewMetrics(prometheus.NewRegistry()) }

func openStore(t *testing.T, kind testdb.Kind) *store.Store {
	t.Helper()
	database, err := store.Open(t.Context(), kind.Fresh(t), store.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = database.Close() })
	return database
}

// startServer serves /ingest over a store.
func startServer(t *testing.T, kind testdb.Kind) (*httptest.Server, *store.Store) {
	t.Helper()
	database := openStore(t, kind)
	writer := NewWriter(database, newMetrics())
	t.Cleanup(writer.Close)
	server := httptest.NewServer(newHandler(writer))
	t.Cleanup(server.Close)
	return server, database
}

type answer struct {
	status int
	header http.Header
	body   string
}

func send(t *testing.T, method, url, contentType string, body io.Reader) answer {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), method, url, body)
	if err != nil {
		t.Fatal(err)
	}
	if contentType != "" {
		request.Header.Set("Content-Type", contentType)
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = response.Body.Close() }()
	text, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return answer{response.StatusCode, response.Header, string(text)}
}

// check compares an answer; code is that of its error, "" for none.
func (a answer) check(t *testing.T, status int, code string) {
	t.Helper()
	if a.status != status {
		t.Fatalf("status %d with %s, want %d", a.status, a.body, status)
	}
	if got := a.header.Get("Content-Type"); got != "application/json" {
		t.Errorf("content type %q", got)
	}
	if code == "" {
		if a.body != "{}" {
			t.Errorf("body %s, want {}", a.body)
		}
		return
	}
	var shown struct {
		Error struct{ Code, Message string }
	}
	decoder := json.NewDecoder(strings.NewReader(a.body))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&shown); err != nil || shown.Error.Code != code || shown.Error.Message == "" {
		t.Errorf("body %s (%v), want an error with code %s and a message", a.body, err, code)
	}
}

func TestAnswers(t *testing.T) {
	testdb.Each(t, func(t *testing.T, kind testdb.Kind) {
		const ok = "application/json"
		vendor := string(vendorExample(t))
		for _, c := range []struct {
			name, method, contentType, body string
			status                          int
			code                            string
		}{
			{"a notification", "POST", ok, vendor, 200, ""},
			{"with a charset", "POST", "application/json; charset=utf-8", vendor, 200, ""},
			{"in capitals", "POST", "Application/JSON", vendor, 200, ""},
			{"no content type", "POST", "", vendor, 200, ""},
			{"white space around it", "POST", ok, "\n" + vendor + "\n", 200, ""},
			{"an object without call_id", "POST", ok, `{"messages":[]}`, 200, ""},
			{"an empty object", "POST", ok, `{}`, 200, ""},
			{"GET", "GET", ok, "", 405, "METHOD_NOT_ALLOWED"},
			{"PUT", "PUT", ok, vendor, 405, "METHOD_NOT_ALLOWED"},
			{"DELETE", "DELETE", "", "", 405, "METHOD_NOT_ALLOWED"},
			{"OPTIONS", "OPTIONS", "", "", 405, "METHOD_NOT_ALLOWED"},
			{"text", "POST", "text/plain", vendor, 415, "UNSUPPORTED_MEDIA_TYPE"},
			{"a form", "POST", "application/x-www-form-urlencoded", "call_id=1", 415, "UNSUPPORTED_MEDIA_TYPE"},
			{"a content type that is none", "POST", "/", vendor, 415, "UNSUPPORTED_MEDIA_TYPE"},
			{"a charset in capitals", "POST", "application/json; charset=UTF-8", vendor, 200, ""},
			{"UTF-16", "POST", "application/json; charset=utf-16", vendor, 415, "UNSUPPORTED_MEDIA_TYPE"},
			{"no JSON", "POST", ok, `<xml/>`, 400, "NOT_A_JSON_OBJECT"},
			{"half of it", "POST", ok, vendor[:1000], 400, "NOT_A_JSON_OBJECT"},
			{"a list", "POST", ok, `[` + vendor + `]`, 400, "NOT_A_JSON_OBJECT"},
			{"null", "POST", ok, `null`, 400, "NOT_A_JSON_OBJECT"},
			{"nothing", "POST", ok, ``, 400, "NOT_A_JSON_OBJECT"},
			{"as much as is allowed", "POST", ok, `{` + strings.Repeat(" ", maxBody-2) + `}`, 200, ""},
			{"a byte more", "POST", ok, `{` + strings.Repeat(" ", maxBody-1) + `}`, 413, "TOO_LARGE"},
		} {
			t.Run(c.name, func(t *testing.T) {
				server, _ := startServer(t, kind)
				for range 2 { // a repeat is answered alike
					var got answer
					tools.Eventually(t, func() string { // a busy machine may store too late for its answer
						got = send(t, c.method, server.URL, c.contentType, strings.NewReader(c.body))
						if got.status == http.StatusServiceUnavailable {
							return got.body
						}
						return ""
					})
					got.check(t, c.status, c.code)
					if allow := got.header.Get("Allow"); (c.status == 405) != (allow == "POST") {
						t.Errorf("Allow is %q", allow)
					}
				}
			})
		}
	})
}

// chunked hides the length of a body, so that it is sent in chunks.
type chunked struct{ io.Reader }

func TestABodyInChunksIsHeldToTheSameLimit(t *testing.T) {
	testdb.Each(t, func(t *testing.T, kind testdb.Kind) {
		server, database := startServer(t, kind)
		send(t, "POST", server.URL, "",
			chunked{strings.NewReader(`{` + strings.Repeat(" ", maxBody-1) + `}`)}).check(t, 413, "TOO_LARGE")
		send(t, "POST", server.URL, "",
			chunked{strings.NewReader(`{` + strings.Repeat(" ", maxBody-2) + `}`)}).check(t, 200, "")
		bodies, err := database.BodiesOf(t.Context(), []int64{1, 2})
		if err != nil || len(bodies) != 1 {
			t.Errorf("%d bodies are kept (%v), want the one that was not too large", len(bodies), err)
		}
	})
}

// The client is not made to send what is refused for its length.
func TestATooLargeBodyIsRefusedBeforeItIsSent(t *testing.T) {
	testdb.Each(t, func(t *testing.T, kind testdb.Kind) {
		server, _ := startServer(t, kind)
		connection, err := net.Dial("tcp", strings.TrimPrefix(server.URL, "http://"))
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = connection.Close() }()
		if err := connection.SetDeadline(time.Now().Add(20 * time.Second)); err != nil {
			t.Fatal(err)
		}
		if _, err := fmt.Fprintf(connection, "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n",
			int64(1)<<40); err != nil {
			t.Fatal(err)
		}
		response, err := http.ReadResponse(bufio.NewReader(connection), nil)
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = response.Body.Close() }()
		if response.StatusCode != 413 || !response.Close {
			t.Errorf("status %d, close %t, want 413 and an end", response.StatusCode, response.Close)
		}
	})
}

func TestABodyThatEndsEarlyIsNotStored(t *testing.T) {
	for _, c := range []struct {
		err    error
		status int
		code   string
	}{
		{io.ErrUnexpectedEOF, 400, "INCOMPLETE_BODY"},
		{fmt.Errorf("read: %w", os.ErrDeadlineExceeded), 503, "UNAVAILABLE"},
	} {
		saver := &recorder{}
		request := httptest.NewRequest("POST", "/ingest",
			io.MultiReader(strings.NewReader(`{"call_id":"a"`), iotest.ErrReader(c.err)))
		response := httptest.NewRecorder()
		newHandler(saver).ServeHTTP(response, request)
		answer{response.Code, response.Header(), response.Body.String()}.check(t, c.status, c.code)
		if again := response.Header().Get("Retry-After"); (again != "") != (c.status == 503) {
			t.Errorf("%v: Retry-After is %q", c.err, again)
		}
		if len(saver.saved) > 0 {
			t.Errorf("stored %v", saver.saved)
		}
	}
}

func TestWhatIsStored(t *testing.T) {
	testdb.Each(t, func(t *testing.T, kind testdb.Kind) {
		server, database := startServer(t, kind)
		vendor := vendorExample(t)
		send(t, "POST", server.URL, "", strings.NewReader(string(vendor))).check(t, 200, "")
		send(t, "POST", server.URL, "", strings.NewReader(string(vendor))).check(t, 200, "")
		send(t, "POST", server.URL, "", strings.NewReader(`{"callee":"+1"}`)).check(t, 200, "")
		send(t, "POST", server.URL, "", strings.NewReader(`[1]`)).check(t, 400, "NOT_A_JSON_OBJECT")

		const callID = "a3f5c12ac59xxxxxxxxad71fe6a8ea3e"
		sessions, err := database.SessionsByCallID(t.Context(), []string{callID})
		if err != nil {
			t.Fatal(err)
		}
		if s := sessions[callID]; s == nil || s.Version != 1 || s.Deliveries != 2 || s.MessageCount != 16 {
			t.Errorf("session is %+v", s)
		}
		bodies, err := database.BodiesOf(t.Context(), []int64{1, 2, 3})
		if err != nil {
			t.Fatal(err)
		}
		for id, want := range map[int64]string{1: string(vendor), 2: `{"callee":"+1"}`, 3: `[1]`} {
			if string(bodies[id]) != want {
				t.Errorf("body %d is %.80q, want %.80q", id, bodies[id], want)
			}
		}
		all := models.SessionList{Order: models.DefaultSessionOrder()}
		if counts, err := database.CountSessions(t.Context(), all, []string{""}); err != nil || counts[""] != 1 {
			t.Errorf("%d sessions, %v", counts[""], err)
		}
	})
}

// recorder is a Saver that keeps what it is given, or fails.
type recorder struct {
	saved []models.Delivery
	err   error
}

func (r *recorder) Save(_ context.Context, n Received) (Receipt, error) {
	if r.err != nil {
		return Receipt{}, r.err
	}
	d := NewDelivery(n.Body, n.Sign, n.At)
	r.saved = append(r.saved, d)
	return Receipt{Outcome: d.Outcome, Reason: d.Reason}, nil
}

func TestWhatTheSaverIsGiven(t *testing.T) {
	saver := &recorder{}
	h := newHandler(saver)
	at := time.Date(2025, 4, 15, 8, 41, 0, 123456789, time.FixedZone("", 7200))
	h.Now = func() time.Time { return at }
	for _, body := range []string{string(vendorExample(t)), `{}`, `no`} {
		request := httptest.NewRequest("POST", "/ingest", strings.NewReader(body))
		request.Header.Set("X-AIRudder-Sign", "AbC")
		h.ServeHTTP(httptest.NewRecorder(), request)
	}
	if len(saver.saved) != 3 {
		t.Fatalf("%d deliveries", len(saver.saved))
	}
	for i, want := range []models.Outcome{models.Projected, models.Quarantined, models.Refused} {
		d := saver.saved[i]
		if d.Outcome != want || (d.Projection != nil) != (want == models.Projected) ||
			(d.Reason == "") != (want == models.Projected) {
			t.Errorf("delivery %d is %s with the reason %q, want %s", i, d.Outcome, d.Reason, want)
		}
		if d.Sign != "AbC" || d.ReceivedAt.Format(time.RFC3339Nano) != "2025-04-15T06:41:00.123456Z" {
			t.Errorf("delivery %d is signed %q, received at %v", i, d.Sign, d.ReceivedAt)
		}
	}
}

// A fault of ours says so, and when to come again, and nothing of what it was.
func TestOurOwnFaults(t *testing.T) {
	for _, err := range []error{ErrQueueFull, ErrTimeout, dialect.ErrUnavailable, context.Canceled,
		errors.New("disk /dev/secret is full")} {
		for _, body := range []string{string(vendorExample(t)), `{}`, `no`} {
			response := httptest.NewRecorder()
			newHandler(&recorder{err: err}).ServeHTTP(response,
				httptest.NewRequest("POST", "/ingest", strings.NewReader(body)))
			got := answer{response.Code, response.Header(), response.Body.String()}
			got.check(t, 503, "UNAVAILABLE")
			if got.header.Get("Retry-After") == "" || strings.Contains(got.body, "secret") {
				t.Errorf("%v: Retry-After %q, body %s", err, got.header.Get("Retry-After"), got.body)
			}
		}
	}
}

// What a request's headers refuse is refused before its body is read.
func TestHeadersThatAreRefused(t *testing.T) {
	for _, c := range []struct {
		name, header, value string
		status              int
		code, says          string
	}{
		{"nothing special", "User-Agent", "AIRudder", 200, "", ""},
		{"no encoding", "Content-Encoding", "identity", 200, "", ""},
		{"gzip", "Content-Encoding", "gzip", 415, "UNSUPPORTED_MEDIA_TYPE", `Content-Encoding \"gzip\"`},
		{"br", "Content-Encoding", "br", 415, "UNSUPPORTED_MEDIA_TYPE", `Content-Encoding \"br\"`},
		{"a charset", "Content-Type", "application/json; charset=utf-16", 415, "UNSUPPORTED_MEDIA_TYPE",
			`charset \"utf-16\"`},
		{"another content type", "Content-Type", "text/plain", 415, "UNSUPPORTED_MEDIA_TYPE",
			`Content-Type \"text/plain\"`},
		{"a page of another site", "Sec-Fetch-Site", "cross-site", 403, "FORBIDDEN", "web pages"},
		{"a page of the same site", "Sec-Fetch-Site", "same-site", 403, "FORBIDDEN", "web pages"},
		{"a page", "Origin", "http://evil.test", 403, "FORBIDDEN", "web pages"},
		{"a page of this server", "Origin", "http://example.com", 403, "FORBIDDEN", "web pages"},
		{"a page without a name", "Origin", "null", 403, "FORBIDDEN", "web pages"},
	} {
		t.Run(c.name, func(t *testing.T) {
			saver := &recorder{}
			request := httptest.NewRequest("POST", "/ingest", strings.NewReader(string(vendorExample(t))))
			request.Header.Set(c.header, c.value)
			response := httptest.NewRecorder()
			newHandler(saver).ServeHTTP(response, request)
			got := answer{response.Code, response.Header(), response.Body.String()}
			got.check(t, c.status, c.code)
			if !strings.Contains(got.body, c.says) {
				t.Errorf("%s is not in %s", c.says, got.body)
			}
			if stored := len(saver.saved) > 0; stored != (c.status == 200) {
				t.Errorf("stored: %t", stored)
			}
		})
	}
}

// An answer 400 says what is wrong, and so does the ledger.
func TestWhatIsWrongWithABody(t *testing.T) {
	deep := strings.Repeat("[", 20_000)
	for _, c := range []struct{ name, body, says string }{
		{"nothing", "", "it is empty"},
		{"white space", " \n", "it is empty"},
		{"a list", "[{}]", "it is a list"},
		{"a number", "12", "it is a number"},
		{"null", "null", "it is null"},
		{"the first half", `{"call_id": "a", "mess`, "the JSON is truncated, it ends at byte 22"},
		{"an open object", `{`, "the JSON is truncated, it ends at byte 1"},
		{"two", "{}\n{}", "there is more behind the JSON value, which ends at byte 2"},
		{"a brace too many", `{"a":1}}`, "there is more behind the JSON value, which ends at byte 7"},
		{"a typing error", `{"a":1,,}`, "invalid JSON at byte 7"},
		{"a word", "no", "invalid JSON at byte 1"},
		{"XML", "<xml/>", "invalid JSON at byte 0"},
		{"a form", "call_id=1", "invalid JSON at byte 0"},
		{"Latin 1", "{\"a\": \xe9}", "it is not UTF-8 at byte 6"},
		{"a byte order mark", "\xef\xbb\xbf{}", "it begins with a byte order mark"},
		{"UTF-16", "\xff\xfe{\x00}\x00", "it is not UTF-8, but UTF-16 or UTF-32"},
		{"UTF-16 without a mark", "{\x00}\x00", "it is not UTF-8, but UTF-16 or UTF-32"},
		{"depth", deep, "more than 10,000 lists and objects in each other"},
	} {
		t.Run(c.name, func(t *testing.T) {
			handler := newHandler(&recorder{})
			handler.MaxBody = 1 << 20
			response := httptest.NewRecorder()
			handler.ServeHTTP(response, httptest.NewRequest("POST", "/ingest", strings.NewReader(c.body)))
			got := answer{response.Code, response.Header(), response.Body.String()}
			got.check(t, 400, "NOT_A_JSON_OBJECT")
			if !strings.Contains(got.body, "the body is not a JSON object: ") ||
				!strings.Contains(got.body, c.says+": send") {
				t.Errorf("%s does not say %q", got.body, c.says)
			}
			_, outcome, reason := Project([]byte(c.body))
			if outcome != models.Refused || !strings.Contains(reason, c.says) {
				t.Errorf("the ledger has it %s: %s", outcome, reason)
			}
		})
	}
}

// A success says what became of the notification.
func TestOutcomeHeader(t *testing.T) {
	testdb.Each(t, func(t *testing.T, kind testdb.Kind) {
		server, _ := startServer(t, kind)
		newer := strings.Replace(string(vendorExample(t)), "1744699269", "1744699999", 1)
		for _, c := range []struct{ body, want string }{
			{string(vendorExample(t)), "stored"},
			{string(vendorExample(t)), "repeat"},
			{newer, "stored"},
			{newer, "repeat"},
			{`{"messages": []}`, "quarantined; call_id: expected a string, got nothing"},
			{`{"messages": []}`, "quarantined; call_id: expected a string, got nothing"},
		} {
			got := send(t, "POST", server.URL, "", strings.NewReader(c.body))
			got.check(t, 200, "")
			if outcome := got.header.Get(OutcomeHeader); outcome != c.want {
				t.Errorf("%.40s: outcome %q, want %q", c.body, outcome, c.want)
			}
		}
		if got := send(t, "POST", server.URL, "", strings.NewReader(`[]`)); got.header.Get(OutcomeHeader) != "" {
			t.Errorf("a refusal has the outcome %q", got.header.Get(OutcomeHeader))
		}
	})
}

// A client that leaves is no reason to lose its notification.
func TestANotificationOfAClientThatLeftIsStored(t *testing.T) {
	testdb.Each(t, func(t *testing.T, kind testdb.Kind) {
		database := openStore(t, kind)
		writer := NewWriter(database, newMetrics())
		defer writer.Close()
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		request := httptest.NewRequest("POST", "/ingest", strings.NewReader(string(vendorExample(t)))).WithContext(ctx)
		newHandler(writer).ServeHTTP(httptest.NewRecorder(), request)
		writer.Close()
		if got := countSessions(t, database); got != 1 {
			t.Errorf("%d sessions", got)
		}
	})
}

// Refusals leave one line a second, and what is quarantined is named.
func TestLogOfRefusals(t *testing.T) {
	var log tools.Log
	post := func(handler *Handler, body, contentType string) {
		request := httptest.NewRequest("POST", "/ingest", strings.NewReader(body))
		request.Header.Set("Content-Type", contentType)
		handler.ServeHTTP(httptest.NewRecorder(), request)
	}
	saver := &recorder{}
	handler := NewHandler(&Verifier{Mode: SignOff}, saver, maxBody, newMetrics(),
		slog.New(slog.NewTextHandler(&log, nil)))
	for range 100 {
		post(handler, "[]", "application/json")
	}
	post(handler, strings.Repeat(" ", maxBody+1), "application/json")
	post(handler, "{}", "text/plain")
	log.Await(t, regexp.MustCompile(`level=WARN msg="notifications refused" count=1 status=400 reason="the body is `+
		`not a JSON object: it is a list`))
	log.Await(t, regexp.MustCompile(`level=WARN msg="notifications refused" count=101 status=415 `))
	post(handler, `{"call_id": "abc", "messages": []}`, "application/json")
	log.Await(t, regexp.MustCompile(`level=WARN msg="notification quarantined" notification=\d+ call_id=abc `+
		`reason="session_start_time`))

	saver.err = dialect.ErrUnavailable
	for range 1000 {
		post(handler, "{}", "application/json")
	}
	log.Await(t, regexp.MustCompile(`level=ERROR msg="notifications not stored" count=1 error="the database is not `+
		`available now"`))
	log.Await(t, regexp.MustCompile(`level=ERROR msg="notifications not stored" count=999 `))
	if lines := strings.Count(log.String(), "\n"); lines != 5 {
		t.Errorf("%d lines:\n%s", lines, log.String())
	}
}
