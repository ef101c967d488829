package cli

import (
	"errors"
	"io"
	"strings"
	"testing"
	"testing/iotest"
)

func TestObjectReader(t *testing.T) {
	const most = 40
	for name, test := range map[string]struct {
		in   string
		want []string // objects, and errors with ! in front
	}{
		"nothing":          {"", nil},
		"blanks":           {" \r\n\t\n", nil},
		"lines":            {"{\"a\":1}\n{\"b\":2}\n", []string{`{"a":1}`, `{"b":2}`}},
		"lines of Windows": {"{\"a\":1}\r\n\r\n{\"b\":2}", []string{`{"a":1}`, `{"b":2}`}},
		"end to end":       {`{"a":{"b":[{}]}}{"c":"}{"} {}`, []string{`{"a":{"b":[{}]}}`, `{"c":"}{"}`, `{}`}},
		"pretty-printed": {"{\n  \"a\": [\n    {}\n  ]\n}\n{\n}",
			[]string{"{\n  \"a\": [\n    {}\n  ]\n}", "{\n}"}},
		"without indentation": {"{\n\"a\":\n{\n\"b\":[\n{},\n{}\n]}}",
			[]string{"{\n\"a\":\n{\n\"b\":[\n{},\n{}\n]}}"}},
		"byte order mark": {"\xef\xbb\xbf{}", []string{`{}`}},
		"escapes":         {`{"a\"}":"\\"}{"b":"\\\""}`, []string{`{"a\"}":"\\"}`, `{"b":"\\\""}`}},
		"line without its end": {"{\"a\": \n{\"b\":1}\n{\"c\":2}",
			[]string{"!1: JSON object without its end, or a comma is missing on line 3 (byte 0)",
				`{"b":1}`, `{"c":2}`}},
		"string without its end": {"{\"a\": \"b\n{\"c\":1}",
			[]string{"!1: invalid JSON: line break in a string (byte 8)", `{"c":1}`}},
		"file without its end": {"{\"a\":1}\n{\"b\":",
			[]string{`{"a":1}`, "!2: JSON object without its end (byte 8)"}},
		"invalid": {"{\n\"a\": tru\n}\n{}",
			[]string{"!2: invalid JSON: invalid character '\\n' in literal true (expecting 'e') (byte 10)", `{}`}},
		"brackets of two kinds": {"{\"a\":[}}\n{}",
			[]string{"!1: invalid JSON: invalid character '}' looking for beginning of value (byte 6)", `{}`}},
		"a list": {"[{\"a\":1},\n {\"b\":2}]\n{}",
			[]string{"!1: a JSON list, want objects one after the other (jq -c '.[]' writes them so) (byte 0)", `{}`}},
		"other values": {"null\n\"{\"\n{}\n1",
			[]string{"!1: not a JSON object (byte 0)", `{}`, "!4: not a JSON object (byte 12)"}},
		"too large": {"{}\n{\"a\":\"" + strings.Repeat("x", 100) + "\"}\n{}",
			[]string{`{}`, "!2: more than 40 bytes (byte 3)", `{}`}},
		"just not too large": {`{"a":"` + strings.Repeat("x", most-8) + `"}`,
			[]string{`{"a":"` + strings.Repeat("x", most-8) + `"}`}},
		"in a line of its own": {"{\"a\"\n{\"b\"\n{\"c\"\n",
			[]string{"!1: JSON object without its end, or a comma is missing on line 2 (byte 0)",
				"!2: JSON object without its end, or a comma is missing on line 3 (byte 5)",
				"!3: JSON object without its end (byte 10)"}},
	} {
		t.Run(name, func(t *testing.T) {
			r := newObjectReader(iotest.OneByteReader(strings.NewReader(test.in)), most)
			for _, want := range test.want {
				object, at, err := r.read()
				got := string(object)
				var bad *badValue
				if errors.As(err, &bad) {
					got = "!" + bad.Error()
				} else if err != nil {
					t.Fatal(err)
				} else if !strings.HasPrefix(test.in[at.byte:], got) ||
					at.line != 1+strings.Count(test.in[:at.byte], "\n") {
					t.Errorf("%q does not begin at %+v", got, at)
				}
				if got != want {
					t.Errorf("%q, want %q", got, want)
				}
			}
			if object, _, err := r.read(); !errors.Is(err, io.EOF) {
				t.Errorf("%q, %v at the end", object, err)
			}
		})
	}
}

func FuzzObjectReader(f *testing.F) {
	f.Add("{\"a\": \n{\"b\":1}\n{\"c\":2}")
	f.Add("[{}]\n{\"a\":\"\\\"}\"}{}")
	f.Fuzz(func(t *testing.T, in string) {
		r := newObjectReader(strings.NewReader(in), 1000)
		for range len(in) + 1 {
			object, at, err := r.read()
			if errors.Is(err, io.EOF) {
				return
			}
			if err == nil && !strings.HasPrefix(in[at.byte:], string(object)) {
				t.Fatalf("%q does not begin at byte %d", object, at.byte)
			}
		}
		t.Fatal("it does not end")
	})
}
