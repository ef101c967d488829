package cli

import "testing"

func TestVisible(t *testing.T) {
	for text, want := range map[string]string{
		"session é 你 👩: ok":                         "session é 你 👩: ok",
		"x\ntime=2026 level=ERROR \x1b[31m\x07\r\t": `x\ntime=2026 level=ERROR \x1b[31m\a\r\t`,
		"\u202eabc\u200e\u0085\ufeff":               `\u202eabc\u200e\u0085\ufeff`,
		"a\xffb\uFFFD":                              `a\xffb` + "\uFFFD",
		"":                                          "",
	} {
		if got := visible(text); got != want {
			t.Errorf("%q is shown as %q, want %q", text, got, want)
		}
	}
}

func TestRanges(t *testing.T) {
	var r ranges
	for _, n := range []int64{3, 7, 8, 9, 11} {
		r.add(n)
	}
	if r.String() != "3, 7-9, 11" || r.count != 5 {
		t.Errorf("%s, %d", &r, r.count)
	}
}

func TestVisibleButLineBreaks(t *testing.T) {
	if got, want := visibleBut("a\n\tb\x1b[31m\r", "\n\t"), "a\n\tb\\x1b[31m\\r"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
}
