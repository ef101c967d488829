package mask

import (
	"slices"
	"strings"
	"unicode"

	"sessiongraph/models"
)

// Masks are how a server masks: with a key, and values of some names not at all.
type Masks struct {
	key                   Key
	unmasked              *Names
	notification, message *models.Documented
}

// NewMasks returns masks that make pseudonyms with a key. Values of NER slots and variables with an unmasked name are
// shown.
func NewMasks(key Key, unmasked *Names) *Masks {
	notification := models.DocumentedNotification()
	return &Masks{key: key, unmasked: unmasked, notification: notification,
		message: notification.Fields["messages"].Items}
}

// Unmasked are the names of NER slots and variables whose values are shown.
func (m *Masks) Unmasked() *Names { return m.unmasked }

// Callee returns the pseudonym of a callee.
func (m *Masks) Callee(callee string) string { return m.Values(callee).Value(callee) }

// Values returns the masker of the values of a callee's session. It knows nothing of the session's texts.
func (m *Masks) Values(callee string) *Masker { return m.masker(callee) }

// Session returns the masker of a session by its notifications: one that is shown, and others whose values are masked
// in it, too.
func (m *Masks) Session(shown models.JSON, others ...models.JSON) *Masker {
	var callees []string
	var values [][]string
	for _, notification := range append([]models.JSON{shown}, others...) {
		callee, masked := maskedValues(notification, m.unmasked)
		callees, values = append(callees, callee), append(values, masked)
	}
	masker := m.masker(callees...)
	for _, list := range values {
		for _, value := range list {
			masker.known.add(value)
		}
	}
	return masker
}

// masker returns a masker that reads national phone numbers in the region of the first callee that has one.
func (m *Masks) masker(callees ...string) *Masker {
	masker := &Masker{Masks: m, known: newKnownValues()}
	for _, callee := range callees {
		number, whole := newView(callee).withoutMarks().trimmed().wholePhone()
		if whole && masker.callee.region == "" {
			masker.callee = calleeOf(number)
		}
	}
	return masker
}

// Masker masks what a session holds. It can be used concurrently.
type Masker struct {
	*Masks
	callee calleePhone
	known  *knownValues
}

// Value returns the pseudonym of a value: that of a callee, a slot, a variable or a card. The empty text has none.
func (m *Masker) Value(text string) string {
	if text == "" {
		return ""
	}
	if m.key == nil {
		return Blank
	}
	kind, compared := m.classify(text)
	return m.key.pseudonym(kind, compared)
}

// maxClassified is the number of bytes up to which a value is looked at, which takes seventeen times its size in
// memory. What is longer is any text.
const maxClassified = 64 << 10

// classify returns what a value is, and the form in which it is compared.
func (m *Masker) classify(text string) (Kind, string) {
	if len(text) > maxClassified {
		return Value, text
	}
	v := newView(text).withoutMarks().trimmed()
	if number, whole := v.wholePhone(); whole {
		return Phone, m.phoneDigits(number)
	}
	if found := v.emails(make([]bool, len(v.runes))); len(found) == 1 {
		if email := found[0]; email.from == 0 && email.to == len(v.runes) {
			return Email, email.compared
		}
	}
	if v.isLink() {
		return Link, text
	}
	if v.isNumber() {
		return Number, string(v.runes)
	}
	return Value, text
}

// phoneDigits returns the digits that a phone number's pseudonym is made of.
func (m *Masker) phoneDigits(number string) string {
	bare := strings.TrimPrefix(number, "+")
	if bare == m.callee.number {
		return m.callee.digits
	}
	if digits, ok := e164(number, m.callee.region); ok {
		return digits
	}
	return bare
}

// trimmed returns the view without white space at its ends.
func (v *view) trimmed() *view {
	from, to := 0, len(v.runes)
	for from < to && unicode.IsSpace(v.runes[from]) {
		from++
	}
	for from < to && unicode.IsSpace(v.runes[to-1]) {
		to--
	}
	return v.slice(from, to)
}

// wholePhone returns the phone number that a text is, and whether it is one.
func (v *view) wholePhone() (number string, whole bool) {
	if len(v.runes) > 8*maxPhone {
		return "", false
	}
	found := v.phones(v.digitGroups(make([]bool, len(v.runes))), func(string) bool { return false })
	if len(found) != 1 || found[0].kind != Phone {
		return "", false
	}
	outside := slices.Concat(v.runes[:found[0].from], v.runes[found[0].to:])
	return found[0].compared, !slices.ContainsFunc(outside, func(r rune) bool { return !isSeparator(r) })
}

// isLink reports whether a text is a link and nothing else.
func (v *view) isLink() bool {
	if slices.ContainsFunc(v.runes, endsLink) {
		return false
	}
	text := string(v.runes)
	scheme, rest, found := strings.Cut(text, "://")
	return found && scheme != "" && rest != "" &&
		strings.Trim(scheme, "abcdefghijklmnopqrstuvwxyz0123456789+.-") == "" ||
		strings.HasPrefix(text, "www.")
}

// isNumber reports whether a text is a number: digits that dots and commas may part, with a sign and an exponent.
func (v *view) isNumber() bool {
	text := strings.TrimLeft(string(v.runes), "+-")
	if text == "" || len(v.runes)-len(text) > 1 || !isDigit(rune(text[len(text)-1])) || !isDigit(rune(text[0])) {
		return false
	}
	mantissa, exponent, _ := strings.Cut(text, "e")
	return strings.Trim(mantissa, "0123456789.,") == "" && strings.Trim(exponent, "+-0123456789") == "" &&
		!strings.ContainsAny(strings.TrimLeft(exponent, "+-"), "+-")
}

