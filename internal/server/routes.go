package server

import (
	"context"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"net/http"
	"strings"
	"sync/atomic"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"sessiongraph/graph"
	"sessiongraph/graph/transport"
	"sessiongraph/internal/buildinfo"
	"sessiongraph/internal/httperror"
	"sessiongraph/internal/tracing"
	"sessiongraph/models"
	"sessiongraph/web"
)

// routes are the handlers of the server's paths, and what others are made of.
type routes struct {
	ingest, query, export, library, assistants, ready http.Handler

	schema  string
	origins []string // whose pages may ask /query and /export, and read /library and /schema.graphqls
	keyed   bool     // /ingest takes keys in its address
	metrics prometheus.Gatherer
	tokens  transport.Authenticator // nil where everyone may do everything
	issuer  string                  // of the JWTs that are taken; "" for none
	tracer  *tracing.Tracer
}

func (r routes) handler(log *slog.Logger) http.Handler {
	mux := http.NewServeMux()
	ingest := r.tracer.Handler("/ingest", r.ingest)
	mux.Handle("/ingest", ingest)
	if r.keyed {
		mux.Handle("/ingest/{key...}", ingest)
	}
	mux.Handle("/query", crossOrigin(r.origins, r.tracer.Handler("/query", transport.Compress(r.query))))
	mux.Handle("/export", crossOrigin(r.origins, r.tracer.Handler("/export", transport.Compress(r.export))))
	assistants := r.assistants
	if r.issuer != "" {
		metadata := crossOrigin([]string{"*"}, readOnly(resourceMetadata(r.issuer)))
		mux.Handle(metadataPath, metadata)
		mux.Handle(metadataPath+"/mcp", metadata)
		assistants = namesMetadata(assistants)
	}
	mux.Handle("/mcp", crossOrigin(r.origins, r.tracer.Handler("/mcp", transport.Compress(assistants))))
	mux.Handle("/schema.graphqls", crossOrigin(r.origins, transport.Compress(readOnly(graph.Schema(r.schema)))))
	library := r.library
	if r.tokens != nil {
		library = requireScope(r.tokens, models.ScopeRead, library)
	}
	mux.Handle("/library", crossOrigin(r.origins, transport.Compress(readOnly(library))))
	mux.Handle("/healthz", readOnly(http.HandlerFunc(healthy)))
	mux.Handle("/readyz", readOnly(r.ready))
	metrics := readOnly(promhttp.HandlerFor(r.metrics, promhttp.HandlerOpts{ErrorHandling: promhttp.ContinueOnError}))
	if r.tokens != nil {
		metrics = requireScope(r.tokens, models.ScopeMetrics, metrics)
	}
	mux.Handle("/metrics", metrics)

	page, built := web.Page()
	if !built {
		log.Warn("built without the Playground's own page (make build needs npm): the page at / loads from a CDN")
		mux.HandleFunc("/", notFound)
		mux.Handle("/{$}", readOnly(graph.FallbackPlayground()))
		return mux
	}
	playground := transport.Compress(readOnly(graph.Playground(page)))
	mux.Handle("/{$}", playground)
	mux.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
		if info, err := fs.Stat(page, strings.TrimPrefix(r.URL.Path, "/")); err != nil || info.IsDir() {
			notFound(w, r)
			return
		}
		playground.ServeHTTP(w, r)
	})
	return mux
}

// healthy answers 200 while the process runs, with the build in its second line.
func healthy(w http.ResponseWriter, _ *http.Request) {
	_, _ = fmt.Fprintf(w, "ok\n%s\n", buildinfo.Read())
}

// readiness answers 200 while the server can store notifications, and 503 once stopping
// has ended. The reason of a 503 is in the log.
func readiness(stopping context.Context, ready func(context.Context) error, log *slog.Logger) http.Handler {
	var failed atomic.Bool
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if stopping.Err() != nil {
			http.Error(w, "stopping", http.StatusServiceUnavailable)
			return
		}
		err := ready(r.Context())
		if r.Context().Err() != nil { // the client is gone
			return
		}

		if before := failed.Swap(err != nil); before != (err != nil) {
			if err != nil {
				log.WarnContext(r.Context(), "not ready", "error", err)
			} else {
				log.InfoContext(r.Context(), "ready again")
			}
		}
		if err != nil {
			http.Error(w, "not ready", http.StatusServiceUnavailable)
			return
		}
		_, _ = io.WriteString(w, "ok\n")
	})
}

// readOnly answers 405 to all methods but GET and HEAD.
func readOnly(h http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method != http.MethodGet && r.Method != http.MethodHead {
			w.Header().Set("Allow", "GET, HEAD")
			http.Error(w, "method not allowed", http.StatusMethodNotAllowed)
			return
		}
		h.ServeHTTP(w, r)
	})
}

// notFound answers for unknown paths. The commonest mistake is a wrong path for
// notifications.
func notFound(w http.ResponseWriter, r *http.Request) {
	message := "no such path; there are /ingest, /query, /export, /mcp, /library, /schema.graphqls, /healthz, " +
		"/readyz and /metrics"
	path := strings.ToLower(r.URL.Path)
	if r.Method == http.MethodPost || strings.HasPrefix(path, "/ingest") || strings.HasPrefix(path, "/webhook") {
		message = "no such path; notifications are posted to /ingest, queries to /query"
	}
	httperror.Error{Status: http.StatusNotFound, Code: "NOT_FOUND", Message: message}.Write(w)
}
