package models

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"net/url"
	"strings"

	gormsqlite "gorm.io/driver/sqlite"
	"gorm.io/gorm"
	"modernc.org/sqlite"
)

func openSQLitePool(d *sqlite.Driver, file *sqliteFile, most int, config *gorm.Config, parameters url.Values) (*gorm.DB, error) {
	uri := "file:" + (&url.URL{Path: file.path}).EscapedPath() + "?" + parameters.Encode()
	pool := sql.OpenDB(sqliteConnector{d, uri, file})
	pool.SetMaxOpenConns(most)
	pool.SetMaxIdleConns(most)
	db, err := openGORM(sqliteDialector{&gormsqlite.Dialector{Conn: pool}}, sqliteDialect{}, config)
	if err != nil {
		return nil, errors.Join(err, pool.Close())
	}
	return db, nil
}

// sqliteConnector opens connections of this store's own driver, so that the
// functions it carries are registered nowhere else.
type sqliteConnector struct {
	d    *sqlite.Driver
	uri  string
	file *sqliteFile
}

func (c sqliteConnector) Connect(context.Context) (driver.Conn, error) {
	if err := c.file.check(); err != nil { // another file must not be read with this one's log
		return nil, err
	}
	conn, err := c.d.Open(c.uri)
	if err != nil {
		return nil, err
	}
	return &compilingOnce{conn.(sqliteConn), map[string]driver.Stmt{}}, nil
}

func (c sqliteConnector) Driver() driver.Driver { return c.d }

// sqliteConn is what database/sql knows to use of the driver's connection.
type sqliteConn interface {
	driver.Conn
	driver.ConnBeginTx
	driver.ConnPrepareContext
	driver.ExecerContext
	driver.QueryerContext
	driver.Pinger
	driver.SessionResetter
	driver.Validator
}

// compilingOnce keeps the connection's INSERT statements compiled. GORM keeps
// statements, too, but those of a transaction are compiled again at each use, which
// took a sixth of the time of storing.
type compilingOnce struct {
	sqliteConn
	inserts map[string]driver.Stmt
}

// More than storing has of them.
const maxCompiled = 200

// ExecContext runs a statement.
func (c *compilingOnce) ExecContext(ctx context.Context, query string, args []driver.NamedValue) (driver.Result, error) {
	statement := c.inserts[query]
	if statement == nil {
		if !strings.HasPrefix(query, "INSERT ") || len(c.inserts) == maxCompiled {
			return c.sqliteConn.ExecContext(ctx, query, args)
		}
		var err error
		if statement, err = c.PrepareContext(ctx, query); err != nil {
			return nil, err
		}
		c.inserts[query] = statement
	}
	return statement.(driver.StmtExecContext).ExecContext(ctx, args)
}

// Close closes the connection and what it keeps.
func (c *compilingOnce) Close() error {
	var errs []error
	for _, statement := range c.inserts {
		errs = append(errs, statement.Close())
	}
	return errors.Join(append(errs, c.sqliteConn.Close())...)
}
