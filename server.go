// Command sessiongraph receives AIRudder's chatbot session notifications, keeps
// them, and serves them as a GraphQL API.
package main

import (
	"context"
	_ "embed"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	stdlog "log"
	"log/slog"
	"net"
	"net/http"
	"os"
	"os/signal"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"time"
	_ "time/tzdata" // group-bys take any time zone, on a machine that has none

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"sessiongraph/graph"
	"sessiongraph/ingest"
	"sessiongraph/internal/cli"
	"sessiongraph/models"
	"sessiongraph/web"
)

//go:embed schema.graphqls
var schema string

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	os.Exit(run(ctx, os.Args[1:], cli.Streams{In: os.Stdin, Out: os.Stdout, Err: os.Stderr}))
}

// run is the program: it ends with ctx, and returns the exit code.
func run(ctx context.Context, args []string, streams cli.Streams) int {
	var line cli.CLI
	chosen, ended, code := cli.Parse(&line, args, streams.Out, streams.Err)
	if ended {
		return code
	}
	var err error
	if chosen != nil {
		err = chosen.Run(ctx, streams)
	} else {
		err = serve(ctx, line.Serve, streams.Err)
	}
	if err != nil {
		_, _ = fmt.Fprintln(streams.Err, "sessiongraph:", err)
	}
	return cli.ExitCode(err)
}

// Time-outs against clients that send slowly. There is none on writing: streams
// of events last, and watch their own clients.
const (
	readHeaderTimeout = 5 * time.Second
	readTimeout       = 8 * time.Second
	idleTimeout       = 2 * time.Minute
	// Load balancers see for so long that the server is not ready any more.
	drainNotice = 300 * time.Millisecond
	// What was begun before a stop may take this long to end.
	gracePeriod = 10 * time.Second
)

// serve listens, then opens the database, then serves until ctx ends.
func serve(ctx context.Context, settings cli.Serve, logTo io.Writer) error {
	log := settings.Logger(logTo)
	listener, err := listen(ctx, settings)
	if err != nil {
		return err
	}
	registry := prometheus.NewRegistry()
	metrics := ingest.NewMetrics(registry)
	verifier, err := newVerifier(settings.Signing, metrics, log)
	if err != nil {
		return errors.Join(err, listener.Close())
	}
	door := &door{}
	server := &http.Server{
		Handler:           door,
		ReadHeaderTimeout: readHeaderTimeout,
		ReadTimeout:       readTimeout,
		IdleTimeout:       idleTimeout,
		MaxHeaderBytes:    32 << 10,
		ErrorLog:          errorLog(log),
	}
	failed := make(chan error, 1)
	go func() { failed <- server.Serve(listener) }()
	store, err := openDatabase(ctx, settings, listener.Addr(), log)
	switch {
	case ctx.Err() != nil && store == nil:
		log.Info("stopped")
		return server.Close()
	case err != nil:
		return errors.Join(err, server.Close())
	}
	left, err := upgrade(ctx, store, log)
	switch {
	case ctx.Err() != nil:
		log.Info("stopped")
		return errors.Join(server.Close(), store.Close())
	case err != nil:
		return errors.Join(err, server.Close(), store.Close())
	}
	registry.MustRegister(collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}), ledgerCollector{store, log}, buildInfo(cli.ReadBuild()))
	writer := ingest.NewWriter(store, metrics)
	notifications := ingest.NewHandler(verifier, writer, int64(settings.MaxBody), metrics, log)
	var background sync.WaitGroup
	background.Go(func() { upgradeLater(ctx, store, left, log) })
	background.Go(func() { retain(ctx, store, time.Duration(settings.Retention), log) })
	door.open(routes(ctx, settings, store, notifications, writer.Ready, registry, log))
	build := cli.ReadBuild()
	log.Info("serving", "url", openableURL(listener.Addr()), "database", store.Name(), "version", build.Version, "commit", build.Commit,
		"unprotected", strings.Join(unprotected(verifier), ", "))
	select {
	case err = <-failed:
		err = fmt.Errorf("serve: %w", err)
	case <-ctx.Done():
		log.Info("stopping")
		time.Sleep(drainNotice)
		err = shutDown(server, log)
	}
	writer.Close()
	background.Wait()
	if err = errors.Join(err, store.Close()); err == nil {
		log.Info("stopped")
	}
	return err
}

// How often a database that cannot be reached is tried at the start.
const openPause = time.Second

