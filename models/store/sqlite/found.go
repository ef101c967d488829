package sqlite

import (
	"crypto/sha256"
	"slices"
	"strings"

	"sessiongraph/models/mask"
)

// foundKey is a search of a body, by its hash, and the masks under which its texts are compared.
type foundKey struct {
	body  [sha256.Size]byte
	words string
	masks *mask.Masks
}

// positions is a set of places in a transcript, with a bit for each.
type positions []byte

// messagesWith are the messages that hold all the words.
func messagesWith(texts, words []string) positions {
	var found positions
	for i, text := range texts {
		if slices.ContainsFunc(words, func(word string) bool { return !strings.Contains(text, word) }) {
			continue
		}
		if found == nil {
			found = make(positions, len(texts)/8+1)
		}
		found[i/8] |= 1 << (i % 8)
	}
	return found
}

// has is 1 for a position of the set, and 0 for another, as SQL has them.
func (p positions) has(position int64) int64 {
	if position < 0 || position/8 >= int64(len(p)) {
		return 0
	}
	return int64(p[position/8] >> (position % 8) & 1)
}
