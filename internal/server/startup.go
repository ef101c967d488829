package server

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"sync/atomic"
	"time"

	"sessiongraph/graph/apierror"
	"sessiongraph/ingest"
	"sessiongraph/internal/httperror"
	"sessiongraph/internal/tracing"
	"sessiongraph/models/store"
	"sessiongraph/models/store/dialect"
)

// startupHandler answers 503 while the database is opened and upgraded, and hands over
// to the routes then.
type startupHandler struct{ routes atomic.Pointer[http.Handler] }

// finish hands over to the routes.
func (h *startupHandler) finish(routes http.Handler) { h.routes.Store(&routes) }

// ServeHTTP answers a request. /healthz is 200 from the first one on.
func (h *startupHandler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if routes := h.routes.Load(); routes != nil {
		(*routes).ServeHTTP(w, r)
		return
	}
	if r.URL.Path == "/healthz" {
		healthy(w, r)
		return
	}
	w.Header().Set("Retry-After", "1")
	writeError(w, r, httperror.Error{
		Status: http.StatusServiceUnavailable, Code: apierror.Unavailable,
		Message: "the server is starting, try again",
	})
}

// startStore opens the database, upgrades what an older version stored and masks what has other masks; outdated is
// the number of sessions that cannot be upgraded. The store may be open beside an error.
func startStore(
	ctx context.Context, config Config, unmasked *unmaskedNames, address net.Addr, tracer *tracing.Tracer,
	log *slog.Logger,
) (database *store.Store, outdated int, err error) {
	options := store.Options{Log: log, Direct: config.Direct, Replicas: config.Replicas, Trace: tracer.Statements(),
		MaskKey: config.MaskKey, Unmasked: unmasked.names}
	if database, err = openStore(ctx, config.Database, options, address); err != nil {
		return nil, 0, err
	}
	if outdated, err = upgrade(ctx, database, log); err == nil {
		err = remask(ctx, database, log)
	}
	if err == nil {
		err = ctx.Err()
	}
	return database, outdated, err
}

// openInterval is the time between two attempts to reach the database.
const openInterval = time.Second

// openStore opens the database and makes sure that it can be written. It waits for a
// server that cannot be reached, because that may be starting, too.
func openStore(
	ctx context.Context, address string, options store.Options, listening net.Addr,
) (*store.Store, error) {
	for attempt := 1; ; attempt++ {
		database, err := store.Open(ctx, address, options)
		if err == nil {
			if err = database.CheckWritable(ctx); err == nil {
				return database, nil
			}
			err = errors.Join(err, database.Close())
		}
		if !errors.Is(err, dialect.ErrUnreachable) {
			return nil, err
		}

		if attempt&(attempt-1) == 0 {
			options.Log.Warn("waiting for the database", "address", listening.String(), "attempts", attempt,
				"error", err)
		}
		select {
		case <-time.After(openInterval):
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
}

// Log lines of an upgrade come at most this often.
const upgradeLogInterval = 5 * time.Second

// upgrade upgrades the sessions that an older version of this program stored; left is
// the number that cannot be upgraded.
func upgrade(ctx context.Context, database *store.Store, log *slog.Logger) (left int, err error) {
	var logged time.Time
	total := 0
	left, err = database.Upgrade(ctx, ingest.Project, func(done, of int) {
		total = of
		if time.Since(logged) >= upgradeLogInterval {
			logged = time.Now()
			log.Info("upgrading sessions", "done", done, "total", of)
		}
	})
	if err == nil && total > left {
		log.Info("sessions upgraded", "total", total-left)
	}
	return left, err
}

// upgradeInterval is the time between two searches for sessions of an older instance.
const upgradeInterval = time.Minute

// runUpgrades upgrades what instances of an older version store beside this one, until
// ctx ends. Of the outdated sessions, left cannot be upgraded.
func runUpgrades(ctx context.Context, database *store.Store, left int, log *slog.Logger) {
	ticker := time.NewTicker(upgradeInterval)
	defer ticker.Stop()
	for {
		select {
		case <-ticker.C:
		case <-ctx.Done():
			return
		}

		outdated, err := database.Outdated(ctx)
		if err == nil && outdated > left {
			left, err = upgrade(ctx, database, log)
		}
		if err != nil && ctx.Err() == nil {
			log.Error("sessions of an older version not upgraded", "error", err)
		}
	}
}
