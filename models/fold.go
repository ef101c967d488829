package models

import (
	"strings"
	"unicode"
)

// Fold maps texts that differ by case alone to one, in any language, whatever the
// database knows of it: both what is searched and what is searched for pass
// through here. NUL, which some indexes take for the end of a text, becomes U+FFFD.
func Fold(s string) string {
	ascii := true
	for i := range len(s) {
		if c := s[i]; c >= 0x80 || c == 0 {
			ascii = false
			break
		}
	}
	if ascii {
		return strings.ToLower(s)
	}
	var out strings.Builder
	out.Grow(len(s))
	for _, r := range s {
		switch r {
		case 'ß', 'ẞ':
			out.WriteString("ss")
		case 'İ':
			out.WriteByte('i')
		case 0:
			out.WriteRune(unicode.ReplacementChar)
		default:
			out.WriteRune(foldRune(r))
		}
	}
	return out.String()
}

// foldRune picks one rune of those that differ by case alone: the lower-case form
// of the least of them (Σ, σ and ς are three).
func foldRune(r rune) rune {
	if r < 0x80 {
		return unicode.ToLower(r)
	}
	least := r
	for next := unicode.SimpleFold(r); next != r; next = unicode.SimpleFold(next) {
		least = min(least, next)
	}
	return unicode.ToLower(least)
}
