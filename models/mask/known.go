package mask

import (
	"hash/maphash"
	"math/bits"
	"slices"
	"sort"
	"strings"
	"unicode"
)

// knownValue is a value of a session, which is looked for in the session's texts.
type knownValue struct {
	text   string // as it was sent
	runes  []rune // as it is compared
	digits int
}

// knownValues finds values in texts: the longest first, by hashes of all values of one length.
type knownValues struct {
	values  []knownValue
	byText  map[string]int         // the place in values
	lengths []int                  // longest first
	places  map[int]map[uint64]int // the first in values, by length and hash
	first   map[rune]bool          // that a value begins with
	seen    map[string]bool
	base    uint64
	// anyLength says that values of any length are looked for.
	anyLength bool
}

func newKnownValues() *knownValues {
	return &knownValues{
		byText: map[string]int{}, places: map[int]map[uint64]int{}, first: map[rune]bool{}, seen: map[string]bool{},
		base: maphash.Bytes(maphash.MakeSeed(), nil)%(modulus-1024) + 512,
	}
}

// Numbers of letters and digits from which on a value is looked for in texts.
const (
	minSpaceless = 2
	minLetters   = 3
	minDigits    = 4
)

// add adds a value, unless it is too short or known.
func (k *knownValues) add(text string) {
	if k.seen[text] {
		return
	}
	k.seen[text] = true
	v := newView(text)
	from, to := 0, len(v.runes)
	for from < to && unicode.IsSpace(v.runes[from]) {
		from++
	}
	for from < to && unicode.IsSpace(v.runes[to-1]) {
		to--
	}
	value := knownValue{text: text, runes: v.runes[from:to]}
	letters, spaceless := 0, 0
	for _, r := range value.runes {
		switch {
		case isDigit(r):
			value.digits++
		case isSpaceless(r):
			spaceless++
			letters++
		case isLetter(r):
			letters++
		}
	}
	short := spaceless < minSpaceless && letters < minLetters && value.digits < minDigits
	if len(value.runes) == 0 || short && !k.anyLength {
		return
	}

	hash := uint64(0)
	for _, r := range value.runes {
		hash = k.next(hash, r)
	}
	length := len(value.runes)
	if k.places[length] == nil {
		k.places[length] = map[uint64]int{}
		at := sort.Search(len(k.lengths), func(i int) bool { return k.lengths[i] < length })
		k.lengths = slices.Insert(k.lengths, at, length)
	}
	if _, twice := k.places[length][hash]; !twice {
		k.places[length][hash] = len(k.values)
	}
	trimmed := strings.TrimSpace(text)
	if _, twice := k.byText[trimmed]; !twice || text == trimmed {
		k.byText[trimmed] = len(k.values)
	}
	k.values = append(k.values, value)
	k.first[value.runes[0]] = true
}

// maxComparisons bounds the work on one text. Only values that are made to exceed it do.
const maxComparisons = 200_000_000

// find returns where values stand in a text, in order; ok is false where that takes too long.
func (k *knownValues) find(v *view) (found []span, ok bool) {
	var starts []int
	for i, r := range v.runes {
		if k.first[r] && v.beginsAt(i) {
			starts = append(starts, i)
		}
	}
	if len(starts) == 0 {
		return nil, true
	}
	if len(starts)*len(k.lengths) > maxComparisons {
		return nil, false
	}

	hashes := make([]uint64, len(v.runes)+1)
	for i, r := range v.runes {
		hashes[i+1] = k.next(hashes[i], r)
	}
	taken := make([]bool, len(v.runes))
	for _, length := range k.lengths {
		power, places := k.power(length), k.places[length]
		for _, from := range starts {
			to := from + length
			// What was taken before is longer, so that it holds an end of what it overlaps.
			if to > len(v.runes) || taken[from] || taken[to-1] || !v.endsAt(to) {
				continue
			}
			hash := reduce(hashes[to] + modulus - multiply(hashes[from], power))
			place, hit := places[hash]
			if !hit {
				continue
			}
			value := k.at(place, v, from, to)
			if value == nil {
				continue
			}
			for i := from; i < to; i++ {
				taken[i] = true
			}
			found = append(found, span{
				from: from, to: to, compared: value.text, digits: value.digits, known: true,
			})
		}
	}
	slices.SortFunc(found, func(a, b span) int { return a.from - b.from })
	return found, true
}

// at returns the value that stands at a place: of those that differ by case alone the one that equals the text, or
// else the first.
func (k *knownValues) at(place int, v *view, from, to int) *knownValue {
	first := &k.values[place]
	if !slices.Equal(first.runes, v.runes[from:to]) {
		return nil
	}
	if same, ok := k.byText[v.text[v.start[from]:v.end[to-1]]]; ok && slices.Equal(k.values[same].runes, first.runes) {
		return &k.values[same]
	}
	return first
}

// Hashes are polynomials over a prime field, of an unknown base.
const modulus = 1<<61 - 1

func (k *knownValues) next(hash uint64, r rune) uint64 {
	return reduce(multiply(hash, k.base) + uint64(r) + 1)
}

func (k *knownValues) power(n int) uint64 {
	power, square := uint64(1), k.base
	for ; n > 0; n >>= 1 {
		if n&1 == 1 {
			power = multiply(power, square)
		}
		square = multiply(square, square)
	}
	return power
}

func multiply(a, b uint64) uint64 {
	hi, lo := bits.Mul64(a, b)
	return reduce(lo&modulus + (lo>>61 | hi<<3))
}

func reduce(n uint64) uint64 {
	if n >= modulus {
		n -= modulus
	}
	if n >= modulus {
		n -= modulus
	}
	return n
}
