package postgres

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"
)

// Listen receives what Notify sends, on a connection of its own.
func (d *Database) Listen(ctx context.Context, notify func()) error {
	connection, err := pgx.ConnectConfig(ctx, d.direct.Copy())
	if err != nil {
		return connectError{err}
	}
	defer func() {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), time.Second)
		defer cancel()
		_ = connection.Close(ctx)
	}()

	if _, err := connection.Exec(ctx, "LISTEN "+storedChannel); err != nil {
		return err
	}
	for {
		notify() // also of what was stored before it listened
		if _, err := connection.WaitForNotification(ctx); err != nil {
			return err
		}
	}
}
