package store

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"iter"
	"strings"

	"github.com/go-gormigrate/gormigrate/v2"
	"gorm.io/gorm"

	"sessiongraph/models/store/dialect"
)

// migrations are the steps from an empty database to today's tables, a file of SQL each. A step
// that was ever released is never changed: what comes later is a step of its own, which
// only adds, with defaults: instances that were started before it go on storing.
func migrations(d dialect.Dialect) ([]*gormigrate.Migration, error) {
	files, err := fs.Glob(d.Migrations(), "*.sql")
	if err != nil {
		return nil, err
	}

	var steps []*gormigrate.Migration
	for _, file := range files { // in the order of their names
		text, err := fs.ReadFile(d.Migrations(), file)
		if err != nil {
			return nil, err
		}
		id := strings.TrimSuffix(file, ".sql")
		steps = append(steps, &gormigrate.Migration{ID: id, Migrate: func(tx *gorm.DB) error {
			for statement := range statements(string(text)) {
				if err := tx.Exec(statement).Error; err != nil {
					return fmt.Errorf("%s: %w", strings.SplitN(statement, "\n", 2)[0], err)
				}
			}
			if key := keysMadeWith()[id]; key != "" {
				return makeKey(tx, key)
			}
			return nil
		}})
	}
	return steps, nil
}

// keysMadeWith are the keys among the settings that a migration makes, by its id.
func keysMadeWith() map[string]string {
	return map[string]string{"0003_settings": cursorKeySetting, "0014_masks": maskKeySetting}
}

// statements are those of a file of SQL without its comments. Each ends with a semicolon
// at the end of a line that is not indented.
func statements(sql string) iter.Seq[string] {
	return func(yield func(string) bool) {
		var statement strings.Builder
		for line := range strings.Lines(sql) {
			if strings.HasPrefix(line, "--") {
				continue
			}
			statement.WriteString(line)
			if strings.HasPrefix(line, "\t") || !strings.HasSuffix(line, ";\n") {
				continue
			}
			if !yield(strings.TrimSuffix(statement.String(), ";\n")) {
				return
			}
			statement.Reset()
		}
	}
}

// migrate brings the tables up to date.
func (s *Store) migrate(ctx context.Context) error {
	steps, err := migrations(s.db)
	if err != nil {
		return fmt.Errorf("read migrations: %w", err)
	}
	return s.runMigrations(ctx, steps)
}

func (s *Store) runMigrations(ctx context.Context, steps []*gormigrate.Migration) error {
	if ctx.Err() != nil {
		return ctx.Err()
	}
	// A step that was begun ends: the library panics where its context does.
	db := s.db.Pools().Migrate.WithContext(context.WithoutCancel(ctx))
	err := db.Transaction(func(tx *gorm.DB) error {
		if err := s.db.LockMigrations(tx); err != nil {
			return err
		}
		return gormigrate.New(tx, &gormigrate.Options{
			TableName:                 "migrations",
			IDColumnName:              "id",
			IDColumnSize:              255,
			ValidateUnknownMigrations: true,
		}, steps).Migrate()
	})
	switch {
	case errors.Is(err, gormigrate.ErrUnknownPastMigration):
		return ErrNewer
	case err != nil:
		return fmt.Errorf("migrate: %w", s.db.DescribeError(err))
	}
	return nil
}
