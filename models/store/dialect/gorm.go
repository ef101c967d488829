package dialect

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"gorm.io/gorm"
	"gorm.io/gorm/logger"

	"sessiongraph/models/mask"
)

// Config is how a database is opened.
type Config struct {
	// Log takes warnings of the database.
	Log *slog.Logger
	// MustExist refuses a database that is not there in place of making it.
	MustExist bool
	// Blank returns the masks under which the texts of messages are searched for viewers who see masks.
	Blank func() *mask.Masks
	// OnStatement, where set, receives the text of each SQL statement.
	OnStatement func(sql string)
	// Trace, where set, records each SQL statement in the trace of its context.
	Trace func(ctx context.Context, begun time.Time, text func() string, err error)
}

// GORMConfig is the configuration of GORM for a database. Statements are prepared by the drivers.
func (options Config) GORMConfig() *gorm.Config {
	return &gorm.Config{
		SkipDefaultTransaction: true,
		TranslateError:         true,
		QueryFields:            true,
		Logger:                 statementLog{options},
	}
}

// statementLog hands GORM's statements to Config.OnStatement, and nothing to a
// log: errors are returned to those who can say what was being done.
type statementLog struct{ options Config }

// LogMode returns the same log for all levels.
func (l statementLog) LogMode(logger.LogLevel) logger.Interface { return l }

// Info drops a message.
func (statementLog) Info(context.Context, string, ...any) {}

// Warn logs GORM's warnings.
func (l statementLog) Warn(ctx context.Context, message string, args ...any) {
	l.options.Log.WarnContext(ctx, fmt.Sprintf(message, args...))
}

// Error drops a message: its error is returned as well.
func (statementLog) Error(context.Context, string, ...any) {}

// Trace hands a statement to OnStatement and to Config.Trace.
func (l statementLog) Trace(ctx context.Context, begun time.Time, statement func() (string, int64), err error) {
	if l.options.Trace != nil {
		l.options.Trace(ctx, begun, func() string {
			sql, _ := statement()
			return sql
		}, err)
	}
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
		err = db.Callback().Row().After("gorm:row").Register("sessiongraph:translate", func(db *gorm.DB) {
			db.Error = Translate(db.Error, d)
		})
	}
	return db, err
}

// Translate is what all errors of a database pass through: it marks those that
// callers tell apart.
func Translate(err error, d Dialect) error {
	switch {
	case err == nil, errors.Is(err, ErrUnavailable), errors.Is(err, ErrRejected):
		return err
	case d.IsUnavailable(err):
		return fmt.Errorf("%w: %w", ErrUnavailable, err)
	case d.IsRejected(err):
		return fmt.Errorf("%w: %w", ErrRejected, err)
	default:
		return err
	}
}
