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
