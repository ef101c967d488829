// Command sessiongraph receives AIRudder's chatbot session notifications, keeps
// them, and serves them as a GraphQL API.
package main

import (
	"context"
	_ "embed"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"os/signal"
	"syscall"
	"time"
	_ "time/tzdata" // group-bys take any time zone, on a machine that has none

	"sessiongraph/graph"
	"sessiongraph/ingest"
	"sessiongraph/internal/command"
	"sessiongraph/models"
	"sessiongraph/web"
)

//go:embed schema.graphqls
var schema string

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	os.Exit(run(ctx, os.Args[1:], command.Streams{In: os.Stdin, Out: os.Stdout, Err: os.Stderr}))
}

// run is the program: it ends with ctx, and returns the exit code.
func run(ctx context.Context, args []string, streams command.Streams) int {
	var line command.Line
	chosen, ended, code := command.Parse(&line, args, streams.Out, streams.Err)
	if ended {
		return code
	}
	var err error
	switch chosen.Selected().Name {
	case "import":
		err = line.Import.Run(ctx, streams)
	case "simulate":
		err = line.Simulate.Run(ctx, streams)
	default:
		err = serve(ctx, line.Serve, streams.Err)
	}
	if err != nil {
		_, _ = fmt.Fprintln(streams.Err, "sessiongraph:", err)
		return 1
	}
	return 0
}

// Time-outs against clients that send slowly. There is none on writing: streams
// of events last, and watch their own clients.
const (
	readHeaderTimeout = 5 * time.Second
	readTimeout       = 8 * time.Second
	idleTimeout       = 2 * time.Minute
	// What was begun before a stop may take this long to end.
	gracePeriod = 10 * time.Second
)

// serve listens, then opens the database, then serves until ctx ends.
func serve(ctx context.Context, settings command.Serve, logTo io.Writer) error {
	log := settings.Logger(logTo)
	listener, err := listen(ctx, settings)
	if err != nil {
		return err
	}
	store, err := models.Open(ctx, settings.DB, models.Options{Log: log})
	if err != nil {
		return errors.Join(err, listener.Close())
	}
	writer := ingest.NewWriter(store)
	server := &http.Server{
		Handler:           routes(ctx, settings, store, writer, log),
		ReadHeaderTimeout: readHeaderTimeout,
		ReadTimeout:       readTimeout,
		IdleTimeout:       idleTimeout,
		MaxHeaderBytes:    32 << 10,
		ErrorLog:          slog.NewLogLogger(log.Handler(), slog.LevelDebug),
	}
	log.Info("serving", "url", "http://"+listener.Addr().String(), "database", store.Name()+" "+settings.DB,
		"unprotected", "queries need no token, notifications no signature")
	failed := make(chan error, 1)
	go func() { failed <- server.Serve(listener) }()
	select {
	case err = <-failed:
		err = fmt.Errorf("serve: %w", err)
	case <-ctx.Done():
		log.Info("stopping")
		err = shutDown(server)
	}
	writer.Close()
	if err = errors.Join(err, store.Close()); err == nil {
		log.Info("stopped")
	}
	return err
}

// listen refuses an address that others reach unless the operator said so.
func listen(ctx context.Context, settings command.Serve) (net.Listener, error) {
	listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp", settings.Addr)
	if err != nil {
		return nil, fmt.Errorf("listen: %w", err)
	}
	if address, ok := listener.Addr().(*net.TCPAddr); ok && !address.IP.IsLoopback() && !settings.Open {
		return nil, errors.Join(fmt.Errorf("%s is not a loopback address, anyone who reaches it would read everything: add --open if that is meant", settings.Addr),
			listener.Close())
	}
	return listener, nil
}

// shutDown lets requests that were begun end, streams aside.
func shutDown(server *http.Server) error {
	ctx, cancel := context.WithTimeout(context.Background(), gracePeriod)
	defer cancel()
	if err := server.Shutdown(ctx); err != nil {
		return errors.Join(fmt.Errorf("stop: %w", err), server.Close())
	}
	return nil
}

func routes(stopping context.Context, settings command.Serve, store *models.Store, writer *ingest.Writer, log *slog.Logger) http.Handler {
	mux := http.NewServeMux()
	mux.Handle("/ingest", ingest.Handler{Saver: writer, MaxBody: int64(settings.MaxBody), Log: log, Now: time.Now})
	mux.Handle("/query", graph.Handler(stopping, store, graph.Settings{MaxPage: int(settings.MaxPage), MaxComplexity: int(settings.MaxComplexity)}, log))
	mux.Handle("GET /schema.graphqls", graph.Schema(schema))
	mux.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "ok\n") })
	mux.HandleFunc("GET /readyz", func(w http.ResponseWriter, r *http.Request) {
		if stopping.Err() != nil || store.Ping(r.Context()) != nil {
			http.Error(w, "not ready", http.StatusServiceUnavailable)
			return
		}
		_, _ = io.WriteString(w, "ok\n")
	})
	if page, built := web.Page(); built {
		mux.Handle("/", readOnly(graph.Playground(page)))
	} else {
		log.Warn("built without the Playground's own page (make build needs npm): the page at / loads from a CDN")
		mux.Handle("/", readOnly(graph.FallbackPlayground()))
	}
	return mux
}

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
