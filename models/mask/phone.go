package mask

import (
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"

	"github.com/nyaruka/phonenumbers"
)

// Numbers of digits that a phone number has.
const (
	minPhone = 7
	maxPhone = 15
)

// digitGroup is a run of digits.
type digitGroup struct {
	from, to int
	joined   bool // to the group before, by at most two separators
	plus     int  // where the + before it stands, -1 for none
}

func isSeparator(r rune) bool {
	switch r {
	case ' ', '\t', '.', '-', '(', ')', '‐', '‑', '‒', '–', '—', '―', '−':
		return true
	default:
		return unicode.Is(unicode.Zs, r)
	}
}

// digitGroups returns the runs of digits outside of what is taken.
func (v *view) digitGroups(taken []bool) []digitGroup {
	var groups []digitGroup
	for i := 0; i < len(v.runes); i++ {
		if !isDigit(v.runes[i]) || taken[i] {
			continue
		}
		g := digitGroup{from: i, plus: -1}
		for i < len(v.runes) && isDigit(v.runes[i]) && !taken[i] {
			i++
		}
		g.to = i

		before := g.from
		for before > 0 && g.from-before < maxSeparators && isSeparator(v.runes[before-1]) && !taken[before-1] {
			before--
		}
		switch {
		case before > 0 && v.runes[before-1] == '+' && !taken[before-1]:
			g.plus = before - 1
		case len(groups) > 0:
			g.joined = groups[len(groups)-1].to == before && before < g.from
		}
		groups = append(groups, g)
	}
	return groups
}

const maxSeparators = 2 // in a row

// phones returns the phone numbers among groups of digits.
func (v *view) phones(groups []digitGroup, valid func(digits string) bool) []span {
	var found []span
	for i := 0; i < len(groups); {
		if n := v.exact(groups[i:]); n > 0 { // dates, times and amounts
			i += n
			continue
		}
		end := i + 1
		for end < len(groups) && groups[end].joined && (v.exact(groups[end:]) == 0 || v.goesOn(groups[i:], end-i)) {
			end++
		}
		found = append(found, v.phonesOf(groups[i:end], valid)...)
		i = end
	}
	return found
}

// goesOn reports whether a phone number goes on with what has the form of an amount, as in +62 812.345.678: the first
// n groups are too short for one, and begin with a + or a zero, or parentheses part the two.
func (v *view) goesOn(groups []digitGroup, n int) bool {
	digits := 0
	for _, g := range groups[:min(n, minPhone)] {
		digits += g.to - g.from
	}
	between := v.runes[groups[n-1].to:groups[n].from]
	return digits < minPhone && v.isAmount(groups[n:]) > 0 &&
		(groups[0].plus >= 0 || v.runes[groups[0].from] == '0' || slices.ContainsFunc(between, isParenthesis))
}

func isParenthesis(r rune) bool { return r == '(' || r == ')' }

// phonesOf returns the phone numbers of groups that are joined.
func (v *view) phonesOf(groups []digitGroup, valid func(digits string) bool) []span {
	if v.allSmall(groups) || len(groups) == 1 && v.isBasicDate(groups[0]) {
		return nil
	}
	var found []span
	for len(groups) > 0 {
		if groups[0].to-groups[0].from > maxPhone {
			groups = groups[1:] // a run of digits
			continue
		}
		end, count := 0, 0
		for end < len(groups) && count+groups[end].to-groups[end].from <= maxPhone {
			count += groups[end].to - groups[end].from
			end++
		}
		if end < len(groups) {
			end, count = v.split(groups, end, count, valid)
		}
		part := groups[:end]
		groups = groups[end:]
		switch {
		case count >= minPhone:
			found = append(found, v.phone(part, count))
		case len(found) > 0 && found[len(found)-1].to < part[0].from && part[0].joined:
			rest := v.number(part[0].from, part[end-1].to) // of more digits than a phone number has
			rest.compared, rest.digits = v.digitsOf(part), count
			found = append(found, rest)
		}
	}
	return found
}

// maxSplit is the number of groups up to which it is tried where a phone number ends in a row of several.
const maxSplit = 12

