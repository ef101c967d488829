package sqlite

import (
	"context"
	"time"

	"sessiongraph/models/store/dialect"
)

// Sizes returns what the tables and indexes take of the file.
func (d *Database) Sizes(ctx context.Context) (sizes []dialect.Size, err error) {
	err = d.pools.Read.WithContext(ctx).Raw("SELECT s.name, COALESCE(m.type = 'index', FALSE) AS is_index," +
		" s.pgsize AS bytes FROM dbstat s LEFT JOIN sqlite_master m ON m.name = s.name" +
		" WHERE s.aggregate = TRUE ORDER BY s.pgsize DESC, s.name").Scan(&sizes).Error
	return sizes, err
}

// ClockDifference returns 0: a file has no clock.
func (*Database) ClockDifference(context.Context) (time.Duration, error) { return 0, nil }
