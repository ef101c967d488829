package cli

import (
	"fmt"
	"strconv"
	"time"
)

const day = 24 * time.Hour

// maxAge is the longest Age, far below the largest time.Duration.
const maxAge = 100_000 * day

// Age is a duration of at least a day, in days (90d), weeks (12w) or hours (36h). Shorter
// units are rejected, because 3m could be meant as months.
type Age time.Duration

// UnmarshalText reads a number and its unit.
func (a *Age) UnmarshalText(text []byte) error {
	s := string(text)
	units := map[string]time.Duration{"h": time.Hour, "d": day, "w": 7 * day}
	if s == "" {
		return ageError(s)
	}
	number, unit := s[:len(s)-1], units[s[len(s)-1:]]
	n, err := strconv.ParseUint(number, 10, 32)
	if err != nil || unit == 0 || n > uint64(maxAge/unit) || time.Duration(n)*unit < day {
		return ageError(s)
	}
	*a = Age(time.Duration(n) * unit)
	return nil
}

func ageError(s string) error {
	return fmt.Errorf("invalid age %q (want days, weeks or at least 24 hours, e.g. 90d, 12w or 36h)", s)
}

// Timeout is a duration from a millisecond to a day.
type Timeout time.Duration

// UnmarshalText reads 10s or 1m30s.
func (t *Timeout) UnmarshalText(text []byte) error {
	d, err := time.ParseDuration(string(text))
	if err != nil || d < time.Millisecond || d > day {
		return fmt.Errorf("invalid duration %q (want e.g. 500ms, 10s or 1m, at most 24h)", string(text))
	}
	*t = Timeout(d)
	return nil
}

// Moment is a time in RFC 3339, a date in UTC, or an Age before now.
type Moment struct {
	at  time.Time
	age Age
}

// UnmarshalText reads 2025-01-01T00:00:00Z, 2025-01-01 or 90d.
func (m *Moment) UnmarshalText(text []byte) error {
	s := string(text)
	for _, layout := range []string{time.RFC3339, time.DateOnly} {
		if at, err := time.Parse(layout, s); err == nil {
			*m = Moment{at: at}
			return nil
		}
	}
	var age Age
	if age.UnmarshalText(text) != nil {
		return fmt.Errorf("invalid time %q (want e.g. 2025-01-01T00:00:00Z, 2025-01-01"+
			" or an age such as 90d, 12w or 36h)", s)
	}
	*m = Moment{age: age}
	return nil
}

// Time returns the time that m stands for at now.
func (m Moment) Time(now time.Time) time.Time {
	if m.age > 0 {
		return now.Add(-time.Duration(m.age))
	}
	return m.at
}