// split returns how many groups, and digits, a phone number has that others follow: the most with which it is valid,
// or with which enough are left for another.
func (v *view) split(groups []digitGroup, end, count int, valid func(digits string) bool) (int, int) {
	left := 0
	for _, g := range groups[end:min(len(groups), end+minPhone)] {
		left += g.to - g.from
	}
	bestEnd, bestCount := 0, 0
	for n, digits := end, count; n > 0 && digits >= minPhone; n-- {
		if left >= minPhone {
			if bestEnd == 0 {
				bestEnd, bestCount = n, digits
			}
			if len(groups) > maxSplit || valid(v.number164(groups[:n])) {
				return n, digits
			}
		}
		digits -= groups[n-1].to - groups[n-1].from
		left += groups[n-1].to - groups[n-1].from
	}
	if bestEnd == 0 {
		return end, count
	}
	return bestEnd, bestCount
}

func (v *view) digitsOf(groups []digitGroup) string {
	var text strings.Builder
	for _, g := range groups {
		text.WriteString(string(v.runes[g.from:g.to]))
	}
	return text.String()
}

// number164 returns the digits of a phone number, with its + if it has one.
func (v *view) number164(groups []digitGroup) string {
	if groups[0].plus >= 0 {
		return "+" + v.digitsOf(groups)
	}
	return v.digitsOf(groups)
}

func (v *view) phone(groups []digitGroup, count int) span {
	s := span{from: groups[0].from, to: groups[len(groups)-1].to, kind: Phone, digits: count}
	s.compared = v.number164(groups)
	if groups[0].plus >= 0 {
		s.from = groups[0].plus
		return s
	}
	inside := v.runes[s.from:s.to]
	closing, opening := slices.Index(inside, ')'), slices.Index(inside, '(')
	if closing >= 0 && (opening < 0 || closing < opening) && s.from > 0 && v.runes[s.from-1] == '(' {
		s.from--
	}
	return s
}

// exact returns how many groups from the first on are a calendar date with a year of four digits, a time of day with
// a colon, or an amount of seven digits or more; 0 if they are none of these.
func (v *view) exact(groups []digitGroup) int {
	first := groups[0]
	if first.plus >= 0 || v.attachedBefore(first.from) {
		return 0
	}
	if n := v.isDate(groups); n > 0 && !v.attachedAfter(groups[n-1].to) {
		return n
	}
	if n := v.isTime(groups, ':'); n > 1 && !v.attachedAfter(groups[n-1].to) {
		return n
	}
	if n := v.isAmount(groups); n > 2 && !v.attachedAfter(groups[n-1].to) {
		return n
	}
	return 0
}

// allSmall reports whether groups are times of day and amounts alone, parted by spaces.
func (v *view) allSmall(groups []digitGroup) bool {
	for i := 0; i < len(groups); {
		if groups[i].plus >= 0 || v.attachedBefore(groups[i].from) {
			return false
		}
		n := max(v.isTime(groups[i:], '.'), v.isAmount(groups[i:]))
		if n < 2 || v.attachedAfter(groups[i+n-1].to) {
			return false
		}
		i += n
	}
	return true
}

// attachedBefore and attachedAfter report whether a number goes on beyond a place.
func (v *view) attachedBefore(from int) bool {
	return from > 1 && strings.ContainsRune(".-/:,", v.runes[from-1]) && isDigit(v.runes[from-2])
}

func (v *view) attachedAfter(to int) bool {
	return to+1 < len(v.runes) && strings.ContainsRune(".-/:,", v.runes[to]) && isDigit(v.runes[to+1])
}

// value returns the number that a group is, -1 for one of more than four digits.
func (v *view) value(g digitGroup) int {
	if g.to-g.from > 4 {
		return -1
	}
	n, _ := strconv.Atoi(string(v.runes[g.from:g.to]))
	return n
}

// between returns the character that alone parts two groups, 0 if there is more or none.
func (v *view) between(a, b digitGroup) rune {
	if b.from-a.to != 1 {
		return 0
	}
	return v.runes[a.to]
}

// isDate returns 3 if the groups begin with a calendar date.
func (v *view) isDate(groups []digitGroup) int {
	if len(groups) < 3 {
		return 0
	}
	a, b, c := groups[0], groups[1], groups[2]
	separator := v.between(a, b)
	if separator != v.between(b, c) || separator != '-' && separator != '.' && separator != '/' {
		return 0
	}
	x, y, z := v.value(a), v.value(b), v.value(c)
	short := func(g digitGroup) bool { return g.to-g.from <= 2 }
	switch {
	case a.to-a.from == 4 && short(b) && short(c) && isCalendarDate(x, y, z),
		c.to-c.from == 4 && short(a) && short(b) && (isCalendarDate(z, y, x) || isCalendarDate(z, x, y)):
		return 3
	default:
		return 0
	}
}

