package model

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"strings"

	"sessiongraph/models"
)

// Codec seals cursors and the ids of contacts: without the key their values cannot be read
// and no others can be made. It is a synthetic-IV construction (RFC 5297 with
// HMAC-SHA-256 in place of CMAC), so that one text has one seal.
type Codec struct {
	mac   []byte
	block cipher.Block
}

// NewCodec returns the codec of a database's key.
func NewCodec(key []byte) *Codec {
	block, err := aes.NewCipher(deriveKey(key, "encrypt"))
	if err != nil {
		panic(err) // a SHA-256 has the length of an AES-256 key
	}
	return &Codec{deriveKey(key, "authenticate"), block}
}

func deriveKey(key []byte, purpose string) []byte {
	mac := hmac.New(sha256.New, key)
	_, _ = mac.Write([]byte("sessiongraph cursors: " + purpose))
	return mac.Sum(nil)
}

// The kinds of sealed texts. One kind does not open as another.
const (
	sealedPlace   = "place"
	sealedEvent   = "event"
	sealedContact = "contact"
	sealedName    = "name"
)

func (c *Codec) tag(kind string, plain []byte) [aes.BlockSize]byte {
	mac := hmac.New(sha256.New, c.mac)
	_, _ = mac.Write([]byte(kind))
	_, _ = mac.Write([]byte{0})
	_, _ = mac.Write(plain)
	return [aes.BlockSize]byte(mac.Sum(nil))
}

func (c *Codec) seal(kind string, plain []byte) string {
	tag := c.tag(kind, plain)
	sealed := append(tag[:], plain...)
	cipher.NewCTR(c.block, tag[:]).XORKeyStream(sealed[len(tag):], plain)
	return base64.RawURLEncoding.EncodeToString(sealed)
}

// open returns what was sealed as that kind by this key, and false for anything else.
func (c *Codec) open(kind, text string) ([]byte, bool) {
	sealed := []byte(decodeOpaque(text))
	if len(sealed) < aes.BlockSize {
		return nil, false
	}
	plain := make([]byte, len(sealed)-aes.BlockSize)
	cipher.NewCTR(c.block, sealed[:aes.BlockSize]).XORKeyStream(plain, sealed[aes.BlockSize:])
	tag := c.tag(kind, plain)
	return plain, hmac.Equal(tag[:], sealed[:aes.BlockSize])
}

// List identifies a list that has cursors: its field, its parent ("" at the root) and its
// order ("" if there is only one). Its filter may differ.
type List struct{ Field, Parent, Order string }

// prefix returns the first bytes of the list's cursors.
func (c *Codec) prefix(list List) [16]byte {
	var prefix [16]byte
	for i, part := range []string{list.Field, list.Order} {
		tag := c.tag(sealedName, []byte(part))
		copy(prefix[4*i:4*i+4], tag[:])
	}
	tag := c.tag(sealedName, []byte(list.Parent))
	copy(prefix[8:], tag[:])
	return prefix
}

// Cursors are the cursors of one list.
type Cursors struct {
	codec  *Codec
	prefix [16]byte
}

// Cursors returns the cursors of a list.
func (c *Codec) Cursors(list List) Cursors { return Cursors{c, c.prefix(list)} }

// Seal returns the cursor of a place: the parts of its key, each an int64, int or string.
func (c Cursors) Seal(key ...any) string {
	plain := append(make([]byte, 0, 64), c.prefix[:]...)
	for _, part := range key {
		switch part := part.(type) {
		case int64:
			plain = binary.BigEndian.AppendUint64(plain, uint64(part))
		case int:
			plain = binary.BigEndian.AppendUint64(plain, uint64(part))
		case string:
			plain = appendPadded(plain, part)
		}
	}
	return c.codec.seal(sealedPlace, plain)
}

// Open reads the cursor that an argument has into the parts of its key, each an *int64,
// *int or *string. Its error names the part of the list that differs.
func (c Cursors) Open(argument, cursor string, key ...any) error {
	rest, err := c.opened(argument, cursor, true)
	if err != nil {
		return err
	}

	for _, part := range key {
		if text, ok := part.(*string); ok {
			*text, rest, err = cutPadded(rest)
		} else if len(rest) < 8 {
			err = errors.New("too short")
		} else {
			value := int64(binary.BigEndian.Uint64(rest))
			rest = rest[8:]
			switch part := part.(type) {
			case *int64:
				*part = value
			case *int:
				*part = int(value)
			}
		}
		if err != nil {
			return notACursor(argument)
		}
	}

	if len(rest) > 0 {
		return notACursor(argument)
	}
	return nil
}

// Check returns the error of a cursor that no list of this field and order has returned,
// whatever the parent.
func (c Cursors) Check(argument, cursor string) error {
	_, err := c.opened(argument, cursor, false)
	return err
}

// opened returns the key of a cursor.
func (c Cursors) opened(argument, cursor string, parent bool) ([]byte, error) {
	plain, ok := c.codec.open(sealedPlace, cursor)
	switch {
	case !ok || len(plain) < len(c.prefix):
		return nil, notACursor(argument)
	case [4]byte(plain[:4]) != [4]byte(c.prefix[:4]):
		return nil, models.InputErrorf("%s is a cursor of another list: pass one that this field returned", argument)
	case [4]byte(plain[4:8]) != [4]byte(c.prefix[4:8]):
		return nil, models.InputErrorf("%s is a cursor of another order: keep orderBy while you page", argument)
	case parent && [8]byte(plain[8:16]) != [8]byte(c.prefix[8:]):
		return nil, models.InputErrorf(
			"%s is a cursor of another parent's list: pass one that this contact or intention returned", argument)
	}
	return plain[len(c.prefix):], nil
}

func notACursor(argument string) error {
	return models.InputErrorf("%s is not a cursor of this database's lists: pass one that this field returned",
		argument)
}

// padding hides the length of a text.
const padding = 16

// appendPadded appends a text with its length, zeros behind it.
func appendPadded(to []byte, text string) []byte {
	start := len(to)
	to = binary.BigEndian.AppendUint32(to, uint32(len(text)))
	to = append(to, text...)
	for (len(to)-start)%padding != 0 {
		to = append(to, 0)
	}
	return to
}

func cutPadded(from []byte) (text string, rest []byte, err error) {
	if len(from) >= 4 {
		length := int(binary.BigEndian.Uint32(from))
		padded := (4 + length + padding - 1) / padding * padding
		if padded <= len(from) {
			return string(from[4 : 4+length]), from[padded:], nil
		}
	}
	return "", nil, errors.New("too short")
}

// decodeOpaque returns the text of a cursor or an id, "" if it is invalid.
func decodeOpaque(s string) string {
	b, err := base64.RawURLEncoding.Strict().DecodeString(s)
	if err != nil || strings.ContainsAny(s, "\r\n") { // line breaks are skipped by the decoder
		return ""
	}
	return string(b)
}
