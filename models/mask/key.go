// Package mask replaces personal data by pseudonyms: values, texts, and the JSON of notifications.
package mask

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base32"
	"strings"
)

// Version is that of the masks. What databases store of them is made again where it was made with another: change it
// with whatever changes a pseudonym, or what is masked of a text.
const Version = 3

// Kind is what a masked value is. A pseudonym begins with it.
type Kind string

// The kinds of values. A value's kind follows from the value alone.
const (
	Phone  Kind = "phone"
	Email  Kind = "email"
	Link   Kind = "link" // a link, or the query string of one
	Number Kind = "number"
	Value  Kind = "value" // any other text
)

// Key makes pseudonyms. Without it nobody can tell which value one stands for. A nil one makes Blank of each value.
type Key []byte

// Blank is in the place of what is masked where no pseudonyms are wanted: no word of a search has it.
const Blank = "\n"

// Crockford's alphabet of base32, and the number of its characters that hold 80 bits.
const (
	alphabet = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
	digits   = 16
)

// pseudonym returns the pseudonym of a value in the form in which values of that kind are compared.
func (k Key) pseudonym(kind Kind, value string) string {
	if k == nil {
		return Blank
	}
	mac := hmac.New(sha256.New, k)
	mac.Write([]byte(kind))
	mac.Write([]byte{0})
	mac.Write([]byte(value))
	sum := mac.Sum(nil)[:digits*5/8]
	return string(kind) + ":" + base32.NewEncoding(alphabet).WithPadding(base32.NoPadding).EncodeToString(sum)
}

// WellFormed reports whether a text has the form of a pseudonym.
func WellFormed(text string) bool {
	kind, rest, _ := strings.Cut(text, ":")
	switch Kind(kind) {
	case Phone, Email, Link, Number, Value:
		return len(rest) == digits && strings.Trim(rest, alphabet) == ""
	default:
		return false
	}
}
