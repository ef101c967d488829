package main

import (
	"testing"

	"github.com/99designs/gqlgen/codegen"
	"github.com/vektah/gqlparser/v2/ast"
)

// A field that the template has no code for must not be left out in silence.
func TestUnsupportedFieldsStopTheGenerator(t *testing.T) {
	object := &codegen.Object{Definition: &ast.Definition{Name: "Session"}}
	for _, c := range []struct {
		name  string
		field codegen.Field
		root  bool
		fails bool
	}{
		{"a Go field", codegen.Field{GoFieldType: codegen.GoFieldVariable}, false, false},
		{"a Go method", codegen.Field{GoFieldType: codegen.GoFieldMethod}, false, false},
		{"a resolver of the root", codegen.Field{IsResolver: true}, true, false},
		{"a resolver", codegen.Field{IsResolver: true}, false, true},
		{"a batch resolver", codegen.Field{Batch: true}, false, true},
		{"a map", codegen.Field{GoFieldType: codegen.GoFieldMap}, false, true},
		{"a method that says whether there is a value", codegen.Field{HasHaser: true}, false, true},
	} {
		c.field.Object, c.field.FieldDefinition = object, &ast.FieldDefinition{Name: "field"}
		if err := supported(&c.field, c.root); (err != nil) != c.fails {
			t.Errorf("%s: %v", c.name, err)
		}
	}
}
