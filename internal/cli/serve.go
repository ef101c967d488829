package cli

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"strings"
	"syscall"
	"time"

	"sessiongraph/graph"
	"sessiongraph/internal/server"
)

// Serve are the settings of serve.
type Serve struct {
	Addr       Address `env:"SESSIONGRAPH_ADDR" group:"Network:" default:"127.0.0.1:8080" placeholder:"HOST:PORT" help:"Address to listen on; port 0 picks a free one (${default})."`
	TLSCert    string  `name:"tls-cert" env:"SESSIONGRAPH_TLS_CERT" group:"Network:" placeholder:"FILE" help:"File of a certificate chain in PEM: serve HTTPS. A renewed file is taken up without a restart."`
	TLSKey     string  `name:"tls-key" env:"SESSIONGRAPH_TLS_KEY" group:"Network:" placeholder:"FILE" help:"File of the private key of --tls-cert, in PEM."`
	Host       Hosts   `name:"host" env:"SESSIONGRAPH_HOSTS" group:"Network:" placeholder:"NAME" help:"Names under which clients reach the server, comma separated; requests for other Hosts are refused. Without it, a loopback address serves localhost alone, another one every Host."`
	CORSOrigin Origins `name:"cors-origin" env:"SESSIONGRAPH_CORS_ORIGINS" group:"Network:" placeholder:"ORIGIN" help:"Origins of web pages that may query, comma separated, e.g. https://app.example.com."`
	Open       bool    `env:"SESSIONGRAPH_OPEN" group:"Network:" help:"On an address that is not loopback, serve queries without tokens, and take notifications with neither an enforced signature nor an ingest key."`
	Access
	Database
	DBReplica Replicas `name:"db-replica" env:"SESSIONGRAPH_DB_REPLICAS" secret:"" group:"Database:" placeholder:"URL" help:"PostgreSQL replicas of --db that answer queries, comma separated."`
	Receiving
	IngestKey IngestKeys `name:"ingest-key" env:"SESSIONGRAPH_INGEST_KEYS" secret:"" group:"Notifications:" placeholder:"KEY" help:"Keys that AIRudder has to name in the address, POST /ingest/KEY: at least 16 random letters and digits; comma separated."`
	Signing
	Keeping
	MaxPage       Count   `env:"SESSIONGRAPH_MAX_PAGE" group:"Queries:" default:"200" placeholder:"N" help:"Most entries of a page, which first and last ask for (${default})."`
	QueryTimeout  Timeout `env:"SESSIONGRAPH_QUERY_TIMEOUT" group:"Queries:" default:"10s" placeholder:"TIME" help:"How long an answer, or one event of a subscription, may take, e.g. 10s or 1m (${default})."`
	ExportTimeout Timeout `env:"SESSIONGRAPH_EXPORT_TIMEOUT" group:"Queries:" default:"10m" placeholder:"TIME" help:"How long an export may take, e.g. 10m or 1h (${default})."`
	Documents     string  `env:"SESSIONGRAPH_DOCUMENTS" group:"Queries:" placeholder:"PATH" help:"Trusted documents, operations that clients send by name: a folder of *.graphql files, or a manifest as relay-compiler and graphql-codegen write it."`
	DocumentsOnly bool    `env:"SESSIONGRAPH_DOCUMENTS_ONLY" group:"Queries:" help:"Let tokens without the scope admin send trusted documents alone."`
	MaxComplexity Count   `env:"SESSIONGRAPH_MAX_COMPLEXITY" group:"Queries:" default:"250000" placeholder:"N" help:"Highest estimated number of values that one operation may return (${default})."`
	Logging
}

// Validate refuses a certificate without its key, and what Signing refuses.
func (c Serve) Validate() error {
	switch {
	case c.TLSCert != "" && c.TLSKey == "":
		return errors.New("--tls-cert needs the key of the certificate (--tls-key)")
	case c.TLSKey != "" && c.TLSCert == "":
		return errors.New("--tls-key needs the certificate of the key (--tls-cert)")
	}
	return c.Signing.Validate()
}

// Run serves until ctx ends.
func (c Serve) Run(ctx context.Context, s Streams, schema Schema, file *configuration) error {
	config := c.config(schema)
	level := new(slog.LevelVar)
	level.Set(slog.Level(c.LogLevel))
	config.Reload = func() error { return file.reloadLogLevel(level) }
	listener, err := c.listen(ctx, config)
	if err != nil {
		return err
	}
	return server.Run(ctx, listener, config, c.logger(s.Err, level))
}

func (c Serve) config(schema Schema) server.Config {
	return server.Config{
		Database:    string(c.DB),
		Direct:      string(c.DBDirect),
		TLSCert:     c.TLSCert,
		TLSKey:      c.TLSKey,
		Hosts:       c.Host,
		IngestKeys:  c.IngestKey,
		Replicas:    c.DBReplica,
		MaxBody:     int64(c.MaxBody),
		SignMode:    c.SignMode,
		SignScheme:  string(c.SignScheme),
		SignSecrets: c.SignSecret,
		Retention:   time.Duration(c.Retention),
		Schema:      string(schema),
		Documents:   c.Documents,
		Queries: graph.Settings{
			Origins:       c.CORSOrigin,
			MaxPage:       int(c.MaxPage),
			MaxComplexity: int(c.MaxComplexity),
			QueryTimeout:  time.Duration(c.QueryTimeout),
			ExportTimeout: time.Duration(c.ExportTimeout),
			DocumentsOnly: c.DocumentsOnly,
		},
		Access:   c.Access.settings(),
		MaskKey:  []byte(c.MaskKey),
		Unmasked: string(c.Unmasked),
	}
}

// listen refuses an address that is not loopback where something is not protected, without --open.
func (c Serve) listen(ctx context.Context, config server.Config) (net.Listener, error) {
	listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp", string(c.Addr))
	if err != nil {
		return nil, c.listenError(err)
	}
	if address, ok := listener.Addr().(*net.TCPAddr); ok {
		err = c.checkOpen(config, address)
	}
	if err != nil {
		return nil, errors.Join(err, listener.Close())
	}
	return listener, nil
}

// checkOpen returns an error for an address that is not loopback where something is not protected, without --open.
func (c Serve) checkOpen(config server.Config, address *net.TCPAddr) error {
	if address.IP.IsLoopback() || c.Open {
		return nil
	}
	gaps, err := config.Gaps()
	if err != nil || len(gaps) == 0 {
		return err
	}
	missing := make([]string, len(gaps))
	for i, gap := range gaps {
		missing[i] = fmt.Sprintf("%s (%s)", gap.Open, gap.ClosedBy)
	}
	return usagef("--addr: %q is not a loopback address, and anyone could reach it: %s;"+
		" or add --open if that is meant", c.Addr, strings.Join(missing, ", "))
}

func (c Serve) listenError(err error) error {
	if errors.Is(err, syscall.EADDRINUSE) {
		return fmt.Errorf("--addr: %s is in use by another program, choose another address", c.Addr)
	}
	var operation *net.OpError
	if errors.As(err, &operation) {
		err = operation.Err
	}
	return fmt.Errorf("--addr: cannot listen on %q: %w", string(c.Addr), err)
}
