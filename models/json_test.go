package models

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math"
	"reflect"
	"strings"
	"testing"
	"unicode/utf8"
)

// These are read alike by JSON and by encoding/json, to the last member.
var readableJSON = []string{
	`{}`,
	` { } `,
	`[]`,
	`null`,
	`true`,
	`false`,
	`""`,
	`"plain"`,
	`{"a":1,"b":"two","c":[3,{"d":null}],"e":{"f":{}}}`,
	"\t{ \"a\" :\r\n[ 1 , 2 ,\t3 ] , \"b\" : { \"c\" : \"d\" } }\n",
	`{"a":"first","b":1,"a":"last"}`,
	`{"a":{"x":1},"a":{"y":2}}`,
	`{"a":1,"\u0061":2}`,
	`{"":1," ":2}`,
	`{"a":"\"\\\/\b\f\n\r\té你\ud83d\udc4b"}`,
	`{"\"}{][,:\\":"\"}{][,:\\"}`,
	`{"a":"ends in a backslash\\","b":1}`,
	`{"a":"[{","b":["}]","\\\"]"]}`,
	`{"a":"\ud800","b":"\udc00\ud800x","c":"\u0000"}`,
	"{\"a\":\"\xff\xfe\",\"\xff\":1,\"b\":\"\xed\xa0\x80\"}",
	"{\"a\":\"x\u2028\u2029<>&\"}",
	`{"a":9007199254740993,"b":-0,"c":1.10,"d":1e400,"e":-12.5E-3,"f":123456789012345678901234567890}`,
	`[1,[2,[3,[4,[]]]],[[]],{}]`,
	`[null,true,false,"",0]`,
	strings.Repeat(`{"a":[`, 500) + strings.Repeat(`]}`, 500),
}

func TestJSONReadsWhatEncodingJSONReads(t *testing.T) {
	for _, text := range readableJSON {
		compareWithEncodingJSON(t, text, JSON(text))
	}
}

