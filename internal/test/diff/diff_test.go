package diff_test

import (
	"encoding/json"
	"testing"

	"sessiongraph/internal/test/diff"
)

func TestJSON(t *testing.T) {
	number := func(text string) any { return json.Number(text) }
	for _, test := range []struct {
		want, got any
		same      bool
	}{
		{nil, nil, true},
		{nil, "", false},
		{"a", "a", true},
		{number("1"), number("1"), true},
		{number("1"), number("1.0"), false},
		{number("1"), "1", false},
		{0.1, number("1e-1"), true},
		{0.1, number("0.1001"), false},
		{0.1, "0.1", false},
		{diff.AtLeast(2), number("2"), true},
		{diff.AtLeast(2), number("3"), true},
		{diff.AtLeast(2), number("1"), false},
		{diff.AtLeast(2), nil, false},
		{diff.Anything{}, "x", true},
		{diff.Anything{}, "", false},
		{diff.Anything{}, number("1"), false},
		{map[string]any{"a": diff.Anything{}}, map[string]any{"a": "x"}, true},
		{map[string]any{"a": diff.Anything{}}, map[string]any{"b": "x"}, false},
		{map[string]any{"a": nil}, map[string]any{}, false},
		{map[string]any{}, map[string]any{"a": nil}, false},
		{[]any{diff.AtLeast(1), "b"}, []any{number("1"), "b"}, true},
		{[]any{"a"}, []any{"a", "b"}, false},
		{[]any{}, nil, false},
	} {
		if got := diff.JSON(test.want, test.got); (len(got) == 0) != test.same {
			t.Errorf("%#v and %#v: %q", test.want, test.got, got)
		}
	}
}
