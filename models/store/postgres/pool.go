package postgres

import (
	"context"
	"database/sql"

	"sessiongraph/models/store/dialect"
)

// retryPool is the connections of a server to read by. A query that meets a broken
// connection, as all are after a restart, is run again for a while.
type retryPool struct{ *sql.DB }

// QueryContext asks until there is an answer.
func (p retryPool) QueryContext(ctx context.Context, query string, args ...any) (rows *sql.Rows, err error) {
	dialect.RetryQuery(ctx, Dialect{}, func() error {
		rows, err = p.DB.QueryContext(ctx, query, args...)
		return err
	})
	return rows, err
}

// QueryRowContext asks until there is an answer.
func (p retryPool) QueryRowContext(ctx context.Context, query string, args ...any) (row *sql.Row) {
	dialect.RetryQuery(ctx, Dialect{}, func() error {
		row = p.DB.QueryRowContext(ctx, query, args...)
		return row.Err()
	})
	return row
}

// BeginTx begins a transaction as soon as there is an answer.
func (p retryPool) BeginTx(ctx context.Context, options *sql.TxOptions) (tx *sql.Tx, err error) {
	dialect.RetryQuery(ctx, Dialect{}, func() error {
		tx, err = p.DB.BeginTx(ctx, options)
		return err
	})
	return tx, err
}

// GetDBConn is what GORM asks for the pool itself.
func (p retryPool) GetDBConn() (*sql.DB, error) { return p.DB, nil }

// failover is the connections of a replica. A question that the replica cannot
// answer goes to the primary, and later ones, too, until the next check.
type failover struct {
	*sql.DB
	replica *replica
	primary retryPool
}

// failed says whether the primary has to be asked.
func (f failover) failed(ctx context.Context, err error) bool {
	switch {
	case err == nil || ctx.Err() != nil:
		return false
	case !f.replica.isServing():
		return true
	case !(Dialect{}).IsUnavailable(err):
		return false
	}
	if !(Dialect{}).IsConflict(err) { // the replica may cancel what keeps it from following
		f.replica.serve(false)
	}
	return true
}

// asked is the context of a question to the replica, which ends when the replica is
// left out before it has begun to answer.
func (f failover) asked(ctx context.Context) (asked context.Context, answered func() bool) {
	asked, cancel := context.WithCancel(ctx)
	serving := f.replica.serving.Load()
	if serving == nil {
		cancel()
		return asked, func() bool { return true }
	}
	return asked, context.AfterFunc(serving.ctx, cancel)
}

// QueryContext asks the replica, or the primary where that fails.
func (f failover) QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error) {
	asked, answered := f.asked(ctx)
	rows, err := f.DB.QueryContext(asked, query, args...)
	if answered(); f.failed(ctx, err) {
		return f.primary.QueryContext(ctx, query, args...)
	}
	return rows, err
}

// QueryRowContext asks the replica, or the primary where that fails.
func (f failover) QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row {
	asked, answered := f.asked(ctx)
	row := f.DB.QueryRowContext(asked, query, args...)
	if answered(); f.failed(ctx, row.Err()) {
		return f.primary.QueryRowContext(ctx, query, args...)
	}
	return row
}

// BeginTx begins a transaction on the replica, or on the primary where that fails. It
// ends when the replica is left out.
func (f failover) BeginTx(ctx context.Context, options *sql.TxOptions) (*sql.Tx, error) {
	asked, _ := f.asked(ctx)
	tx, err := f.DB.BeginTx(asked, options)
	if f.failed(ctx, err) {
		return f.primary.BeginTx(ctx, options)
	}
	return tx, err
}

// GetDBConn is what GORM asks for the pool itself.
func (f failover) GetDBConn() (*sql.DB, error) { return f.DB, nil }