// openDatabase opens the database and makes sure that it can be written. It waits for
// a server that cannot be reached: it may be starting, too.
func openDatabase(ctx context.Context, settings cli.Serve, address net.Addr, log *slog.Logger) (*models.Store, error) {
	for attempt := 1; ; attempt++ {
		store, err := models.Open(ctx, string(settings.DB), models.Options{Log: log, Replicas: settings.DBReplica})
		if err == nil {
			if err = store.CheckWritable(ctx); err == nil {
				return store, nil
			}
			err = errors.Join(err, store.Close())
		}
		if !errors.Is(err, models.ErrUnreachable) {
			return nil, err
		}
		if attempt&(attempt-1) == 0 {
			log.Warn("waiting for the database", "address", address.String(), "attempts", attempt, "error", err)
		}
		select {
		case <-time.After(openPause):
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
}

// errorLog takes what net/http reports. What clients did wrong is of no interest; a
// connection that could not be accepted is.
func errorLog(log *slog.Logger) *stdlog.Logger { return stdlog.New(errorWriter{log}, "", 0) }

type errorWriter struct{ log *slog.Logger }

func (w errorWriter) Write(line []byte) (int, error) {
	level, text := slog.LevelDebug, strings.TrimSpace(string(line))
	if strings.Contains(text, "Accept error") { // at most a few a second
		level = slog.LevelWarn
	}
	w.log.Log(context.Background(), level, text)
	return len(line), nil
}

// openableURL is where a browser on this machine reaches the server.
func openableURL(address net.Addr) string {
	if tcp, ok := address.(*net.TCPAddr); ok && tcp.IP.IsUnspecified() {
		loopback := net.IPv6loopback
		if tcp.IP.To4() != nil {
			loopback = net.IPv4(127, 0, 0, 1)
		}
		address = &net.TCPAddr{IP: loopback, Port: tcp.Port}
	}
	return "http://" + address.String()
}

func newVerifier(s cli.Signing, metrics *ingest.Metrics, log *slog.Logger) (*ingest.Verifier, error) {
	verifier, err := ingest.NewVerifier(s.SignMode, string(s.SignScheme), s.SignSecret)
	if err != nil {
		return nil, fmt.Errorf("signatures: %w", err)
	}
	metrics.Expect(len(s.SignSecret))
	verifier.Observed, verifier.Verified = metrics.Observer(log), metrics.Verified
	return verifier, nil
}

func unprotected(verifier *ingest.Verifier) []string {
	open := []string{"queries need no token"}
	switch {
	case verifier.Mode != ingest.SignEnforce:
		open = append(open, "notifications need no signature")
	case !verifier.Scheme.UsesSecret():
		open = append(open, "notifications are signed without a secret")
	}
	return open
}

// Log lines of an upgrade come at most this often.
const upgradeNotice = 5 * time.Second

// upgrade brings the sessions up to date that an older version of this program
// stored; left is how many cannot be.
func upgrade(ctx context.Context, store *models.Store, log *slog.Logger) (left int, err error) {
	var noticed time.Time
	total := 0
	left, err = store.Upgrade(ctx, ingest.Project, func(done, of int) {
		total = of
		if time.Since(noticed) >= upgradeNotice {
			noticed = time.Now()
			log.Info("upgrading sessions", "done", done, "total", of)
		}
	})
	if err == nil && total > left {
		log.Info("sessions upgraded", "total", total-left)
	}
	return left, err
}

// How often sessions are looked for that an older instance stored meanwhile.
const upgradeInterval = time.Minute

// upgradeLater upgrades what instances of an older version store beside this one.
func upgradeLater(ctx context.Context, store *models.Store, left int, log *slog.Logger) {
	ticker := time.NewTicker(upgradeInterval)
	defer ticker.Stop()
	for {
		select {
		case <-ticker.C:
		case <-ctx.Done():
			return
		}
		outdated, err := store.Outdated(ctx)
		if err == nil && outdated > left {
			left, err = upgrade(ctx, store, log)
		}
		if err != nil && ctx.Err() == nil {
			log.Error("sessions of an older version not upgraded", "error", err)
		}
	}
}

// retentionInterval is how often what is older than an age is removed.
func retentionInterval(age time.Duration) time.Duration {
	return min(max(age/24, time.Hour), 24*time.Hour)
}

// cleaningInterval is how often cleaning the files is tried again that was not possible.
const cleaningInterval = 10 * time.Minute

// retain removes what is older than it may be, until ctx ends, and at the start
// cleans the files after a removal that was interrupted.
func retain(ctx context.Context, store *models.Store, age time.Duration, log *slog.Logger) {
	if age > 0 {
		announceRetention(ctx, store, age, log)
	}
	for {
		wait := retentionInterval(age)
		if err := retainOnce(ctx, store, age, log); err != nil {
			if ctx.Err() != nil {
				return
			}
			log.Error("retention failed", "error", err, "next", time.Now().Add(cleaningInterval).Format(time.RFC3339))
			wait = cleaningInterval
		} else if age <= 0 {
			return
		}
		select {
		case <-time.After(wait):
		case <-ctx.Done():
			return
		}
	}
}

// announceRetention logs what the setting means before anything is removed.
func announceRetention(ctx context.Context, store *models.Store, age time.Duration, log *slog.Logger) {
	before := time.Now().Add(-age)
	counted, err := store.Prunable(ctx, models.TimeOf(before))
	if err != nil {
		log.Warn("sessions past retention not counted", "error", err)
		return
	}
	log.Info("retention is on", "retention", fmt.Sprintf("%gd", age.Hours()/24), "before", before.UTC().Format(time.RFC3339),
		"would_delete", counted.Sessions, "next", time.Now().Add(retentionInterval(age)).UTC().Format(time.RFC3339))
}

func retainOnce(ctx context.Context, store *models.Store, age time.Duration, log *slog.Logger) error {
	if age <= 0 {
		return store.FinishRemoval(ctx, models.RemovalProgress{})
	}
	removed, err := store.Prune(ctx, models.TimeOf(time.Now().Add(-age)), models.RemovalProgress{})
	if removed.Notifications > 0 {
		log.Info("retention", "sessions", removed.Sessions, "messages", removed.Messages, "notifications", removed.Notifications)
	}
	return err
}

// buildInfo is 1, with what runs as its labels.
func buildInfo(b cli.Build) prometheus.Collector {
	info := prometheus.NewGaugeVec(prometheus.GaugeOpts{Name: "sessiongraph_build_info", Help: "The program that runs: always 1."},
		[]string{"version", "commit", "date", "goversion"})
	info.WithLabelValues(b.Version, b.Commit, b.Date, b.Go).Set(1)
	return info
}

// ledgerCollector counts the ledger when Prometheus asks.
type ledgerCollector struct {
	store *models.Store
	log   *slog.Logger
}

var ledgerDescription = prometheus.NewDesc("sessiongraph_ledger_notifications", "Notifications in the ledger by outcome.", []string{"outcome"}, nil)

func (ledgerCollector) Describe(to chan<- *prometheus.Desc) { to <- ledgerDescription }

func (c ledgerCollector) Collect(to chan<- prometheus.Metric) {
	ctx, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	counts, err := c.store.CountOutcomes(ctx)
	if err != nil {
		c.log.Error("ledger not counted", "error", err)
		return
	}
	for _, outcome := range []models.Outcome{models.Projected, models.Quarantined, models.Refused} {
		to <- prometheus.MustNewConstMetric(ledgerDescription, prometheus.GaugeValue, float64(counts[outcome]), string(outcome))
	}
}

// door answers while the database is opened and brought up to date, which may
// take long after an upgrade, and hands over to the routes.
type door struct{ routes atomic.Pointer[http.Handler] }

func (d *door) open(routes http.Handler) { d.routes.Store(&routes) }

func (d *door) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("X-Content-Type-Options", "nosniff")
	if len(r.TransferEncoding) > 0 {
		// A Content-Length that came beside it was not looked at, though a proxy in front may
		// have gone by it: nothing that follows on this connection is to be read (RFC 9112, 6.1).
		w.Header().Set("Connection", "close")
	}
	if routes := d.routes.Load(); routes != nil {
		(*routes).ServeHTTP(w, r)
		return
	}
	if r.URL.Path == "/healthz" {
		_, _ = io.WriteString(w, "ok\n")
		return
	}
	w.Header().Set("Retry-After", "1")
	writeError(w, http.StatusServiceUnavailable, "UNAVAILABLE", "the server is starting, try again")
}

func writeError(w http.ResponseWriter, status int, code, message string) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(map[string]any{"error": map[string]string{"code": code, "message": message}})
}

