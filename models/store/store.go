// Package store keeps notifications in a database: a ledger of all of them and, made from it,
// the sessions, messages and named values that are asked for.
package store

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync/atomic"
	"time"

	"gorm.io/gorm"

	"sessiongraph/models"
	"sessiongraph/models/mask"
	"sessiongraph/models/store/body"
	"sessiongraph/models/store/dialect"
	"sessiongraph/models/store/postgres"
	"sessiongraph/models/store/sqlite"
)

// Store is an open database. Its methods may be called concurrently.
type Store struct {
	db       dialect.Database
	write    *gorm.DB // the one that changes things
	read     *gorm.DB // for the program itself: queries cannot take its connections
	queries  *gorm.DB // for answers
	address  string   // fit to be shown
	notifier *notifier
	listener *changeListener
	log      *slog.Logger
	// primaryOnly keeps replicas from answering.
	primaryOnly bool
	bodies      *body.Codec
	// cursorKey is CursorKey.
	cursorKey []byte
	masking   *masking
	history   *history
	events    *broadcaster
	drift     *models.DriftReader
	newDrift  *atomic.Int64 // items of drift that Save was the first to store
}

// Options are the settings of Open.
type Options struct {
	// Log takes warnings of the database; nil drops them.
	Log *slog.Logger
	// Direct is the address of the PostgreSQL server itself, where the database's is a transaction pooler's.
	Direct string
	// Replicas are addresses of PostgreSQL servers that follow the primary.
	Replicas []string
	// MustExist refuses a database that is not there in place of making it.
	MustExist bool
	// OnStatement, where set, receives the text of each SQL statement: tests count them.
	OnStatement func(sql string)
	// MaskKey is what pseudonyms are made with; empty for the key that was made with the database.
	MaskKey []byte
	// Unmasked returns the names of NER slots and variables whose values everybody sees; nil for none.
	Unmasked func() *mask.Names
	// Trace, where set, records each SQL statement in the trace of its context. Its text has no values.
	Trace func(ctx context.Context, begun time.Time, text func() string, err error)
}

// ErrNewer is the error of a database that a newer version of this program made.
var ErrNewer = errors.New("the database was made by a newer version of sessiongraph: run that one")

// pingPatience bounds how long Ping waits.
const pingPatience = 900 * time.Millisecond

// Open opens the database, a file of SQLite (made if it is not there) or one of
// PostgreSQL at a postgres:// address, and brings its tables up to date. Its errors
// name the database and are fit to be shown.
func Open(ctx context.Context, address string, options Options) (*Store, error) {
	if options.Log == nil {
		options.Log = slog.New(slog.DiscardHandler)
	}
	masking := newMasking(options.MaskKey, options.Unmasked)
	config := dialect.Config{Log: options.Log, MustExist: options.MustExist, OnStatement: options.OnStatement,
		Trace: options.Trace, Blank: masking.blank}
	shown := postgres.WithoutPassword(address)
	bodies, err := body.NewCodec(maxRestoredBody)
	if err != nil {
		return nil, fmt.Errorf("open database %s: %w", shown, err)
	}
	var db dialect.Database
	switch {
	case postgres.IsAddress(address):
		db, err = postgres.Open(ctx, postgres.Addresses{Primary: address, Direct: options.Direct,
			Replicas: options.Replicas}, config)
	case strings.Contains(address, "://"):
		err = errors.New("not supported: want a file (SQLite) or a postgres:// URL")
	case options.Direct != "":
		err = errors.New("a file has no direct address: only PostgreSQL has")
	case len(options.Replicas) > 0:
		err = errors.New("a file has no replicas: only PostgreSQL has")
	default:
		db, err = sqlite.Open(address, bodies, config)
	}
	if err != nil {
		return nil, fmt.Errorf("open database %s: %w", shown, err)
	}
	masking.texts = db.StoresMaskedTexts()
	s := newStore(db, shown, options.Log, bodies, masking)
	if err := dialect.RetryUnavailable(ctx, func() error { return s.migrate(ctx) }); err != nil {
		return nil, errors.Join(fmt.Errorf("open database %s: %w", shown, err), s.Close())
	}
	if err := dialect.RetryUnavailable(ctx, func() error { return s.readKeys(ctx) }); err != nil {
		return nil, errors.Join(fmt.Errorf("open database %s: %w", shown, err), s.Close())
	}
	return s, nil
}

func newStore(
	db dialect.Database, address string, log *slog.Logger, bodies *body.Codec, masking *masking,
) *Store {
	pools := db.Pools()
	s := &Store{
		db: db, write: pools.Write, read: pools.Read, queries: pools.Queries,
		address: address, log: log, bodies: bodies, notifier: newNotifier(), listener: newChangeListener(),
		history: &history{}, masking: masking, drift: models.NewDriftReader(),
		newDrift: &atomic.Int64{},
	}
	s.events = newBroadcaster(s)
	return s
}

// Name is the kind of database and which one: "SQLite sessiongraph.db".
func (s *Store) Name() string { return s.db.Name() + " " + s.address }

// Ping returns an error if the database does not answer.
func (s *Store) Ping(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, pingPatience)
	defer cancel()
	if err := s.db.Check(); err != nil {
		return err
	}
	_, err := s.EventSeq(ctx)
	return err
}

// Backup copies a live database, consistent as of one moment, into a new file that
// its owner alone can read. Progress is in bytes.
func (s *Store) Backup(ctx context.Context, file string, shown dialect.Progress) error {
	if err := s.db.Backup(ctx, file, shown); err != nil {
		return fmt.Errorf("back up to %s: %w", file, err)
	}
	return nil
}

// Close closes the database; what was stored stays.
func (s *Store) Close() error {
	s.notifier.close()
	s.events.close()
	s.listener.close()
	return s.db.Close()
}
