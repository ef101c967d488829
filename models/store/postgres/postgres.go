// Package postgres stores in a database of a PostgreSQL server, with replicas of it.
package postgres

import (
	"context"
	"database/sql"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"net"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"time"
	"unicode/utf8"

	"github.com/jackc/pgx/v5"
	gormpostgres "gorm.io/driver/postgres"
	"gorm.io/gorm"

	"sessiongraph/models"
	"sessiongraph/models/store/dialect"
)

// Connections of one program to one server: a server has some hundred for all
// programs together (docs/scaling.md).
const (
	writeConnections = 3
	queryReaders     = 6 // or two for each processor, where that is more
	// Of the program itself, which queries cannot take from it.
	ownReaders = 2
)

// Time-outs of connections.
const (
	connectTimeout = 3 * time.Second
	userTimeout    = 5 * time.Second // without an acknowledgement of what was sent
	aliveTimeout   = time.Second     // of a connection that was idle, before it is used
	idleTime       = 5 * time.Minute
	lifetime       = time.Hour // so that connections follow a server that moved
)

const (
	isolationSetting   = "default_transaction_isolation"
	checkClientSetting = "client_connection_check_interval" // how soon a query ends whose client has gone
)

// What connections are set to, where the address does not say otherwise.
var (
	commonSettings = map[string]string{
		"application_name": "sessiongraph",
		"timezone":         "UTC",
		isolationSetting:   "read committed", // what a lock waited for is seen (docs/decisions/0002)
		// A request to cancel may come before its query does, through a pooler above all.
		checkClientSetting: "2s",
	}
	writingSettings = map[string]string{
		"lock_timeout": "10s",
		// A program that vanished must not hold the ledger's lock for long.
		"idle_in_transaction_session_timeout": "10s",
	}
	readingSettings = map[string]string{
		"jit": "off", // compiling a list of many parents takes longer than running it
		// What is searched for decides which index serves: each plan is for its own values.
		"plan_cache_mode": "force_custom_plan",
	}
)

// Database is an open database of a server.
type Database struct {
	Dialect
	pools      dialect.Pools
	direct     *pgx.ConnConfig // the server's own address
	generation *atomic.Int64   // of the connections that write
	replicas   *replicas       // nil for none
	log        *slog.Logger
}

// Pools are the connections.
func (d *Database) Pools() dialect.Pools { return d.pools }

// Replica is a replica that serves, each in turn; nil where there is none.
func (d *Database) Replica() *gorm.DB {
	if d.replicas == nil {
		return nil
	}
	if one := d.replicas.pick(); one != nil {
		return one.db
	}
	return nil
}

// Check returns nil: a server keeps its files.
func (d *Database) Check() error { return nil }

// CheckSpace returns nil: the server's disk is out of sight.
func (d *Database) CheckSpace(int64) error { return nil }

// LogSize returns 0: the server's log does not wait for readers.
func (d *Database) LogSize() int64 { return 0 }

// CheckLog does nothing: the server bounds its log.
func (d *Database) CheckLog() {}

// DropConnections gives up the connections that write: their server hangs.
func (d *Database) DropConnections() { d.generation.Add(1) }

// Close closes all connections.
func (d *Database) Close() error {
	if d.replicas == nil {
		return d.pools.Close()
	}
	return errors.Join(d.replicas.close(), d.pools.Close())
}

// Addresses are where a database is.
type Addresses struct {
	Primary string
	// Direct is the server's own address where Primary is a transaction pooler's, and the replicas may be poolers'.
	Direct   string
	Replicas []string
}

