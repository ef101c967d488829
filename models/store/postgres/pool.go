package postgres

import (
	"context"
	"database/sql"

	"sessiongraph/models/store/dialect"
)

// retryPool is the connections of a server to read by. A query that meets a broken
// connection, as all are after a restart, is run again for a while.
type retryPool struct{ *sql.DB }

// QueryContext runs a query.
func (p retryPool) QueryContext(ctx context.Context, query string, args ...any) (rows *sql.Rows, err error) {
	dialect.RetryQuery(ctx, Dialect{}, func() error {
		rows, err = p.DB.QueryContext(ctx, query, args...)
		return err
	})
	return rows, err
}

// QueryRowContext runs a query of one row.
func (p retryPool) QueryRowContext(ctx context.Context, query string, args ...any) (row *sql.Row) {
	dialect.RetryQuery(ctx, Dialect{}, func() error {
		row = p.DB.QueryRowContext(ctx, query, args...)
		return row.Err()
	})
	return row
}

// BeginTx begins a transaction.
func (p retryPool) BeginTx(ctx context.Context, options *sql.TxOptions) (tx *sql.Tx, err error) {
	dialect.RetryQuery(ctx, Dialect{}, func() error {
		tx, err = p.DB.BeginTx(ctx, options)
		return err
	})
	return tx, err
}

// GetDBConn returns the pool itself, for GORM.
func (p retryPool) GetDBConn() (*sql.DB, error) { return p.DB, nil }

// failover is the connections of a replica. A query that fails there is run on the primary, as are
// later ones until the next check.
type failover struct {
	*sql.DB
	replica *replica
	primary retryPool
}

// needsPrimary reports whether a query has to be run on the primary.
func (f failover) needsPrimary(ctx context.Context, err error) bool {
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

// whileServing is the context of a query on the replica. It ends when the replica is left out before
// started is called.
func (f failover) whileServing(ctx context.Context) (query context.Context, started func() bool) {
	query, cancel := context.WithCancel(ctx)
	serving := f.replica.serving.Load()
	if serving == nil {
		cancel()
		return query, func() bool { return true }
	}
	return query, context.AfterFunc(serving.ctx, cancel)
}

// QueryContext runs a query on the replica, or on the primary where that fails.
func (f failover) QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error) {
	serving, started := f.whileServing(ctx)
	rows, err := f.DB.QueryContext(serving, query, args...)
	if started(); f.needsPrimary(ctx, err) {
		return f.primary.QueryContext(ctx, query, args...)
	}
	return rows, err
}

// QueryRowContext runs a query of one row on the replica, or on the primary where that fails.
func (f failover) QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row {
	serving, started := f.whileServing(ctx)
	row := f.DB.QueryRowContext(serving, query, args...)
	if started(); f.needsPrimary(ctx, row.Err()) {
		return f.primary.QueryRowContext(ctx, query, args...)
	}
	return row
}

// BeginTx begins a transaction on the replica, or on the primary where that fails. It
// ends when the replica is left out.
func (f failover) BeginTx(ctx context.Context, options *sql.TxOptions) (*sql.Tx, error) {
	serving, _ := f.whileServing(ctx)
	tx, err := f.DB.BeginTx(serving, options)
	if f.needsPrimary(ctx, err) {
		return f.primary.BeginTx(ctx, options)
	}
	return tx, err
}

// GetDBConn returns the pool itself, for GORM.
func (f failover) GetDBConn() (*sql.DB, error) { return f.DB, nil }
