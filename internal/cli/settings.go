// Package cli is the command line: its settings and all commands but serve.
package cli

import (
	"fmt"
	"io"
	"log/slog"

	"github.com/alecthomas/kong"

	"sessiongraph/ingest"
)

// CLI is the command line as a whole.
type CLI struct {
	Version kong.VersionFlag `short:"v" help:"Print the version, commit and date of this program."`

	Serve    Serve    `cmd:"" default:"withargs" help:"Receive notifications and answer queries (the default). A missing database is created."`
	Import   Import   `cmd:"" help:"Store notifications from files, as if they had been posted."`
	Simulate Simulate `cmd:"" help:"Invent notifications, to look at and to test with."`
	Sign     Sign     `cmd:"" help:"Print the signature of a notification, for X-AIRudder-Sign."`

	Quarantine Quarantine `cmd:"" help:"List or show what could not be projected."`
	Replay     Replay     `cmd:"" help:"Project the whole ledger again, quarantine included."`
	Verify     Verify     `cmd:"" help:"Compare the ledger with the tables made from it; any difference is an error."`
	Export     Export     `cmd:"" help:"Write all that was acknowledged to standard output, one notification a line, for import."`
	Backup     Backup     `cmd:"" help:"Copy the database into a new file, also while it is served."`
	Erase      Erase      `cmd:"" help:"Remove all that was received of one callee."`
	Prune      Prune      `cmd:"" help:"Remove the sessions that ended before a time."`

	Health       Health       `cmd:"" help:"Ask a running server whether it is ready, for container probes."`
	PrintVersion PrintVersion `cmd:"" name:"version" help:"Print the version, commit and date of this program."`
	Help         Help         `cmd:"" help:"Print the help of the program or of a command."`
}

// Database is the setting of every command that opens one.
type Database struct {
	DB DatabaseName `name:"db" env:"SESSIONGRAPH_DB" secret:"" group:"Database:" default:"sessiongraph.db" placeholder:"DATABASE" help:"Database: a file (SQLite) or a postgres:// URL (${default})."`
}

// Logging is how the program reports.
type Logging struct {
	LogFormat LogFormat `env:"SESSIONGRAPH_LOG_FORMAT" group:"Log:" default:"text" placeholder:"FORMAT" help:"text or json (${default})."`
	LogLevel  LogLevel  `env:"SESSIONGRAPH_LOG_LEVEL" group:"Log:" default:"info" placeholder:"LEVEL" help:"Lowest level that is logged: debug, info, warn or error (${default})."`
}

// Logger writes the log to w.
func (l Logging) Logger(w io.Writer) *slog.Logger {
	options := &slog.HandlerOptions{Level: slog.Level(l.LogLevel)}
	if l.LogFormat == "json" {
		return slog.New(slog.NewJSONHandler(w, options))
	}
	return slog.New(slog.NewTextHandler(w, options))
}

// Receiving is what bounds a notification.
type Receiving struct {
	MaxBody BodySize `env:"SESSIONGRAPH_MAX_BODY" group:"Notifications:" default:"8MiB" placeholder:"SIZE" help:"Largest notification, in bytes or with a unit: KiB, MiB, GiB (${default})."`
}

// Serve are the settings of the server.
type Serve struct {
	Addr Address `env:"SESSIONGRAPH_ADDR" group:"Network:" default:"127.0.0.1:8080" placeholder:"HOST:PORT" help:"Address to listen on; port 0 picks a free one (${default})."`
	Open bool    `env:"SESSIONGRAPH_OPEN" group:"Network:" help:"Serve on an address that is not loopback, where anyone who reaches it reads everything."`
	Database
	DBReplica Replicas `name:"db-replica" env:"SESSIONGRAPH_DB_REPLICAS" secret:"" group:"Database:" placeholder:"URL" help:"PostgreSQL replicas of --db that answer queries, comma separated."`
	Receiving
	Signing
	Keeping
	MaxPage       Count   `env:"SESSIONGRAPH_MAX_PAGE" group:"Queries:" default:"200" placeholder:"N" help:"Highest value of first and last (${default})."`
	QueryTimeout  Timeout `env:"SESSIONGRAPH_QUERY_TIMEOUT" group:"Queries:" default:"10s" placeholder:"TIME" help:"How long an answer, or one event of a subscription, may take, e.g. 10s or 1m (${default})."`
	MaxComplexity Count   `env:"SESSIONGRAPH_MAX_COMPLEXITY" group:"Queries:" default:"250000" placeholder:"N" help:"Highest estimated number of values that one operation may return (${default})."`
	Logging
}

// Signing is how notifications prove that they come from AIRudder.
type Signing struct {
	Secret
	SignMode ingest.SignMode `env:"SESSIONGRAPH_SIGN_MODE" group:"Signatures:" placeholder:"MODE" help:"off, observe (accept all, and record which scheme would verify) or enforce. Default: enforce with a secret, else off."`
}

// Validate refuses a mode that needs a secret where there is none.
func (s Signing) Validate() error {
	if len(s.SignSecret) == 0 && (s.SignMode == ingest.SignObserve || s.SignMode == ingest.SignEnforce) {
		return fmt.Errorf("--sign-mode=%s needs a secret (--sign-secret)", s.SignMode)
	}
	return nil
}

// Secret is what notifications are signed with, and how.
type Secret struct {
	SignSecret Secrets    `env:"SESSIONGRAPH_SIGN_SECRETS" secret:"" group:"Signatures:" placeholder:"SECRET" help:"Secret that notifications are signed with; during a rotation several, comma separated."`
	SignScheme SchemeName `env:"SESSIONGRAPH_SIGN_SCHEME" group:"Signatures:" default:"hmac-sha256-hex" placeholder:"SCHEME" help:"How X-AIRudder-Sign is computed: HASH-hex or HASH-base64, where HASH is hmac-sha256, hmac-sha1, hmac-md5, or sha256, sha1 or md5 with -body, -body+secret or -secret+body; HASH-timestamp-hex where the payload's timestamp is hashed first (${default})."`
}

// Keeping is how long sessions are kept.
type Keeping struct {
	Retention Age `env:"SESSIONGRAPH_RETENTION" group:"Database:" placeholder:"AGE" help:"Delete sessions that ended more than this long ago: days, weeks or at least 24 hours, e.g. 90d, 12w or 36h."`
}
