package ingest

import (
	"crypto/sha256"
	"crypto/subtle"
)

// Keys are what the address of a notification has to name one of: POST /ingest/KEY. Without any, none is needed.
type Keys struct{ hashes [][sha256.Size]byte }

// NewKeys returns the keys of a server.
func NewKeys(keys []string) Keys {
	hashes := make([][sha256.Size]byte, len(keys))
	for i, key := range keys {
		hashes[i] = sha256.Sum256([]byte(key))
	}
	return Keys{hashes}
}

// Required reports whether there are keys.
func (k Keys) Required() bool { return len(k.hashes) > 0 }

// Accept reports whether a key is one of them. The time that it takes says nothing about them.
func (k Keys) Accept(key string) bool {
	given, found := sha256.Sum256([]byte(key)), 0
	for _, hash := range k.hashes {
		found |= subtle.ConstantTimeCompare(given[:], hash[:])
	}
	return found == 1 || !k.Required()
}
