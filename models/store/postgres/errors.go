package postgres

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"io"
	"net"
	"regexp"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5/pgconn"

	"sessiongraph/models/store/dialect"
)

// Codes of PostgreSQL's errors, or the classes that they start with.
const (
	pgConnection         = "08"
	pgProtocolViolation  = "08P01" // also what PgBouncer calls all of its errors
	pgOutOfResources     = "53"
	pgShutDown           = "57P"
	pgSystem             = "58"
	pgConflict           = "40" // serialization failures and deadlocks
	pgLockTimeout        = "55P03"
	pgReadOnly           = "25006" // the server is a standby now
	pgIdleTimeout        = "25P03"
	pgStarting           = "57P03"
	pgTooManyConnections = "53300"
	pgNoSuchDatabase     = "3D000"
	pgNotAllowed         = "42501"
	pgNoPassword         = "28"
	pgFeatureMissing     = "0A000"
	pgUndefinedFile      = "58P01"
	pgUndefinedOpclass   = "42704"
	pgQueryCanceled      = "57014" // by a time-out of the server's
	pgDataException      = "22"
	pgIntegrity          = "23"
	pgProgramLimit       = "54"
)

// rowsClosed is the error, which database/sql does not export, of reading a row whose transaction was ended meanwhile:
// it read from a replica that was left out.
const rowsClosed = "sql: Rows are closed"

func pgCode(err error) string {
	var server *pgconn.PgError
	if errors.As(err, &server) {
		return server.Code
	}
	return ""
}

// IsUnavailable reports whether an error is of a database that is not available now.
func (Dialect) IsUnavailable(err error) bool {
	if errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
		return false
	}
	if strings.Contains(err.Error(), rowsClosed) {
		return true
	}
	if code := pgCode(err); code != "" {
		for _, temporary := range []string{pgConnection, pgOutOfResources, pgShutDown, pgSystem, pgConflict,
			pgLockTimeout, pgReadOnly, pgIdleTimeout, pgQueryCanceled} {
			if strings.HasPrefix(code, temporary) {
				return true
			}
		}
		return false
	}
	var connect *pgconn.ConnectError
	var network net.Error
	return errors.As(err, &connect) || errors.As(err, &network) || pgconn.SafeToRetry(err) ||
		errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, net.ErrClosed) ||
		errors.Is(err, sql.ErrConnDone) || errors.Is(err, driver.ErrBadConn) ||
		errors.Is(err, sql.ErrTxDone) // it read from a replica that was left out meanwhile
}

// IsRejected reports whether an error is of values that the database never takes.
func (Dialect) IsRejected(err error) bool {
	code := pgCode(err)
	return strings.HasPrefix(code, pgDataException) || strings.HasPrefix(code, pgIntegrity) ||
		strings.HasPrefix(code, pgProgramLimit)
}

// IsConflict reports whether an error is of a transaction that only has to be run again.
func (Dialect) IsConflict(err error) bool { return strings.HasPrefix(pgCode(err), pgConflict) }

