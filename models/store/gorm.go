package store

import (
	"context"
	"errors"
	"fmt"
	"time"

	"gorm.io/gorm"
	"gorm.io/gorm/logger"

	"sessiongraph/models/store/dialect"
)

func GORMConfig(options Options) *gorm.Config {
	return &gorm.Config{
		SkipDefaultTransaction: true,
		PrepareStmt:            true,
		PrepareStmtMaxSize:     200,
		TranslateError:         true,
		QueryFields:            true,
		Logger:                 statementLog{options},
	}
}

// statementLog hands GORM's statements to Options.OnStatement, and nothing to a
// log: errors are returned to those who can say what was being done.
type statementLog struct{ options Options }

func (l statementLog) LogMode(logger.LogLevel) logger.Interface { return l }

func (statementLog) Info(context.Context, string, ...any) {}

func (l statementLog) Warn(ctx context.Context, message string, args ...any) {
	l.options.Log.WarnContext(ctx, fmt.Sprintf(message, args...))
}

func (statementLog) Error(context.Context, string, ...any) {}

func (l statementLog) Trace(_ context.Context, _ time.Time, statement func() (string, int64), _ error) {
	if l.options.OnStatement != nil {
		sql, _ := statement()
		l.options.OnStatement(sql)
	}
}

// ParamsFilter keeps values out of the text of a statement.
func (statementLog) ParamsFilter(_ context.Context, sql string, _ ...any) (string, []any) {
	return sql, nil
}

// OpenGORM is gorm.Open for a dialect.
func OpenGORM(dialector gorm.Dialector, d Dialect, config *gorm.Config) (*gorm.DB, error) {
	db, err := gorm.Open(dialector, config)
	if err == nil { // rows are the one answer whose errors GORM does not translate
		err = db.Callback().Row().After("gorm:row").Register("sessiongraph:translate", func(db *gorm.DB) { db.Error = Translate(db.Error, d) })
	}
	return db, err
}

// Translate is what all errors of a database pass through: it marks those that
// callers tell apart.
func Translate(err error, d Dialect) error {
	switch {
	case err == nil, errors.Is(err, dialect.ErrUnavailable), errors.Is(err, dialect.ErrRejected):
		return err
	case d.IsUnavailable(err):
		return fmt.Errorf("%w: %w", dialect.ErrUnavailable, err)
	case d.IsRejected(err):
		return fmt.Errorf("%w: %w", dialect.ErrRejected, err)
	default:
		return err
	}
}
