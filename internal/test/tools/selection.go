package tools

import (
	"slices"
	"strings"
	"testing"

	"github.com/vektah/gqlparser/v2"
	"github.com/vektah/gqlparser/v2/ast"
)

// Selection selects every field of a type, and of the types that its fields lead to,
// but for those of except, "Type.field", which get the selection given there, or are
// left out where that is "".
func Selection(t *testing.T, sdl, typeName string, except map[string]string) string {
	t.Helper()
	schema, err := gqlparser.LoadSchema(&ast.Source{Name: "schema.graphqls", Input: sdl})
	if err != nil {
		t.Fatal(err)
	}
	var text strings.Builder
	selectAll(&text, schema, schema.Types[typeName], except)
	return text.String()
}

func selectAll(text *strings.Builder, schema *ast.Schema, def *ast.Definition, except map[string]string) {
	text.WriteString("{ ")
	if def.IsAbstractType() {
		text.WriteString("__typename ")
		members := schema.GetPossibleTypes(def)
		slices.SortFunc(members, func(a, b *ast.Definition) int { return strings.Compare(a.Name, b.Name) })
		for _, member := range members {
			text.WriteString("... on " + member.Name + " ")
			selectAll(text, schema, member, except)
		}
	}
	for _, field := range def.Fields {
		inner, special := except[def.Name+"."+field.Name]
		if def.IsAbstractType() || strings.HasPrefix(field.Name, "__") || special && inner == "" {
			continue
		}
		text.WriteString(field.Name + " ")
		if result := schema.Types[field.Type.Name()]; special {
			text.WriteString(inner + " ")
		} else if !result.IsLeafType() {
			selectAll(text, schema, result, except)
		}
	}
	text.WriteString("} ")
}
