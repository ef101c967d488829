package cli

import (
	"fmt"
	"io"
	"log/slog"

	"sessiongraph/ingest"
	"sessiongraph/internal/requestid"
)

// Database is the setting of every command that opens one.
type Database struct {
	DB       DatabaseName  `name:"db" env:"SESSIONGRAPH_DB" secret:"" group:"Database:" default:"sessiongraph.db" placeholder:"DATABASE" help:"Database: a file (SQLite) or a postgres:// URL (${default})."`
	DBDirect DirectAddress `name:"db-direct" env:"SESSIONGRAPH_DB_DIRECT" secret:"" group:"Database:" placeholder:"URL" help:"PostgreSQL's own address, for LISTEN and advisory locks, where --db is a transaction pooler (PgBouncer)."`
}

// Logging is how the program reports.
type Logging struct {
	LogFormat LogFormat `env:"SESSIONGRAPH_LOG_FORMAT" group:"Log:" default:"text" placeholder:"FORMAT" help:"text or json (${default})."`
	LogLevel  LogLevel  `env:"SESSIONGRAPH_LOG_LEVEL" group:"Log:" default:"info" placeholder:"LEVEL" help:"Lowest level that is logged: debug, info, warn or error (${default})."`
}

// Logger writes the log to w; lines that are written for a request have its id.
func (l Logging) Logger(w io.Writer) *slog.Logger { return l.logger(w, slog.Level(l.LogLevel)) }

func (l Logging) logger(w io.Writer, level slog.Leveler) *slog.Logger {
	options := &slog.HandlerOptions{Level: level}
	if l.LogFormat == "json" {
		return slog.New(requestid.LogHandler(slog.NewJSONHandler(w, options)))
	}
	return slog.New(requestid.LogHandler(slog.NewTextHandler(w, options)))
}

// Receiving is what bounds a notification.
type Receiving struct {
	MaxBody BodySize `env:"SESSIONGRAPH_MAX_BODY" group:"Notifications:" default:"8MiB" placeholder:"SIZE" help:"Largest notification, in bytes or with a unit: KiB, MiB, GiB (${default})."`
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
