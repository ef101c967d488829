// Package sqlite stores in a file of SQLite.
package sqlite

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"net/url"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"time"

	gormsqlite "gorm.io/driver/sqlite"
	"gorm.io/gorm"
	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"

	"sessiongraph/models"
	"sessiongraph/models/store/dialect"
)

// A writer waits this long for another process to release its lock: below the
// second in which an ingest request is answered.
const busyMillis = 500

// The write-ahead log is cut to this size, in bytes, when it is begun anew after a
// reader of an old state made it longer.
const logLimit = 64 << 20

// Pages of the write-ahead log after which it is copied into the file. Indexes have notifications
// change the same pages again and again: of 6,000 about half are different ones.
const logPages = 6000

// function is a function of SQL in Go.
type function = func(*sqlite.FunctionContext, []driver.Value) (driver.Value, error)

// Connections that read: of queries, and of the program itself, which queries cannot
// take from it.
const (
	queryReaders = 8 // or four for each processor, where that is more
	ownReaders   = 2
)

// Database is an open file.
type Database struct {
	Dialect
	pools dialect.Pools
	file  *databaseFile
	log   *slog.Logger
}

// Pools are the connections.
func (d *Database) Pools() dialect.Pools { return d.pools }

// Replica is nil: a file has none.
func (d *Database) Replica() *gorm.DB { return nil }

// Check returns an ErrUnavailable where the file was deleted or replaced.
func (d *Database) Check() error { return d.file.check() }

// LogSize returns the bytes of the write-ahead log, 0 if it cannot be read.
func (d *Database) LogSize() int64 {
	size, err := d.file.logSize()
	if err != nil {
		return 0
	}
	return size
}

// CheckLog logs, once a minute at most, that the write-ahead log does not end.
func (d *Database) CheckLog() { d.file.warnOfLog(d.log) }

// DropConnections does nothing: a file does not hang as a server may.
func (d *Database) DropConnections() {}

// Listen waits until ctx ends: SQLite has no notifications.
func (d *Database) Listen(ctx context.Context, _ func()) error {
	<-ctx.Done()
	return nil
}

// Close closes all connections.
func (d *Database) Close() error { return d.pools.Close() }

// Open opens a file, or makes it.
func Open(file string, bodies Restorer, options dialect.Config) (dialect.Database, error) {
	if file == "" || strings.Contains(file, ":memory:") {
		return nil, errors.New("a database in memory would lose every notification: name a file")
	}
	if err := checkFile(file, options.MustExist); err != nil {
		return nil, err
	}
	opened, err := openFile(file, options.MustExist)
	if err != nil {
		return nil, err
	}
	driver := &sqlite.Driver{}
	for _, function := range []struct {
		name      string
		arguments int32
		compute   function
	}{{"bucket_start", 3, bucketFunction()}, {"case_fold", 1, foldFunction}, {"ascii_digits", 1, digitsFunction}} {
		if err := driver.RegisterDeterministicScalarFunction(function.name, function.arguments,
			function.compute); err != nil {
			return nil, fmt.Errorf("add function %s: %w", function.name, err)
		}
	}
	if err := registerSearchFunctions(driver, bodies, options.Blank); err != nil {
		return nil, fmt.Errorf("add function: %w", err)
	}
	// One writing connection, whose transactions take the write lock at their
	// start: one that reads first and writes later gets SQLITE_BUSY past every time-out.
	config := options.GORMConfig()
	writing := url.Values{
		"_txlock": {"immediate"},
		"_pragma": {
			fmt.Sprintf("busy_timeout(%d)", busyMillis),
			"journal_mode(WAL)",
			"synchronous(FULL)", // an acknowledged notification survives a power cut
			"secure_delete(ON)", // what is erased is overwritten
			"temp_store(MEMORY)",
			"cache_size(-12288)",
			fmt.Sprintf("wal_autocheckpoint(%d)", logPages),
			fmt.Sprintf("journal_size_limit(%d)", logLimit),
		},
	}
	reading := url.Values{
		"_pragma": {
			fmt.Sprintf("busy_timeout(%d)", busyMillis),
			"query_only(ON)",
			"temp_store(MEMORY)",
			"cache_size(-2048)",
		},
	}
	open := func(most int, parameters url.Values) func() (*gorm.DB, error) {
		return func() (*gorm.DB, error) { return openPool(driver, opened, most, config, parameters) }
	}
	pools, err := dialect.OpenPools(nil, open(1, writing), open(ownReaders, reading),
		open(max(queryReaders, 4*runtime.NumCPU()), reading))
	if err != nil {
		return nil, Dialect{}.DescribeError(err)
	}
	d := &Database{pools: pools, file: opened, log: options.Log}
	if options.MustExist {
		if err := d.checkTables(); err != nil {
			return nil, errors.Join(d.DescribeError(err), d.Close())
		}
	}
	return d, nil
}

