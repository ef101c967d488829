package postgres

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"testing"

	"github.com/jackc/pgx/v5/pgconn"
)

func TestUnavailableErrors(t *testing.T) {
	for _, test := range []struct {
		err         error
		unavailable bool
	}{
		{io.ErrUnexpectedEOF, true},
		{sql.ErrConnDone, true},
		{sql.ErrTxDone, true},
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
