package mask

import (
	"strings"
	"testing"
)

func TestParts(t *testing.T) {
	for _, test := range []struct {
		text   string
		values []string
		want   string // with a _ for each value
	}{
		{"Hi you", nil, "Hi you"},
		{"Hi a, hi A!", []string{"a"}, "Hi _, hi _!"},
		{"abc 12", []string{"a", "2", "1"}, "abc 12"},
		{"5 of 15, ５", []string{"5"}, "_ of 15, _"},
		{"Hi Ann Lee", []string{"Ann", "Ann Lee", " Ann "}, "Hi _"},
		{"中文字", []string{"文"}, "中_字"},
		{"a-b", []string{"-"}, "a_b"},
		{"a b", []string{"", " "}, "a b"},
		{"from Köln", []string{"Köln"}, "from _"},
		{"Hi Anna Smith junior", []string{"Smith junior"}, "Hi Anna _"},
		{"call +62 812-3456-7890", []string{"812"}, "call +62 _-3456-7890"},
	} {
		if got := strings.Join(NewValues(test.values).Parts(test.text), "_"); got != test.want {
			t.Errorf("%q: %q, want %q", test.text, got, test.want)
		}
	}
}
