package sqlite

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"net/url"
	"strings"

	"github.com/hashicorp/golang-lru/v2/simplelru"
	gormsqlite "gorm.io/driver/sqlite"
	"gorm.io/gorm"
	"modernc.org/sqlite"

	"sessiongraph/models/store/dialect"
)

func openPool(
	d *sqlite.Driver, file *databaseFile, most int, config *gorm.Config, parameters url.Values,
) (*gorm.DB, error) {
	uri := "file:" + (&url.URL{Path: file.path}).EscapedPath() + "?" + parameters.Encode()
	pool := sql.OpenDB(connector{d, uri, file})
	pool.SetMaxOpenConns(most)
	pool.SetMaxIdleConns(most)
	db, err := dialect.OpenGORM(dialector{&gormsqlite.Dialector{Conn: pool}}, Dialect{}, config)
	if err != nil {
		return nil, errors.Join(err, pool.Close())
	}
	return db, nil
}

// connector opens connections of this store's own driver, so that the
// functions it carries are registered nowhere else.
type connector struct {
	d    *sqlite.Driver
	uri  string
	file *databaseFile
}

// Connect opens a connection of the file, unless another is in its place.
func (c connector) Connect(context.Context) (driver.Conn, error) {
	if err := c.file.check(); err != nil { // another file must not be read with this one's log
		return nil, err
	}
	conn, err := c.d.Open(c.uri)
	if err != nil {
		return nil, err
	}
	interruptible, err := newInterruptibleConn(conn.(driverConn))
	if err != nil {
		return nil, errors.Join(err, conn.Close())
	}
	return newStmtCacheConn(interruptible)
}

// Driver is the store's own driver.
func (c connector) Driver() driver.Driver { return c.d }

// driverConn is the interfaces of the driver's connection that database/sql uses.
type driverConn interface {
	driver.Conn
	driver.ConnBeginTx
	driver.ConnPrepareContext
	driver.ExecerContext
	driver.QueryerContext
	driver.Pinger
	driver.SessionResetter
	driver.Validator
}

// stmtCacheConn keeps a connection's latest statements compiled. GORM and database/sql keep statements, too, but those
// of a transaction, which all are, are compiled again at each use: a sixth of the time of storing.
type stmtCacheConn struct {
	driverConn
	cached *simplelru.LRU[string, *cachedStmt]
}

type cachedStmt struct {
	driver.Stmt
	inUse   bool // by rows that are not closed
	evicted bool // and to be closed after them
}

// cachedStmts is how many statements a connection keeps: more than storing, or a page of the Playground, has of them.
const cachedStmts = 100

func newStmtCacheConn(conn driverConn) (*stmtCacheConn, error) {
	c := &stmtCacheConn{driverConn: conn}
	var err error
	c.cached, err = simplelru.NewLRU(cachedStmts, func(_ string, s *cachedStmt) {
		if s.evicted = true; !s.inUse {
			_ = s.Close() // it repeats the error of the statement's last use
		}
	})
	return c, err
}

// statement is the compiled statement of a query; nil for one that is not kept, or that other rows are read from.
func (c *stmtCacheConn) statement(ctx context.Context, query string) (*cachedStmt, error) {
	if s, known := c.cached.Get(query); known {
		if s.inUse {
			return nil, nil
		}
		return s, nil
	}
	switch verb, _, _ := strings.Cut(query, " "); verb {
	case "SELECT", "INSERT", "UPDATE", "DELETE", "WITH", "BEGIN", "COMMIT", "ROLLBACK":
	default:
		return nil, nil
	}
	compiled, err := c.PrepareContext(ctx, query)
	if err != nil {
		return nil, err
	}
	s := &cachedStmt{Stmt: compiled}
	c.cached.Add(query, s)
	return s, nil
}

// BeginTx begins a transaction. One that only reads never waits, and its statements stay compiled, too.
func (c *stmtCacheConn) BeginTx(ctx context.Context, options driver.TxOptions) (driver.Tx, error) {
	if !options.ReadOnly {
		return c.driverConn.BeginTx(ctx, options)
	}
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	return readTx{c}, c.run("BEGIN")
}

// readTx is a transaction that only reads.
type readTx struct{ conn *stmtCacheConn }

// Commit ends the transaction.
func (tx readTx) Commit() error { return tx.conn.run("COMMIT") }

// Rollback ends the transaction.
func (tx readTx) Rollback() error { return tx.conn.run("ROLLBACK") }

// run runs a statement that takes no values and no time.
func (c *stmtCacheConn) run(query string) error {
	_, err := c.ExecContext(context.Background(), query, nil)
	return err
}

// ExecContext runs a statement.
func (c *stmtCacheConn) ExecContext(
	ctx context.Context, query string, args []driver.NamedValue,
) (driver.Result, error) {
	s, err := c.statement(ctx, query)
	if err != nil {
		return nil, err
	}
	if s == nil {
		return c.driverConn.ExecContext(ctx, query, args)
	}
	return s.Stmt.(driver.StmtExecContext).ExecContext(ctx, args)
}

// QueryContext runs a query.
func (c *stmtCacheConn) QueryContext(
	ctx context.Context, query string, args []driver.NamedValue,
) (driver.Rows, error) {
	s, err := c.statement(ctx, query)
	if err != nil {
		return nil, err
	}
	if s == nil {
		return c.driverConn.QueryContext(ctx, query, args)
	}
	rows, err := s.Stmt.(driver.StmtQueryContext).QueryContext(ctx, args)
	if err != nil {
		return nil, err
	}
	s.inUse = true
	return cachedRows{rows, s}, nil
}

// cachedRows are rows of a statement that can be used again once they are closed.
type cachedRows struct {
	driver.Rows
	of *cachedStmt
}

// Close ends the reading.
func (r cachedRows) Close() error {
	err := r.Rows.Close()
	r.of.inUse = false
	if r.of.evicted {
		r.of.evicted = false
		_ = r.of.Stmt.Close()
	}
	return err
}

// Close closes the connection and what it keeps.
func (c *stmtCacheConn) Close() error {
	c.cached.Purge()
	return c.driverConn.Close()
}
