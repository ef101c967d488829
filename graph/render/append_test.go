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

// A list ends with the context, and so do the lists around it.
func TestListsEndWithTheContext(t *testing.T) {
	ctx := graphql.WithResponseContext(t.Context(), graphql.DefaultErrorPresenter, graphql.DefaultRecover)
	ctx, cancel := context.WithCancel(ctx)
	w := &Writer{ctx: ctx, operation: &graphql.OperationContext{}}
	outer, inner := 0, 0
	valid := List(w, nil, make([]int, 1000), false, func(w *Writer, f *Field, _ *int) bool {
		outer++
		return List(w, f, make([]int, 1000), false, func(w *Writer, _ *Field, _ *int) bool {
			if inner++; inner == 5000 {
				cancel()
			}
			return w.Int(1)
		})
	})
	if errs := graphql.GetErrors(ctx); valid || outer > 10 || inner > 10_000 || len(errs) != 2 {
		t.Errorf("valid is %v after %d lists of %d elements, errors %v", valid, outer, inner, errs)
	}
}
