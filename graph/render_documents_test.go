package graph_test

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/vektah/gqlparser/v2"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/validator/rules"
)

// documentMaker makes random operations of the whole schema: every type, with aliases,
// fragments, directives, fields that merge, and lists with arguments in lists.
type documentMaker struct {
	*rand.Rand
	schema *ast.Schema
	// values are literals for arguments, by the argument's name, or else its type.
	values map[string][]string

	fragments []fragment
	booleans  map[string]bool // variables in use
	texts     map[string]string
	aliases   int
}

type fragment struct {
	name, on, text string
	complete       bool
}

// next is a valid document and its variables.
func (d *documentMaker) next(t *testing.T) (document string, variables map[string]any) {
	t.Helper()
	for range 100 {
		document, variables = d.draft()
		if _, err := gqlparser.LoadQueryWithRules(d.schema, document, rules.NewDefaultRules()); err == nil {
			return document, variables
		}
	}
	t.Fatalf("none of 100 documents is valid, the last: %s", document)
	return "", nil
}

func (d *documentMaker) draft() (document string, variables map[string]any) {
	d.fragments, d.booleans, d.texts, d.aliases = nil, map[string]bool{}, map[string]string{}, 0
	selection := d.selection(d.schema.Query, 2+d.IntN(5))
	var declared []string
	variables = map[string]any{}
	for _, name := range []string{"yes", "no"} {
		if d.booleans[name] {
			declared = append(declared, "$"+name+": Boolean!")
			variables[name] = name == "yes"
		}
	}
	document = "query"
	if len(declared) > 0 {
		document += "(" + strings.Join(declared, ", ") + ")"
	}
	document += " " + selection
	for _, f := range d.fragments {
		document += "\nfragment " + f.name + " on " + f.on + " " + f.text
	}
	return document, variables
}

func (d *documentMaker) selection(on *ast.Definition, depth int) string {
	var parts []string
	for range 1 + d.IntN(5) {
		parts = append(parts, d.part(on, depth))
	}
	return "{ " + strings.Join(parts, " ") + " }"
}

// part is a field or a fragment.
func (d *documentMaker) part(on *ast.Definition, depth int) string {
	switch {
	case once(d.Rand, 12):
		return d.alias(1) + "__typename" + d.directives()
	case depth > 0 && (once(d.Rand, 5) || on.IsAbstractType() && !once(d.Rand, 4)):
		return d.fragment(on, depth-1)
	case on.Kind == ast.Union:
		return "__typename"
	}
	var fields []*ast.FieldDefinition
	for _, field := range on.Fields {
		composite := d.schema.Types[field.Type.Name()].IsCompositeType()
		if !strings.HasPrefix(field.Name, "__") && (depth > 0 || !composite) {
			fields = append(fields, field)
			if composite { // or else most of what is drawn is flat
				fields = append(fields, field, field)
			}
		}
	}
	if len(fields) == 0 {
		return "__typename"
	}
	return d.field(draw(d.Rand, fields), depth)
}

func (d *documentMaker) field(field *ast.FieldDefinition, depth int) string {
	var arguments []string
	for _, argument := range field.Arguments {
		if argument.Type.NonNull || once(d.Rand, 3) {
			values := d.values[argument.Name]
			if values == nil {
				values = d.values[argument.Type.Name()]
			}
			if values == nil {
				panic(fmt.Sprintf("no value for the argument %s of %s", argument.Name, field.Name))
			}
			arguments = append(arguments, argument.Name+": "+draw(d.Rand, values))
		}
	}
	text := d.alias(3) + field.Name
	if len(field.Arguments) > 0 {
		text = fmt.Sprintf("f%d: %s", d.count(), field.Name)
	}
	if len(arguments) > 0 {
		text += "(" + strings.Join(arguments, ", ") + ")"
	}
	text += d.directives()
	if kind := d.schema.Types[field.Type.Name()]; kind.IsCompositeType() {
		text += " " + d.selection(kind, depth-1)
	}
	return text
}

// fragment is one on the type itself, on a type that it can be, or on none.
func (d *documentMaker) fragment(on *ast.Definition, depth int) string {
	kinds := append([]*ast.Definition{on}, d.schema.GetPossibleTypes(on)...)
	kinds = append(kinds, d.schema.GetImplements(on)...)
	for _, member := range d.schema.GetPossibleTypes(on) {
		kinds = append(kinds, d.schema.GetImplements(member)...)
	}
	kind := draw(d.Rand, kinds)
	switch d.IntN(4) {
	case 0:
		return "..." + d.directives() + " " + d.selection(on, depth)
	case 1, 2:
		return "... on " + kind.Name + d.directives() + " " + d.selection(kind, depth)
	}
	for _, f := range d.fragments {
		if f.complete && f.on == kind.Name && once(d.Rand, 2) {
			return "..." + f.name + d.directives()
		}
	}
	place := len(d.fragments)
	d.fragments = append(d.fragments, fragment{name: fmt.Sprintf("F%d", place), on: kind.Name})
	d.fragments[place].text = d.selection(kind, depth)
	d.fragments[place].complete = true
	return "..." + d.fragments[place].name + d.directives()
}

func (d *documentMaker) count() int {
	d.aliases++
	return d.aliases
}

// alias is one in n times a name of its own.
func (d *documentMaker) alias(n int) string {
	if once(d.Rand, n) {
		return fmt.Sprintf("f%d: ", d.count())
	}
	return ""
}

func (d *documentMaker) directives() string {
	if !once(d.Rand, 8) {
		return ""
	}
	value := draw(d.Rand, []string{"true", "false", "$yes", "$no"})
	if name, ok := strings.CutPrefix(value, "$"); ok {
		d.booleans[name] = true
	}
	return " @" + draw(d.Rand, []string{"skip", "include"}) + "(if: " + value + ")"
}
