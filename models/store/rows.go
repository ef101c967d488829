package store

import (
	"context"
	"errors"
	"slices"
	"strings"

	"gorm.io/gorm"

	"sessiongraph/models"
	"sessiongraph/models/store/dialect"
)

// scanner is the Scan of a row.
type scanner func(into ...any) error

// eachRow reads the rows of a statement for an answer.
func (s *Store) eachRow(ctx context.Context, statement dialect.Statement, each func(scanner) error) error {
	return eachRow(s.reader(ctx), s.db, statement, each)
}

// eachRow reads the rows of a statement, each with what it scans into: GORM's reflection takes several times as long.
func eachRow(db *gorm.DB, d dialect.Dialect, statement dialect.Statement, each func(scanner) error) (err error) {
	rows, err := db.Raw(statement.SQL, statement.Args...).Rows()
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, dialect.Translate(rows.Close(), d)) }()
	scan := scanner(func(into ...any) error { return dialect.Translate(rows.Scan(into...), d) })
	for rows.Next() {
		if err := each(scan); err != nil {
			return err
		}
	}
	return dialect.Translate(rows.Err(), d)
}

// sessionColumn is a column of sessions.
type sessionColumn struct {
	name string
	// field is where a session has the column, text is for a text.
	field func(*models.Session) any
	text  func(*models.Session) *string
	// shownBy is the GraphQL field that alone shows the column; a column without one is always read.
	shownBy string
}

// notShown is in place of shownBy for a column that no GraphQL field shows.
const notShown = "-"

// sessionColumnList are the columns of sessions that answers are made of.
func sessionColumnList() sessionColumns {
	columns := sessionColumns{
		{"id", func(s *models.Session) any { return &s.ID }, nil, ""},
		{"notification_id", func(s *models.Session) any { return &s.NotificationID }, nil, ""},
		{"started_at", func(s *models.Session) any { return (*timeColumn)(&s.StartedAt) }, nil, ""},
		{"ended_at", func(s *models.Session) any { return (*timeColumn)(&s.EndedAt) }, nil, ""},
		{"duration_seconds", func(s *models.Session) any { return &s.DurationSeconds }, nil, ""},
		{"notified_at", func(s *models.Session) any { return (*timeColumn)(&s.NotifiedAt) }, nil, "notifiedAt"},
		{"received_at", func(s *models.Session) any { return (*timeColumn)(&s.ReceivedAt) }, nil, ""},
		{"end_reason", func(s *models.Session) any { return &s.EndReason }, nil, "endReason"},
		{"talk_round", func(s *models.Session) any { return &s.TalkRound }, nil, ""},
		{"message_count", func(s *models.Session) any { return &s.MessageCount }, nil, ""},
		{"version", func(s *models.Session) any { return &s.Version }, nil, "version"},
		{"deliveries", func(s *models.Session) any { return &s.Deliveries }, nil, "deliveries"},
		{"projection", func(s *models.Session) any { return &s.Projection }, nil, notShown},
		{"end_reason_raw", func(s *models.Session) any { return &s.EndReasonRaw }, nil, "endReasonRaw"},
		{"engaged", func(s *models.Session) any { return &s.Engaged }, nil, "engaged"},
		{"handed_over", func(s *models.Session) any { return &s.HandedOver }, nil, "handover"},
		{"abandoned", func(s *models.Session) any { return &s.Abandoned }, nil, "abandoned"},
		{"taken_over_at", func(s *models.Session) any { return optionalTimeColumn{&s.TakenOverAt} }, nil, "handover"},
		{"first_reply_at", func(s *models.Session) any {
			return optionalTimeColumn{&s.FirstReplyAt}
		}, nil, "handover"},
		{"wait_seconds", func(s *models.Session) any { return &s.WaitSeconds }, nil, "handover"},
		{"seat_ids", func(s *models.Session) any { return (*listColumn)(&s.SeatIDs) }, nil, "handover"},
	}
	for _, text := range models.SessionTexts() {
		columns = append(columns, sessionColumn{name: text.Column, text: text.Of, shownBy: text.GraphQL})
	}
	return columns
}

// sessionColumns are the columns that a statement reads, in this order.
type sessionColumns []sessionColumn

// storedColumns are all columns of sessions that this program writes.
func storedColumns() sessionColumns {
	return append(sessionColumnList(),
		sessionColumn{"folded", nil, func(s *models.Session) *string { return &s.CaseFolded }, notShown},
		sessionColumn{"masked_callee", nil, func(s *models.Session) *string { return &s.MaskedCallee }, notShown},
		sessionColumn{"masks", func(s *models.Session) any { return &s.Masks }, nil, notShown},
	)
}

// onlyColumns are the columns of these names.
func onlyColumns(names ...string) sessionColumns {
	return slices.DeleteFunc(sessionColumnList(), func(c sessionColumn) bool {
		return !slices.Contains(names, c.name)
	})
}

type shownFieldsKey struct{}

// ShowOnly makes sessions that are read with the context have those columns alone that the
// GraphQL fields of these names show, beside the ones that order and join them.
func ShowOnly(ctx context.Context, fields map[string]bool) context.Context {
	return context.WithValue(ctx, shownFieldsKey{}, fields)
}

// shownColumns are the columns that an answer needs: all unless ShowOnly said otherwise.
func (s *Store) shownColumns(ctx context.Context) sessionColumns {
	all := sessionColumnList().seenBy(s.masksOf(ctx))
	fields, ok := ctx.Value(shownFieldsKey{}).(map[string]bool)
	if !ok {
		return all
	}
	return slices.DeleteFunc(all, func(c sessionColumn) bool { return c.shownBy != "" && !fields[c.shownBy] })
}

// seenBy are the columns as a viewer who sees those masks sees them.
func (columns sessionColumns) seenBy(m *masks) sessionColumns {
	if m != nil {
		for i := range columns {
			if columns[i].name == "callee" {
				columns[i].name = m.calleeColumn()
			}
		}
	}
	return columns
}

// sql names the columns of a row s. What a newer instance adds while this one runs is not read.
func (columns sessionColumns) sql() string {
	var out strings.Builder
	for i, column := range columns {
		if i > 0 {
			out.WriteString(", ")
		}
		out.WriteString("s." + column.name)
	}
	return out.String()
}

// fields are where a session has the columns.
func (columns sessionColumns) fields(s *models.Session) []any {
	fields := make([]any, len(columns))
	for i, column := range columns {
		if column.text != nil {
			fields[i] = column.text(s)
		} else {
			fields[i] = column.field(s)
		}
	}
	return fields
}

// by is the statement that reads the sessions that pass and have one of the values in a column.
func (columns sessionColumns) by(column string, values []any, passes dialect.Predicate) dialect.Statement {
	c := dialect.AllOf(dialect.Where("s."+column+" IN ("+dialect.Placeholders(len(values))+")", values...), passes)
	return dialect.Select("SELECT "+columns.sql()+" FROM sessions s WHERE "+c.SQL, c.Args...)
}

// read reads the rows of a statement that has the columns.
func (columns sessionColumns) read(
	db *gorm.DB, d dialect.Dialect, statement dialect.Statement,
) (sessions []*models.Session, err error) {
	err = eachRow(db, d, statement, func(scan scanner) error {
		session := &models.Session{}
		sessions = append(sessions, session)
		return scan(columns.fields(session)...)
	})
	return sessions, err
}
