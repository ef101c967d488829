package mask

import "strings"

// Values are values of one session, which are looked for in its texts. Unlike those of a Masker they may have any
// length.
type Values struct{ known *knownValues }

// NewValues returns the values of a list.
func NewValues(list []string) *Values {
	known := newKnownValues()
	known.anyLength = true
	for _, value := range list {
		known.add(value)
	}
	return &Values{known}
}

// find returns where the values stand in a text: nowhere, where it takes too long to find out.
func (k *Values) find(v *view) []span {
	found, ok := k.known.find(v)
	if !ok {
		return nil
	}
	for i := range found {
		found[i].known = false
	}
	return found
}

// Parts returns what of a text stands outside of the values, in order: one part more than values stand in it. Masked
// are the parts of the masked text, nil where they are the same. Where a value is but a part of what is masked, that
// has its pseudonym.
func (m *Masker) Parts(text string, values *Values) (clear, masked []string) {
	v := newView(text)
	found := values.find(v)
	clear = m.between(v, found)
	known, ok := m.known.find(v)
	if !ok {
		return clear, []string{m.key.pseudonym(Value, text)}
	}
	spans, same := outside(found, m.resolve(v, known))
	if same {
		return clear, nil
	}
	return clear, m.between(v, spans)
}

// ofValues reports whether a span was found by Values.
func (s span) ofValues() bool { return s.kind == "" && !s.known }

// outside returns, in order, the values that stand in a text and what is masked beside them. It is the same as the
// values where nothing is.
func outside(values, masked []span) (all []span, same bool) {
	same = true
	at := 0
	for _, value := range values {
		for at < len(masked) && masked[at].to <= value.from {
			all, same = append(all, masked[at]), false
			at++
		}
		end, whole := at, true
		for ; end < len(masked) && masked[end].from < value.to; end++ {
			whole = whole && value.contains(masked[end])
		}
		if whole {
			all = append(all, value)
			at = end
		}
	}
	return append(all, masked[at:]...), same && at == len(masked)
}

// between returns the parts of a text between values, with pseudonyms in place of other spans.
func (m *Masker) between(v *view, spans []span) []string {
	var parts []string
	var part strings.Builder
	pseudonyms := map[string]string{}
	at := 0
	for _, s := range spans {
		from, to := max(at, int(v.start[s.from])), int(v.end[s.to-1])
		part.WriteString(v.text[at:from])
		if s.ofValues() {
			parts = append(parts, part.String())
			part.Reset()
		} else {
			part.WriteString(m.pseudonymOf(s, pseudonyms))
		}
		at = max(at, to)
	}
	part.WriteString(v.text[at:])
	return append(parts, part.String())
}