func TestFieldsKeepOrderAndRepeats(t *testing.T) {
	var got []string
	for name, value := range JSON(`{"b":1,"a":2,"b":[3, 4]}`).Fields() {
		got = append(got, name+"="+string(value))
	}
	if want := "b=1 a=2 b=[3, 4]"; strings.Join(got, " ") != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestFieldsAndItemsStopWhenTold(t *testing.T) {
	count := 0
	for range JSON(`{"a":1,"b":2}`).Fields() {
		count++
		break
	}
	for range JSON(`[1,2,3]`).Items() {
		count++
		break
	}
	if count != 2 {
		t.Errorf("read on after a break: %d", count)
	}
}

func TestTextAndTextOrNull(t *testing.T) {
	for _, c := range []struct{ json, text, literal string }{
		{``, "", ""},
		{`  `, "", ""},
		{`null`, "", "null"},
		{`""`, "", ""},
		{`"a b"`, "a b", "a b"},
		{` "a\nb" `, "a\nb", "a\nb"},
		{`"\ud83d\udc4b \ud83d"`, "👋 \uFFFD", "👋 \uFFFD"},
		{"\"a\xffb\"", "a\uFFFDb", "a\uFFFDb"},
		{`1.10`, "1.10", "1.10"},
		{`true`, "true", "true"},
		{"{ \"a\" : [ 1 , \"\xff\" ] }", "{\"a\":[1,\"\uFFFD\"]}", "{\"a\":[1,\"\uFFFD\"]}"},
		{`{"x":"\u7537","y":1.10,"a":"\ud83d\udc4b \/ \u0041"}`, `{"x":"男","y":1.10,"a":"👋 / A"}`,
			`{"x":"男","y":1.10,"a":"👋 / A"}`},
		{`["\" \\ \b\f\n\r\t \u0000\u001F \u007f \u2028 < \ud800"]`, `["\" \\ \b\f\n\r\t \u0000\u001f ` +
			"\x7f \u2028 < \uFFFD" + `"]`, `["\" \\ \b\f\n\r\t \u0000\u001f ` + "\x7f \u2028 < \uFFFD" + `"]`},
		{`{"\u0061":"\u005c","b":[1e2,"\u0022"]}`, `{"a":"\\","b":[1e2,"\""]}`, `{"a":"\\","b":[1e2,"\""]}`},
		{`"no end`, "", ""},
	} {
		if got := JSON(c.json).Text(); got != c.text {
			t.Errorf("Text of %s is %q, want %q", c.json, got, c.text)
		}
		if got := JSON(c.json).TextOrNull(); got != c.literal {
			t.Errorf("TextOrNull of %s is %q, want %q", c.json, got, c.literal)
		}
	}
}

func TestKind(t *testing.T) {
	for text, want := range map[string]Kind{
		``: IsAbsent, ` `: IsAbsent, `null`: IsNull, `true`: IsBool, `false`: IsBool, `0`: IsNumber, `-1`: IsNumber,
		`"null"`: IsString, ` []`: IsArray, "\n{}": IsObject,
	} {
		if got := JSON(text).Kind(); got != want {
			t.Errorf("%q is %s, want %s", text, got, want)
		}
	}
}

func TestJSONWritesIntoGraphQL(t *testing.T) {
	for given, want := range map[string]string{
		``: `null`, `null`: `null`, `{"a": 1}`: `{"a": 1}`, "\"\xff\"": "\"\uFFFD\"",
	} {
		var out bytes.Buffer
		JSON(given).MarshalGQL(&out)
		if out.String() != want {
			t.Errorf("%q is written as %q, want %q", given, out.String(), want)
		}
	}
}

func TestOtherKindsHaveNoMembers(t *testing.T) {
	for _, text := range []string{``, `null`, `1`, `"{\"a\":1}"`, `"[1]"`, `true`} {
		for name := range JSON(text).Fields() {
			t.Errorf("%q has a field %q", text, name)
		}
		for item := range JSON(text).Items() {
			t.Errorf("%q has an item %q", text, item)
		}
		if got := JSON(text).Get("a"); got.Kind() != IsAbsent {
			t.Errorf("%q has a member: %q", text, got)
		}
	}
}

var unreadableJSON = []string{
	`{`, `[`, `"`, `"\`, `"\u12`, `{"a"`, `{"a":`, `{"a":}`, `{"a":,"b":1}`, `{"a" 1}`,
	`{"a":1 "b":2}`, `{,}`, `{a:1}`,
	`[1`, `[1 2]`, `[,1]`, `[}`, `{]`, `]`, `}`, `[:]`, `[,`, `{"a":1}}`, `{"a":[}]`, "\xff", "{\xff", `nul`,
	`{"a":1,`, `["a`, `{"\`,
	strings.Repeat(`[`, 3000), strings.Repeat(`{"a":`, 3000), strings.Repeat(`]`, 3000),
}

func TestJSONReadsAnythingToItsEnd(t *testing.T) {
	for _, text := range unreadableJSON {
		readThrough(t, JSON(text))
	}
}

func FuzzJSON(f *testing.F) {
	for _, text := range append(readableJSON, unreadableJSON...) {
		f.Add([]byte(text))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		readThrough(t, text)
		if json.Valid(text) {
			compareWithEncodingJSON(t, string(text), text)
		}
	})
}

// readThrough reads all that there is to read of bytes that may be no JSON. No
// byte is read twice, so there are at most as many members as bytes.
func readThrough(t *testing.T, j JSON) {
	members := 0
	count := func() {
		if members++; members > len(j) {
			t.Fatalf("more members than bytes in %q", j)
		}
	}
	for name, value := range j.Fields() {
		count()
		_, _ = value.Kind(), j.Get(name)
		if members > 100 {
			break
		}
	}
	members = 0
	for value := range j.Items() {
		count()
		_ = value.Kind()
	}
	if json.Valid(j) && (j.Kind() == IsObject || j.Kind() == IsArray) {
		var sent, read any
		literal := JSON(j.TextOrNull())
		if json.Unmarshal(j, &sent) == nil && (json.Unmarshal(literal, &read) != nil ||
			!reflect.DeepEqual(sent, read) || literal.TextOrNull() != string(literal)) {
			t.Errorf("%q is %q as text", j, literal)
		}
	}
	if text := j.Text() + j.TextOrNull(); !utf8.ValidString(text) {
		t.Errorf("text of %q is not valid UTF-8: %q", j, text)
	}
	_ = j.Compact()
	_ = j.OrEmptyObject()
}

// compareWithEncodingJSON compares a valid JSON text, all of it.
func compareWithEncodingJSON(t *testing.T, name string, j JSON) {
	t.Helper()
	decoder := json.NewDecoder(bytes.NewReader(j))
	decoder.UseNumber()
	var want any
	if err := decoder.Decode(&want); err != nil {
		t.Fatalf("%q: %v", name, err)
	}
	if difference := differs(j, want); difference != "" {
		t.Errorf("%.200q: %s", name, difference)
	}
}

// differs says where a value reads differently from what encoding/json made of it.
func differs(j JSON, want any) string {
	switch want := want.(type) {
	case map[string]any:
		return objectDiffers(j, want)
	case []any:
		return listDiffers(j, want)
	case string:
		if j.Kind() != IsString || j.Text() != want || j.TextOrNull() != want {
			return fmt.Sprintf("%s %q, want the string %q", j.Kind(), j.Text(), want)
		}
	case json.Number:
		if j.Kind() != IsNumber || j.Text() != want.String() {
			return fmt.Sprintf("%s %q, want the number %s", j.Kind(), j.Text(), want)
		}
	case bool:
		if j.Kind() != IsBool || j.Text() != fmt.Sprint(want) {
			return fmt.Sprintf("%s %q, want %t", j.Kind(), j.Text(), want)
		}
	case nil:
		if j.Kind() != IsNull || j.Text() != "" || j.TextOrNull() != "null" {
			return fmt.Sprintf("%s %q, want null", j.Kind(), j.Text())
		}
	}
	return ""
}

func objectDiffers(j JSON, want map[string]any) string {
	if j.Kind() != IsObject {
		return fmt.Sprintf("%s, want an object", j.Kind())
	}
	got := map[string]JSON{}
	for name, value := range j.Fields() {
		got[name] = value
	}
	if len(got) != len(want) {
		return fmt.Sprintf("%d fields, want %d", len(got), len(want))
	}
	for name, value := range want {
		member, ok := got[name]
		if !ok {
			return fmt.Sprintf("no field %q", name)
		}
		if !bytes.Equal(j.Get(name), member) {
			return fmt.Sprintf("Get(%q) is %q, want the last value, %q", name, j.Get(name), member)
		}
		if difference := differs(member, value); difference != "" {
			return fmt.Sprintf("%q: %s", name, difference)
		}
	}
	return ""
}

func listDiffers(j JSON, want []any) string {
	if j.Kind() != IsArray {
		return fmt.Sprintf("%s, want a list", j.Kind())
	}
	count := 0
	for item := range j.Items() {
		if count == len(want) {
			return fmt.Sprintf("more than %d items", count)
		}
		if difference := differs(item, want[count]); difference != "" {
			return fmt.Sprintf("item %d: %s", count, difference)
		}
		count++
	}
	if count != len(want) {
		return fmt.Sprintf("%d items, want %d", count, len(want))
	}
	return ""
}

func TestNumbers(t *testing.T) {
	for text, want := range map[string]any{
		`5`: 5.0, ` -0.5 `: -0.5, `"1e3"`: 1000.0, `"\t 12\u3000"`: 12.0, `1e999`: math.Inf(1),
		`"-1e999"`: math.Inf(-1), `1e-999`: 0.0,
		`"05"`: nil, `"+5"`: nil, `"5."`: nil, `".5"`: nil, `"0x10"`: nil, `"1_0"`: nil, `"NaN"`: nil,
		`"Infinity"`: nil, `"٥"`: nil, `"5 5"`: nil,
		`""`: nil, `null`: nil, `true`: nil, `[5]`: nil, `{}`: nil, ``: nil,
	} {
		var got any
		if number := JSON(text).Number(); number != nil {
			got = *number
		}
		if got != want {
			t.Errorf("%s: %v, want %v", text, got, want)
		}
	}
}
