package mask

import (
	"strings"
	"testing"
)

func TestParts(t *testing.T) {
	m := sessionOf("+6281234567890", "Anna Smith", "Köln")
	for _, test := range []struct {
		text   string
		values []string
		// With a _ for each value, masked with [value] in place of pseudonyms, "" where they are the same.
		clear, masked string
	}{
		{"Hi you", nil, "Hi you", ""},
		{"Hi a, hi A!", []string{"a"}, "Hi _, hi _!", ""},
		{"abc 12", []string{"a", "2", "1"}, "abc 12", ""},
		{"5 of 15, ５", []string{"5"}, "_ of 15, _", ""},
		{"Hi Ann Lee", []string{"Ann", "Ann Lee", " Ann "}, "Hi _", ""},
		{"中文字", []string{"文"}, "中_字", ""},
		{"a-b", []string{"-"}, "a_b", ""},
		{"a b", []string{"", " "}, "a b", ""},
		{"from Köln", []string{"Köln"}, "from _", ""},
		{"from Köln to Bonn", []string{"Bonn"}, "from Köln to _", "from [Köln] to _"},
		// The longer value hides where the shorter one stands.
		{"Hi Anna Smith", []string{"Anna"}, "Hi _ Smith", "Hi [Anna Smith]"},
		{"Hi Anna Smith junior", []string{"Anna Smith junior"}, "Hi _", ""},
		{"Hi Anna Smith junior", []string{"Smith junior"}, "Hi Anna _", "Hi [Anna Smith] junior"},
		{"call +62 812-3456-7890", []string{"812"}, "call +62 _-3456-7890", "call [+6281234567890]"},
	} {
		clear, masked := m.Parts(test.text, NewValues(test.values))
		shown := withPlaceholders(m, strings.Join(masked, "_"), "Anna Smith", "Köln", "+6281234567890")
		if strings.Join(clear, "_") != test.clear || shown != test.masked {
			t.Errorf("%q: %q and %q, want %q and %q", test.text, clear, shown, test.clear, test.masked)
		}
	}
}
