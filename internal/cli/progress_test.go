package cli

import (
	"testing"
	"time"
)

func TestProgressLine(t *testing.T) {
	began := time.Now()
	for _, test := range []struct {
		progress
		taken time.Duration
		want  string
	}{
		{progress{what: "exported", done: 5}, 0, "exported 5"},
		{progress{what: "verified", done: 250, total: 1000}, 500 * time.Millisecond, "verified 250 of 1000 (25 %)"},
		{progress{what: "verified", done: 250, total: 1000}, 10 * time.Second,
			"verified 250 of 1000 (25 %), 25 a second, 30s left"},
		{progress{what: "verified", done: 1000, total: 1000}, 10 * time.Second,
			"verified 1000 of 1000 (100 %), 100 a second"},
		{progress{what: "imported", done: 100}, 10 * time.Second, "imported 100, 10 a second"},
		{progress{what: "imported", done: 100, bytes: 1 << 20, bytesDone: func() int64 { return 1 << 18 }},
			10 * time.Second, "imported 100 (25 %), 10 a second, 30s left"},
	} {
		p := test.progress
		p.began, p.now = began, func() time.Time { return began.Add(test.taken) }
		if got := p.line(); got != test.want {
			t.Errorf("%q, want %q", got, test.want)
		}
	}
}