// checkTables returns an error for a file of another program: migrations would add tables to it.
func (d *Database) checkTables() error {
	var made bool
	const query = "SELECT EXISTS (SELECT 1 FROM sqlite_master WHERE name = 'ledger_clock')"
	err := d.pools.Read.Raw(query).Scan(&made).Error
	if err == nil && !made {
		err = errors.New("it has no tables of sessiongraph")
	}
	return err
}

// checkFile returns an error for a file that SQLite would refuse in less clear words.
func checkFile(file string, mustExist bool) error {
	info, err := os.Stat(file)
	switch {
	case err == nil && info.IsDir():
		return errors.New("it is a folder: name a file")
	case errors.Is(err, fs.ErrNotExist) && mustExist:
		return errors.New("no such file: --db names it, serve and import make it")
	}
	return checkFolder(file)
}

// checkFolder returns an error for a file in a folder that does not exist.
func checkFolder(file string) error {
	folder := filepath.Dir(file)
	if _, err := os.Stat(folder); errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("the folder %s does not exist", folder)
	}
	return nil
}

// dialector is GORM's, but for the errors.
type dialector struct{ *gormsqlite.Dialector }

// Translate marks the errors of a database that is not available.
func (dialector) Translate(err error) error { return dialect.Translate(err, Dialect{}) }

// Dialect is the SQL of SQLite.
type Dialect struct{}

// Name is SQLite.
func (Dialect) Name() string { return "SQLite" }

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

// LockMigrations does nothing: a transaction has the file to itself.
func (Dialect) LockMigrations(*gorm.DB) error { return nil }

// SaveTimeout is none: a file does not hang as a server may, and a slow disk gets no faster by starting again.
func (Dialect) SaveTimeout(int) time.Duration { return 0 }

// LockLedger locks the row of ledger_clock.
func (Dialect) LockLedger(columns string) string {
	return "UPDATE ledger_clock SET id = id WHERE id = 1 RETURNING " + columns
}

// Notify does nothing: other processes poll.
func (Dialect) Notify(*gorm.DB) error { return nil }

// SnapshotOptions are those of a transaction that reads one state of the database.
func (Dialect) SnapshotOptions() *sql.TxOptions { return &sql.TxOptions{ReadOnly: true} }

// NumberedPlaceholders reports whether placeholders are $1, $2 and so on.
func (Dialect) NumberedPlaceholders() bool { return false }

// Insert begins an INSERT.
// Without OR FAIL SQLite copies each page that an INSERT of several rows changes, to take back a part of the rows.
func (Dialect) Insert() string { return "INSERT OR FAIL INTO" }

// Encodes is false: texts are stored as they are.
func (Dialect) Encodes(string) bool { return false }

// StoredText is none: search reads texts from the ledger.
func (Dialect) StoredText(*models.Message) string { return "" }

// EntryValue passes the entries that have one of the values.
func (Dialect) EntryValue(values []string) dialect.Predicate {
	return dialect.In("v.value", values)
}

// Position is the place of a bound text in a column.
func (Dialect) Position(column string) string { return "instr(" + column + ", ?)" }

// CaseFolded is a column's text as models.CaseFold has it.
// The driver would cut a text at a NUL.
func (Dialect) CaseFolded(column string) string {
	return "case_fold(CAST(" + column + " AS BLOB))"
}

// Prepare fills the columns that CaseFolded reads, and returns what the search index holds.
func (Dialect) Prepare(p *models.Projection, _ func() []string) dialect.IndexText {
	return indexTextOf(p.Messages)
}

// StoresMaskedTexts is false: search reads texts from the ledger.
func (Dialect) StoresMaskedTexts() bool { return false }

// Digits are the digits of a column's text.
// The driver would cut a text at a NUL.
func (Dialect) Digits(column string) string {
	return "ascii_digits(CAST(" + column + " AS BLOB))"
}

// digitsFunction picks the digits of a text as a function of SQL.
func digitsFunction(_ *sqlite.FunctionContext, args []driver.Value) (driver.Value, error) {
	text, ok := args[0].([]byte)
	if !ok {
		return nil, errors.New("ascii_digits takes the bytes of a text")
	}
	digits := make([]byte, 0, len(text))
	for _, c := range text {
		if '0' <= c && c <= '9' {
			digits = append(digits, c)
		}
	}
	return string(digits), nil
}

