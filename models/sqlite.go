package models

import (
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"time"
	"unicode/utf8"

	gormsqlite "gorm.io/driver/sqlite"
	"gorm.io/gorm"
	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"
)

// A writer waits this long for another process to release its lock: below the
// second in which an ingest request is answered.
const sqliteBusyMillis = 500

// The write-ahead log is cut to this size, in bytes, when it is begun anew after a
// reader of an old state made it longer.
const sqliteLogLimit = 64 << 20

// sqlFunction is a function of SQL in Go.
type sqlFunction = func(*sqlite.FunctionContext, []driver.Value) (driver.Value, error)

// Connections that read: of queries, and of the program itself, which queries cannot
// take from it.
const (
	sqliteReaders    = 8 // or four for each processor, where that is more
	sqliteOwnReaders = 2
)

func openSQLite(file string, options Options) (*Store, error) {
	if file == "" || strings.Contains(file, ":memory:") {
		return nil, errors.New("a database in memory would lose every notification: name a file")
	}
	if err := checkFile(file, options.MustExist); err != nil {
		return nil, err
	}
	opened, err := openSQLiteFile(file, options.MustExist)
	if err != nil {
		return nil, err
	}
	driver := &sqlite.Driver{}
	for _, function := range []struct {
		name      string
		arguments int32
		compute   sqlFunction
	}{{"bucket_start", 3, bucketFunction()}, {"case_fold", 1, foldFunction}, {"ascii_digits", 1, digitsFunction}} {
		if err := driver.RegisterDeterministicScalarFunction(function.name, function.arguments, function.compute); err != nil {
			return nil, fmt.Errorf("add function %s: %w", function.name, err)
		}
	}
	// One writing connection, whose transactions take the write lock at their
	// start: one that reads first and writes later gets SQLITE_BUSY past every time-out.
	writing := gormConfig(options)
	writing.PrepareStmt = false // compilingOnce does
	write, err := openSQLitePool(driver, opened, 1, writing, url.Values{
		"_txlock": {"immediate"},
		"_pragma": {
			fmt.Sprintf("busy_timeout(%d)", sqliteBusyMillis),
			"journal_mode(WAL)",
			"synchronous(FULL)", // an acknowledged notification survives a power cut
			"secure_delete(ON)", // what is erased is overwritten
			"temp_store(MEMORY)",
			"cache_size(-65536)",
			fmt.Sprintf("journal_size_limit(%d)", sqliteLogLimit),
		},
	})
	if err != nil {
		return nil, err
	}
	reading := url.Values{
		"_pragma": {
			fmt.Sprintf("busy_timeout(%d)", sqliteBusyMillis),
			"query_only(ON)",
			"temp_store(MEMORY)",
			"cache_size(-32768)",
		},
	}
	read, err := openSQLitePool(driver, opened, sqliteOwnReaders, gormConfig(options), reading)
	if err != nil {
		return nil, err
	}
	queries, err := openSQLitePool(driver, opened, max(sqliteReaders, 4*runtime.NumCPU()), gormConfig(options), reading)
	if err != nil {
		return nil, err
	}
	return &Store{write: write, read: read, queries: queries, dialect: sqliteDialect{}, file: opened, news: newNewsroom(), watch: newWatch()}, nil
}

// checkFile says what is wrong with a file in words that SQLite has not.
func checkFile(file string, mustExist bool) error {
	info, err := os.Stat(file)
	switch {
	case err == nil && info.IsDir():
		return errors.New("it is a folder: name a file")
	case errors.Is(err, fs.ErrNotExist) && mustExist:
		return errors.New("no such file")
	case errors.Is(err, fs.ErrNotExist):
		if _, err := os.Stat(filepath.Dir(file)); errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("the folder %s does not exist", filepath.Dir(file))
		}
	}
	return nil
}

// sqliteDialector is GORM's, but for the errors.
type sqliteDialector struct{ *gormsqlite.Dialector }

// Translate marks the errors of a database that is not available.
func (sqliteDialector) Translate(err error) error { return translate(err, sqliteDialect{}) }

type sqliteDialect struct{}

func (sqliteDialect) name() string { return "SQLite" }

