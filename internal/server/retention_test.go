package server

import (
	"testing"
	"time"
)

func TestRetentionInterval(t *testing.T) {
	for age, want := range map[time.Duration]time.Duration{
		time.Minute: time.Hour, 48 * time.Hour: 2 * time.Hour, 90 * 24 * time.Hour: 24 * time.Hour,
	} {
		if got := retentionInterval(age); got != want {
			t.Errorf("of %v: every %v, want every %v", age, got, want)
		}
	}
}
