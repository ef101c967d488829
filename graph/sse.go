package graph

import (
	"context"
	"net/http"
	"slices"
	"sync"
	"time"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/gqlerror"
)

// sseTransport sends responses as server-sent events, a connection an operation:
// the "distinct connections mode" of GraphQL over SSE.
type sseTransport struct {
	request  httpTransport
	stopping context.Context
}

var _ graphql.Transport = sseTransport{}

// Supports takes requests that want a stream before anything else: some clients
// name it last in all they send.
func (sseTransport) Supports(r *http.Request) bool {
	types := acceptable(r.Header.Get("Accept"))
	return r.Header.Get("Upgrade") == "" && len(types) > 0 && types[0] == typeStream
}

func (t sseTransport) Do(w http.ResponseWriter, r *http.Request, exec graphql.GraphExecutor) {
	params, refused := t.request.read(w, r)
	if refused != nil {
		writeResponse(w, typeJSON, refused.status, wireResponse{Errors: gqlerror.List{refused.err}})
		return
	}
	ctx, cancel := context.WithCancel(r.Context())
	defer cancel()
	defer context.AfterFunc(t.stopping, cancel)()
	stream := &eventStream{w: w, control: http.NewResponseController(w), cancel: cancel}
	w.Header().Set("Content-Type", typeStream)
	w.Header().Set("Cache-Control", "no-store")
	w.Header().Set("X-Accel-Buffering", "no") // proxies that collect answers would hold events back
	w.WriteHeader(http.StatusOK)
	stream.write([]byte(":\n\n"))
	var pings sync.WaitGroup
	pings.Go(func() { stream.keepAlive(ctx) })
	if errs := t.request.run.respond(ctx, exec, params, stream.next); errs != nil {
		stream.next(encode(&graphql.Response{Errors: errs}))
	}
	if t.stopping.Err() == nil {
		stream.write([]byte("event: complete\ndata:\n\n"))
	}
	cancel()
	pings.Wait()
}

// eventStream writes events, one at a time, to a client that has to take them in time.
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
