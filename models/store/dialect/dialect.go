package dialect

import (
	"context"
	"database/sql"
	"errors"
	"io/fs"
	"strconv"
	"time"

	"gorm.io/gorm"

	"sessiongraph/models"
)

// Dialect is what differs between the databases.
type Dialect interface {
	// Name is the name of the database system.
	Name() string
	// Migrations are the files of SQL that make the tables, in the order of their names.
	Migrations() fs.FS
	// LockMigrations lets one process at a time bring the tables up to date.
	LockMigrations(tx *gorm.DB) error
	// SaveTimeout bounds the time of a transaction that stores so many bytes of bodies; 0 for no bound.
	SaveTimeout(bytes int) time.Duration
	// LockLedger is the statement that locks the row of ledger_clock and reads columns of it.
	LockLedger(columns string) string
	// Notify notifies other processes that sessions were stored, once tx is committed.
	Notify(tx *gorm.DB) error
	// SnapshotOptions is how a transaction that reads sees one state of the database.
	SnapshotOptions() *sql.TxOptions
	// NumberedPlaceholders says that placeholders are $1, $2 and so on in place of question marks.
	NumberedPlaceholders() bool
	// Insert is the beginning of an INSERT whose error ends the transaction.
	Insert() string
	// Encodes reports whether a text is stored in another form, which older versions of this program
	// may not have done.
	Encodes(text string) bool
	// StoredText is the text of a message that is stored for SearchMessages.
	StoredText(m *models.Message) string
	// Position is the 1-based place of a bound text in a column, 0 where it is not in it.
	Position(column string) string
	// CaseFolded is a column's text as models.CaseFold has it, which is the column itself or is
	// kept beside it by Prepare.
	CaseFolded(column string) string
	// Prepare fills the columns that CaseFolded and SearchMessages read of a projection, and returns what
	// IndexSessions stores of it. The texts of the messages that viewers who see masks search are read by masked.
	Prepare(p *models.Projection, masked func() []string) IndexText
	// StoresMaskedTexts reports whether Prepare calls masked.
	StoresMaskedTexts() bool
	// Digits are the digits 0 to 9 of a column's text, without what stands between.
	Digits(column string) string
	// EndsWith passes what has a text that is not empty at the end of a column.
	EndsWith(column, suffix string) Predicate
	// EntryValue passes the entries v of an open map that have one of the values.
	EntryValue(values []string) Predicate
	// SearchMessages passes the messages m that hold all the words, which are folded and not empty. With the id of
	// masks, which is not 0, they have to stand where nothing is masked.
	SearchMessages(words []string, masks int64) Predicate
	// SearchSessions is how sessions s are found whose transcripts hold all the words, as for SearchMessages.
	SearchSessions(words []string, masks int64) SessionSearch
	// SessionsWithMsgIDs passes the sessions s that can hold a message of one of the msg_ids, where that helps to
	// find it and ok is set.
	SessionsWithMsgIDs(msgIDs []string, ok bool) Predicate
	// IndexSessions adds sessions to the search index.
	IndexSessions(tx *gorm.DB, sessions []IndexedSession) error
	// UnindexSessions removes sessions from the search index.
	UnindexSessions(tx *gorm.DB, ids []int64) error
	// Bucket is the start of the time bucket of s.started_at, in microseconds since
	// 1970, and what has to be joined to sessions s for it.
	Bucket(interval models.TimeInterval, zone *time.Location) (column, from Fragment)
	// IndexDifferences are queries for sessions without an entry in the search index, and the reverse.
	IndexDifferences() []Difference
	// DescribeError replaces an error that operators meet by one that says what to do.
	DescribeError(err error) error
	// IsUnavailable reports whether err is of a database that is not available now.
	IsUnavailable(err error) bool
	// IsRejected reports whether err is of values that the database never takes.
	IsRejected(err error) bool
	// IsLocked reports whether err is of a database that another process has locked.
	IsLocked(err error) bool
	// IsConflict reports whether err is of a transaction that only has to be run again.
	IsConflict(err error) bool
}

