// Package command is the command line: its settings and all commands but serve.
package command

import (
	"context"
	"encoding"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/alecthomas/kong"

	"sessiongraph/ingest"
)

// Line is the command line as a whole.
type Line struct {
	Serve    Serve    `cmd:"" default:"withargs" help:"Receive notifications and answer queries (the default)."`
	Import   Import   `cmd:"" help:"Store notifications from files, one JSON object a line, as if they had been posted."`
	Simulate Simulate `cmd:"" help:"Invent notifications, to look at and to test with."`

	Quarantine Quarantine `cmd:"" help:"List what could not be projected, with time and reason."`
	Replay     Replay     `cmd:"" help:"Project the whole ledger again, quarantine included."`
	Verify     Verify     `cmd:"" help:"Compare the ledger with the tables made from it; any difference is an error."`
	Export     Export     `cmd:"" help:"Write all that was acknowledged to standard output, one notification a line, for import."`
	Backup     Backup     `cmd:"" help:"Copy the database into a new file, also while it is served."`
	Erase      Erase      `cmd:"" help:"Remove all that was received of one callee."`
	Prune      Prune      `cmd:"" help:"Remove the sessions that ended before a time."`
}

// Database is the setting of every command that opens one.
type Database struct {
	DB string `name:"db" env:"SESSIONGRAPH_DB" default:"sessiongraph.db" placeholder:"DATABASE" help:"Database: a file, made if it is not there, or a postgres:// address (${default})."`
}

// Logging is how the program reports.
type Logging struct {
	LogFormat string `env:"SESSIONGRAPH_LOG_FORMAT" default:"text" enum:"text,json" help:"Format of the log: text or json."`
	LogLevel  string `env:"SESSIONGRAPH_LOG_LEVEL" default:"info" enum:"debug,info,warn,error" help:"Least level that is logged: debug, info, warn or error."`
}

// Logger writes the log to w.
func (l Logging) Logger(w io.Writer) *slog.Logger {
	var level slog.Level
	_ = level.UnmarshalText([]byte(l.LogLevel)) // the parser took the four names only
	options := &slog.HandlerOptions{Level: level}
	if l.LogFormat == "json" {
		return slog.New(slog.NewJSONHandler(w, options))
	}
	return slog.New(slog.NewTextHandler(w, options))
}

// Receiving is what bounds a notification.
type Receiving struct {
	MaxBody ByteSize `env:"SESSIONGRAPH_MAX_BODY" default:"8MiB" placeholder:"SIZE" help:"Largest notification, in bytes or with a unit (${default})."`
}

// Serve are the settings of the server.
type Serve struct {
	Database
	Receiving
	Logging
	Addr      string   `env:"SESSIONGRAPH_ADDR" default:"127.0.0.1:8080" placeholder:"HOST:PORT" help:"Address to listen on; port 0 picks one (${default})."`
	Open      bool     `env:"SESSIONGRAPH_OPEN" help:"Serve on an address that is not loopback, where anyone who reaches it reads everything."`
	DBReplica []string `name:"db-replica" env:"SESSIONGRAPH_DB_REPLICAS" placeholder:"ADDRESS" help:"PostgreSQL server that follows the one of --db and answers queries; several comma separated."`
	Signing
	Keeping
	MaxPage       Count `env:"SESSIONGRAPH_MAX_PAGE" default:"200" placeholder:"N" help:"The most that first or last may ask for (${default})."`
	MaxComplexity Count `env:"SESSIONGRAPH_MAX_COMPLEXITY" default:"250000" placeholder:"N" help:"About how many values one operation may return (${default})."`
}

// Signing is how notifications prove that they come from AIRudder.
type Signing struct {
	SignSecret Secrets         `env:"SESSIONGRAPH_SIGN_SECRETS" placeholder:"SECRET" help:"Secret that may have signed a notification; several, comma separated, during a rotation. ${env}_FILE names a file that holds it."`
	SignScheme string          `env:"SESSIONGRAPH_SIGN_SCHEME" default:"hmac-sha256-hex" placeholder:"SCHEME" help:"How X-AIRudder-Sign is computed: HASH-hex or HASH-base64, where HASH is hmac-sha256, hmac-sha1, hmac-md5, or sha256, sha1 or md5 with -body, -body+secret or -secret+body; -timestamp before the end where the payload's timestamp is signed in front (${default})."`
	SignMode   ingest.SignMode `env:"SESSIONGRAPH_SIGN_MODE" placeholder:"MODE" help:"off, observe (accept all, and record which scheme would verify) or enforce; enforce where there is a secret, else off."`
}

// Secrets are given comma separated, or on lines of a file. An empty one is an error,
// also one that an empty variable gives: it would leave the door open by mistake.
type Secrets []string

// UnmarshalText reads the list.
func (s *Secrets) UnmarshalText(text []byte) error {
	*s = strings.Split(strings.NewReplacer("\r\n", ",", "\n", ",").Replace(string(text)), ",")
	if slices.ContainsFunc(*s, func(secret string) bool { return strings.TrimSpace(secret) == "" }) {
		return errors.New("a secret is empty: leave the setting out where notifications are not signed")
	}
	return nil
}

