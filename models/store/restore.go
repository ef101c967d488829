package store

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/go-gormigrate/gormigrate/v2"
	"gorm.io/gorm"

	"sessiongraph/models/store/body"
	"sessiongraph/models/store/dialect"
	"sessiongraph/models/store/postgres"
	"sessiongraph/models/store/sqlite"
)

// Restore makes a database file of a backup. The file must not be there; it has its name once it is whole and checked.
func Restore(ctx context.Context, backup, file string, shown dialect.Progress) error {
	if postgres.IsAddress(file) {
		return errors.New("restore: PostgreSQL has tools of its own for this: pg_restore --dbname=ADDRESS FILE")
	}
	bodies, err := body.NewCodec(maxRestoredBody)
	if err == nil {
		err = sqlite.Restore(ctx, backup, file, shown, func(ctx context.Context, copied string) error {
			return checkCopy(ctx, copied, bodies)
		})
	}
	if err != nil {
		return fmt.Errorf("restore %s: %w", backup, err)
	}
	return nil
}

// checkCopy returns an error where a file is no database of this program, or damaged.
func checkCopy(ctx context.Context, file string, bodies *body.Codec) (err error) {
	opened, err := sqlite.Open(file, bodies, dialect.Config{})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, opened.Close()) }()
	read := opened.Pools().Read.WithContext(ctx)
	var tables int
	err = read.Raw("SELECT COUNT(*) FROM sqlite_master WHERE name IN ('notifications', 'sessions', 'migrations')").
		Scan(&tables).Error
	switch {
	case err != nil:
		return opened.DescribeError(err)
	case tables < 3:
		return errors.New("it is no backup of a database of sessiongraph")
	}
	if err := checkVersion(read, opened); err != nil {
		return err
	}
	if checker, ok := opened.(*sqlite.Database); ok {
		return checker.QuickCheck(ctx)
	}
	return nil
}

// checkVersion returns ErrNewer where a migration was run that this version does not have.
func checkVersion(read *gorm.DB, opened dialect.Database) error {
	steps, err := migrations(opened)
	if err != nil {
		return fmt.Errorf("read migrations: %w", err)
	}
	var run []string
	if err := read.Raw("SELECT id FROM migrations").Scan(&run).Error; err != nil {
		return opened.DescribeError(err)
	}
	for _, id := range run {
		if !slices.ContainsFunc(steps, func(step *gormigrate.Migration) bool { return step.ID == id }) {
			return ErrNewer
		}
	}
	return nil
}