// notFound answers for paths that are no routes. A wrong path of the ingest route is the
// commonest mistake.
func notFound(w http.ResponseWriter, r *http.Request) {
	message := "no such path; there are /ingest, /query, /schema.graphqls, /healthz, /readyz and /metrics"
	path := strings.ToLower(r.URL.Path)
	if r.Method == http.MethodPost || strings.HasPrefix(path, "/ingest") || strings.HasPrefix(path, "/webhook") {
		message = "no such path; notifications are posted to /ingest, queries to /query"
	}
	writeError(w, http.StatusNotFound, "NOT_FOUND", message)
}

// listen refuses an address that others reach unless the operator said so.
func listen(ctx context.Context, settings cli.Serve) (net.Listener, error) {
	listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp", string(settings.Addr))
	if err != nil {
		return nil, listenError(string(settings.Addr), err)
	}
	if address, ok := listener.Addr().(*net.TCPAddr); ok && !address.IP.IsLoopback() && !settings.Open {
		return nil, errors.Join(cli.Usagef("--addr: %q is not a loopback address, anyone who reaches it would read everything: add --open if that is meant", settings.Addr),
			listener.Close())
	}
	return listener, nil
}

func listenError(address string, err error) error {
	var operation *net.OpError
	if errors.Is(err, syscall.EADDRINUSE) {
		return fmt.Errorf("--addr: %s is in use by another program, choose another address", address)
	}
	if errors.As(err, &operation) {
		err = operation.Err
	}
	return fmt.Errorf("--addr: cannot listen on %q: %w", address, err)
}