// DescribeError puts an error that operators meet into words.
func (Dialect) DescribeError(err error) error {
	var server *pgconn.PgError
	var connect *pgconn.ConnectError
	errors.As(err, &server)
	switch code := pgCode(err); {
	case code == pgNoSuchDatabase:
		return errors.New("the server has no such database: make it with createdb")
	case strings.HasPrefix(code, pgNoPassword):
		return errors.New("the server does not let this user in: check the name and the password")
	case strings.Contains(err.Error(), "pg_trgm") &&
		(code == pgNotAllowed || code == pgFeatureMissing || code == pgUndefinedFile):
		return errors.New("search needs the extension pg_trgm, which this user may not create or the server " +
			"does not have: install it (postgresql-contrib), and run in this database," +
			" as a superuser: CREATE EXTENSION pg_trgm")
	case code == pgNotAllowed:
		return fmt.Errorf("%w: make the role the owner of its database (createdb -O ROLE NAME), or GRANT CREATE ON "+
			"SCHEMA public TO ROLE", err)
	case code == pgUndefinedOpclass && strings.Contains(err.Error(), "gin_trgm_ops"):
		return errors.New("the extension pg_trgm is in a schema that is not in the search_path of this user: add " +
			"it, or move the extension")
	case code == pgReadOnly:
		return errors.New("the server is read-only, a standby perhaps: name the one that takes changes")
	case code == pgProtocolViolation && strings.Contains(server.Message, "startup parameter"):
		return fmt.Errorf("a pooler does not take settings (%s): leave them out of the address, and name the server's"+
			" own address, too (--db-direct)", server.Message)
	case server != nil && strings.Contains(server.Message, checkClientSetting):
		return fmt.Errorf("%s: use PostgreSQL 14 or later, or add %s=0 to the address",
			server.Message, checkClientSetting)
	case code == pgStarting || code == pgTooManyConnections || strings.HasPrefix(code, pgConnection):
		return unreachableError{oneLine(server.Error())}
	case server != nil && errors.As(err, &connect):
		return errors.New("the server answers: " + oneLine(server.Message))
	case server != nil:
		return fmt.Errorf("%w", err)
	case errors.As(err, &connect):
		return unreachableError{connectReason(connect)}
	}
	return err
}

// connectError is the error of a connection that was not made, in the words of DescribeError.
type connectError struct{ cause error }

// Error returns the words.
func (e connectError) Error() string { return Dialect{}.DescribeError(e.cause).Error() }

// Unwrap returns the error itself.
func (e connectError) Unwrap() error { return e.cause }

// dialError is what precedes the reason in an error of pgconn's: the address twice, and the parts of the library.
var dialError = regexp.MustCompile(`^(\S+) \(\S+\): dial error: dial tcp \S+: `)

// connectReason returns why none of an address's hosts was reached, each reason once: pgconn tries with and without
// TLS.
func connectReason(err *pgconn.ConnectError) string {
	var reasons []string
	for line := range strings.Lines(err.Unwrap().Error()) {
		reason := strings.TrimPrefix(strings.TrimSpace(line), "hostname resolving error: ")
		reason = dialError.ReplaceAllString(reason, "$1: ")
		if !slices.Contains(reasons, reason) {
			reasons = append(reasons, reason)
		}
	}
	return oneLine(strings.Join(reasons, "; "))
}

// describeInvalid puts the error of an address that pgx cannot parse into words. What cannot be parsed as a URL may
// be a part of the password.
func describeInvalid(err error) error {
	const want = "invalid PostgreSQL URL: want postgres://USER@HOST/NAME"
	_, reason, found := strings.Cut(err.Error(), "`: ")
	if !found || strings.HasPrefix(reason, "failed to parse as URL") {
		return errors.New(want + ", and in a user or password %2F for /, %23 for #, %3F for ?, %40 for @, " +
			"%25 for %, %20 for a blank")
	}
	return errors.New(want + ": " + oneLine(reason))
}

// IsLocked reports whether an error is of a database that another process has for itself.
func (Dialect) IsLocked(err error) bool { return pgCode(err) == pgLockTimeout }

// unreachableError is ErrUnreachable with its reason.
type unreachableError struct{ reason string }

// Error is the reason.
func (e unreachableError) Error() string { return "the server cannot be reached: " + e.reason }

// Is reports whether the target is ErrUnreachable.
func (unreachableError) Is(target error) bool { return target == dialect.ErrUnreachable }

// oneLine is a text without line breaks, cut short.
func oneLine(text string) string {
	const most = 150 // characters
	line := strings.Join(strings.Fields(text), " ")
	if short := firstRunes(line, most); short != line {
		return short + "…"
	}
	return line
}

func firstRunes(s string, most int) string {
	for i := range s {
		if most--; most < 0 {
			return s[:i]
		}
	}
	return s
}