// foldFunction is CaseFold as a function of SQL.
func foldFunction(_ *sqlite.FunctionContext, args []driver.Value) (driver.Value, error) {
	text, ok := args[0].([]byte)
	if !ok {
		return nil, errors.New("case_fold takes the bytes of a text")
	}
	return models.CaseFold(string(text)), nil
}

// EndsWith passes what has a suffix in a column.
// Bytes are compared: SQLite's functions of texts stop at a NUL. The end of an empty one is NULL.
func (Dialect) EndsWith(column, suffix string) dialect.Predicate {
	return dialect.Where("substr(CAST("+column+" AS BLOB), ?) IS CAST(? AS BLOB)", -len(suffix), suffix)
}

// Bucket is the start of a time bucket.
func (Dialect) Bucket(interval models.TimeInterval, zone *time.Location) (column, from dialect.Fragment) {
	return dialect.Fragment{SQL: "bucket_start(s.started_at, ?, ?)", Args: []any{string(interval), zone.String()}},
		dialect.Fragment{}
}

// bucketFunction is BucketStart as a function of SQL.
func bucketFunction() function {
	var zones sync.Map // by name: reading one takes longer than using it
	return func(_ *sqlite.FunctionContext, args []driver.Value) (driver.Value, error) {
		micros, ok1 := args[0].(int64)
		interval, ok2 := args[1].(string)
		name, ok3 := args[2].(string)
		if !ok1 || !ok2 || !ok3 {
			return nil, errors.New("bucket_start takes a time, an interval and a time zone")
		}
		zone, ok := zones.Load(name)
		if !ok {
			loaded, err := time.LoadLocation(name)
			if err != nil {
				return nil, err
			}
			zone, _ = zones.LoadOrStore(name, loaded)
		}
		return models.BucketStart(time.UnixMicro(micros), models.TimeInterval(interval),
			zone.(*time.Location)).UnixMicro(), nil
	}
}

// DescribeError puts an error that operators meet into words.
func (Dialect) DescribeError(err error) error {
	switch primaryCode(err) {
	case sqlite3.SQLITE_NOTADB:
		return errors.New("the file is not a database of SQLite: name another file")
	case sqlite3.SQLITE_CORRUPT:
		return errors.New("the file is damaged: use an undamaged backup")
	case sqlite3.SQLITE_READONLY, sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_PERM:
		return errors.New("the file or its folder cannot be written: run this as their owner, and look whether the" +
			" disk is mounted read-only")
	case sqlite3.SQLITE_FULL:
		return errors.New("the disk is full")
	case sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED:
		return fmt.Errorf("%w: another program has the file locked", dialect.ErrUnavailable)
	}
	return err
}

// IsLocked reports whether an error is of a database that another process has for itself.
func (Dialect) IsLocked(err error) bool {
	code := primaryCode(err)
	return code == sqlite3.SQLITE_BUSY || code == sqlite3.SQLITE_LOCKED
}

// primaryCode is the primary code of an error of SQLite's, 0 for any other error.
func primaryCode(err error) int {
	var e *sqlite.Error
	if !errors.As(err, &e) {
		return 0
	}
	return e.Code() & 0xff
}

// IsUnavailable reports whether an error is of a database that is not available now.
func (Dialect) IsUnavailable(err error) bool {
	var e *sqlite.Error
	if !errors.As(err, &e) {
		return errors.Is(err, sql.ErrConnDone) || errors.Is(err, driver.ErrBadConn)
	}
	switch e.Code() & 0xff {
	case sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED, sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR,
		sqlite3.SQLITE_READONLY, sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_NOMEM, sqlite3.SQLITE_PROTOCOL:
		return true
	}
	return false
}

// IsRejected reports whether an error is of values that the database never takes.
func (Dialect) IsRejected(err error) bool {
	var e *sqlite.Error
	if !errors.As(err, &e) {
		return false
	}
	switch e.Code() & 0xff {
	case sqlite3.SQLITE_TOOBIG, sqlite3.SQLITE_CONSTRAINT, sqlite3.SQLITE_MISMATCH, sqlite3.SQLITE_RANGE:
		return true
	}
	return false
}

// IsConflict reports whether an error is of a transaction that only has to be run again.
func (Dialect) IsConflict(error) bool { return false }
