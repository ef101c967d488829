package store

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"time"

	"gorm.io/gorm"

	"sessiongraph/models/store/dialect"
)

// Probe writes so many bytes to the database and commits them. An error says why
// notifications cannot be stored now.
func (s *Store) Probe(ctx context.Context, bytes int) error {
	data := make([]byte, bytes)
	_, _ = rand.Read(data) // which no database makes smaller; it never fails
	err := s.transaction(ctx, s.db.SaveTimeout(bytes), func(tx *gorm.DB) error {
		return tx.Exec("UPDATE write_probe SET data = ? WHERE id = 1", data).Error
	})
	if err != nil {
		return fmt.Errorf("write to the database: %w", err)
	}
	return nil
}

// CheckWritable returns an error where nothing can be stored in the database. It waits
// for another process that has it locked.
func (s *Store) CheckWritable(ctx context.Context) error {
	var err error
	_ = dialect.RetryUnavailable(ctx, func() error {
		if err = s.Probe(ctx, 1); s.db.IsLocked(err) {
			return err
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("open database %s: nothing can be stored in it: %w", s.address, s.db.DescribeError(err))
	}
	return nil
}

// transaction runs a transaction that writes. Where there is a limit, one that takes
// longer ends with its connection: a server that hangs would hold it without end.
func (s *Store) transaction(ctx context.Context, limit time.Duration, work func(tx *gorm.DB) error) error {
	if err := s.db.Check(); err != nil {
		return err
	}
	if limit == 0 {
		return s.write.WithContext(ctx).Transaction(work)
	}
	err := s.write.WithContext(ctx).Connection(func(connection *gorm.DB) error { // connecting has limits of its own
		limited, cancel := context.WithTimeout(ctx, limit)
		defer cancel()
		err := connection.WithContext(limited).Transaction(work)
		if err == nil || ctx.Err() != nil || !errors.Is(limited.Err(), context.DeadlineExceeded) {
			return err
		}
		s.db.DropConnections() // they go to the same server
		return fmt.Errorf("%w: the server did not answer within %v: %w", dialect.ErrUnavailable, limit, err)
	})
	return dialect.Translate(err, s.db)
}
