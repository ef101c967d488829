package graph_test

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/vektah/gqlparser/v2"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/validator/rules"

	"sessiongraph/internal/test/testdb"
)

func loadSchema(t testing.TB, file string) *ast.Schema {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	schema, err := gqlparser.LoadSchema(&ast.Source{Name: file, Input: string(text)})
	if err != nil {
		t.Fatal(err)
	}
	return schema
}

// ownTypes are the types of a schema but for those that every schema has.
func ownTypes(schema *ast.Schema) []*ast.Definition {
	var own []*ast.Definition
	for _, definition := range schema.Types {
		if !definition.BuiltIn && !strings.HasPrefix(definition.Name, "__") {
			own = append(own, definition)
		}
	}
	slices.SortFunc(own, func(a, b *ast.Definition) int { return strings.Compare(a.Name, b.Name) })
	return own
}

func ownFields(definition *ast.Definition) ast.FieldList {
	return slices.DeleteFunc(slices.Clone(definition.Fields), func(f *ast.FieldDefinition) bool {
		return strings.HasPrefix(f.Name, "__")
	})
}

func TestTheSchemaItselfIsDescribed(t *testing.T) {
	s := newCountingServer(t, testdb.SQLite, 1)
	got, _ := s.ask(t, `{ __schema { description } __type(name: "Time") { specifiedByURL } }`, nil)
	description := got["__schema"].(map[string]any)["description"]
	if text, _ := description.(string); text == "" {
		t.Error("no description")
	}
	if url := got["__type"].(map[string]any)["specifiedByURL"]; url != "https://www.rfc-editor.org/rfc/rfc3339" {
		t.Errorf("Time is specified by %v", url)
	}
}

func TestEverythingInTheSchemaIsDescribed(t *testing.T) {
	described := 0
	for name, description := range descriptions(loadSchema(t, "../schema.graphqls")) {
		if strings.TrimSpace(description) == "" {
			t.Errorf("%s is not described", name)
		}
		described++
	}
	if described < 400 {
		t.Errorf("looked at %d descriptions only", described)
	}
}

// A rule that several elements share is described once, and referred to.
func TestNoLongDescriptionIsRepeated(t *testing.T) {
	const long = 80
	named := map[string]string{}
	for name, description := range descriptions(loadSchema(t, "../schema.graphqls")) {
		if other := named[description]; len(description) > long && other != "" {
			t.Errorf("%s and %s are both described by %q", other, name, description)
		}
		named[description] = name
	}
}

// descriptions are those of all types, fields, arguments and enum values, by name.
func descriptions(schema *ast.Schema) map[string]string {
	all := map[string]string{}
	for _, definition := range ownTypes(schema) {
		all[definition.Name] = definition.Description
		for _, field := range ownFields(definition) {
			name := definition.Name + "." + field.Name
			all[name] = field.Description
			for _, argument := range field.Arguments {
				all[name+"("+argument.Name+")"] = argument.Description
			}
		}
		for _, value := range definition.EnumValues {
			all[definition.Name+"."+value.Name] = value.Description
		}
	}
	return all
}

// Clients spread fragments over the whole union: a field name that had two types
// there could not be selected without an alias.
// Clients with a closed list of locations, such as graphql-core's, can read the introspection.
func TestIntrospectionNamesTheLocationsOfTheSpecificationAlone(t *testing.T) {
	got := asked(t, served(t, testdb.SQLite), `{ __schema { directives { name locations } }
		__type(name: "__DirectiveLocation") { enumValues { name } } }`)
	if strings.Contains(got, "DIRECTIVE_DEFINITION") || !strings.Contains(got, `"FIELD_DEFINITION"`) {
		t.Error(got)
	}
}

func TestMessageContentGivesEachFieldNameOneType(t *testing.T) {
	schema := loadSchema(t, "../schema.graphqls")
	first := map[string]string{}
	types := map[string]string{}
	for _, member := range schema.PossibleTypes["MessageContent"] {
		for _, field := range ownFields(member) {
			name := member.Name + "." + field.Name
			if types[field.Name] == "" {
				first[field.Name], types[field.Name] = name, field.Type.String()
			}
			if got := field.Type.String(); got != types[field.Name] {
				t.Errorf("%s is %s, but %s is %s", name, got, first[field.Name], types[field.Name])
			}
		}
		if !slices.Contains(member.Interfaces, "Content") {
			t.Errorf("%s does not implement Content", member.Name)
		}
	}
	if len(types) == 0 {
		t.Error("MessageContent has no members")
	}
}

