package mask

import (
	"slices"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"

	"sessiongraph/models"
)

// view is a text as it is compared: without case and width, with the digits of every script as 0 to 9, and without
// characters that nobody sees. Each character has its place in the text.
type view struct {
	text  string
	runes []rune
	start []int32 // of each rune, the bytes of the text that it stands for
	end   []int32
	after []bool // of each rune, whether invisible characters before it were dropped
}

func newView(text string) *view {
	v := &view{
		text:  text,
		runes: make([]rune, 0, len(text)),
		start: make([]int32, 0, len(text)),
		end:   make([]int32, 0, len(text)),
		after: make([]bool, 0, len(text)),
	}
	dropped := false
	for at := 0; at < len(text); {
		if c := text[at]; c < utf8.RuneSelf && (at+1 == len(text) || text[at+1] < utf8.RuneSelf) {
			if 'A' <= c && c <= 'Z' {
				c += 'a' - 'A'
			}
			v.add(rune(c), at, at+1, &dropped)
			at++
			continue
		}
		length := max(1, norm.NFKC.NextBoundaryInString(text[at:], true))
		for _, r := range models.CaseFold(text[at : at+length]) {
			if isInvisible(r) {
				dropped = true
				continue
			}
			v.add(asciiDigit(r), at, at+length, &dropped)
		}
		at += length
	}
	return v
}

func (v *view) add(r rune, start, end int, dropped *bool) {
	v.runes = append(v.runes, r)
	v.start = append(v.start, int32(start))
	v.end = append(v.end, int32(end))
	v.after = append(v.after, *dropped)
	*dropped = false
}

// slice returns the view of a part.
func (v *view) slice(from, to int) *view {
	return &view{v.text, v.runes[from:to], v.start[from:to], v.end[from:to], v.after[from:to]}
}

// withoutMarks returns the view without combining marks.
func (v *view) withoutMarks() *view {
	if !slices.ContainsFunc(v.runes, isMark) {
		return v
	}
	bare := &view{text: v.text}
	for i, r := range v.runes {
		if !isMark(r) {
			dropped := v.after[i]
			bare.add(r, int(v.start[i]), int(v.end[i]), &dropped)
		}
	}
	return bare
}

func isMark(r rune) bool { return r >= 0x300 && unicode.In(r, unicode.Mn, unicode.Me) }

func isInvisible(r rune) bool {
	return r >= 0xAD &&
		unicode.In(r, unicode.Cf, unicode.Other_Default_Ignorable_Code_Point, unicode.Variation_Selector)
}

// asciiDigit returns the decimal digit that a rune of any script is, or the rune.
func asciiDigit(r rune) rune {
	if r < utf8.RuneSelf || !unicode.Is(unicode.Nd, r) {
		return r
	}
	for _, set := range unicode.Nd.R16 { // each is a script's digits from 0 on
		if rune(set.Lo) <= r && r <= rune(set.Hi) {
			return '0' + (r-rune(set.Lo))%10
		}
	}
	for _, set := range unicode.Nd.R32 {
		if rune(set.Lo) <= r && r <= rune(set.Hi) {
			return '0' + (r-rune(set.Lo))%10
		}
	}
	return r
}

func isDigit(r rune) bool { return '0' <= r && r <= '9' }

// isSpaceless reports whether a rune is a letter of a script that is written without spaces.
func isSpaceless(r rune) bool {
	if r < 0xE00 {
		return false
	}
	switch r {
	case 0x3006, 0x303C, 0x30FC, 0xFF70: // letters that Han and Kana share with others
		return true
	}
	return unicode.IsLetter(r) && unicode.In(r, unicode.Han, unicode.Hiragana, unicode.Katakana, unicode.Thai,
		unicode.Lao, unicode.Khmer, unicode.Myanmar)
}

// isLetter reports whether a rune is a letter of a script that is written with spaces.
func isLetter(r rune) bool {
	if r < utf8.RuneSelf {
		return 'a' <= r && r <= 'z' || 'A' <= r && r <= 'Z'
	}
	return unicode.IsLetter(r) && !isSpaceless(r)
}

// holds reports whether two neighbours are of one class, so that nothing begins or ends between them.
func holds(a, b rune) bool { return isDigit(a) && isDigit(b) || isLetter(a) && isLetter(b) }

// beginsAt and endsAt report whether a value can stand from, or up to, a place.
func (v *view) beginsAt(i int) bool {
	return i == 0 || i == len(v.runes) || v.after[i] || !holds(v.runes[i-1], v.runes[i])
}

func (v *view) endsAt(i int) bool { return v.beginsAt(i) }
