// Package diff compares decoded JSON values.
package diff

import (
	"encoding/json"
	"fmt"
	"maps"
	"math"
	"slices"
)

// Anything stands for a text that is not empty and cannot be foretold.
type Anything struct{}

// AtLeast stands for a whole number that may be larger.
type AtLeast int64

// JSON lists where a decoded JSON value is not what was wanted, by path. Numbers
// compare as they are written, or by value where a float64 is wanted.
func JSON(want, got any) []string { return diff(nil, "", want, got) }

func diff(found []string, path string, want, got any) []string {
	same := want == nil && got == nil
	switch want := want.(type) {
	case map[string]any:
		if got, ok := got.(map[string]any); ok {
			return diffObjects(found, path, want, got)
		}
	case []any:
		if got, ok := got.([]any); ok && len(want) == len(got) {
			for i := range want {
				found = diff(found, fmt.Sprintf("%s[%d]", path, i), want[i], got[i])
			}
			return found
		}
	case float64:
		if number, ok := got.(json.Number); ok {
			value, err := number.Float64()
			same = err == nil && math.Abs(value-want) <= 1e-12*math.Abs(want)
		}
	case AtLeast:
		if number, ok := got.(json.Number); ok {
			value, err := number.Int64()
			same = err == nil && value >= int64(want)
		}
	case Anything:
		text, ok := got.(string)
		same = ok && text != ""
	case string, bool, json.Number:
		same = want == got
	}
	if !same {
		found = append(found, fmt.Sprintf("%s: want %#v, got %#v", path, want, got))
	}
	return found
}

func diffObjects(found []string, path string, want, got map[string]any) []string {
	for _, name := range slices.Sorted(maps.Keys(want)) {
		value, there := got[name]
		if !there {
			found = append(found, fmt.Sprintf("%s.%s: missing", path, name))
			continue
		}
		found = diff(found, path+"."+name, want[name], value)
	}
	for _, name := range slices.Sorted(maps.Keys(got)) {
		if _, wanted := want[name]; !wanted {
			found = append(found, fmt.Sprintf("%s.%s: not expected, got %#v", path, name, got[name]))
		}
	}
	return found
}
