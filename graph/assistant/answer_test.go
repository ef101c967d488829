package assistant

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"sessiongraph/models"
)

// An answer goes on only where all that was sent is what it has there.
func TestPlacesBelongToAnAnswer(t *testing.T) {
	items := []string{"first", "second", strings.Repeat("third ", 100)}
	_, _, second, err := take(items, Place{}, len("first")+4)
	if err != nil || second.Item != 1 || second.Offset != 0 {
		t.Fatalf("the second part begins at %v, error %v", second, err)
	}
	within := *placeIn(items, 2, 10)
	for name, test := range map[string]struct {
		items []string
		from  Place
	}{
		"an item in front":       {append([]string{"new"}, items...), *second},
		"an item less":           {items[1:], *second},
		"another first item":     {[]string{"other", "second"}, *second},
		"nothing more":           {items[:1], *second},
		"nothing":                {nil, *second},
		"another text":           {[]string{"first", "second", "other" + items[2]}, within},
		"a shorter text":         {[]string{"first", "second", "third"}, within},
		"the same bytes":         {[]string{"firs", "tsecond", items[2]}, within},
		"a place of another one": {items, Place{1, 0, within.Sent}},
	} {
		if _, _, _, err := take(test.items, test.from, 1000); !errors.Is(err, ErrChanged) {
			t.Errorf("%s: error %v", name, err)
		}
	}
	items[2] += "and more"
	for _, from := range []Place{*second, within} {
		if _, _, _, err := take(items, from, 1000); err != nil {
			t.Errorf("what follows has changed: %v", err)
		}
	}
}

func TestAnswersAreCutBetweenElements(t *testing.T) {
	long := strings.Repeat("x", maxAround)
	for name, test := range map[string]struct{ data, before, after string }{
		"a list":           {`{"a":[{"b":1},{"b":2}]}`, `{"a":[`, `]}`},
		"a connection":     {`{"a":{"count":3,"nodes":[1,2],"n":{}}}`, `{"a":{"count":3,"nodes":[`, `],"n":{}}}`},
		"an object":        {`{"a":{"b":1}}`, "", ""},
		"several fields":   {`{"a":[1],"b":[2]}`, "", ""},
		"several lists":    {`{"a":{"nodes":[1],"edges":[2]}}`, "", ""},
		"null":             {`{"a":null}`, "", ""},
		"an empty list":    {`{"a":[]}`, `{"a":[`, `]}`},
		"a list in a text": {`{"a":{"b":"[1,2]","nodes":[1,2]}}`, `{"a":{"b":"[1,2]","nodes":[`, `]}}`},
		"much in front":    {`{"a":{"b":"` + long + `","nodes":[1]}}`, "", ""},
		"much behind":      {`{"a":{"nodes":[],"b":"` + long + `"}}`, "", ""},
	} {
		before, items, after := splitList(models.JSON(test.data))
		if before != test.before || after != test.after || before+strings.Join(items, ",")+after != test.data {
			t.Errorf("%s: %q, %q, %q", name, before, items, after)
		}
	}
}

// FuzzParts goes on with an answer until its end: the parts are the whole, and each is bounded.
func FuzzParts(f *testing.F) {
	f.Add("a", 3, 50_000)
	f.Add(`"\`, 70, 1000)
	f.Add("長\n\x00<", 2, 40_000)
	f.Fuzz(func(t *testing.T, text string, count, repeats int) {
		text = strings.ToValidUTF8(text, "?")
		count, repeats = max(0, min(count, 100)), max(0, min(repeats, 60_000))
		if text == "" || len(text)*count*repeats > 200<<10 {
			return
		}
		items := make([]string, count)
		for i := range items {
			items[i] = strings.Repeat(text, repeats*i/max(1, count))
		}
		var got strings.Builder
		for from := (&Place{}); from != nil; {
			whole, part, next, err := take(items, *from, 2000)
			if err != nil {
				t.Fatal(err)
			}
			answer := strings.Join(whole, "") + part
			if quoted, _ := json.Marshal(answer); len(quoted) > 2000+len(text)*6 {
				t.Fatalf("an answer has %d bytes", len(quoted))
			}
			if next != nil && *next == *from {
				t.Fatalf("it does not go on at %v", *from)
			}
			got.WriteString(answer)
			from = next
		}
		if got.String() != strings.Join(items, "") {
			t.Error("the parts are not the whole")
		}
	})
}
