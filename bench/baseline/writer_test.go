package main

import (
	"fmt"
	"path/filepath"
	"testing"
)

// A repeat and an older notification change nothing; a newer one replaces the session.
func TestVersions(t *testing.T) {
	ctx := t.Context()
	d, err := openDatabase(ctx, filepath.Join(t.TempDir(), "test.db"))
	if err != nil {
		t.Fatal(err)
	}
	w, err := newWriter(ctx, d)
	if err != nil {
		t.Fatal(err)
	}
	r, err := newReader(ctx, d)
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		for _, close := range []func() error{r.close, w.close, d.close} {
			if err := close(); err != nil {
				t.Error(err)
			}
		}
	}()

	for _, step := range []struct {
		timestamp, messages, want int
	}{{2, 3, 3}, {2, 3, 3}, {1, 5, 3}, {3, 40, 40}, {4, 0, 0}} {
		body := fmt.Sprintf(`{"call_id": "c", "timestamp": %d, "session_start_time": "2025-04-15T06:41:00Z",
			"session_end_time": "2025-04-15T06:41:09Z", "ner_slots": {"b": 1.50, "a": "x"}, "messages": [`,
			step.timestamp)
		for n := range step.messages {
			if n > 0 {
				body += ","
			}
			body += `{"msg_id": "m", "content": {"type": "text", "text": "hi"}}`
		}
		n, err := decodeNotification([]byte(body + "]}"))
		if err != nil {
			t.Fatal(err)
		}
		if err := w.save(ctx, n); err != nil {
			t.Fatal(err)
		}
		s, err := r.session(ctx, "c")
		if err == nil {
			err = r.readTranscripts(ctx, []*session{s})
		}
		if err != nil || s.MessageCount != step.want || len(s.Messages) != step.want {
			t.Fatalf("%+v: %d messages, %d counted, %v", step, len(s.Messages), s.MessageCount, err)
		}
	}
}