// Open opens a database of a server, and replicas of it.
func Open(ctx context.Context, at Addresses, options dialect.Config) (dialect.Database, error) {
	config, err := parseAddress(at.Primary)
	if err != nil {
		return nil, err
	}
	primary := server{config, at.Direct != ""}
	d := &Database{Dialect: Dialect{zones: &sync.Map{}}, direct: config,
		generation: new(atomic.Int64), log: options.Log}
	if primary.pooled {
		if d.direct, err = parseAddress(at.Direct); err != nil {
			return nil, fmt.Errorf("direct address: %w", err)
		}
	}
	gormConfig := options.GORMConfig()
	open := func(pool *sql.DB, conn gorm.ConnPool) (*gorm.DB, error) {
		db, err := openGORM(conn, *gormConfig)
		if err != nil {
			return nil, errors.Join(d.DescribeError(err), pool.Close())
		}
		return db, nil
	}
	openWriters := func(to server, most, idle int) func() (*gorm.DB, error) {
		return func() (*gorm.DB, error) {
			writers := to.newPool(writingSettings, most, d.generation)
			writers.SetMaxIdleConns(idle)
			return open(writers, writers)
		}
	}
	openReaders := func(most int) func() (*gorm.DB, error) {
		return func() (*gorm.DB, error) {
			readers := primary.newReaders(most)
			return open(readers, retryPool{readers})
		}
	}
	var openDirect func() (*gorm.DB, error)
	if primary.pooled {
		openDirect = func() (*gorm.DB, error) {
			db, err := openWriters(server{config: d.direct}, 1, 0)()
			if err != nil {
				return nil, fmt.Errorf("direct address: %w", err)
			}
			return db, nil
		}
	}
	d.pools, err = dialect.OpenPools(openDirect, openWriters(primary, writeConnections, writeConnections),
		openReaders(ownReaders), openReaders(max(queryReaders, 2*runtime.NumCPU())))
	if err != nil {
		return nil, err
	}
	if err := d.checkDatabase(ctx, options); err != nil {
		return nil, errors.Join(d.DescribeError(err), d.pools.Close())
	}
	if len(at.Replicas) > 0 {
		if err := d.openReplicas(at, *gormConfig); err != nil {
			return nil, errors.Join(err, d.Close())
		}
	}
	return d, nil
}

func parseAddress(address string) (*pgx.ConnConfig, error) {
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
		return nil, describeInvalid(err)
	}
	if config.ConnectTimeout == 0 {
		config.ConnectTimeout = connectTimeout
	}
	dialer := net.Dialer{KeepAliveConfig: net.KeepAliveConfig{Enable: true, Idle: 10 * time.Second,
		Interval: 5 * time.Second, Count: 4}}
	dialer.Control = func(network, _ string, connection syscall.RawConn) error {
		return setUserTimeout(network, connection, userTimeout)
	}
	config.DialFunc = dialer.DialContext
	return config, nil
}

func openGORM(pool gorm.ConnPool, config gorm.Config) (*gorm.DB, error) {
	return dialect.OpenGORM(dialectorOf(pool), Dialect{}, &config)
}

func dialectorOf(pool gorm.ConnPool) gorm.Dialector {
	return dialector{&gormpostgres.Dialector{Config: &gormpostgres.Config{Conn: pool}}}
}

// checkDatabase refuses a database that could not hold what is stored.
func (d *Database) checkDatabase(ctx context.Context, options dialect.Config) error {
	var found struct {
		Encoding string
		Made     bool
	}
	err := d.pools.Read.WithContext(ctx).Raw("SELECT current_setting('server_encoding') AS encoding," +
		" to_regclass('ledger_clock') IS NOT NULL AS made").Scan(&found).Error
	switch {
	case err != nil:
		return err
	case found.Encoding != "UTF8":
		return fmt.Errorf("its encoding is %s: make a database with ENCODING 'UTF8'", found.Encoding)
	case options.MustExist && !found.Made:
		return errors.New("it has no tables of sessiongraph")
	}
	return d.checkDirect(ctx)
}

