package store

import (
	"fmt"
	"testing"
	"time"

	"sessiongraph/models"
)

// Lists are read back as they were written.
func TestListColumn(t *testing.T) {
	for _, list := range []listColumn{nil, {}, {"7", `"`, "\x00"}} {
		column, err := list.Value()
		if err != nil {
			t.Fatal(err)
		}
		var got listColumn
		if err := got.Scan(column); err != nil || fmt.Sprint(got) != fmt.Sprint(list) || got == nil {
			t.Errorf("%q is stored as %v and read as %q, %v", list, column, got, err)
		}
	}
	for _, column := range []any{nil, int64(1), "x"} {
		if err := new(listColumn).Scan(column); err == nil {
			t.Errorf("%v is read", column)
		}
	}
}

// Times are read back as they were written, cut to microseconds and in UTC.
func TestTimeColumns(t *testing.T) {
	sent := time.Date(1969, 12, 31, 23, 59, 59, 123456789, time.FixedZone("", 3600))
	want := models.TimeOf(sent)
	for _, at := range []*models.Time{nil, {Time: sent}} {
		column, err := optionalTimeColumn{&at}.Value()
		if err != nil {
			t.Fatal(err)
		}
		got := &models.Time{Time: sent}
		if err := (optionalTimeColumn{&got}).Scan(column); err != nil {
			t.Fatal(err)
		}
		if (got == nil) != (at == nil) || got != nil && *got != want {
			t.Errorf("%v is stored as %v and read as %v", at, column, got)
		}
		if at == nil {
			continue
		}
		required, err := timeColumn(*at).Value()
		if err != nil || required != column {
			t.Errorf("%v is stored as %v, or NULL as %v, %v", at, required, column, err)
		}
	}
	for _, column := range []any{nil, "x"} {
		if err := new(timeColumn).Scan(column); err == nil {
			t.Errorf("%v is read", column)
		}
	}
}
