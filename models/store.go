// Package models keeps what AIRudder sends: a ledger of every notification and,
// made from it, the sessions, messages and named values that are asked for.
package models

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"time"

	"github.com/klauspost/compress/zstd"
	"gorm.io/gorm"
	"gorm.io/gorm/logger"
)

// Store is an open database. Its methods may be called concurrently.
type Store struct {
	write   *gorm.DB // the one that changes things
	read    *gorm.DB // for answers that may be a moment old
	dialect dialect
	news    *newsroom
	pack    *zstd.Encoder
	unpack  *zstd.Decoder
}

// Options are the settings of Open.
type Options struct {
	// Log takes warnings of the database; nil drops them.
	Log *slog.Logger
	// MustExist refuses a database that is not there in place of making it.
	MustExist bool
	// OnStatement, where set, is told the text of each SQL statement: tests count them.
	OnStatement func(sql string)
}

// Errors that callers tell apart.
var (
	// ErrUnavailable: the database cannot take a write now (locked, full,
	// disconnected). Nothing was stored; the same call may succeed later.
	ErrUnavailable = errors.New("the database cannot be written now")
	// ErrNewer: the database was made by a newer version of this program.
	ErrNewer = errors.New("the database was made by a newer version of sessiongraph")
)

// Open opens the database, a file of SQLite, makes it if it is not there, and
// brings its tables up to date. Its errors name the database and are fit to be shown.
func Open(ctx context.Context, address string, options Options) (*Store, error) {
	if options.Log == nil {
		options.Log = slog.New(slog.DiscardHandler)
	}
	s, err := openSQLite(address, options)
	if err != nil {
		return nil, fmt.Errorf("open database %s: %w", address, err)
	}
	s.news = newNewsroom()
	if s.pack, s.unpack, err = newPacker(); err != nil {
		return nil, errors.Join(err, s.Close())
	}
	if err := s.migrate(ctx); err != nil {
		return nil, errors.Join(fmt.Errorf("open database %s: %w", address, err), s.Close())
	}
	return s, nil
}

// Name is the kind of database: "SQLite".
func (s *Store) Name() string { return s.dialect.name() }

// Ping says whether the database answers.
func (s *Store) Ping(ctx context.Context) error {
	var one int
	if err := s.read.WithContext(ctx).Raw("SELECT 1").Scan(&one).Error; err != nil {
		return fmt.Errorf("ping database: %w", err)
	}
	return nil
}

// Close closes the database; what was stored stays.
func (s *Store) Close() error {
	s.news.close()
	var errs []error
	for _, db := range []*gorm.DB{s.read, s.write} {
		pool, err := db.DB()
		if err == nil {
			err = pool.Close()
		}
		errs = append(errs, err)
	}
	return errors.Join(errs...)
}

func gormConfig(options Options) *gorm.Config {
	return &gorm.Config{
		SkipDefaultTransaction: true,
		PrepareStmt:            true,
		PrepareStmtMaxSize:     200,
		Logger:                 statementLog{options},
	}
}

// statementLog hands GORM's statements to Options.OnStatement, and nothing to a
// log: errors are returned to those who can say what was being done.
type statementLog struct{ options Options }

func (l statementLog) LogMode(logger.LogLevel) logger.Interface { return l }
func (statementLog) Info(context.Context, string, ...any)       {}
func (l statementLog) Warn(ctx context.Context, message string, args ...any) {
	l.options.Log.WarnContext(ctx, fmt.Sprintf(message, args...))
}
func (statementLog) Error(context.Context, string, ...any) {}
func (l statementLog) Trace(_ context.Context, _ time.Time, statement func() (string, int64), _ error) {
	if l.options.OnStatement != nil {
		sql, _ := statement()
		l.options.OnStatement(sql)
	}
}

// ParamsFilter keeps values out of the text of a statement.
func (statementLog) ParamsFilter(_ context.Context, sql string, _ ...any) (string, []any) {
	return sql, nil
}

// dialect is what differs between the databases.
type dialect interface {
	name() string
	// ddl turns the types of a portable CREATE TABLE into the database's own.
	ddl(sql string) string
	// position is the 1-based place of a bound text in a column, 0 where it is not in it.
	position(column string) string
	// searchSessions passes the sessions s whose transcripts hold all the words,
	// which are folded and not empty.
	searchSessions(words []string) condition
	// bucket is the start of the time bucket of s.started_at, in microseconds since 1970.
	bucket(interval TimeInterval, zone *time.Location) condition
	// searchOrphans are queries for sessions that search does not know, and the reverse.
	searchOrphans() []difference
	// scrub leaves nothing of deleted rows in the database's files.
	scrub(db *gorm.DB) error
	// backup copies the database into a new file.
	backup(db *gorm.DB, file string) error
	// explain puts an error that operators meet into words.
	explain(err error) error
	// unavailable tells the errors of a database that cannot be written now.
	unavailable(err error) bool
}

var placeholders = strings.Repeat("?,", 1000)

// marks is n placeholders of a list of values.
func marks(n int) string {
	if 2*n <= len(placeholders) {
		return placeholders[:max(2*n-1, 0)]
	}
	return strings.TrimSuffix(strings.Repeat("?,", n), ",")
}
