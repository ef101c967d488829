// Package requestid names each request by an id, which its answer, its errors and its log lines have.
package requestid

import (
	"context"
	"crypto/rand"
	"log/slog"
	"net/http"
	"regexp"
)

// Header is the header of a request's id, in the request and in the answer.
const Header = "X-Request-Id"

var wellFormed = regexp.MustCompile(`^[A-Za-z0-9._:=+/-]{1,128}$`)

type key struct{}

// Of returns the id of a context's request, "" where there is none.
func Of(ctx context.Context) string {
	id, _ := ctx.Value(key{}).(string)
	return id
}

// With returns a context with the id of a request.
func With(ctx context.Context, id string) context.Context { return context.WithValue(ctx, key{}, id) }

// Handler passes requests on with their id: the one that the client sent, if that is well-formed, else a random one.
func Handler(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		id := choose(r.Header.Values(Header))
		w.Header().Set(Header, id)
		next.ServeHTTP(w, r.WithContext(With(r.Context(), id)))
	})
}

func choose(sent []string) string {
	if len(sent) == 1 && wellFormed.MatchString(sent[0]) {
		return sent[0]
	}
	return rand.Text()
}

// LogHandler adds request_id to the lines that are logged with the context of a request.
func LogHandler(next slog.Handler) slog.Handler { return logHandler{next} }

type logHandler struct{ slog.Handler }

// Handle adds the id.
func (h logHandler) Handle(ctx context.Context, record slog.Record) error {
	if id := Of(ctx); id != "" {
		record = record.Clone() // its attributes may be shared
		record.AddAttrs(slog.String("request_id", id))
	}
	return h.Handler.Handle(ctx, record)
}

// WithAttrs implements slog.Handler.
func (h logHandler) WithAttrs(attributes []slog.Attr) slog.Handler {
	return logHandler{h.Handler.WithAttrs(attributes)}
}

// WithGroup implements slog.Handler.
func (h logHandler) WithGroup(name string) slog.Handler { return logHandler{h.Handler.WithGroup(name)} }
