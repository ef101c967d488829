package assistant

import (
	"encoding/json"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/google/jsonschema-go/jsonschema"
	"github.com/vektah/gqlparser/v2"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/validator/rules"
)

// input is that of a document with variables of each kind.
func input(t testing.TB) Input {
	t.Helper()
	schema, err := gqlparser.LoadSchema(&ast.Source{Input: `
		scalar Time scalar JSON enum Order { UP DOWN }
		input Filter { label: String order: Order! = UP and: [Filter!] size: Int! }
		type Query { a(text: String!, time: Time, number: Float, first: Int, yes: Boolean, order: Order,
			orders: [Order!], filter: Filter, any: JSON, cursor: String): Int }`})
	if err != nil {
		t.Fatal(err)
	}
	document, errs := gqlparser.LoadQueryWithRules(schema, `query Q($text: String!, $time: Time, $number: Float,
		$first: Int = 3, $yes: Boolean, $order: Order, $orders: [Order!], $filter: Filter, $any: JSON,
		$cursor: String) { a(text: $text,
		time: $time, number: $number, first: $first, yes: $yes, order: $order, orders: $orders, filter: $filter,
		any: $any, cursor: $cursor) }`, rules.NewDefaultRules())
	if errs != nil {
		t.Fatal(errs)
	}
	return NewInput(schema, document.Operations[0].VariableDefinitions, "")
}

func decode(text string) (arguments map[string]any, err error) {
	decoder := json.NewDecoder(strings.NewReader(text))
	decoder.UseNumber()
	err = decoder.Decode(&arguments)
	return arguments, err
}

func TestErrorsOfArgumentsNameThem(t *testing.T) {
	in := input(t)
	if in.Cursor != "continue_cursor" || in.Schema.Properties["continue_cursor"] == nil {
		t.Errorf("an answer goes on by %q", in.Cursor)
	}
	for given, want := range map[string]string{
		`{}`:                                                       "text: it is required",
		`{"text":null}`:                                            "text: want a text",
		`{"text":"","zzz":1e999}`:                                  "zzz: unknown, want some of any, continue_c",
		`{"text":"","time":5}`:                                     "time: want a time as a text, such as 2025",
		`{"text":"","number":"5"}`:                                 "number: want a number",
		`{"text":"","number":1e999}`:                               "number: the number is too large",
		`{"text":"","first":1.5}`:                                  "first: want a whole number",
		`{"text":"","first":3000000000}`:                           "first: want at most 2147483647",
		`{"text":"","first":-3000000000}`:                          "first: want at least -2147483648",
		`{"text":"","yes":"true"}`:                                 "yes: want true or false",
		`{"text":"","order":"SIDE"}`:                               "order: want one of UP, DOWN",
		`{"text":"","order":["UP"]}`:                               "order: want one of UP, DOWN",
		`{"text":"","orders":"UP"}`:                                "orders: want a list",
		`{"text":"","orders":["UP",null]}`:                         "orders[1]: want one of UP, DOWN",
		`{"text":"","filter":[]}`:                                  "filter: want an object",
		`{"text":"","filter":{}}`:                                  "filter.size: it is required",
		`{"text":"","filter":{"size":1,"and":[3]}}`:                "filter.and[0]: want an object",
		`{"text":"","filter":{"size":1,"and":[{"size":1,"x":1}]}}`: "filter.and[0].x: unknown",
		`{"text":"","` + strings.Repeat("x", 300) + `":1}`:         "…",
		`{"text":"a","time":null,"first":null,"order":null,"filter":null,"any":null}`:        "",
		`{"text":"a","number":3,"yes":true,"orders":["DOWN"],"any":{"a":[1e999]},"first":3}`: "",
		`{"text":"a","cursor":"c","continue_cursor":null,"filter":{"size":1,"label":null}}`:  "",
	} {
		arguments, err := decode(given)
		if err != nil {
			t.Fatal(err)
		}
		err = in.Check(arguments)
		switch {
		case want == "…":
			if err == nil || len(err.Error()) > 300 {
				t.Errorf("%s: error %v", given, err)
			}
		case want == "" && err != nil || want != "" && (err == nil || !strings.HasPrefix(err.Error(), want)):
			t.Errorf("%s: error %v, want %q", given, err, want)
		}
	}
}

func TestEmptyTextsAreLeftOut(t *testing.T) {
	in := input(t)
	for name, want := range map[string]bool{"text": false, "time": true, "order": false, "cursor": true, "any": false,
		"filter": false, "number": false, "nothing": false} {
		if got := in.IsLeftOut(name, ""); got != want {
			t.Errorf("%s: %v", name, got)
		}
	}
	if in.IsLeftOut("time", "x") || in.IsLeftOut("time", nil) {
		t.Error("a value is left out")
	}
}

// FuzzArguments compares Check with a validator of JSON Schema.
func FuzzArguments(f *testing.F) {
	in := input(f)
	resolved, err := in.Schema.Resolve(&jsonschema.ResolveOptions{})
	if err != nil {
		f.Fatal(err)
	}
	for _, given := range []string{`{"text":"a"}`, `{"text":1}`, `{"text":"a","orders":["UP","X"]}`,
		`{"text":"","x":1}`, `{"text":"","filter":{"size":1,"and":[{"size":2,"order":"UP"}]}}`,
		`{"text":"","first":3000000000}`,
		`{"text":"a","order":null,"number":1.5,"any":[{}]}`, `{"text":"a","filter":{"size":null}}`} {
		f.Add(given)
	}
	f.Fuzz(func(t *testing.T, given string) {
		arguments, err := decode(given)
		var instance any
		if err != nil || arguments == nil || json.Unmarshal([]byte(given), &instance) != nil ||
			hasFraction(arguments) {
			return // how whole numbers are written is not decided here
		}
		if got, want := in.Check(arguments), resolved.Validate(instance); (got == nil) != (want == nil) {
			t.Errorf("%s: %v, want %v", given, got, want)
		}
	})
}

func hasFraction(value any) bool {
	switch value := value.(type) {
	case json.Number:
		return strings.ContainsAny(value.String(), ".eE")
	case []any:
		return slices.ContainsFunc(value, hasFraction)
	case map[string]any:
		return slices.ContainsFunc(slices.Collect(maps.Values(value)), hasFraction)
	}
	return false
}