// An example, or the Playground's Conversation, that selects fields of one member of a union selects those of every
// member that has fields of its own.
func TestExamplesSelectEveryMember(t *testing.T) {
	schema := loadSchema(t, "../schema.graphqls")
	examples, err := filepath.Glob("../web/src/examples/*.graphql")
	if err != nil {
		t.Fatal(err)
	}
	unions := 0
	for _, file := range append(examples, "library/PlaygroundConversation.graphql") {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		document, errs := gqlparser.LoadQueryWithRules(schema, string(text), rules.NewDefaultRules())
		if errs != nil {
			t.Fatalf("%s: %v", file, errs)
		}
		eachField(document.Operations[0].SelectionSet, func(field *ast.Field) {
			union := schema.Types[field.Definition.Type.Name()]
			selected := memberConditions(union, field.SelectionSet)
			if len(selected) == 0 {
				return
			}
			unions++
			for _, member := range union.Types {
				if hasOwnFields(schema, member) && !selected[member] {
					t.Errorf("%s: %s selects nothing of %s", file, field.Name, member)
				}
			}
		})
	}
	if unions == 0 {
		t.Error("no example selects members of a union")
	}
}

func eachField(set ast.SelectionSet, visit func(*ast.Field)) {
	for _, selection := range set {
		switch selection := selection.(type) {
		case *ast.Field:
			visit(selection)
			eachField(selection.SelectionSet, visit)
		case *ast.InlineFragment:
			eachField(selection.SelectionSet, visit)
		case *ast.FragmentSpread:
			eachField(selection.Definition.SelectionSet, visit)
		}
	}
}

// memberConditions are the members of a union that inline fragments of the set have as
// their type condition.
func memberConditions(union *ast.Definition, set ast.SelectionSet) map[string]bool {
	conditions := map[string]bool{}
	for _, selection := range set {
		fragment, ok := selection.(*ast.InlineFragment)
		if ok && slices.Contains(union.Types, fragment.TypeCondition) {
			conditions[fragment.TypeCondition] = true
		}
	}
	return conditions
}

// hasOwnFields reports whether a type has fields that none of its interfaces has.
func hasOwnFields(schema *ast.Schema, name string) bool {
	return slices.ContainsFunc(ownFields(schema.Types[name]), func(field *ast.FieldDefinition) bool {
		return !slices.ContainsFunc(schema.Types[name].Interfaces, func(of string) bool {
			return schema.Types[of].Fields.ForName(field.Name) != nil
		})
	})
}

// The schema may add to the contract, and takes nothing of it away.
func TestTheSchemaKeepsTheContract(t *testing.T) {
	schema := loadSchema(t, "../schema.graphqls")
	contract := loadSchema(t, "../testdata/contract.graphqls")
	for _, difference := range breaks(contract, schema) {
		t.Error(difference)
	}
}

