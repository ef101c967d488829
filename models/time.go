package models

import (
	"database/sql/driver"
	"fmt"
	"io"
	"math"
	"strconv"
	"strings"
	"time"
)

// Time is an instant in UTC. It is kept as whole microseconds since 1970 on every
// database, and written as RFC 3339 into GraphQL.
type Time struct{ time.Time }

// TimeOf is t in UTC, cut to the microseconds that are kept.
func TimeOf(t time.Time) Time { return Time{time.UnixMicro(t.UnixMicro()).UTC()} }

// Scan reads the column of a stored time.
func (t *Time) Scan(column any) error {
	us, ok := column.(int64)
	if !ok {
		return fmt.Errorf("scan time: column is a %T", column)
	}
	t.Time = time.UnixMicro(us).UTC()
	return nil
}

// Value is what is stored: microseconds since 1970.
func (t Time) Value() (driver.Value, error) { return t.UnixMicro(), nil }

// MarshalJSON writes any time, also one of a year that JSON's RFC 3339 has not.
func (t Time) MarshalJSON() ([]byte, error) {
	return strconv.AppendQuote(nil, t.Format(time.RFC3339Nano)), nil
}

// MarshalGQL writes the time as an RFC 3339 string in UTC.
func (t Time) MarshalGQL(w io.Writer) {
	_, _ = w.Write(t.AppendGQL(make([]byte, 0, len(time.RFC3339Nano)+2)))
}

// AppendGQL appends what MarshalGQL writes.
func (t Time) AppendGQL(to []byte) []byte {
	to = append(to, '"')
	to = t.UTC().AppendFormat(to, time.RFC3339Nano)
	return append(to, '"')
}

// UnmarshalGQL reads an RFC 3339 string with any offset. Its error tells the
// caller what a time looks like.
func (t *Time) UnmarshalGQL(v any) error {
	s, ok := v.(string)
	if !ok {
		return InputErrorf("a Time is an RFC 3339 string such as \"2025-04-15T06:41:00Z\"")
	}
	parsed, err := time.Parse(time.RFC3339Nano, s)
	if err != nil {
		return InputErrorf("%s is not an RFC 3339 time such as \"2025-04-15T06:41:00Z\"", strconv.Quote(shorten(s, 40)))
	}
	t.Time = parsed.UTC()
	return nil
}

func shorten(s string, most int) string {
	if len(s) <= most {
		return s
	}
	return string(validUTF8([]byte(s[:most]))) + "…"
}

// ReadTime reads a time as AIRudder sends it, or might: Unix seconds (from
// 100,000,000,000 on milliseconds) as a number or as digits in a string, or an
// RFC 3339 string. It is nil for anything else, and outside of the years 1 to 9999.
func ReadTime(j JSON) *Time {
	var t time.Time
	switch s := strings.TrimSpace(j.Text()); j.Kind() {
	case IsNumber, IsString:
		if seconds, err := strconv.ParseFloat(s, 64); err == nil {
			if math.Abs(seconds) >= 1e11 {
				seconds /= 1000
			}
			if !(math.Abs(seconds) < 1e12) {
				return nil
			}
			whole, fraction := math.Modf(seconds)
			t = time.Unix(int64(whole), int64(math.Round(fraction*1e6))*1000)
		} else if t, err = time.Parse("2006-01-02T15:04:05.999999999Z07:00", strings.ToUpper(strings.Replace(s, " ", "T", 1))); err != nil {
			return nil
		}
	default:
		return nil
	}
	if year := t.UTC().Year(); year < 1 || year > 9999 {
		return nil
	}
	read := TimeOf(t)
	return &read
}
