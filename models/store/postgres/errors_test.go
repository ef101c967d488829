package postgres

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"
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

// An operator reads each reason once, without the words of libraries, and no part of a password.
func TestErrorsOfAddresses(t *testing.T) {
	for address, want := range map[string]string{
		"postgres://me:secret@127.0.0.1:1/x": "cannot be reached: 127.0.0.1:1: connect: connection refused",
		"postgres://me:a#secret@there/x":     "%23 for #",
		"postgres://me:a/secret@there/x":     "%2F for /",
		"postgres://there/x?sslmode=secure":  "NAME: failed to configure TLS (sslmode is invalid)",
	} {
		config, err := parseAddress(address)
		if err == nil {
			_, err = pgx.ConnectConfig(t.Context(), config)
			err = fmt.Errorf("save: %w", connectError{err})
			if !(Dialect{}).IsUnavailable(err) {
				t.Errorf("%v is not of a database that is not available", err)
			}
		}
		if got := err.Error(); !strings.Contains(got, want) || strings.Contains(got, "secret") ||
			strings.ContainsAny(got, "\n;") {
			t.Errorf("%s: %s", address, got)
		}
	}
}