// checkDirect refuses a direct address that is another database's: its notifications would not be heard.
func (d *Database) checkDirect(ctx context.Context) error {
	if d.pools.Migrate == d.pools.Write {
		return nil
	}
	const query = "SELECT " + serverIdentity
	var identity, direct string
	if err := d.pools.Migrate.WithContext(ctx).Raw(query).Scan(&direct).Error; err != nil {
		return fmt.Errorf("direct address: %w", err)
	}
	if err := d.pools.Read.WithContext(ctx).Raw(query).Scan(&identity).Error; err != nil {
		return err
	}
	if identity != direct {
		return errors.New("the direct address is another server's or another database's")
	}
	return nil
}

// dialector is GORM's, but for the errors.
type dialector struct{ *gormpostgres.Dialector }

// Translate marks the errors of a database that is not available.
func (dialector) Translate(err error) error { return dialect.Translate(err, Dialect{}) }

// Dialect is the SQL of PostgreSQL.
type Dialect struct {
	zones *sync.Map // clocks by name
}

// Name is PostgreSQL.
func (Dialect) Name() string { return "PostgreSQL" }

//go:embed migrations/*.sql
var migrations embed.FS

// Migrations are the files of SQL that make the tables.
func (Dialect) Migrations() fs.FS {
	folder, err := fs.Sub(migrations, "migrations")
	if err != nil {
		panic(err) // the folder is embedded
	}
	return folder
}

// SessionsWithMsgIDs passes the sessions that can hold a message of one of the msg_ids.
// The index of messages serves by itself.
func (Dialect) SessionsWithMsgIDs([]string, bool) dialect.Predicate {
	return dialect.AlwaysTrue
}

// LockMigrations lets one process at a time bring the tables up to date.
// Instances that start at once bring the tables up to date one after the other.
func (Dialect) LockMigrations(tx *gorm.DB) error {
	return tx.Exec("SELECT pg_advisory_xact_lock(hashtext('sessiongraph migrations'))").Error
}

// SaveTimeout bounds the time of a transaction that stores so many bytes.
// What is stored seldom takes a hundredth of this; texts of many bytes take the search index some time.
func (Dialect) SaveTimeout(bytes int) time.Duration {
	return 4*time.Second + time.Duration(bytes)*2*time.Second/(1<<20)
}

// LockLedger locks the row of ledger_clock.
func (Dialect) LockLedger(columns string) string {
	return "SELECT " + columns + " FROM ledger_clock WHERE id = 1 FOR UPDATE"
}

// Notify notifies other processes that sessions were stored.
// PostgreSQL sends it when the transaction is committed.
func (Dialect) Notify(tx *gorm.DB) error {
	return tx.Exec("SELECT pg_notify('" + storedChannel + "', '')").Error
}

// storedChannel is what instances listen to.
const storedChannel = "sessiongraph_stored"

// SnapshotOptions are those of a transaction that reads one state of the database.
func (Dialect) SnapshotOptions() *sql.TxOptions {
	return &sql.TxOptions{Isolation: sql.LevelRepeatableRead, ReadOnly: true}
}

// NumberedPlaceholders reports whether placeholders are $1, $2 and so on.
func (Dialect) NumberedPlaceholders() bool { return true }

// Encodes reports whether a text is stored in another form.
// A text may have characters that PostgreSQL does not store.
func (Dialect) Encodes(text string) bool { return encodeText(text) != text }

// Insert begins an INSERT.
func (Dialect) Insert() string { return "INSERT INTO" }

// StoredText is the text of a message that is stored for search: the index of trigrams is of it.
func (Dialect) StoredText(m *models.Message) string { return m.SearchText }

// Position is the place of a bound text in a column.
func (Dialect) Position(column string) string { return "strpos(" + column + ", ?)" }

// Digits are the digits of a column's text.
func (Dialect) Digits(column string) string {
	return "regexp_replace(" + column + ", '[^0-9]', '', 'g')"
}

// EndsWith passes what has a suffix in a column.
func (Dialect) EndsWith(column, suffix string) dialect.Predicate {
	return dialect.Where("right("+column+", ?) = ?", utf8.RuneCountInString(encodeText(suffix)), suffix)
}

