package store

import (
	"context"
	"database/sql"
	"io/fs"
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
	// LockLedger is the statement that locks the row of ledger_clock and reads it.
	LockLedger() string
	// Notify tells other processes of what tx stores, once it is committed.
	Notify(tx *gorm.DB) error
	// SnapshotOptions is how a transaction that reads sees one state of the database.
	SnapshotOptions() *sql.TxOptions
	// NumberedPlaceholders says that placeholders are $1, $2 and so on in place of question marks.
	NumberedPlaceholders() bool
	// Insert is the beginning of an INSERT whose error ends the transaction.
	Insert() string
	// StoredText is the text of a message that is stored for searchMessage.
	StoredText(m *models.Message) string
	// Position is the 1-based place of a bound text in a column, 0 where it is not in it.
	Position(column string) string
	// CaseFolded is a column's text as CaseFold has it, which is the column itself or is
	// kept beside it by prepare.
	CaseFolded(column string) string
	// Prepare fills the columns that folded reads of a projection, and returns what index stores of it.
	Prepare(p *models.Projection) IndexText
	// Digits are the digits 0 to 9 of a column's text, without what stands between.
	Digits(column string) string
	// EndsWith passes what has a text that is not empty at the end of a column.
	EndsWith(column, suffix string) Predicate
	// EntryValue passes the entries v of an open map that have one of the values.
	EntryValue(values []string) Predicate
	// SearchMessages passes the messages m that hold all the words, which are folded and not empty.
	SearchMessages(words []string) Predicate
	// SearchSessions is how sessions s are found whose transcripts hold all the words, which are folded and not empty.
	SearchSessions(words []string) SessionSearch
	// SessionsWithMsgIDs passes the sessions s that can hold a message of one of the msg_ids, where that helps to
	// find it and ok is set.
	SessionsWithMsgIDs(msgIDs []string, ok bool) Predicate
	// IndexSessions makes sessions known to search, unindex those that have to be forgotten.
	IndexSessions(tx *gorm.DB, sessions []IndexedSession) error
	UnindexSessions(tx *gorm.DB, ids []int64) error
	// Bucket is the start of the time bucket of s.started_at, in microseconds since
	// 1970, and what has to be joined to sessions s for it.
	Bucket(interval models.TimeInterval, zone *time.Location) (column, from Predicate)
	// IndexDifferences are queries for sessions that search does not know, and the reverse.
	IndexDifferences() []Difference
	// Purge removes what deleted rows leave in the database's files.
	Purge(ctx context.Context, s *Store, shown Progress) error
	// Backup copies the database into a new file.
	Backup(ctx context.Context, s *Store, file string, shown Progress) error
	// DescribeError puts an error that operators meet into words.
	DescribeError(err error) error
	// IsUnavailable tells the errors of a database that is not available now.
	IsUnavailable(err error) bool
	// IsRejected tells the errors of values that the database never takes.
	IsRejected(err error) bool
	// IsLocked tells the errors of a database that another process has for itself.
	IsLocked(err error) bool
	// IsConflict tells the errors of a transaction that only has to be run again.
	IsConflict(err error) bool
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
	// Holds looks at the transcript; everything where a database has no such way.
	Holds Predicate
	// Common is a SELECT of 1 where so many sessions are candidates that a page is filled
	// faster by looking at one transcript after the other, else of 0. It takes the length
	// of the page before its other arguments; empty where there is no such way.
	Common Predicate
}

func (s SessionSearch) Predicate() Predicate {
	if s.Exact {
		return s.Candidates
	}
	return AllOf(s.Candidates, s.Holds)
}

// Progress is told how many of how many rows of the ledger are done.
type Progress func(done, total int)

// Difference is a query for names, and what is told of each.
type Difference struct{ SQL, Message string }

// The condition of the index sessions_outdated, word by word: that is how SQLite
// and PostgreSQL see that the index serves.
const Outdated = "projection < 3"
