package render

import (
	"bytes"
	"context"
	"math"
	"testing"

	"github.com/99designs/gqlgen/graphql"
)

func FuzzStringsAreWrittenAsByGqlgen(f *testing.F) {
	for _, text := range []string{"", "plain", "\"\\/\b\f\n\r\t", "\x00\x1f\x7f\u0080", "é你👋\u2028<>&",
		"\xff\xfea\xed\xa0\x80", "ends in \\"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		var want bytes.Buffer
		graphql.MarshalString(text).MarshalGQL(&want)
		if got := appendString(nil, text); !bytes.Equal(got, want.Bytes()) {
			t.Errorf("got %q, want %q", got, want.Bytes())
		}
	})
}

func TestNumbersAreWrittenAsByGqlgen(t *testing.T) {
	for _, number := range []float64{0, math.Copysign(0, -1), 1, -1.5, 0.1, 1.0 / 3, 100000, 999999, 1e6, 1234567,
		1e20, 1e21, 1e22, 1e-4, 1e-5, math.MaxFloat64, math.SmallestNonzeroFloat64} {
		var want bytes.Buffer
		if err := graphql.MarshalFloatContext(number).MarshalGQLContext(context.Background(), &want); err != nil {
			t.Fatal(err)
		}
		w := &Writer{}
		if w.Float(number); !bytes.Equal(w.Buffer, want.Bytes()) {
			t.Errorf("got %s, want %s", w.Buffer, want.Bytes())
		}
	}
	for _, number := range []int64{0, -1, math.MinInt32, math.MaxInt64} {
		var want bytes.Buffer
		graphql.MarshalInt64(number).MarshalGQL(&want)
		w := &Writer{}
		if w.Int(number); !bytes.Equal(w.Buffer, want.Bytes()) {
			t.Errorf("got %s, want %s", w.Buffer, want.Bytes())
		}
	}
}
