package body_test

import (
	"bytes"
	"math/rand/v2"
	"os"
	"testing"

	"github.com/klauspost/compress/zstd"

	"sessiongraph/internal/simulate"
	"sessiongraph/models/store/body"
)

const maxSize = 16 << 20

func newCodec(t testing.TB) *body.Codec {
	t.Helper()
	codec, err := body.NewCodec(maxSize)
	if err != nil {
		t.Fatal(err)
	}
	return codec
}

func TestRestoresEveryByte(t *testing.T) {
	codec := newCodec(t)
	noise := make([]byte, 300_000)
	for i := range noise {
		noise[i] = byte(rand.IntN(256))
	}
	for name, sent := range map[string][]byte{
		"empty": {}, "one byte": {0}, "not JSON": []byte("\xff\xfe{"), "noise": noise,
		"repeats": bytes.Repeat([]byte("ha"), 1<<20), "invented": simulate.New(7).Notification(3),
	} {
		got, err := codec.Restore(nil, codec.Compress(nil, sent))
		if err != nil || !bytes.Equal(got, sent) {
			t.Errorf("%s: %d bytes come back as %d, %v", name, len(sent), len(got), err)
		}
	}
}

// Bodies of the first versions were compressed without a dictionary.
func TestRestoresBodiesWithoutDictionary(t *testing.T) {
	encoder, err := zstd.NewWriter(nil)
	if err != nil {
		t.Fatal(err)
	}
	sent := simulate.New(7).Notification(1)
	got, err := newCodec(t).Restore(nil, encoder.EncodeAll(sent, nil))
	if err != nil || !bytes.Equal(got, sent) {
		t.Errorf("got %d bytes of %d, %v", len(got), len(sent), err)
	}
}

// A released dictionary never changes: a body of its time has to stay readable.
func TestRestoresBodiesOfDictionary1(t *testing.T) {
	compressed, err := os.ReadFile("testdata/body-of-dictionary-1.zst")
	if err != nil {
		t.Fatal(err)
	}
	want, err := os.ReadFile("testdata/body-of-dictionary-1.json")
	if err != nil {
		t.Fatal(err)
	}
	if got, err := newCodec(t).Restore(nil, compressed); err != nil || !bytes.Equal(got, want) {
		t.Errorf("got %q, %v", got, err)
	}
}

func TestCompressesNotifications(t *testing.T) {
	codec, generator := newCodec(t), simulate.New(1)
	var sent, kept int
	for n := range 500 {
		notification := generator.Notification(n)
		sent += len(notification)
		kept += len(codec.Compress(nil, notification))
	}
	if share := float64(kept) / float64(sent); share > 0.2 {
		t.Errorf("bodies take %.3f of their JSON, want at most 0.2", share)
	}
}

func TestRestoreRefusesWhatItDidNotWrite(t *testing.T) {
	codec := newCodec(t)
	large, err := zstd.NewWriter(nil)
	if err != nil {
		t.Fatal(err)
	}
	for name, compressed := range map[string][]byte{
		"text":      []byte("not compressed"),
		"cut":       codec.Compress(nil, bytes.Repeat([]byte("abc "), 100))[:10],
		"too large": large.EncodeAll(make([]byte, maxSize+1), nil),
	} {
		if _, err := codec.Restore(nil, compressed); err == nil {
			t.Errorf("%s: restored without an error", name)
		}
	}
}

func FuzzRestore(f *testing.F) {
	codec := newCodec(f)
	f.Add(codec.Compress(nil, []byte(`{"call_id":"a"}`)))
	f.Fuzz(func(t *testing.T, sent []byte) {
		if got, err := codec.Restore(nil, codec.Compress(nil, sent)); err != nil || !bytes.Equal(got, sent) {
			t.Errorf("%q comes back as %q, %v", sent, got, err)
		}
		_, _ = codec.Restore(nil, sent)
	})
}

func BenchmarkCompress(b *testing.B) {
	codec, notification := newCodec(b), simulate.New(1).Notification(1)
	b.SetBytes(int64(len(notification)))
	var buffer []byte
	for b.Loop() {
		buffer = codec.Compress(buffer[:0], notification)
	}
}

func BenchmarkRestore(b *testing.B) {
	codec, notification := newCodec(b), simulate.New(1).Notification(1)
	compressed := codec.Compress(nil, notification)
	b.SetBytes(int64(len(notification)))
	var buffer []byte
	for b.Loop() {
		buffer, _ = codec.Restore(buffer[:0], compressed)
	}
}
