package ingest

import "testing"

func TestKeys(t *testing.T) {
	const first, second = "0123456789abcdef", "fedcba9876543210"
	for _, test := range []struct {
		keys []string
		key  string
		want bool
	}{
		{nil, "", true},
		{nil, first, true},
		{[]string{first}, first, true},
		{[]string{first, second}, second, true},
		{[]string{first, first}, first, true},
		{[]string{first}, "", false},
		{[]string{first}, first[:15], false},
		{[]string{first}, first + "/", false},
		{[]string{first}, second, false},
	} {
		if got := NewKeys(test.keys).Accept(test.key); got != test.want {
			t.Errorf("with %q, %q is accepted: %v", test.keys, test.key, got)
		}
	}
}
