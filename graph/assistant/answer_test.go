package assistant

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"sessiongraph/models"
)

func TestCursorsBelongToACall(t *testing.T) {
	cursor := Place{3, 70_000}.Cursor(`tool{"a":1}`)
	if place, err := OpenCursor(cursor, `tool{"a":1}`); err != nil || place != (Place{3, 70_000}) {
		t.Errorf("got %v, error %v", place, err)
	}
	if place, err := OpenCursor("", "tool"); err != nil || place != (Place{}) {
		t.Errorf("the empty cursor is %v, error %v", place, err)
	}
	for _, text := range []string{cursor + "A", cursor[:4], "!", "AAAA", Place{1, 1}.Cursor("tool")} {
		if _, err := OpenCursor(text, `tool{"a":1}`); !errors.Is(err, ErrCursor) {
			t.Errorf("%q: error %v", text, err)
		}
	}
}

func TestAnswersAreCutBetweenElements(t *testing.T) {
	for name, test := range map[string]struct{ data, before, after string }{
		"a list":         {`{"a":[{"b":1},{"b":2}]}`, `{"a":[`, `]}`},
		"a connection":   {`{"a":{"count":3,"nodes":[1,2],"n":{}}}`, `{"a":{"count":3,"nodes":[`, `],"n":{}}}`},
		"an object":      {`{"a":{"b":1}}`, "", ""},
		"several fields": {`{"a":[1],"b":[2]}`, "", ""},
		"several lists":  {`{"a":{"nodes":[1],"edges":[2]}}`, "", ""},
		"null":           {`{"a":null}`, "", ""},
		"an empty list":  {`{"a":[]}`, `{"a":[`, `]}`},
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
			whole, part, next := take(items, *from, 2000)
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
