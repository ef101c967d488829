package postgres

import (
	"cmp"
	"strings"
	"testing"
	"unicode/utf8"
)

func TestEncodeText(t *testing.T) {
	for text, want := range map[string]string{
		"": "", "plain\ttext\n": "plain\ttext\n", "a\x00b": "a\x01\x03b", "\x01\x02": "\x01\x04\x01\x05",
		"\x03\x04\x05\x06": "\x02\x03\x02\x04\x02\x05\x06", "\xff": "\uFFFD",
	} {
		if got := encodeText(text); got != want {
			t.Errorf("%q is encoded as %q, want %q", text, got, want)
		}
	}
	// Rows of an older version.
	for _, text := range []string{"\x01", "\x02x", "\x01\x02", "\x03\x04", "\x05\x01"} {
		if got := decodeText(text); got != text {
			t.Errorf("%q is decoded as %q", text, got)
		}
	}
}

func FuzzEncodeText(f *testing.F) {
	f.Add("a\x00b", "\x00")
	f.Add("\x01\x02", "\x02")
	f.Add("\x00\x03", "\x03")
	f.Add("é\x05", "\x04\x05")
	f.Fuzz(func(t *testing.T, a, b string) {
		if !utf8.ValidString(a) || !utf8.ValidString(b) {
			t.Skip()
		}
		x, y := encodeText(a), encodeText(b)
		if strings.ContainsRune(x, 0) || decodeText(x) != a {
			t.Errorf("%q is encoded as %q, and that decoded as %q", a, x, decodeText(x))
		}
		if cmp.Compare(x, y) != cmp.Compare(a, b) || strings.Contains(x, y) != strings.Contains(a, b) ||
			strings.HasPrefix(x, y) != strings.HasPrefix(a, b) || strings.HasSuffix(x, y) != strings.HasSuffix(a, b) {
			t.Errorf("%q and %q compare in another way than %q and %q", a, b, x, y)
		}
	})
}
