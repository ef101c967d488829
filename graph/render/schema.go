// Package render renders the responses of GraphQL operations in one pass.
//
// gqlgen parses, validates and limits an operation and resolves its root fields. This
// package renders their values: the selection is compiled once for each operation and
// object type (Selection), and functions that are generated from the schema
// (generated/render.go) append the selected fields of Go values. Compiling is independent
// of the output format; a Writer appends JSON.
package render

import (
	"context"

	"github.com/99designs/gqlgen/graphql"
)

// Type is an object type of the schema.
type Type struct {
	Name string
	// Implements are the names that a fragment on the type can have: its own, and
	// those of its interfaces and unions.
	Implements []string
	Fields     []FieldType

	byName map[string]int // one more than the place in Fields
}

// FieldType is a field of an object type.
type FieldType struct {
	Name    string
	NonNull bool
	// Types are the object types of the field's value, or of its elements; none for
	// scalars and enums.
	Types []string
	// Arguments coerces the field's arguments; nil if it has none.
	Arguments func(
		ctx context.Context, operation *graphql.OperationContext, raw map[string]any,
	) (map[string]any, error)

	types []*Type
}

// Root is a root operation type.
type Root struct {
	Type Type
	// Append appends the value of a root field.
	Append func(w *Writer, f *Field, value any) bool
	// Receive, of a subscription type only, receives the next value from the channel that a
	// root field returned.
	Receive func(f *Field, channel any) func(context.Context) (any, bool)
}

// link resolves the names of types.
func link(types []Type, roots []Root) {
	byName := make(map[string]*Type, len(types))
	for i := range types {
		byName[types[i].Name] = &types[i]
	}
	for i := range types {
		types[i].link(byName)
	}
	for i := range roots {
		roots[i].Type.link(byName)
	}
}

func (t *Type) link(types map[string]*Type) {
	t.byName = make(map[string]int, len(t.Fields))
	for i := range t.Fields {
		field := &t.Fields[i]
		t.byName[field.Name] = i + 1
		for _, name := range field.Types {
			field.types = append(field.types, types[name])
		}
	}
}
