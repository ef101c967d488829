// Package store keeps notifications in a database: a ledger of all of them and, made from it,
// the sessions, messages and named values that are asked for.
package store

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"time"

	"gorm.io/gorm"

	"sessiongraph/models/store/body"
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
	if err := s.retrying(ctx, func() error { return s.migrate(ctx) }); err != nil {
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
func (s *Store) Name() string { return s.dialect.Name() + " " + s.address }

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
