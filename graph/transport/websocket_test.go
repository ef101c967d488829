package transport

import "testing"

// A client may use an id again while the first operation with it ends.
func TestAnEndedOperationKeepsItsSuccessor(t *testing.T) {
	first, second := &running{}, &running{}
	s := &socket{operations: map[string]*running{"a": second}}
	if s.remove("a", first) {
		t.Error("the first operation was live")
	}
	if !s.isLive("a", second) {
		t.Error("the second operation was removed")
	}
	if !s.remove("a", second) || s.isLive("a", second) {
		t.Error("the second operation was not removed")
	}
}

func TestOriginsOfWebSockets(t *testing.T) {
	origins := []string{"https://app.example", "http://localhost:5173"}
	for _, test := range []struct {
		origin, host string
		want         bool
	}{
		{"", "localhost:8080", true},
		{"http://localhost:8080", "localhost:8080", true},
		{"https://Sessions.example", "sessions.example", true},
		{"https://app.example", "sessions.example", true},
		{"https://APP.example", "sessions.example", true},
		{"http://localhost:5173", "localhost:8080", true},
		{"http://app.example", "sessions.example", false},
		{"https://app.example:8443", "sessions.example", false},
		{"http://localhost:8081", "localhost:8080", false},
		{"https://app.example.evil.example", "sessions.example", false},
		{"https://evil.example/app.example", "app.example", false},
		{"null", "sessions.example", false},
		{"null", "", false},
	} {
		if got := isAllowed(test.origin, test.host, origins); got != test.want {
			t.Errorf("pages of %q may connect to %q: %v", test.origin, test.host, got)
		}
	}
}
