package postgres

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"sessiongraph/models/store/dialect"
)

// Sizes returns what the tables and indexes take of the server's disk.
func (d *Database) Sizes(ctx context.Context) (sizes []dialect.Size, err error) {
	err = d.pools.Read.WithContext(ctx).Raw("SELECT c.relname AS name, c.relkind = 'i' AS is_index," +
		" pg_table_size(c.oid) AS bytes FROM pg_class c WHERE c.relnamespace = current_schema()::regnamespace" +
		" AND c.relkind IN ('r', 'i') ORDER BY 3 DESC, 1").Scan(&sizes).Error
	return sizes, err
}

// ClockDifference returns how far the server's clock is ahead of this machine's.
func (d *Database) ClockDifference(ctx context.Context) (time.Duration, error) {
	var there time.Time
	began := time.Now()
	if err := d.pools.Read.WithContext(ctx).Raw("SELECT clock_timestamp()").Row().Scan(&there); err != nil {
		return 0, fmt.Errorf("read the server's clock: %w", err)
	}
	took := time.Since(began)
	return there.Sub(began.Add(took / 2)).Round(time.Millisecond), nil
}

// ReplicaLag returns how far a replica is behind, by the time of the last transaction that it has replayed. It is an
// error where the server is no replica.
func ReplicaLag(ctx context.Context, address string) (lag time.Duration, err error) {
	ctx, cancel := context.WithTimeout(ctx, connectTimeout)
	defer cancel()
	config, err := parseAddress(address)
	if err != nil {
		return 0, err
	}
	connection, err := pgx.ConnectConfig(ctx, config)
	if err != nil {
		return 0, fmt.Errorf("it does not answer: %w", Dialect{}.DescribeError(err))
	}
	defer func() { err = errors.Join(err, connection.Close(ctx)) }()
	var follows, caughtUp bool
	var seconds sql.NullFloat64
	err = connection.QueryRow(ctx, "SELECT pg_is_in_recovery(), COALESCE(pg_last_wal_receive_lsn() ="+
		" pg_last_wal_replay_lsn(), FALSE), EXTRACT(EPOCH FROM clock_timestamp() -"+
		" pg_last_xact_replay_timestamp())::float8").Scan(&follows, &caughtUp, &seconds)
	switch {
	case err != nil:
		return 0, fmt.Errorf("ask the replica: %w", err)
	case !follows:
		return 0, errors.New("it is no replica: it takes writes")
	case caughtUp:
		return 0, nil
	}
	return time.Duration(seconds.Float64 * float64(time.Second)).Round(time.Millisecond), nil
}