// shutDown lets requests that were begun end, streams aside.
// shutDown lets requests end, and cuts off those who take too long, which loses
// nothing: they were not answered.
func shutDown(server *http.Server, log *slog.Logger) error {
	ctx, cancel := context.WithTimeout(context.Background(), gracePeriod)
	defer cancel()
	err := server.Shutdown(ctx)
	if errors.Is(err, context.DeadlineExceeded) {
		log.Warn("clients that did not take their answers were cut off", "after", gracePeriod)
		err = server.Close()
	}
	if err != nil {
		return fmt.Errorf("stop: %w", err)
	}
	return nil
}

func routes(stopping context.Context, settings cli.Serve, store *models.Store, notifications *ingest.Handler,
	ready func(context.Context) error, registry *prometheus.Registry, log *slog.Logger) http.Handler {
	mux := http.NewServeMux()
	mux.Handle("/ingest", notifications)
	mux.Handle("/metrics", readOnly(promhttp.HandlerFor(registry, promhttp.HandlerOpts{ErrorHandling: promhttp.ContinueOnError})))
	mux.Handle("/query", graph.Handler(stopping, store, graph.Settings{MaxPage: int(settings.MaxPage), MaxComplexity: int(settings.MaxComplexity), QueryTimeout: time.Duration(settings.QueryTimeout)}, log))
	mux.Handle("/schema.graphqls", readOnly(graph.Schema(schema)))
	mux.Handle("/healthz", readOnly(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "ok\n") })))
	mux.Handle("/readyz", readOnly(readiness(stopping, ready, log)))
	if page, built := web.Page(); built {
		playground := readOnly(graph.Playground(page))
		mux.Handle("/{$}", playground)
		mux.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
			if info, err := fs.Stat(page, strings.TrimPrefix(r.URL.Path, "/")); err != nil || info.IsDir() {
				notFound(w, r)
				return
			}
			playground.ServeHTTP(w, r)
		})
	} else {
		log.Warn("built without the Playground's own page (make build needs npm): the page at / loads from a CDN")
		mux.HandleFunc("/", notFound)
		mux.Handle("/{$}", readOnly(graph.FallbackPlayground()))
	}
	return mux
}

// readiness answers 200 while the server can store notifications. What the reason is when it
// cannot is in the log.
func readiness(stopping context.Context, ready func(context.Context) error, log *slog.Logger) http.Handler {
	var failed atomic.Bool
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if stopping.Err() != nil {
			http.Error(w, "stopping", http.StatusServiceUnavailable)
			return
		}
		err := ready(r.Context())
		if r.Context().Err() != nil { // nobody waits for the answer
			return
		}
		if before := failed.Swap(err != nil); before != (err != nil) {
			if err != nil {
				log.Warn("not ready", "error", err)
			} else {
				log.Info("ready again")
			}
		}
		if err != nil {
			http.Error(w, "not ready", http.StatusServiceUnavailable)
			return
		}
		_, _ = io.WriteString(w, "ok\n")
	})
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
