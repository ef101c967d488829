// Package body compresses the bodies of the ledger. Every body comes back byte for byte.
//
// Bodies are compressed with a dictionary of AIRudder's field names and of phrases that simulate invents:
// notifications are short and resemble each other, so most of a body stands in the dictionary already. A dictionary
// never holds a customer's words, which would outlast their erasure.
package body

import (
	"embed"
	"fmt"

	"github.com/klauspost/compress/zstd"
)

// Dictionaries are numbered, and each frame names the one that it needs, so that a body written by an earlier version
// stays readable. A released dictionary never changes: a better one gets the next number.
//
//go:embed dictionaries/1.zstd
var dictionaries embed.FS

// newest is the dictionary that bodies are written with.
const newest = 1

// FirstID is what zstd adds to a dictionary's number: smaller ids are reserved for registered dictionaries.
const FirstID = 1 << 15

// Codec compresses bodies and restores them. It is safe for concurrent use.
type Codec struct {
	encoder *zstd.Encoder
	decoder *zstd.Decoder
}

// NewCodec prepares the dictionaries. maxSize bounds a restored body, in bytes.
func NewCodec(maxSize uint64) (*Codec, error) {
	var all [][]byte
	for number := 1; number <= newest; number++ {
		dictionary, err := dictionaries.ReadFile(fmt.Sprintf("dictionaries/%d.zstd", number))
		if err != nil {
			return nil, fmt.Errorf("read dictionary %d: %w", number, err)
		}
		all = append(all, dictionary)
	}

	encoder, err := zstd.NewWriter(nil, zstd.WithEncoderLevel(zstd.SpeedFastest), zstd.WithEncoderCRC(false),
		zstd.WithEncoderDict(all[newest-1]))
	if err != nil {
		return nil, fmt.Errorf("make compressor: %w", err)
	}
	decoder, err := zstd.NewReader(nil, zstd.WithDecoderConcurrency(0), zstd.WithDecoderMaxMemory(maxSize),
		zstd.WithDecoderDicts(all...))
	if err != nil {
		return nil, fmt.Errorf("make decompressor: %w", err)
	}
	return &Codec{encoder, decoder}, nil
}

// Compress appends the compressed body to dst.
func (c *Codec) Compress(dst, body []byte) []byte { return c.encoder.EncodeAll(body, dst) }

// Restore appends the body that Compress was given to dst. Bodies compressed without a dictionary are restored, too.
func (c *Codec) Restore(dst, compressed []byte) ([]byte, error) {
	body, err := c.decoder.DecodeAll(compressed, dst)
	if err != nil {
		return nil, fmt.Errorf("decompress body: %w", err)
	}
	return body, nil
}
