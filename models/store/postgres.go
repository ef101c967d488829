package store

import (
	"context"
	"database/sql"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"time"
	"unicode/utf8"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/stdlib"
	gormpostgres "gorm.io/driver/postgres"
	"gorm.io/gorm"

	"sessiongraph/models"
)

// Connections of one program to one server: a server has some hundred for all
// programs together (docs/scaling.md).
const (
	postgresWriters = 3
	postgresReaders = 6 // or two for each processor, where that is more
	// Of the program itself, which queries cannot take from it.
	postgresOwnReaders = 2
)

// Time-outs of connections.
const (
	postgresConnectTimeout = 3 * time.Second
	postgresUserTimeout    = 5 * time.Second // without an acknowledgement of what was sent
	postgresAliveTimeout   = time.Second     // of a connection that was idle, before it is used
	postgresIdleTime       = 5 * time.Minute
	postgresLifetime       = time.Hour // so that connections follow a server that moved
)

// What connections are set to, where the address does not say otherwise.
var (
	postgresSettings = map[string]string{
		"application_name":              "sessiongraph",
		"timezone":                      "UTC",
		"default_transaction_isolation": "read committed", // what a lock waited for is seen (docs/decisions/0002)
	}
	postgresWriting = map[string]string{
		"lock_timeout": "10s",
		// A program that vanished must not hold the ledger's lock for long.
		"idle_in_transaction_session_timeout": "10s",
	}
	postgresReading = map[string]string{
		"jit": "off", // compiling a list of many parents takes longer than running it
		// What is searched for decides which index serves: each plan is for its own values.
		"plan_cache_mode": "force_custom_plan",
	}
)

func openPostgres(ctx context.Context, address string, options Options) (*Store, error) {
	config, err := postgresConfig(address)
	if err != nil {
		return nil, err
	}
	s := &Store{dialect: postgresDialect{zones: &sync.Map{}}, news: newNewsroom(), watch: newWatch()}
	s.watch.listen = listenTo(config)
	gormConfig := postgresGormConfig(options)
	generation := new(atomic.Int64)
	s.dropConnections = func() { generation.Add(1) }
	writers := newPostgresPool(config, postgresWriting, postgresWriters, generation)
	if s.write, err = openPostgresGORM(writers, gormConfig); err != nil {
		return nil, errors.Join(s.dialect.DescribeError(err), writers.Close())
	}
	for _, pool := range []struct {
		db   **gorm.DB
		most int
	}{{&s.read, postgresOwnReaders}, {&s.queries, max(postgresReaders, 2*runtime.NumCPU())}} {
		readers := newPostgresReaders(config, pool.most)
		if *pool.db, err = openPostgresGORM(steady{readers, queryPatience}, gormConfig); err != nil {
			return nil, errors.Join(s.dialect.DescribeError(err), readers.Close(), s.closePools())
		}
	}
	if err := s.checkPostgres(ctx, options); err != nil {
		return nil, errors.Join(s.dialect.DescribeError(err), s.closePools())
	}
	return s, nil
}

func postgresConfig(address string) (*pgx.ConnConfig, error) {
	if !strings.Contains(address, "statement_cache_capacity") {
		// Each connection of the server keeps the plans of so many statements.
		separator := "?"
		if strings.Contains(address, "?") {
			separator = "&"
		}
		address += separator + "statement_cache_capacity=200"
	}
	config, err := pgx.ParseConfig(address)
	if err != nil {
		return nil, errors.New("invalid PostgreSQL URL (want postgres://user:password@host:5432/database): " + oneLine(err))
	}
	if config.ConnectTimeout == 0 {
		config.ConnectTimeout = postgresConnectTimeout
	}
	dialer := net.Dialer{KeepAliveConfig: net.KeepAliveConfig{Enable: true, Idle: 10 * time.Second, Interval: 5 * time.Second, Count: 4}}
	dialer.Control = func(network, _ string, connection syscall.RawConn) error {
		return setUserTimeout(network, connection, postgresUserTimeout)
	}
	config.DialFunc = dialer.DialContext
	return config, nil
}

func openPostgresGORM(pool gorm.ConnPool, config gorm.Config) (*gorm.DB, error) {
	return OpenGORM(postgresDialectorOf(pool), postgresDialect{}, &config)
}

func postgresDialectorOf(pool gorm.ConnPool) gorm.Dialector {
	return postgresDialector{&gormpostgres.Dialector{Config: &gormpostgres.Config{Conn: pool}}}
}

func newPostgresReaders(config *pgx.ConnConfig, most int) *sql.DB {
	return newPostgresPool(config, postgresReading, most, new(atomic.Int64))
}

// newPostgresPool makes a pool. Its connections that were made before a change of generation are
// not used again.
func newPostgresPool(config *pgx.ConnConfig, settings map[string]string, most int, generation *atomic.Int64) *sql.DB {
	own := config.Copy()
	for _, set := range []map[string]string{postgresSettings, settings} {
		for name, value := range set {
			if _, given := own.RuntimeParams[name]; !given {
				own.RuntimeParams[name] = value
			}
		}
	}
	pool := sql.OpenDB(textConnector{stdlib.GetConnector(*own), generation})
	pool.SetMaxOpenConns(most)
	pool.SetMaxIdleConns(most)
	pool.SetConnMaxIdleTime(postgresIdleTime)
	pool.SetConnMaxLifetime(postgresLifetime)
	return pool
}

// postgresGormConfig leaves prepared statements to pgx, which keeps them for each connection.
func postgresGormConfig(options Options) gorm.Config {
	config := GORMConfig(options)
	config.PrepareStmt = false
	return *config
}

