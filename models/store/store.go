// Package store keeps notifications in a database: a ledger of all of them and, made from it,
// the sessions, messages and named values that are asked for.
package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"time"

	"gorm.io/gorm"
	"gorm.io/gorm/logger"

	"sessiongraph/models"
	"sessiongraph/models/store/body"
	"sessiongraph/models/store/dialect"
)

// Store is an open database. Its methods may be called concurrently.
type Store struct {
	write   *gorm.DB // the one that changes things
	read    *gorm.DB // for the program itself: queries cannot take its connections
	queries *gorm.DB // for answers
	dialect Dialect
	file    *sqliteFile // nil on PostgreSQL
	address string      // fit to be shown
	news    *newsroom
	// dropConnections gives up all connections of write; nil where that is no use.
	dropConnections func()
	watch           *watch
	log             *slog.Logger
	// replicas, where there are any, answer in place of queries.
	replicas *replicas
	bodies   *body.Codec
	// cursorKey is CursorKey.
	cursorKey []byte
	history   *history
	events    *broadcaster
}

// Options are the settings of Open.
type Options struct {
	// Log takes warnings of the database; nil drops them.
	Log *slog.Logger
	// Replicas are addresses of PostgreSQL servers that follow the primary.
	Replicas []string
	// MustExist refuses a database that is not there in place of making it.
	MustExist bool
	// OnStatement, where set, is told the text of each SQL statement: tests count them.
	OnStatement func(sql string)
}

// ErrNewer is the error of a database that a newer version of this program made.
var ErrNewer = errors.New("the database was made by a newer version of sessiongraph")

// pingPatience bounds how long Ping waits.
const pingPatience = 900 * time.Millisecond

// Open opens the database, a file of SQLite (made if it is not there) or one of
// PostgreSQL at a postgres:// address, and brings its tables up to date. Its errors
// name the database and are fit to be shown.
func Open(ctx context.Context, address string, options Options) (*Store, error) {
	if options.Log == nil {
		options.Log = slog.New(slog.DiscardHandler)
	}
	shown := withoutPassword(address)
	bodies, err := body.NewCodec(maxRestoredBody)
	if err != nil {
		return nil, fmt.Errorf("open database %s: %w", shown, err)
	}
	var s *Store
	switch {
	case IsPostgres(address):
		s, err = openPostgres(ctx, address, options)
	case strings.Contains(address, "://"):
		err = errors.New("not supported: want a file (SQLite) or a postgres:// URL")
	case len(options.Replicas) > 0:
		err = errors.New("a file has no replicas: only PostgreSQL has")
	default:
		s, err = openSQLite(address, bodies, options)
	}
	if err != nil {
		return nil, fmt.Errorf("open database %s: %w", shown, err)
	}
	s.address, s.log, s.bodies, s.history = shown, options.Log, bodies, &history{}
	s.events = newBroadcaster(s)
	if err := s.retrying(ctx, func() error { return s.migrate(ctx, migrations(s.dialect)) }); err != nil {
		return nil, errors.Join(fmt.Errorf("open database %s: %w", shown, err), s.Close())
	}
	if err := s.retrying(ctx, func() error { return s.readCursorKey(ctx) }); err != nil {
		return nil, errors.Join(fmt.Errorf("open database %s: %w", shown, err), s.Close())
	}
	if len(options.Replicas) > 0 {
		if err := s.openReplicas(options.Replicas, options); err != nil {
			return nil, errors.Join(fmt.Errorf("open database %s: %w", shown, err), s.Close())
		}
	}
	return s, nil
}

// Name is the kind of database and which one: "SQLite sessiongraph.db".
func (s *Store) Name() string { return s.dialect.name() + " " + s.address }

// Ping says whether the database answers.
func (s *Store) Ping(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, pingPatience)
	defer cancel()
	if err := s.file.check(); err != nil {
		return err
	}
	_, err := s.StoredSeq(ctx)
	return err
}

// Close closes the database; what was stored stays.
func (s *Store) Close() error {
	s.news.close()
	if s.events != nil { // Open has come so far
		s.events.close()
	}
	s.watch.close()
	return s.closePools()
}

