package graph

import (
	"context"
	"log/slog"
	"net/http"

	"sessiongraph/models/store"
)

// Reader is what a server of a test reads from.
type Reader = reader

// HandlerOf is Handler with any reader, and with gqlgen's own rendering where plain is set.
func HandlerOf(stopping context.Context, reader Reader, settings Settings, log *slog.Logger, plain bool) http.Handler {
	server, run := newServer(stopping, reader, reader, settings, log)
	if !plain {
		renderInOnePass(server)
		run.snapshot = store.Snapshot
	}
	return server
}
