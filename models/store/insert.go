package store

import (
	"slices"
	"strconv"
	"strings"
	"time"

	"gorm.io/gorm"

	"sessiongraph/models/store/dialect"
)

// insertValues bounds the values of one INSERT. SQLite's driver looks for each value in the list of all.
const insertValues = 96

// insertion is an INSERT into columns of a table. Other columns get an empty text.
type insertion struct {
	table          string
	columns, empty []string
}

// insertInto names the table and the columns of an insertion.
func insertInto(table, columns string, empty ...string) insertion {
	return insertion{table, strings.Split(columns, ", "), empty}
}

// run inserts n rows, each of which add appends to the values. It goes by GORM's connection and not by GORM, whose
// reflection takes longer than SQLite.
func (into insertion) run(tx *gorm.DB, d dialect.Dialect, n int, add func(i int, values []any) []any) error {
	most := max(1, insertValues/len(into.columns))
	values := make([]any, 0, min(n, most)*len(into.columns))

	for start := 0; start < n; start += most {
		rows := min(n-start, most)
		values = values[:0]
		for i := range rows {
			values = add(start+i, values)
		}
		statement, begun := into.sql(d, rows), time.Now()
		_, err := tx.Statement.ConnPool.ExecContext(tx.Statement.Context, statement, values...)
		tx.Logger.Trace(tx.Statement.Context, begun, func() (string, int64) { return statement, int64(rows) }, err)
		if err != nil {
			return dialect.Translate(err, d)
		}
	}
	return nil
}

func (into insertion) sql(d dialect.Dialect, rows int) string {
	var sql strings.Builder
	sql.WriteString(d.Insert() + " " + into.table + " (" +
		strings.Join(slices.Concat(into.columns, into.empty), ", ") + ") VALUES ")
	for row := range rows {
		if row > 0 {
			sql.WriteByte(',')
		}
		for i := range into.columns {
			if i == 0 {
				sql.WriteByte('(')
			} else {
				sql.WriteByte(',')
			}
			if d.NumberedPlaceholders() {
				sql.WriteString("$" + strconv.Itoa(row*len(into.columns)+i+1))
			} else {
				sql.WriteByte('?')
			}
		}
		sql.WriteString(strings.Repeat(",''", len(into.empty)) + ")")
	}
	return sql.String()
}
