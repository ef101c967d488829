package transport

import (
	"context"
	"net/http"
	"slices"
	"sync"
	"time"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/gqlerror"

	"sessiongraph/models"
)

// SSE sends responses as server-sent events, one operation a connection: the "distinct
// connections mode" of GraphQL over SSE.
type SSE struct {
	HTTP
	// Stopping ends all streams.
	Stopping context.Context
}

var _ graphql.Transport = SSE{}

// Supports reports whether the request prefers a stream to all else: some clients name
// it last in every request.
func (SSE) Supports(r *http.Request) bool {
	types := acceptable(r.Header.Get("Accept"))
	return r.Header.Get("Upgrade") == "" && len(types) > 0 && types[0] == typeStream
}

// Do runs an operation and writes its responses until there are no more.
func (t SSE) Do(w http.ResponseWriter, r *http.Request, exec graphql.GraphExecutor) {
	params, invalid := t.read(w, r)
	if invalid != nil {
		writeErrors(r.Context(), w, typeJSON, invalid.status, invalid.err)
		return
	}
	ctx, cancel := context.WithCancel(r.Context())
	defer cancel()
	defer context.AfterFunc(t.Stopping, cancel)()
	stream := &eventStream{w: w, control: http.NewResponseController(w), cancel: cancel}
	w.Header().Set("Content-Type", typeStream)
	w.Header().Set("Cache-Control", "no-store")
	w.Header().Set("X-Accel-Buffering", "no") // proxies that collect answers would hold events back
	w.WriteHeader(http.StatusOK)
	stream.write([]byte(":\n\n"))
	var pings sync.WaitGroup
	pings.Go(func() { stream.keepAlive(ctx) })
	if errs := t.Runner.Respond(ctx, exec, params, stream.next); errs != nil {
		stream.next(Encode(ctx, &graphql.Response{Errors: errs}))
	} else if tokenEnded(r.Context()) {
		stream.next(Encode(ctx, &graphql.Response{Errors: gqlerror.List{unauthenticated(models.ErrTokenEnded)}}))
	}
	if t.Stopping.Err() == nil {
		stream.write([]byte("event: complete\ndata:\n\n"))
	}
	cancel()
	pings.Wait()
}

// eventStream writes events, one at a time, and cancels the operation of a client that
// does not take one in time.
type eventStream struct {
	mu      sync.Mutex
	w       http.ResponseWriter
	control *http.ResponseController
	cancel  context.CancelFunc
}

func (s *eventStream) next(payload []byte) bool {
	return s.write(slices.Concat([]byte("event: next\ndata: "), payload, []byte("\n\n")))
}

func (s *eventStream) write(event []byte) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	err := s.control.SetWriteDeadline(time.Now().Add(writeTimeout))
	if err == nil {
		_, err = s.w.Write(event)
	}
	if err == nil {
		err = s.control.Flush()
	}
	if err != nil {
		s.cancel()
	}
	return err == nil
}

func (s *eventStream) keepAlive(ctx context.Context) {
	ticker := time.NewTicker(keepAlive)
	defer ticker.Stop()
	for {
		select {
		case <-ticker.C:
			s.write([]byte(":\n\n"))
		case <-ctx.Done():
			return
		}
	}
}
