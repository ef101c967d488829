package ingest

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/iotest"

	"sessiongraph/models"
)

// The bytes of bodies in memory are bounded before they are read: what does not fit
// into the budget for too long is answered 503, small bodies have their own.
func TestBudgetOfBytes(t *testing.T) {
	const size = 8 << 20
	gate := &gatedSaver{entered: make(chan struct{}, 100), proceed: make(chan struct{})}
	handler := newHandler(gate)
	handler.MaxBody = size
	server := httptest.NewServer(handler)
	defer server.Close()
	large := `{"a":"` + strings.Repeat("x", size-8) + `"}`
	fits := largeBudget / size
	statuses := make(chan int, fits)
	for range fits {
		go func() { statuses <- send(t, "POST", server.URL, "", strings.NewReader(large)).status }()
	}
	for range fits {
		<-gate.entered
	}
	send(t, "POST", server.URL, "", strings.NewReader(large)).check(t, 503, "UNAVAILABLE")
	send(t, "POST", server.URL, "", chunked{strings.NewReader(large)}).check(t, 503, "UNAVAILABLE")
	if status := sendThenRead(t, server, large); status != 503 { // as simple clients do
		t.Errorf("status %d", status)
	}
	small := make(chan int, 1)
	go func() { small <- send(t, "POST", server.URL, "", strings.NewReader(`{}`)).status }()
	<-gate.entered
	close(gate.proceed)
	for range fits {
		if status := <-statuses; status != 200 {
			t.Errorf("status %d of one that fits", status)
		}
	}
	if status := <-small; status != 200 {
		t.Errorf("status %d of a small one", status)
	}
	send(t, "POST", server.URL, "", strings.NewReader(large)).check(t, 200, "") // what was held is free again
	send(t, "POST", server.URL, "", chunked{strings.NewReader(large)}).check(t, 200, "")
	if !handler.budget.large.TryAcquire(largeBudget) || !handler.budget.small.TryAcquire(smallBudget) {
		t.Error("a part of the budget is not given back")
	}
}

// sendThenRead sends a body whole before it reads the answer.
func sendThenRead(t *testing.T, server *httptest.Server, body string) (status int) {
	t.Helper()
	connection, err := net.Dial("tcp", strings.TrimPrefix(server.URL, "http://"))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = connection.Close() }()
	if _, err := fmt.Fprintf(connection, "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n%s",
		len(body), body); err != nil {
		t.Error(err)
	}
	response, err := http.ReadResponse(bufio.NewReader(connection), nil)
	if err != nil {
		t.Error(err)
		return 0
	}
	_ = response.Body.Close()
	return response.StatusCode
}

// gatedSaver holds up whatever is saved.
type gatedSaver struct{ entered, proceed chan struct{} }

func (s *gatedSaver) Save(context.Context, Received) (Receipt, error) {
	s.entered <- struct{}{}
	<-s.proceed
	return Receipt{Outcome: models.Projected}, nil
}

// Bodies are read whole, however they come.
func TestReadBodies(t *testing.T) {
	for _, size := range []int{0, 1, firstRead - 1, firstRead, firstRead + 1, smallBody - 1, smallBody, smallBody + 1,
		300_000, 1_000_000} {
		want := bytes.Repeat([]byte("0123456789"), size/10+1)[:size]
		for _, declared := range []int64{int64(size), -1} {
			for name, from := range map[string]io.Reader{"at once": bytes.NewReader(want),
				"byte by byte": iotest.OneByteReader(bytes.NewReader(want)),
				"with its end": iotest.DataErrReader(bytes.NewReader(want))} {
				b := newBudget()
				got, held, err := b.read(from, declared, 1_000_000)
				if err != nil || !bytes.Equal(got, want) {
					t.Errorf("%d bytes %s, declared %d: %d bytes, %v", size, name, declared, len(got), err)
				}
				if total := held.small + held.large; total < int64(cap(got)) && total < int64(size) {
					t.Errorf("%d bytes %s, declared %d: %d of the budget", size, name, declared, total)
				}
				held.release()
			}
		}
	}
}