// Only "INTEGER PRIMARY KEY" is the row's own number; any other key is a second index.
func (sqliteDialect) ddl(sql string) string {
	return strings.ReplaceAll(sql, "BIGINT PRIMARY KEY", "INTEGER PRIMARY KEY")
}

func (sqliteDialect) searchTables() string {
	return `
CREATE VIRTUAL TABLE session_search USING fts5 (
	transcript, content='', tokenize='trigram case_sensitive 1'
);
CREATE VIRTUAL TABLE session_search_runs USING fts5vocab (session_search, instance);
`
}

// A transaction has the file to itself.
func (sqliteDialect) lockMigrations(*gorm.DB) error { return nil }

// A file does not hang as a server may, and a slow disk gets no faster by starting again.
func (sqliteDialect) saveLimit(int) time.Duration { return 0 }

func (sqliteDialect) countTriggers() string {
	const count = "INSERT INTO ledger_counts (outcome, notifications) VALUES (%s, %d)" +
		" ON CONFLICT (outcome) DO UPDATE SET notifications = notifications + excluded.notifications; "
	added, removed := fmt.Sprintf(count, "NEW.outcome", 1), fmt.Sprintf(count, "OLD.outcome", -1)
	return "CREATE TRIGGER notifications_added AFTER INSERT ON notifications BEGIN " + added + "END;\n" +
		"CREATE TRIGGER notifications_removed AFTER DELETE ON notifications BEGIN " + removed + "END;\n" +
		"CREATE TRIGGER notifications_changed AFTER UPDATE OF outcome ON notifications WHEN OLD.outcome <> NEW.outcome BEGIN " + removed + added + "END;\n"
}

func (sqliteDialect) lockLedger() string {
	return "UPDATE ledger_clock SET id = id WHERE id = 1 RETURNING " + clockColumns
}

// Other processes look by themselves.
func (sqliteDialect) announce(*gorm.DB) error { return nil }

func (sqliteDialect) snapshot() *sql.TxOptions { return nil }

func (sqliteDialect) entryValue(values []string) condition { return isIn("v.value", values) }

func (d sqliteDialect) searchMessage(word string) condition {
	return where(d.position("m.folded")+" > 0", word)
}

// The index is of sessions: whether a message has a word is read from its text.
func (d sqliteDialect) narrowMessages(words []string) condition { return d.searchSessions(words) }

func (sqliteDialect) position(column string) string { return "instr(" + column + ", ?)" }

// The driver would cut a text at a NUL.
func (sqliteDialect) folded(column string) string { return "case_fold(CAST(" + column + " AS BLOB))" }

func (sqliteDialect) keepFolded(*Projection) {}

// The driver would cut a text at a NUL.
func (sqliteDialect) digits(column string) string {
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
	return CaseFold(string(text)), nil
}

// Bytes are compared: SQLite's functions of texts stop at a NUL. The end of an empty one is NULL.
func (sqliteDialect) endsWith(column, suffix string) condition {
	return where("substr(CAST("+column+" AS BLOB), ?) IS CAST(? AS BLOB)", -len(suffix), suffix)
}

// The index knows texts by their runs of three characters. A shorter word is found
// as the start of such runs; each text ends in separators, so that none is missed.
func (d sqliteDialect) searchSessions(words []string) condition {
	var parts []condition
	var phrases []string
	for _, word := range words {
		if strings.ContainsAny(word, replacedByIndex+"\uFFFD") {
			parts = append(parts, exists("messages m WHERE m.session_id = s.id", d.searchMessage(word)))
			word = indexed(word)
		}
		if utf8.RuneCountInString(word) >= 3 {
			phrases = append(phrases, `"`+strings.ReplaceAll(word, `"`, `""`)+`"`)
			continue
		}
		if len(word) == 1 { // nearly every session has it: looking at one is faster than collecting all
			parts = append(parts, exists("messages m WHERE m.session_id = s.id", d.searchMessage(word)))
			continue
		}
		from, to, bounded := prefixRange(word)
		terms := where("term >= ?", from)
		if bounded {
			terms = where("term >= ? AND term < ?", from, to)
		}
		parts = append(parts, condition{"s.id IN (SELECT doc FROM session_search_runs WHERE " + terms.sql + ")", terms.args})
	}
	if len(phrases) > 0 {
		parts = append(parts, where("s.id IN (SELECT rowid FROM session_search WHERE session_search MATCH ?)", strings.Join(phrases, " ")))
	}
	return allOf(parts...)
}

