package cli

import (
	"testing"
	"time"
)

func TestAge(t *testing.T) {
	for text, want := range map[string]time.Duration{
		"1d": day, "90d": 90 * day, "12w": 84 * day, "24h": day, "36h": 36 * time.Hour, "100000d": 100_000 * day,
		// Not at all, or not what was meant:
		"": 0, "d": 0, "3m": 0, "3M": 0, "90": 0, "23h": 0, "0d": 0, "-1d": 0, "1.5d": 0, "86400s": 0, "1d12h": 0,
		"100001d": 0, "99999999w": 0, "1y": 0, "١d": 0,
	} {
		var age Age
		if err := age.UnmarshalText([]byte(text)); time.Duration(age) != want || (err == nil) != (want > 0) {
			t.Errorf("%q is %v, %v; want %v", text, time.Duration(age), err, want)
		}
	}
}

func TestTimeout(t *testing.T) {
	for text, want := range map[string]time.Duration{
		"10s": 10 * time.Second, "1m30s": 90 * time.Second, "1ms": time.Millisecond, "24h": day,
		"": 0, "10": 0, "0s": 0, "-1s": 0, "1us": 0, "25h": 0, "1d": 0, "s": 0,
	} {
		var timeout Timeout
		if err := timeout.UnmarshalText([]byte(text)); time.Duration(timeout) != want || (err == nil) != (want > 0) {
			t.Errorf("%q is %v, %v; want %v", text, time.Duration(timeout), err, want)
		}
	}
}

func TestMoment(t *testing.T) {
	now := time.Date(2025, 6, 15, 12, 0, 0, 0, time.UTC)
	for text, want := range map[string]time.Time{
		"2025-01-01":                time.Date(2025, 1, 1, 0, 0, 0, 0, time.UTC),
		"2025-01-01T02:00:00+02:00": time.Date(2025, 1, 1, 0, 0, 0, 0, time.UTC),
		"1d":                        now.Add(-day),
		"2w":                        now.Add(-14 * day),
		"2025-13-01":                {},
		"3m":                        {},
		"2025":                      {},
		"":                          {},
	} {
		var m Moment
		if err := m.UnmarshalText([]byte(text)); !m.Time(now).Equal(want) || (err == nil) == want.IsZero() {
			t.Errorf("%q is %v, %v; want %v", text, m.Time(now), err, want)
		}
	}
}
