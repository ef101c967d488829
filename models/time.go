package models

import (
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

// UnmarshalGQL reads an RFC 3339 string with any offset. Its error says what a time looks like.
func (t *Time) UnmarshalGQL(v any) error {
	s, ok := v.(string)
	if !ok {
		return InputErrorf("a Time is an RFC 3339 string such as \"2025-04-15T06:41:00Z\"")
	}
	parsed, err := time.Parse(time.RFC3339Nano, strings.ToUpper(s))
	if err != nil || strings.Contains(s, ",") {
		return InputErrorf("%s is not an RFC 3339 time such as \"2025-04-15T06:41:00Z\"",
			strconv.Quote(shorten(s, 40)))
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

// Numbers from these on, up or down, are milliseconds and microseconds, not seconds:
// those of 16 digits are microseconds.
const (
	fromMillis = 1e11
	fromMicros = 1e15
	maxMicros  = 1e16
)

// Forms of a time, with an offset or without one, which means UTC.
var timeLayouts = [...]string{"2006-01-02T15:04:05.999999999Z07:00", "2006-01-02T15:04:05.999999999Z0700",
	"2006-01-02T15:04:05.999999999"}

// ReadTime reads a time as AIRudder sends it, or might: Unix seconds, milliseconds or
// (16 digits) microseconds as a number or as decimal digits in a string, or an
// RFC 3339 string whose offset may lack its colon, or be absent for UTC; a leap second is
// the one after it. It is nil for anything else, and outside of the years 1 to 9999.
func ReadTime(j JSON) *Time {
	var micros int64
	switch j.Kind() {
	case IsNumber, IsString:
		s := strings.TrimSpace(j.Text())
		if n, err := parseDecimal(s); err == nil {
			var ok bool
			if micros, ok = unixMicros(s, n); !ok {
				return nil
			}
		} else if t := parseTime(s); t != nil {
			micros = t.UnixMicro()
		} else {
			return nil
		}
	default:
		return nil
	}
	read := Time{time.UnixMicro(micros).UTC()}
	if year := read.Year(); year < 1 || year > 9999 {
		return nil
	}
	return &read
}

// unixMicros is a number of any of the three units, which s writes, in microseconds.
func unixMicros(s string, n float64) (micros int64, ok bool) {
	unit := 1e6 // microseconds
	switch size := math.Abs(n); {
	case size >= maxMicros:
		return 0, false
	case size >= fromMicros:
		unit = 1
	case size >= fromMillis:
		unit = 1e3
	}
	if whole, err := strconv.ParseInt(s, 10, 64); err == nil {
		return whole * int64(unit), true
	}
	whole, fraction := math.Modf(n)
	return int64(whole)*int64(unit) + int64(math.Round(fraction*unit)), true
}

func parseTime(s string) *time.Time {
	if strings.Contains(s, ",") { // which time.Parse takes for a point
		return nil
	}
	s = strings.ToUpper(strings.Replace(s, " ", "T", 1))
	leap := time.Duration(0)
	const minute, seconds = len("2006-01-02T15:04"), len(":05")
	if len(s) > minute+seconds && s[minute:minute+seconds] == ":60" {
		s, leap = s[:minute]+":59"+s[minute+seconds:], time.Second
	}
	for _, layout := range timeLayouts {
		if t, err := time.Parse(layout, s); err == nil {
			t = t.Add(leap)
			return &t
		}
	}
	return nil
}

// parseDecimal reads a decimal number. strconv reads more: hexadecimal ones, infinity.
func parseDecimal(s string) (float64, error) {
	for i := range len(s) {
		if c := s[i]; (c < '0' || c > '9') && c != '+' && c != '-' && c != '.' && c != 'e' && c != 'E' {
			return 0, strconv.ErrSyntax
		}
	}
	n, err := strconv.ParseFloat(s, 64)
	if err != nil {
		return n, fmt.Errorf("read number: %w", err)
	}
	return n, nil
}