// Keeping is how long sessions are kept.
type Keeping struct {
	Retention Age `env:"SESSIONGRAPH_RETENTION" placeholder:"AGE" help:"Delete sessions that ended longer ago than this, such as 90d or 2160h."`
}

// Age is a length of time that may be given in days.
type Age time.Duration

// UnmarshalText reads 90d, or a duration as Go writes it.
func (a *Age) UnmarshalText(text []byte) error {
	s := string(text)
	if days, ok := strings.CutSuffix(s, "d"); ok {
		if n, err := strconv.Atoi(days); err == nil && n > 0 && n < 100_000 {
			*a = Age(time.Duration(n) * 24 * time.Hour)
			return nil
		}
	}
	d, err := time.ParseDuration(s)
	if err != nil || d <= 0 {
		return fmt.Errorf("%q is no length of time such as 90d or 36h", s)
	}
	*a = Age(d)
	return nil
}

// ByteSize is a number of bytes.
type ByteSize int64

var _ encoding.TextUnmarshaler = (*ByteSize)(nil)

// UnmarshalText reads 1048576, 1024KiB or 1MiB.
func (b *ByteSize) UnmarshalText(text []byte) error {
	number := strings.TrimSpace(string(text))
	factor := int64(1)
	for _, unit := range []struct {
		name   string
		factor int64
	}{{"GiB", 1 << 30}, {"MiB", 1 << 20}, {"KiB", 1 << 10}, {"GB", 1e9}, {"MB", 1e6}, {"kB", 1e3}, {"B", 1}} {
		if rest, ok := strings.CutSuffix(number, unit.name); ok {
			number, factor = strings.TrimSpace(rest), unit.factor
			break
		}
	}
	n, err := strconv.ParseInt(number, 10, 64)
	if err != nil || n < 1 || n > (1<<40)/factor {
		return fmt.Errorf("%q is no size in bytes, KiB, MiB or GiB, such as 8MiB", string(text))
	}
	*b = ByteSize(n * factor)
	return nil
}

// Count is a whole number from 1 on.
type Count int

// UnmarshalText reads a decimal number.
func (c *Count) UnmarshalText(text []byte) error {
	n, err := strconv.ParseInt(string(text), 10, 32)
	if err != nil || n < 1 {
		return fmt.Errorf("%q is no whole number from 1 to 2147483647", string(text))
	}
	*c = Count(n)
	return nil
}

// Command is a command that runs to its end by itself.
type Command interface {
	Run(ctx context.Context, s Streams) error
}

// Named is the command of that name; nil for serve.
func (l *Line) Named(name string) Command {
	return map[string]Command{
		"import": l.Import, "simulate": l.Simulate, "quarantine": l.Quarantine, "replay": l.Replay, "verify": l.Verify,
		"export": l.Export, "backup": l.Backup, "erase": l.Erase, "prune": l.Prune,
	}[name]
}

// Parse reads the command line and the environment. It returns the command that
// was chosen, or how the program is to end: after --help, or with an error in
// one line on stderr.
func Parse(line *Line, args []string, stdout, stderr io.Writer) (chosen *kong.Context, ended bool, code int) {
	exit := -1
	parser, err := kong.New(line,
		kong.Name("sessiongraph"),
		kong.Description("Receives AIRudder's chatbot session notifications, keeps them, and answers GraphQL queries about them."),
		kong.Writers(stdout, stderr),
		kong.Resolvers(kong.ResolverFunc(secretFromFile)),
		kong.Exit(func(code int) { exit = code }),
		kong.ConfigureHelp(kong.HelpOptions{Compact: true}),
	)
	if err != nil {
		_, _ = fmt.Fprintln(stderr, "sessiongraph:", err)
		return nil, true, 1
	}
	chosen, err = parser.Parse(args)
	switch {
	case exit >= 0: // --help
		return nil, true, exit
	case err != nil:
		_, _ = fmt.Fprintf(stderr, "sessiongraph: %v (see sessiongraph --help)\n", err)
		return nil, true, 2
	}
	return chosen, false, 0
}

// secretFromFile reads a setting from the file that VARIABLE_FILE names.
func secretFromFile(_ *kong.Context, _ *kong.Path, flag *kong.Flag) (any, error) {
	for _, name := range flag.Envs {
		file := os.Getenv(name + "_FILE")
		if file == "" || os.Getenv(name) != "" {
			continue
		}
		content, err := os.ReadFile(file)
		if err != nil {
			return nil, fmt.Errorf("%s_FILE: %w", name, err)
		}
		return strings.TrimRight(string(content), "\r\n"), nil
	}
	return nil, nil
}

// isTerminal says whether somebody watches what is written to w.
func isTerminal(w io.Writer) bool {
	file, ok := w.(*os.File)
	if !ok {
		return false
	}
	info, err := file.Stat()
	return err == nil && info.Mode()&os.ModeCharDevice != 0
}