// indexedRunes is how much of a value the indexes of ner_slots, event_labels and variables have.
const indexedRunes = 100

// EntryValue passes the entries that have one of the values.
func (Dialect) EntryValue(values []string) dialect.Predicate {
	if len(values) == 0 {
		return dialect.AlwaysFalse
	}
	start := fmt.Sprintf("left(?, %d)", indexedRunes) // of the value as it is stored
	starts := fmt.Sprintf("left(v.value, %d) IN (%s)", indexedRunes,
		strings.TrimSuffix(strings.Repeat(start+", ", len(values)), ", "))
	return dialect.AllOf(dialect.Where(starts, dialect.ToAny(values)...), dialect.In("v.value", values))
}

var likeEscapes = strings.NewReplacer(`\`, `\\`, `%`, `\%`, `_`, `\_`)

// StoresMaskedTexts is true: what is masked of a text is nothing that SQL could find out.
func (Dialect) StoresMaskedTexts() bool { return true }

// SearchMessages passes the messages that hold all the words.
// The index has the trigrams of texts, which serve words of three characters and more. What stands in a masked text
// stands in the text, too. A session that was stored with other masks is not found.
func (d Dialect) SearchMessages(words []string, masks int64) dialect.Predicate {
	var parts []dialect.Predicate
	for _, word := range words {
		parts = append(parts, d.holds("m.folded", word))
		if masks != 0 {
			parts = append(parts, dialect.AnyOf([]dialect.Predicate{
				dialect.Where("m.masked_folded IS NULL"), d.holds("m.masked_folded", word),
			}))
		}
	}
	if masks != 0 {
		parts = append(parts, dialect.Where(
			"EXISTS (SELECT 1 FROM sessions o WHERE o.id = m.session_id AND o.masks = ?)", masks))
	}
	return dialect.AllOf(parts...)
}

func (d Dialect) holds(column, word string) dialect.Predicate {
	if utf8.RuneCountInString(word) < 3 {
		return dialect.Where(d.Position(column)+" > 0", word)
	}
	return dialect.Where(column+" LIKE ?", "%"+likeEscapes.Replace(word)+"%")
}

// SearchSessions is how sessions are found that hold all the words.
func (d Dialect) SearchSessions(words []string, masks int64) dialect.SessionSearch {
	parts := make([]dialect.Predicate, len(words))
	for i, word := range words {
		found := d.SearchMessages([]string{word}, masks)
		parts[i] = dialect.Where("s.id IN (SELECT m.session_id FROM messages m WHERE "+found.SQL+")", found.Args...)
	}
	return dialect.SessionSearch{Candidates: dialect.AllOf(parts...), Exact: true, Holds: dialect.AlwaysTrue}
}

// IndexSessions adds sessions to the search index.
func (Dialect) IndexSessions(*gorm.DB, []dialect.IndexedSession) error { return nil }

// UnindexSessions removes sessions from the search index.
func (Dialect) UnindexSessions(*gorm.DB, []int64) error { return nil }

// IndexDifferences are queries for differences between sessions and the search index.
func (Dialect) IndexDifferences() []dialect.Difference { return nil }

// Purge frees the space of what was deleted.
// What is deleted stays in the files until its place is used again; this makes the
// place free. The server's log and backups have it for as long as they are kept.
func (d *Database) Purge(ctx context.Context, _ dialect.Progress) error {
	err := d.pools.Write.WithContext(ctx).Exec("VACUUM (SKIP_LOCKED) notifications, sessions, contacts, messages, " +
		"session_prompts, ner_slots, event_labels, variables").Error
	if err != nil {
		return fmt.Errorf("free what was deleted: %w", err)
	}
	return nil
}

// Backup returns an error that names the tool of PostgreSQL.
func (d *Database) Backup(context.Context, string, dialect.Progress) error {
	return errors.New("PostgreSQL has tools of its own for this: pg_dump --format=custom --file=FILE ADDRESS")
}
