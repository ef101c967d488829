package mask

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
	return found
}

// Parts returns what of a text stands outside of the values, in order: one part more than values stand in it.
func (k *Values) Parts(text string) (parts []string) {
	v := newView(text)
	at := 0
	for _, s := range k.find(v) {
		from, to := max(at, int(v.start[s.from])), int(v.end[s.to-1])
		parts = append(parts, v.text[at:from])
		at = max(at, to)
	}
	return append(parts, v.text[at:])
}
