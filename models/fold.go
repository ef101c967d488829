package models

import (
	"strings"
	"unicode/utf8"

	"golang.org/x/text/cases"
	"golang.org/x/text/unicode/norm"
)

// CaseFold maps texts that differ by case, width or normal form alone to one, in any
// language and whatever the database offers: Unicode's NFKC and full case folding.
// Both sides of a search and of the …IgnoreCase filters pass through it. Nothing else
// is left out or changed: spaces, marks and zero-width characters stay.
func CaseFold(s string) string {
	if isASCII(s) {
		return strings.ToLower(s)
	}
	if !utf8.ValidString(s) {
		s = strings.ToValidUTF8(s, "\uFFFD")
	}
	s = strings.Map(capitalCherokee, s)
	// Marks have to be in order before folding makes letters of some (U+0345), and what
	// folding takes apart is composed again.
	return norm.NFKC.String(cases.Fold().String(norm.NFKC.String(s)))
}

// capitalCherokee leaves one case of the Cherokee letters: cases.Fold exchanges the two,
// since their capitals came first.
func capitalCherokee(r rune) rune {
	switch {
	case r >= 0xAB70 && r <= 0xABBF:
		return r - 0xAB70 + 0x13A0
	case r >= 0x13F8 && r <= 0x13FD:
		return r - 8
	default:
		return r
	}
}

func isASCII(s string) bool {
	for i := range len(s) {
		if s[i] >= utf8.RuneSelf {
			return false
		}
	}
	return true
}
