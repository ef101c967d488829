package postgres

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"testing"

	"github.com/jackc/pgx/v5/pgconn"
	_ "modernc.org/sqlite" // the error is that of every driver
)

// closedRows is the error of reading a row that is closed.
func closedRows(t *testing.T) error {
	t.Helper()
	db, err := sql.Open("sqlite", ":memory:")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = db.Close() }()
	rows, err := db.QueryContext(t.Context(), "SELECT 1")
	if err != nil {
		t.Fatal(err)
	}
	if !rows.Next() || rows.Close() != nil {
		t.Fatal(rows.Err())
	}
	return rows.Scan(new(int))
}

func TestUnavailableErrors(t *testing.T) {
	for _, test := range []struct {
		err         error
		unavailable bool
	}{
		{io.ErrUnexpectedEOF, true},
		{sql.ErrConnDone, true},
		{sql.ErrTxDone, true},
		{closedRows(t), true},
		{&pgconn.PgError{Code: "57P01"}, true},
		{&pgconn.PgError{Code: "42601"}, false},
		{context.Canceled, false},
		{context.DeadlineExceeded, false},
		{errors.New("another"), false},
	} {
		if got := (Dialect{}).IsUnavailable(fmt.Errorf("read sessions: %w", test.err)); got != test.unavailable {
			t.Errorf("%v: unavailable is %t", test.err, got)
		}
	}
}