// checkPostgres refuses a database that could not hold what is stored.
func (s *Store) checkPostgres(ctx context.Context, options Options) error {
	var found struct {
		Encoding string
		Made     bool
	}
	err := s.read.WithContext(ctx).Raw("SELECT current_setting('server_encoding') AS encoding, to_regclass('ledger_clock') IS NOT NULL AS made").Scan(&found).Error
	switch {
	case err != nil:
		return err
	case found.Encoding != "UTF8":
		return fmt.Errorf("its encoding is %s: make a database with ENCODING 'UTF8'", found.Encoding)
	case options.MustExist && !found.Made:
		return errors.New("it has no tables of sessiongraph")
	}
	return nil
}

// postgresDialector is GORM's, but for the errors.
type postgresDialector struct{ *gormpostgres.Dialector }

// Translate marks the errors of a database that is not available.
func (postgresDialector) Translate(err error) error { return Translate(err, postgresDialect{}) }

type postgresDialect struct {
	zones *sync.Map // clocks by name
}

func (postgresDialect) Name() string { return "PostgreSQL" }

//go:embed postgres/migrations/*.sql
var postgresMigrations embed.FS

func (postgresDialect) Migrations() fs.FS {
	folder, err := fs.Sub(postgresMigrations, "postgres/migrations")
	if err != nil {
		panic(err) // the folder is embedded
	}
	return folder
}

// The index of messages serves by itself.
func (postgresDialect) SessionsWithMsgIDs([]string, bool) Predicate { return AlwaysTrue }

// Instances that start at once bring the tables up to date one after the other.
func (postgresDialect) LockMigrations(tx *gorm.DB) error {
	return tx.Exec("SELECT pg_advisory_xact_lock(hashtext('sessiongraph migrations'))").Error
}

// What is stored seldom takes a hundredth of this; texts of many bytes take the search index some time.
func (postgresDialect) SaveTimeout(bytes int) time.Duration {
	return 4*time.Second + time.Duration(bytes)*2*time.Second/(1<<20)
}

func (postgresDialect) LockLedger() string {
	return "SELECT " + clockColumns + " FROM ledger_clock WHERE id = 1 FOR UPDATE"
}

// Listeners hear of it when the transaction is committed.
func (postgresDialect) Notify(tx *gorm.DB) error {
	return tx.Exec("SELECT pg_notify('" + storedChannel + "', '')").Error
}

// storedChannel is what instances listen to.
const storedChannel = "sessiongraph_stored"

func (postgresDialect) SnapshotOptions() *sql.TxOptions {
	return &sql.TxOptions{Isolation: sql.LevelRepeatableRead, ReadOnly: true}
}

func (postgresDialect) NumberedPlaceholders() bool { return true }

// The index of trigrams is of this text.
func (postgresDialect) Insert() string { return "INSERT INTO" }

func (postgresDialect) StoredText(m *models.Message) string { return m.Folded }

func (postgresDialect) Position(column string) string { return "strpos(" + column + ", ?)" }

func (postgresDialect) Digits(column string) string {
	return "regexp_replace(" + column + ", '[^0-9]', '', 'g')"
}

func (postgresDialect) EndsWith(column, suffix string) Predicate {
	return Where("right("+column+", ?) = ?", utf8.RuneCountInString(encodeText(suffix)), suffix)
}

// The first part is what the index has.
func (postgresDialect) EntryValue(values []string) Predicate {
	starts := make([]string, len(values))
	for i, value := range values {
		starts[i] = firstRunes(encodeText(value), 100)
	}
	return AllOf(In("left(v.value, 100)", starts), In("v.value", values))
}

func firstRunes(s string, most int) string {
	for i := range s {
		if most--; most < 0 {
			return s[:i]
		}
	}
	return s
}

var likeEscapes = strings.NewReplacer(`\`, `\\`, `%`, `\%`, `_`, `\_`)

// The index has the trigrams of texts, which serve words of three characters and more.
func (d postgresDialect) SearchMessages(words []string) Predicate {
	parts := make([]Predicate, len(words))
	for i, word := range words {
		if utf8.RuneCountInString(word) < 3 {
			parts[i] = Where(d.Position("m.folded")+" > 0", word)
		} else {
			parts[i] = Where("m.folded LIKE ?", "%"+likeEscapes.Replace(word)+"%")
		}
	}
	return AllOf(parts...)
}

func (d postgresDialect) SearchSessions(words []string) SessionSearch {
	parts := make([]Predicate, len(words))
	for i, word := range words {
		found := d.SearchMessages([]string{word})
		parts[i] = Where("s.id IN (SELECT m.session_id FROM messages m WHERE "+found.SQL+")", found.Args...)
	}
	return SessionSearch{Candidates: AllOf(parts...), Exact: true, Holds: AlwaysTrue}
}

func (postgresDialect) IndexSessions(*gorm.DB, []IndexedSession) error { return nil }
func (postgresDialect) UnindexSessions(*gorm.DB, []int64) error        { return nil }
func (postgresDialect) IndexDifferences() []Difference                 { return nil }

// What is deleted stays in the files until its place is used again; this makes the
// place free. The server's log and backups have it for as long as they are kept.
func (postgresDialect) Purge(ctx context.Context, s *Store, _ Progress) error {
	err := s.write.WithContext(ctx).Exec("VACUUM (SKIP_LOCKED) notifications, sessions, contacts, messages, ner_slots, event_labels, variables").Error
	if err != nil {
		return fmt.Errorf("free what was deleted: %w", err)
	}
	return nil
}

func (postgresDialect) Backup(context.Context, *Store, string, Progress) error {
	return errors.New("PostgreSQL has tools of its own for this: pg_dump --format=custom --file=FILE ADDRESS")
}
