package cli

import (
	"fmt"
	"strconv"
	"strings"
	"unicode/utf8"
)

// visible escapes control characters, such as line breaks, escape sequences and marks of
// direction, which senders may put into names.
func visible(text string) string { return visibleBut(text, "") }

// visibleBut is visible except for the characters of allowed.
func visibleBut(text, allowed string) string {
	var out strings.Builder
	for i, r := range text {
		switch {
		case r == utf8.RuneError && !strings.HasPrefix(text[i:], "\uFFFD"):
			fmt.Fprintf(&out, `\x%02x`, text[i])
		case strconv.IsPrint(r), strings.ContainsRune(allowed, r):
			out.WriteRune(r)
		default:
			quoted := strconv.QuoteRuneToASCII(r)
			out.WriteString(quoted[1 : len(quoted)-1])
		}
	}
	return out.String()
}

// ranges are ascending numbers, which print as 3, 7-9.
type ranges struct {
	parts []struct{ from, to int64 }
	count int
}

func (r *ranges) add(n int64) {
	r.count++
	if last := len(r.parts) - 1; last >= 0 && r.parts[last].to == n-1 {
		r.parts[last].to = n
		return
	}
	r.parts = append(r.parts, struct{ from, to int64 }{n, n})
}

func (r *ranges) String() string {
	texts := make([]string, len(r.parts))
	for i, part := range r.parts {
		texts[i] = strconv.FormatInt(part.from, 10)
		if part.to > part.from {
			texts[i] += "-" + strconv.FormatInt(part.to, 10)
		}
	}
	return strings.Join(texts, ", ")
}
