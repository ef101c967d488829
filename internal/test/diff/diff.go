// Package diff compares decoded JSON values.
package diff

import (
	"encoding/json"
	"math"

	"github.com/google/go-cmp/cmp"
)

// JSON returns where a decoded JSON value differs from the wanted one, in which a matcher
// may stand for a value; "" for nowhere. Numbers compare as they are written.
func JSON(want, got any) string { return cmp.Diff(want, got, matching) }

// matcher stands for several values.
type matcher interface{ matches(got any) bool }

// matching compares a matcher with a value. Package cmp wants it to be symmetric.
var matching = cmp.FilterValues(
	func(x, y any) bool { return isMatcher(x) || isMatcher(y) },
	cmp.Comparer(func(x, y any) bool {
		if m, ok := x.(matcher); ok {
			return m.matches(y)
		}
		m, ok := y.(matcher)
		return ok && m.matches(x)
	}),
)

func isMatcher(value any) bool {
	_, ok := value.(matcher)
	return ok
}

// Anything stands for any text but the empty one.
type Anything struct{}

func (Anything) matches(got any) bool {
	text, ok := got.(string)
	return ok && text != ""
}

// AtLeast stands for itself and the larger whole numbers.
type AtLeast int64

func (a AtLeast) matches(got any) bool {
	number, _ := got.(json.Number)
	value, err := number.Int64()
	return err == nil && value >= int64(a)
}

// Float stands for a number however it is written.
type Float float64

func (f Float) matches(got any) bool {
	number, _ := got.(json.Number)
	value, err := number.Float64()
	return err == nil && math.Abs(value-float64(f)) <= 1e-12*math.Abs(float64(f))
}
