package mask

import (
	"slices"
	"strings"
	"unicode"
)

// span is a part of a text, by the runes of its view, and the pseudonym that takes its place.
type span struct {
	from, to int
	kind     Kind
	compared string // what the pseudonym is made of
	digits   int
	known    bool // a value of the session
}

// contains reports whether o is a part of s.
func (s span) contains(o span) bool { return s.from <= o.from && o.to <= s.to }

// patterns returns where query strings, e-mail addresses, phone numbers and runs of digits stand in a text, in order.
func (v *view) patterns(valid func(digits string) bool) []span {
	if !slices.ContainsFunc(v.runes, func(r rune) bool { return isDigit(r) || r == '@' || r == '?' }) {
		return nil
	}
	taken := make([]bool, len(v.runes))
	var found []span
	take := func(spans []span) {
		for _, s := range spans {
			if slices.Contains(taken[s.from:s.to], true) {
				continue
			}
			for i := s.from; i < s.to; i++ {
				taken[i] = true
			}
			found = append(found, s)
		}
	}
	take(v.queries())
	take(v.emails(taken))
	groups := v.digitGroups(taken)
	take(v.phones(groups, valid))
	for _, g := range groups {
		if g.to-g.from >= minRun {
			take([]span{v.number(g.from, g.to)})
		}
	}
	slices.SortFunc(found, func(a, b span) int { return a.from - b.from })
	return found
}

// minRun is the number of digits in a row from which on they are masked.
const minRun = 6

func (v *view) number(from, to int) span {
	return span{from: from, to: to, kind: Number, compared: string(v.runes[from:to]), digits: to - from}
}

// endsLink reports whether a link ends at a character.
func endsLink(r rune) bool { return unicode.IsSpace(r) || r == '<' || r == '>' || r == '"' }

// queries returns the query strings of links.
func (v *view) queries() []span {
	if !slices.Contains(v.runes, '?') {
		return nil
	}
	var found []span
	for from := 0; from < len(v.runes); {
		to := from
		for to < len(v.runes) && !endsLink(v.runes[to]) {
			to++
		}
		if query, ok := v.query(from, to); ok {
			found = append(found, query)
		}
		from = to + 1
	}
	return found
}

// query returns the query string of a word if it is a link: one with a scheme or www., or a host with a path or with a
// query that has an equals sign.
func (v *view) query(from, to int) (span, bool) {
	word := v.runes[from:to]
	equals, hash := -1, -1
	for i, r := range word {
		if r == '=' {
			equals = i
		}
	}
	dot, hostEnd := -1, -1 // of the host
	scheme, colon, path := false, false, false
	for i, r := range word {
		switch {
		case r == '/':
			scheme = scheme || i > 1 && word[i-1] == '/' && word[i-2] == ':'
			path = true
		case r == ':':
			colon = true
		case r == '#':
			hash = i
		case r == '.' && hostEnd < 0:
			scheme = scheme || i > 2 && word[i-1] == 'w' && word[i-2] == 'w' && word[i-3] == 'w'
			dot = i
		}
		if hostEnd < 0 && (r == '/' || r == '?' || r == ':' && dot > 0) {
			hostEnd = i
		}
		if r != '?' {
			continue
		}
		host := dot > 0 && isHostName(word[:hostEnd], dot)
		if scheme || colon && equals > i || host && (path || equals > i) {
			return v.queryFrom(from+i+1, to, hash < 0)
		}
	}
	return span{}, false
}

// isHostName reports whether a text ends in the name of a host with a last dot: in a domain, whose last label begins
// with two letters and has digits only if it is encoded, or in an IPv4 address.
func isHostName(text []rune, dot int) bool {
	last := text[dot+1:]
	if len(last) > 1 && (isLetter(last[0]) || isSpaceless(last[0])) && (isLetter(last[1]) || isSpaceless(last[1])) {
		return !slices.ContainsFunc(last, isDigit) || strings.HasPrefix(string(last), "xn--")
	}
	dots := 0
	for i := len(text) - 1; i >= 0 && (text[i] == '.' || isDigit(text[i])); i-- {
		if text[i] == '.' {
			dots++
		}
	}
	return len(last) > 0 && isDigit(last[0]) && dots == 3
}

// queryFrom returns a query string up to the end of a word, or up to the fragment of the link.
func (v *view) queryFrom(from, to int, fragment bool) (span, bool) {
	if hash := slices.Index(v.runes[from:to], '#'); fragment && hash >= 0 &&
		!slices.Contains(v.runes[from+hash:to], '?') {
		to = from + hash
	}
	for to > from && strings.ContainsRune(".,;:!?)'", v.runes[to-1]) {
		to--
	}
	if to == from {
		return span{}, false
	}
	return span{from: from, to: to, kind: Link, compared: v.text[v.start[from]:v.end[to-1]]}, true
}

// emails returns the e-mail addresses outside of what is taken.
func (v *view) emails(taken []bool) []span {
	var found []span
	least := 0
	for i, r := range v.runes {
		if r != '@' {
			continue
		}
		from, to := i, v.hostEnd(i+1)
		for from > least && !taken[from-1] && isLocal(v.runes[from-1]) &&
			isSpaceless(v.runes[from-1]) == isSpaceless(v.runes[i-1]) {
			from--
		}
		italic := to < len(v.runes) && v.runes[to] == '_'
		for from < i && (strings.ContainsRune(".'*~`#=&/|", v.runes[from]) || italic && v.runes[from] == '_') {
			from++
		}
		least = i + 1
		if from < i && isDomain(v.runes[i+1:to]) {
			found = append(found, span{from: from, to: to, kind: Email, compared: string(v.runes[from:to])})
			least = to
		}
	}
	return found
}

// hostEnd returns where the host of an e-mail address ends. What follows it without a space may be of another script,
// and so may the last labels of a host that begins in one without spaces.
func (v *view) hostEnd(from int) int {
	to, label := from, from // where the label begins that tells the script
	for to < len(v.runes) {
		if r := v.runes[to]; r == '.' && to+1 < len(v.runes) && isSpaceless(v.runes[label]) {
			label = to + 1
		} else if r != '.' && (!isHost(r) || isSpaceless(r) != isSpaceless(v.runes[label])) {
			break
		}
		to++
	}
	for to > from && strings.ContainsRune(".-", v.runes[to-1]) {
		to--
	}
	return to
}

func isLocal(r rune) bool {
	return isLetter(r) || isSpaceless(r) || isDigit(r) || isMark(r) || strings.ContainsRune("._%+-'!#$&*/=^`{|}~", r)
}

func isHost(r rune) bool {
	return isLetter(r) || isSpaceless(r) || isDigit(r) || isMark(r) || r == '-'
}

// isDomain reports whether a text has two labels or more, of which the last is no number.
func isDomain(host []rune) bool {
	dot := -1
	for i, r := range host {
		if r == '.' {
			dot = i
		}
	}
	last := host[dot+1:]
	return dot > 0 && (len(last) > 1 || len(last) == 1 && isSpaceless(last[0])) && !isDigit(last[0])
}