// A contract that is broken in one way after the other is noticed each time.
func TestBreaksAreNoticed(t *testing.T) {
	const whole = `
		scalar Time
		interface Node { id: ID! }
		type Query { a(x: Int = 1, y: [E!]): A! u: U }
		type A implements Node { id: ID! at: Time! }
		type B { id: ID! }
		union U = A | B
		enum E { ONE TWO }
		input I { n: Int! = 3 m: String }`
	for _, c := range []struct{ take, put, want string }{
		{"", "", ""},
		{"TWO }", "TWO THREE }", ""},
		{"m: String }", "m: String o: Int }", ""},
		{"at: Time! }", "at: Time! more: Int }", ""},
		{"y: [E!])", "y: [E!], z: Int)", ""},
		{"at: Time!", "at: Time", "A.at is Time, contract: Time!"},
		{"at: Time! }", "}", "A.at is missing"},
		{"ONE TWO", "ONE", "E.TWO is missing"},
		{"x: Int = 1, ", "", "Query.a(x) is missing"},
		{"x: Int = 1", "x: Int = 2", "Query.a(x) is 2 by default, contract: 1"},
		{"x: Int = 1", "x: Int", "Query.a(x) is nothing by default, contract: 1"},
		{"y: [E!]", "y: [E]", "Query.a(y) is [E], contract: [E!]"},
		{"y: [E!])", "y: [E!], z: Int!)", "Query.a(z) is required, the contract has no such argument"},
		{"m: String }", "m: String o: Int! }", "I.o is required, the contract has no such field"},
		{"n: Int! = 3", "n: Int!", "I.n is nothing by default, contract: 3"},
		{"U = A | B", "U = A", "U does not have B"},
		{"A implements Node", "A", "A does not implement Node"},
		{"scalar Time", "enum Time { NOW }", "Time is of kind ENUM, contract: SCALAR"},
	} {
		text := strings.Join(strings.Fields(whole), " ")
		changed := strings.Replace(text, c.take, c.put, 1)
		if changed == text && c.take != "" {
			t.Fatalf("%q is not in the contract", c.take)
		}
		schema, err := gqlparser.LoadSchema(&ast.Source{Input: changed})
		if err != nil {
			t.Fatal(err)
		}
		contract := gqlparser.MustLoadSchema(&ast.Source{Input: text})
		if got := strings.Join(breaks(contract, schema), "; "); got != c.want {
			t.Errorf("with %q for %q: %q, want %q", c.put, c.take, got, c.want)
		}
	}
}

// breaks are the differences that a client of the contract would notice.
func breaks(contract, schema *ast.Schema) []string {
	var found []string
	report := func(parts ...string) { found = append(found, strings.Join(parts, "")) }
	for _, want := range ownTypes(contract) {
		got := schema.Types[want.Name]
		if got == nil {
			report(want.Name, " is missing")
			continue
		}
		if got.Kind != want.Kind {
			report(want.Name, " is of kind ", string(got.Kind), ", contract: ", string(want.Kind))
			continue
		}
		for _, name := range want.Interfaces {
			if !slices.Contains(got.Interfaces, name) {
				report(want.Name, " does not implement ", name)
			}
		}
		for _, name := range want.Types {
			if !slices.Contains(got.Types, name) {
				report(want.Name, " does not have ", name)
			}
		}
		for _, value := range want.EnumValues {
			if got.EnumValues.ForName(value.Name) == nil {
				report(want.Name, ".", value.Name, " is missing")
			}
		}
		compareFields(want, got, report)
	}
	return found
}

func compareFields(want, got *ast.Definition, report func(...string)) {
	for _, wanted := range ownFields(want) {
		name := want.Name + "." + wanted.Name
		field := got.Fields.ForName(wanted.Name)
		if field == nil {
			report(name, " is missing")
			continue
		}
		compareTypes(name, field.Type, wanted.Type, field.DefaultValue, wanted.DefaultValue, report)
		for _, argument := range wanted.Arguments {
			name := name + "(" + argument.Name + ")"
			if given := field.Arguments.ForName(argument.Name); given == nil {
				report(name, " is missing")
			} else {
				compareTypes(name, given.Type, argument.Type, given.DefaultValue, argument.DefaultValue, report)
			}
		}
		for _, argument := range field.Arguments {
			if argument.Type.NonNull && argument.DefaultValue == nil &&
				wanted.Arguments.ForName(argument.Name) == nil {
				report(name, "(", argument.Name, ") is required, the contract has no such argument")
			}
		}
	}
	for _, field := range ownFields(got) {
		if got.Kind == ast.InputObject && field.Type.NonNull && field.DefaultValue == nil &&
			want.Fields.ForName(field.Name) == nil {
			report(want.Name, ".", field.Name, " is required, the contract has no such field")
		}
	}
}

func compareTypes(name string, got, want *ast.Type, gotDefault, wantDefault *ast.Value, report func(...string)) {
	if got.String() != want.String() {
		report(name, " is ", got.String(), ", contract: ", want.String())
	}
	if defaultText(gotDefault) != defaultText(wantDefault) {
		report(name, " is ", defaultText(gotDefault), " by default, contract: ", defaultText(wantDefault))
	}
}

func defaultText(value *ast.Value) string {
	if value == nil {
		return "nothing"
	}
	return value.String()
}