func isCalendarDate(year, month, day int) bool {
	d := time.Date(year, time.Month(month), day, 0, 0, 0, 0, time.UTC)
	return 1900 <= year && year < 2100 && 1 <= month && month <= 12 && d.Day() == day
}

// isBasicDate reports whether a group is a date such as 20250501.
func (v *view) isBasicDate(g digitGroup) bool {
	if g.to-g.from != 8 || g.plus >= 0 {
		return false
	}
	n, _ := strconv.Atoi(string(v.runes[g.from:g.to]))
	return isCalendarDate(n/10000, n/100%100, n%100)
}

// isTime returns how many groups from the first on are a time of day.
func (v *view) isTime(groups []digitGroup, separator rune) int {
	for i, most := range []int{23, 59, 60} {
		if i > 0 && (i == len(groups) || v.between(groups[i-1], groups[i]) != separator) {
			return i
		}
		length := groups[i].to - groups[i].from
		if n := v.value(groups[i]); n < 0 || n > most || length > 2 || i > 0 && length != 2 {
			return 0
		}
	}
	if len(groups) > 3 && v.between(groups[2], groups[3]) == '.' { // parts of a second
		return 4
	}
	return 3
}

// isAmount returns how many groups from the first on are an amount in groups of three, with its decimals.
func (v *view) isAmount(groups []digitGroup) int {
	first := groups[0]
	if first.to-first.from > 3 || v.runes[first.from] == '0' || len(groups) < 2 {
		return 0
	}
	separator := v.between(groups[0], groups[1])
	if separator != '.' && separator != ',' {
		return 0
	}
	n := 1
	for n < len(groups) && v.between(groups[n-1], groups[n]) == separator && groups[n].to-groups[n].from == 3 {
		n++
	}
	if n > 1 && n < len(groups) {
		if decimals := v.between(groups[n-1], groups[n]); decimals == '.' || decimals == ',' {
			if decimals != separator {
				n++
			}
		}
	}
	if n == 1 {
		return 0
	}
	return n
}

// e164 returns the digits of a phone number, which may begin with a +, as E.164 has them; ok is false if it is not
// valid. A national one is read as in that region.
func e164(number, region string) (digits string, ok bool) {
	if region == "" && !strings.HasPrefix(number, "+") {
		return "", false
	}
	parsed, err := phonenumbers.Parse(number, region)
	if err != nil {
		return "", false
	}
	return digitsOf164(parsed)
}

func digitsOf164(parsed *phonenumbers.PhoneNumber) (digits string, ok bool) {
	if !phonenumbers.IsValidNumber(parsed) {
		return "", false
	}
	return strings.TrimPrefix(phonenumbers.Format(parsed, phonenumbers.E164), "+"), true
}

// calleePhone is the phone number that a callee is.
type calleePhone struct {
	number string // as it is written, without its +; "" if it has none
	digits string // what the pseudonym of that number is made of
	region string // "" for none
}

// calleeOf reads a callee's number, which is international with or without its +.
func calleeOf(number string) calleePhone {
	bare, hasPlus := strings.CutPrefix(number, "+")
	parsed, err := phonenumbers.Parse("+"+bare, "")
	if err != nil {
		return calleePhone{}
	}
	c := calleePhone{region: regionOf(parsed)}
	digits, valid := digitsOf164(parsed)
	switch {
	case valid:
		c.number, c.digits = bare, digits
	case hasPlus:
		c.number, c.digits = bare, bare
	}
	return c
}

// regionOf returns the region of a phone number, "" for none.
func regionOf(parsed *phonenumbers.PhoneNumber) string {
	region := phonenumbers.GetRegionCodeForNumber(parsed)
	if region == "" || region == "001" {
		// A number that is not valid itself still has a country.
		region = phonenumbers.GetRegionCodeForCountryCode(int(parsed.GetCountryCode()))
	}
	if region == "ZZ" || region == "001" {
		return ""
	}
	return region
}
