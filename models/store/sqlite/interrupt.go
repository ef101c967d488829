package sqlite

import (
	"context"
	"database/sql/driver"
	"errors"
	"io"
	"reflect"
	"sync"

	"modernc.org/libc"
	sqlite3 "modernc.org/sqlite/lib"
)

// interruptibleConn is a connection whose queries end with their context. The driver's own end with it until they have
// a row, and no more.
type interruptibleConn struct {
	driverConn
	interrupt func()
}

func newInterruptibleConn(conn driverConn) (interruptibleConn, error) {
	interrupt, err := interruptOf(conn)
	return interruptibleConn{conn, interrupt}, err
}

// interruptOf returns what ends the statements that a connection runs. It may be called while they run. The driver
// shows it nowhere, and has SQLite's handle in a field of its own.
func interruptOf(conn driver.Conn) (func(), error) {
	fields := reflect.Indirect(reflect.ValueOf(conn))
	if fields.Kind() != reflect.Struct || fields.FieldByName("db").Kind() != reflect.Uintptr {
		return nil, errors.New("this version of SQLite's driver has no handle to interrupt queries by")
	}
	handle := uintptr(fields.FieldByName("db").Uint())
	return func() {
		thread := libc.NewTLS()
		defer thread.Close()
		sqlite3.Xsqlite3_interrupt(thread, handle)
	}, nil
}

// PrepareContext compiles a statement.
func (c interruptibleConn) PrepareContext(ctx context.Context, query string) (driver.Stmt, error) {
	s, err := c.driverConn.PrepareContext(ctx, query)
	if err != nil {
		return nil, err
	}
	return interruptibleStmt{s.(driverStmt), c.interrupt}, nil
}

// QueryContext runs a query.
func (c interruptibleConn) QueryContext(
	ctx context.Context, query string, args []driver.NamedValue,
) (driver.Rows, error) {
	rows, err := c.driverConn.QueryContext(ctx, query, args)
	return interruptRows(ctx, rows, err, c.interrupt)
}

// driverStmt is the interfaces of the driver's statement that database/sql uses.
type driverStmt interface {
	driver.Stmt
	driver.StmtExecContext
	driver.StmtQueryContext
}

type interruptibleStmt struct {
	driverStmt
	interrupt func()
}

// QueryContext runs the query.
func (s interruptibleStmt) QueryContext(ctx context.Context, args []driver.NamedValue) (driver.Rows, error) {
	rows, err := s.driverStmt.QueryContext(ctx, args)
	return interruptRows(ctx, rows, err, s.interrupt)
}

// interruptRows returns rows whose reading is interrupted when ctx ends, until they are closed.
func interruptRows(ctx context.Context, rows driver.Rows, err error, interrupt func()) (driver.Rows, error) {
	if err != nil || ctx.Done() == nil {
		return rows, err
	}
	r := &interruptedRows{Rows: rows, ctx: ctx}
	r.stop = context.AfterFunc(ctx, func() {
		r.closing.Lock()
		defer r.closing.Unlock()
		if !r.closed {
			interrupt()
		}
	})
	return r, nil
}

type interruptedRows struct {
	driver.Rows
	ctx     context.Context
	stop    func() bool
	closing sync.Mutex // held while the connection, which is then another query's, must not be interrupted
	closed  bool
}

// Next reads the next row.
func (r *interruptedRows) Next(values []driver.Value) error {
	err := r.Rows.Next(values)
	if err != nil && !errors.Is(err, io.EOF) && r.ctx.Err() != nil {
		return r.ctx.Err()
	}
	return err
}

// Close ends the reading. From then on the connection, which may run another query, is not interrupted.
func (r *interruptedRows) Close() error {
	r.stop()
	r.closing.Lock()
	r.closed = true
	r.closing.Unlock()
	return r.Rows.Close()
}
