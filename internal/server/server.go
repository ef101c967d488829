// Package server is the program as an HTTP server: how it starts, what its routes are,
// what it does beside them, and how it stops.
package server

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"os"
	"strconv"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"sessiongraph/graph"
	"sessiongraph/ingest"
	"sessiongraph/internal/access"
	"sessiongraph/internal/buildinfo"
	"sessiongraph/internal/tracing"
)

// Config is what a server is started with.
type Config struct {
	Database string   // a file or a postgres:// URL
	Direct   string   // postgres:// URL of the server itself, where Database is a transaction pooler's
	Replicas []string // postgres:// URLs
	MaxBody  int64    // of a notification, in bytes
	TLSCert  string   // file of the certificate; "" to serve without TLS
	TLSKey   string   // file of its key
	Hosts    []string // names by which requests address the server, in lower case; none for the usual ones

	IngestKeys []string // that the address of a notification has to name one of; none for no key

	SignMode    ingest.SignMode // "" for enforce where there are secrets, off where there are none
	SignScheme  string          // as ingest.ParseScheme takes it
	SignSecrets []string

	Retention time.Duration // age at which sessions are removed, 0 for never
	Queries   graph.Settings
	Documents string // folder or manifest of trusted documents
	Schema    string // text of GET /schema.graphqls

	Access   access.Settings
	MaskKey  []byte       // what pseudonyms are made with; empty for the database's own key
	Reload   func() error // takes up what else of the settings can change while the server runs
	Unmasked string       // names of NER slots and variables that are not masked, comma separated, or @FILE
}

// Timeouts against clients that send slowly. Writing has none: streams of events last,
// and have timeouts of their own.
const (
	readHeaderTimeout = 5 * time.Second
	readTimeout       = 8 * time.Second
	idleTimeout       = 2 * time.Minute
)

// Run opens the database and serves on listener, which it closes, until ctx ends.
// While the database is opened, requests are answered with 503.
func Run(ctx context.Context, listener net.Listener, config Config, log *slog.Logger) error {
	reload := newReloads()
	defer reload.stop()
	registry := prometheus.NewRegistry()
	metrics := ingest.NewMetrics(registry)
	verifier, err := newVerifier(config, metrics, log)
	var authenticator *access.Authenticator
	if err == nil && config.Access.Given() {
		authenticator, err = access.New(ctx, config.Access, registry, log)
		config.Queries.Authenticator = authenticator
	}
	if err != nil {
		return errors.Join(err, listener.Close())
	}
	build := buildinfo.Read()
	tracer, err := tracing.New(ctx, os.Getenv, build.Version, log)
	if err != nil {
		return errors.Join(err, listener.Close())
	}
	defer tracer.Close()

	source, trusted, err := loadDocuments(config.Documents)
	if err != nil {
		return errors.Join(err, listener.Close())
	}
	config.Queries.Documents = trusted
	unmasked, err := newUnmaskedNames(config.Unmasked)
	if err != nil {
		return errors.Join(err, listener.Close())
	}
	encryption, err := newEncryption(config, log)
	if err != nil {
		return errors.Join(err, listener.Close())
	}

	starting := new(startupHandler)
	server := &http.Server{
		Handler:           front(servedHosts(listener.Addr(), config.Hosts), starting),
		ReadHeaderTimeout: readHeaderTimeout,
		ReadTimeout:       readTimeout,
		IdleTimeout:       idleTimeout,
		MaxHeaderBytes:    32 << 10,
		ErrorLog:          errorLog(log),
		TLSConfig:         encryption,
	}
	failed := make(chan error, 1)
	go func() { failed <- serve(server, listener) }()

	store, outdated, err := startStore(ctx, config, unmasked, listener.Addr(), tracer, log)
	if err != nil {
		if ctx.Err() != nil {
			log.Info("stopped")
			err = nil
		}
		err = errors.Join(err, server.Close())
		if store != nil {
			err = errors.Join(err, store.Close())
		}
		return err
	}

	config.Queries.Metrics = graph.NewMetrics(registry)
	registerMetrics(registry, store, build, log)
	writer := ingest.NewWriter(store, metrics)
	notifications := ingest.NewHandler(verifier, writer, config.MaxBody, metrics, log)
	notifications.Keys = ingest.NewKeys(config.IngestKeys)
	starting.finish(routes{
		ingest:     notifications,
		query:      graph.Handler(ctx, store, config.Queries, log),
		library:    graph.Library(trusted),
		assistants: graph.AssistantHandler(store, config.Queries, config.Schema, log),
		issuer:     config.Access.JWT.Issuer,
		export:     graph.ExportHandler(store, config.Queries, log),
		schema:     config.Schema,
		origins:    config.Queries.Origins,
		keyed:      notifications.Keys.Required(),
		ready:      readiness(ctx, writer.Ready, log),
		metrics:    registry,
		tokens:     config.Queries.Authenticator,
		tracer:     tracer,
	}.handler(log))

	ctx, stopBackground := context.WithCancel(ctx)
	defer stopBackground()
	var background sync.WaitGroup
	if authenticator != nil {
		background.Go(func() { authenticator.Run(ctx) })
	}
	background.Go(func() { runUpgrades(ctx, store, outdated, log) })
	background.Go(func() { runRetention(ctx, store, config.Retention, log) })
	ofDocuments, ofNames := reload.subscribe(), reload.subscribe()
	background.Go(func() { watchDocuments(ctx, source, trusted, ofDocuments, log) })
	background.Go(func() { watchMasks(ctx, unmasked, store, ofNames, log) })
	background.Go(func() {
		reload.run(ctx, log, func() error {
			if authenticator != nil {
				authenticator.Reload()
			}
			return config.Reload()
		})
	})
	log.Info("serving", "url", openableURL(listener.Addr(), encryption != nil), "database", store.Name(),
		"version", build.Version, "commit", build.Commit, "date", build.Date,
		"unprotected", describeGaps(config))
	if config.Queries.DocumentsOnly && authenticator == nil {
		log.Warn("--documents-only restricts tokens, and there are none: everyone may send any operation")
	}

	select {
	case err = <-failed:
		err = fmt.Errorf("serve: %w", err)
		stopBackground()
	case <-ctx.Done():
		err = shutDown(server, log)
	}
	writer.Close()
	background.Wait()
	if err = errors.Join(err, store.Close()); err == nil {
		log.Info("stopped")
	}
	return err
}

// openableURL is the address at which a browser on this machine reaches the server, also one in a container with this
// port.
func openableURL(address net.Addr, encrypted bool) string {
	host := address.String()
	if tcp, ok := address.(*net.TCPAddr); ok && tcp.IP.IsUnspecified() {
		host = net.JoinHostPort("localhost", strconv.Itoa(tcp.Port))
	}
	if encrypted {
		return "https://" + host
	}
	return "http://" + host
}