// Span is a part of a text, in bytes.
type Span struct{ From, To int }

// Text masks a text.
func (m *Masker) Text(text string) string {
	masked, _ := m.TextSpans(text)
	return masked
}

// TextSpans masks a text, and returns which parts of the masked text are pseudonyms, in order.
func (m *Masker) TextSpans(text string) (string, []Span) {
	if text == "" {
		return "", nil
	}
	v := newView(text)
	known, ok := m.known.find(v)
	if !ok {
		masked := m.key.pseudonym(Value, text)
		return masked, []Span{{0, len(masked)}}
	}
	return m.replace(v, m.resolve(v, known))
}

// resolve returns the parts of a text that are masked, in order: the values of its session, and what has the form of
// personal data, where that is not a part of the other.
func (m *Masker) resolve(v *view, known []span) []span {
	patterns := m.patterns(v, 0, len(v.runes))
	if len(known) == 0 {
		return patterns
	}
	var all []span
	again := false
	at := 0
	var kept []span
	for _, p := range patterns {
		for at < len(known) && known[at].to <= p.from {
			kept = append(kept, known[at])
			at++
		}
		end, inside, whole := at, true, false
		for end < len(known) && known[end].from < p.to {
			k := known[end]
			whole = whole || k.digits >= minPhone && (p.kind == Phone || p.kind == Number) // a number of its own
			inside = inside && p.contains(k) && !whole && (k.from > p.from || k.to < p.to)
			end++
		}
		switch {
		case end == at:
			all = append(all, p)
		case inside:
			all = append(all, p)
			at = end
		default:
			again = true
			if !whole {
				all = append(all, v.without(p, known[at:end])...)
			}
		}
	}
	kept = append(kept, known[at:]...)
	all = append(all, kept...)
	slices.SortFunc(all, func(a, b span) int { return a.from - b.from })
	if !again {
		return all
	}

	// What is left of a pattern beside a value may be one itself.
	var filled []span
	from := 0
	for _, s := range all {
		if from < s.from {
			filled = append(filled, m.patterns(v, from, s.from)...)
		}
		filled = append(filled, s)
		from = s.to
	}
	return append(filled, m.patterns(v, from, len(v.runes))...)
}

// without returns what is left of a pattern beside values that stand in it or go beyond it. It is masked as well: a
// part of an address, a query string or a phone number may not have that form itself.
func (v *view) without(p span, values []span) []span {
	var left []span
	from := p.from
	for i := range len(values) + 1 {
		to := p.to
		if i < len(values) {
			to = values[i].from
		}
		part := span{from: from, to: max(from, to), kind: p.kind}
		if p.kind == Phone || p.kind == Number {
			part = v.digitsWithin(part.from, part.to)
		} else if part.from < part.to {
			part.compared = v.text[v.start[part.from]:v.end[part.to-1]]
		}
		if part.from < part.to {
			left = append(left, part)
		}
		if i < len(values) {
			from = values[i].to
		}
	}
	return left
}

// digitsWithin returns the number that stands in a part of a text from its first digit to its last one.
func (v *view) digitsWithin(from, to int) span {
	for from < to && !isDigit(v.runes[from]) {
		from++
	}
	for from < to && !isDigit(v.runes[to-1]) {
		to--
	}
	digits := slices.DeleteFunc(slices.Clone(v.runes[from:to]), func(r rune) bool { return !isDigit(r) })
	number := span{from: from, to: to, kind: Number, compared: string(digits), digits: len(digits)}
	if minPhone <= number.digits && number.digits <= maxPhone {
		number.kind = Phone
	}
	return number
}

// patterns returns the patterns in a part of a text.
func (m *Masker) patterns(v *view, from, to int) []span {
	part := v.slice(from, to)
	bare := part.withoutMarks()
	found := bare.patterns(func(number string) bool {
		_, ok := e164(number, m.callee.region)
		return ok
	})
	if bare != part {
		widen(found, bare, part)
	}
	for i := range found {
		found[i].from += from
		found[i].to += from
	}
	return found
}

// widen changes the places of spans from those without combining marks to those with them.
func widen(found []span, bare, part *view) {
	place := make([]int, 0, len(bare.runes))
	for i, r := range part.runes {
		if !isMark(r) {
			place = append(place, i)
		}
	}
	for i := range found {
		found[i].from = place[found[i].from]
		end := place[found[i].to-1] + 1
		for end < len(part.runes) && isMark(part.runes[end]) {
			end++
		}
		found[i].to = end
	}
}

// replace puts pseudonyms in the place of spans.
func (m *Masker) replace(v *view, spans []span) (string, []Span) {
	if len(spans) == 0 {
		return v.text, nil
	}
	var masked strings.Builder
	var shown []Span
	pseudonyms := map[string]string{}
	at := 0
	for _, s := range spans {
		from, to := int(v.start[s.from]), int(v.end[s.to-1])
		if from < at { // one character of the text stands for the end of one span and the start of the next
			from = at
		}
		masked.WriteString(v.text[at:from])
		begin := masked.Len()
		masked.WriteString(m.pseudonymOf(s, pseudonyms))
		shown = append(shown, Span{begin, masked.Len()})
		at = max(at, to)
	}
	masked.WriteString(v.text[at:])
	return masked.String(), shown
}

func (m *Masker) pseudonymOf(s span, made map[string]string) string {
	switch {
	case m.key == nil:
		return Blank
	}
	place := string(s.kind) + s.compared
	switch {
	case made[place] != "":
	case s.known:
		made[place] = m.Value(s.compared)
	default:
		compared := s.compared
		if s.kind == Phone {
			compared = m.phoneDigits(compared)
		}
		made[place] = m.key.pseudonym(s.kind, compared)
	}
	return made[place]
}
