package graph

import (
	"maps"
	"slices"

	"github.com/vektah/gqlparser/v2/ast"
)

// draftLocation is a location of directives that the parser's own types have from a draft of the specification.
const draftLocation = "DIRECTIVE_DEFINITION"

// clientSchema returns a schema as introspection shows it: without the draft's location, for clients that know those
// of the specification alone cannot read it.
func clientSchema(schema *ast.Schema) *ast.Schema {
	shown := *schema
	shown.Types, shown.Directives = maps.Clone(schema.Types), maps.Clone(schema.Directives)
	for name, directive := range shown.Directives {
		without := *directive
		without.Locations = slices.DeleteFunc(slices.Clone(directive.Locations),
			func(l ast.DirectiveLocation) bool { return l == draftLocation })
		shown.Directives[name] = &without
	}
	const locations = "__DirectiveLocation"
	without := *schema.Types[locations]
	without.EnumValues = slices.DeleteFunc(slices.Clone(without.EnumValues),
		func(v *ast.EnumValueDefinition) bool { return v.Name == draftLocation })
	shown.Types[locations] = &without
	return &shown
}