// Database is an open database.
type Database interface {
	Dialect
	// Pools are the database's connections.
	Pools() Pools
	// Replica is a server that answers in place of Pools().Queries, each in turn; nil where none serves.
	Replica() *gorm.DB
	// Check returns an ErrUnavailable where what is written now would be lost.
	Check() error
	// CheckSpace returns an error where the disk of the database has less than so many bytes free.
	CheckSpace(needed int64) error
	// Sizes returns the sizes of tables and indexes, the largest first.
	Sizes(ctx context.Context) ([]Size, error)
	// ClockDifference returns how far the clock of the database's server is ahead; 0 for a file.
	ClockDifference(ctx context.Context) (time.Duration, error)
	// LogSize returns the bytes of a log that grows while a snapshot is read; 0 where there is none.
	LogSize() int64
	// CheckLog logs, once a minute at most, that the database's log does not end.
	CheckLog()
	// DropConnections gives up the connections that write. They are not used again.
	DropConnections()
	// Listen calls notify when other processes may have stored sessions. It returns an error where
	// its connection is lost, else when ctx ends.
	Listen(ctx context.Context, notify func()) error
	// Purge removes what deleted rows leave in the database's files.
	Purge(ctx context.Context, progress Progress) error
	// Backup copies the database into a new file.
	Backup(ctx context.Context, file string, progress Progress) error
	// Close closes all connections.
	Close() error
}

// Size is what a table or an index takes of the disk.
type Size struct {
	Name    string
	IsIndex bool
	Bytes   int64
}

// Pools are the connections of a database.
type Pools struct {
	Write   *gorm.DB // the one that changes things
	Read    *gorm.DB // for the program itself: queries cannot take its connections
	Queries *gorm.DB // for answers
	Migrate *gorm.DB // for migrations; Write, where that can hold their lock
}

// OpenPools opens the pools; without migrate, Write is for migrations, too. Where one cannot be opened, none stays
// open.
func OpenPools(migrate, write, read, queries func() (*gorm.DB, error)) (p Pools, err error) {
	for _, pool := range []struct {
		db   **gorm.DB
		open func() (*gorm.DB, error)
	}{{&p.Migrate, migrate}, {&p.Write, write}, {&p.Read, read}, {&p.Queries, queries}} {
		if pool.open == nil {
			continue
		}
		if *pool.db, err = pool.open(); err != nil {
			return Pools{}, errors.Join(err, p.Close())
		}
	}
	if migrate == nil {
		p.Migrate = p.Write
	}
	return p, nil
}

// Close closes the pools that are open.
func (p Pools) Close() error {
	var errs []error
	for _, db := range []*gorm.DB{p.Queries, p.Read, p.Migrate, p.Write} {
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

// IndexText is what the search index holds of a session.
type IndexText struct {
	Transcript string // the texts of its messages
	MsgIDs     string // hashes of the msg_ids of its messages
}

// IndexedSession is a session as the search index holds it.
type IndexedSession struct {
	ID int64
	IndexText
}

// SessionSearch is how the sessions s are found whose transcripts hold some words.
type SessionSearch struct {
	// Candidates are the sessions that the index names. It may name too many.
	Candidates Predicate
	// Exact says that it names no others.
	Exact bool
	// Holds reads the transcript; AlwaysTrue where a database has no such way.
	Holds Predicate
	// Common is a SELECT of 1 where so many sessions are candidates that a page is filled
	// faster by looking at one transcript after the other, else of 0. It takes the length
	// of the page before its other arguments; empty where there is no such way.
	Common Statement
}

// Predicate passes the sessions that are found.
func (s SessionSearch) Predicate() Predicate {
	if s.Exact {
		return s.Candidates
	}
	return AllOf(s.Candidates, s.Holds)
}

// Progress receives how much of how much is done, such as rows of the ledger.
type Progress func(done, total int)

// Difference is a query for names, and a message on each of them with a %s for it.
type Difference struct{ SQL, Message string }

// ProjectionVersion is the version of what this program makes of a notification. A change of the decoding
// or of the projection's tables needs a larger one, with an index sessions_outdated of its own in the
// migrations: Upgrade then makes older sessions again.
const ProjectionVersion = 4

// Outdated passes sessions that an older version of this program projected. It is the condition of
// the index sessions_outdated, word by word: that is how SQLite and PostgreSQL see that the index serves.
var Outdated = "projection < " + strconv.Itoa(ProjectionVersion)