func (sqliteDialect) index(tx *gorm.DB, sessions []*Session, projected map[string]*Projection) error {
	for _, session := range sessions {
		text := transcript(projected[session.CallID].Messages)
		if err := tx.Exec("INSERT INTO session_search (rowid, transcript) VALUES (?, ?)", session.ID, text).Error; err != nil {
			return fmt.Errorf("index session: %w", err)
		}
	}
	return nil
}

// The index has no texts: to take one out it is told what it was.
func (sqliteDialect) unindex(tx *gorm.DB, ids []int64) error {
	var messages []Message
	if err := tx.Select("session_id", "folded").Where("session_id IN ?", ids).Order("session_id, position").Find(&messages).Error; err != nil {
		return fmt.Errorf("read indexed texts: %w", err)
	}
	bySession := map[int64][]Message{}
	for _, m := range messages {
		bySession[m.SessionID] = append(bySession[m.SessionID], m)
	}
	for _, id := range ids {
		err := tx.Exec("INSERT INTO session_search (session_search, rowid, transcript) VALUES ('delete', ?, ?)", id, transcript(bySession[id])).Error
		if err != nil {
			return fmt.Errorf("unindex session: %w", err)
		}
	}
	return nil
}

// replacedByIndex are characters that FTS5 reads as U+FFFD, and NUL, at which it would
// end a search. Texts that have one are told apart by looking at them.
const replacedByIndex = "\x00\uFFFE\uFFFF"

var indexReplacer = strings.NewReplacer("\x00", "\uFFFD", "\uFFFE", "\uFFFD", "\uFFFF", "\uFFFD")

// indexed is a folded text as the index has it.
func indexed(s string) string {
	if !strings.ContainsAny(s, replacedByIndex) {
		return s
	}
	return indexReplacer.Replace(s)
}

// transcript is what the index reads of a session.
func transcript(messages []Message) string {
	var out strings.Builder
	for _, m := range messages {
		out.WriteString(indexed(m.Folded))
		out.WriteString(endOfMessage)
	}
	return out.String()
}

// Two separators behind each message: so every place in a text starts three characters.
const endOfMessage = "\n\n"

func (sqliteDialect) bucket(interval TimeInterval, zone *time.Location) (column, from condition) {
	return where("bucket_start(s.started_at, ?, ?)", string(interval), zone.String()), condition{}
}

// bucketFunction is BucketStart as a function of SQL.
func bucketFunction() sqlFunction {
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
		return BucketStart(time.UnixMicro(micros), TimeInterval(interval), zone.(*time.Location)).UnixMicro(), nil
	}
}

func (sqliteDialect) searchOrphans() []difference {
	return []difference{
		{"SELECT call_id FROM sessions WHERE id NOT IN (SELECT id FROM session_search_docsize)", "session %s: search does not know it"},
		{"SELECT id FROM session_search_docsize WHERE id NOT IN (SELECT id FROM sessions)", "the search index has session number %s, which does not exist"},
	}
}

func (sqliteDialect) explain(err error) error {
	switch sqliteCode(err) {
	case sqlite3.SQLITE_NOTADB:
		return errors.New("not an SQLite database: name another file")
	case sqlite3.SQLITE_READONLY:
		return errors.New("the file or its folder is read-only for this user")
	case sqlite3.SQLITE_FULL:
		return errors.New("the disk is full")
	}
	return err
}

func (sqliteDialect) locked(err error) bool {
	code := sqliteCode(err)
	return code == sqlite3.SQLITE_BUSY || code == sqlite3.SQLITE_LOCKED
}

// sqliteCode is the primary code of an error of SQLite's, 0 for any other error.
func sqliteCode(err error) int {
	var e *sqlite.Error
	if !errors.As(err, &e) {
		return 0
	}
	return e.Code() & 0xff
}

func (sqliteDialect) unavailable(err error) bool {
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

func (sqliteDialect) rejected(err error) bool {
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

func (sqliteDialect) conflict(error) bool { return false }