func (s *Store) closePools() error {
	var errs []error
	if s.replicas != nil {
		errs = append(errs, s.replicas.close())
	}
	for _, db := range []*gorm.DB{s.queries, s.read, s.write} {
		if db == nil {
			continue
		}
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
		TranslateError:         true,
		QueryFields:            true,
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

// Dialect is what differs between the databases.
type Dialect interface {
	name() string
	// ddl turns the types of a portable CREATE TABLE into the database's own.
	ddl(sql string) string
	// searchTables are the statements that make what search reads.
	searchTables() string
	// slimSearchTables are the statements that replace them by an index without positions.
	slimSearchTables() string
	// lockMigrations lets one process at a time bring the tables up to date.
	lockMigrations(tx *gorm.DB) error
	// saveLimit bounds the time of a transaction that stores so many bytes of bodies; 0 for no bound.
	saveLimit(bytes int) time.Duration
	// countTriggers are the statements that keep ledger_counts in step with notifications.
	countTriggers() string
	// lockLedger is the statement that locks the row of ledger_clock and reads it.
	lockLedger() string
	// announce tells other processes of what tx stores, once it is committed.
	announce(tx *gorm.DB) error
	// snapshot is how a transaction that reads sees one state of the database.
	snapshot() *sql.TxOptions
	// numbered says that placeholders are $1, $2 and so on in place of question marks.
	numbered() bool
	// searchMerging sets how the tables of searchTables and msgIDTables are merged.
	searchMerging() string
	// insert is the beginning of an INSERT whose error ends the transaction.
	insert() string
	// searchedText is the text of a message that is stored for searchMessage.
	searchedText(m *models.Message) string
	// position is the 1-based place of a bound text in a column, 0 where it is not in it.
	position(column string) string
	// folded is a column's text as CaseFold has it, which is the column itself or is
	// kept beside it by prepare.
	folded(column string) string
	// prepare fills the columns that folded reads of a projection, and returns what index stores of it.
	prepare(p *models.Projection) indexText
	// digits are the digits 0 to 9 of a column's text, without what stands between.
	digits(column string) string
	// endsWith passes what has a text that is not empty at the end of a column.
	endsWith(column, suffix string) condition
	// entryValue passes the entries v of an open map that have one of the values.
	entryValue(values []string) condition
	// searchMessage passes the messages m that hold all the words, which are folded and not empty.
	searchMessage(words []string) condition
	// searchSessions is how sessions s are found whose transcripts hold all the words, which are folded and not empty.
	searchSessions(words []string) sessionSearch
	// sessionsWithMsgIDs passes the sessions s that can hold a message of one of the msg_ids, where that helps to
	// find it and ok is set.
	sessionsWithMsgIDs(msgIDs []string, ok bool) condition
	// msgIDTables are the statements that make what sessionsWithMsgIDs reads.
	msgIDTables() string
	// index makes sessions known to search, unindex those that have to be forgotten.
	index(tx *gorm.DB, sessions []indexedSession) error
	unindex(tx *gorm.DB, ids []int64) error
	// bucket is the start of the time bucket of s.started_at, in microseconds since
	// 1970, and what has to be joined to sessions s for it.
	bucket(interval models.TimeInterval, zone *time.Location) (column, from condition)
	// searchOrphans are queries for sessions that search does not know, and the reverse.
	searchOrphans() []difference
	// purge removes what deleted rows leave in the database's files.
	purge(ctx context.Context, s *Store, shown Progress) error
	// backup copies the database into a new file.
	backup(ctx context.Context, s *Store, file string, shown Progress) error
	// explain puts an error that operators meet into words.
	explain(err error) error
	// unavailable tells the errors of a database that is not available now.
	unavailable(err error) bool
	// rejected tells the errors of values that the database never takes.
	rejected(err error) bool
	// locked tells the errors of a database that another process has for itself.
	locked(err error) bool
	// conflict tells the errors of a transaction that only has to be run again.
	conflict(err error) bool
}

// indexText is what the search index holds of a session.
type indexText struct {
	transcript string // the texts of its messages
	msgIDs     string // hashes of the msg_ids of its messages
}

// indexedSession is a session as the search index holds it.
type indexedSession struct {
	id int64
	indexText
}

// openGORM is gorm.Open for a dialect.
func openGORM(dialector gorm.Dialector, d Dialect, config *gorm.Config) (*gorm.DB, error) {
	db, err := gorm.Open(dialector, config)
	if err == nil { // rows are the one answer whose errors GORM does not translate
		err = db.Callback().Row().After("gorm:row").Register("sessiongraph:translate", func(db *gorm.DB) { db.Error = translate(db.Error, d) })
	}
	return db, err
}

// translate is what all errors of a database pass through: it marks those that
// callers tell apart.
func translate(err error, d Dialect) error {
	switch {
	case err == nil, errors.Is(err, dialect.ErrUnavailable), errors.Is(err, dialect.ErrRejected):
		return err
	case d.unavailable(err):
		return fmt.Errorf("%w: %w", dialect.ErrUnavailable, err)
	case d.rejected(err):
		return fmt.Errorf("%w: %w", dialect.ErrRejected, err)
	default:
		return err
	}
}

var placeholders = strings.Repeat("?,", 1000)

// marks is n placeholders of a list of values.
func marks(n int) string {
	if 2*n <= len(placeholders) {
		return placeholders[:max(2*n-1, 0)]
	}
	return strings.TrimSuffix(strings.Repeat("?,", n), ",")
}
