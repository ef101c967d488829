package render

import (
	"fmt"
	"sync/atomic"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/ast"
)

// Selection is the fields that an operation selects of one object type, with fragments
// resolved and fields of one response key merged.
type Selection struct {
	fields []Field
}

// Field is a selected field.
type Field struct {
	// Index is the place of the field among those of its object type, counted from
	// 1; 0 is __typename.
	Index int

	prefix    string // what comes before the value: `{"key":` or `,"key":`
	owner     *Type
	kind      *FieldType
	collected graphql.CollectedField
	plan      *plan
	// selections are the selections of the value, one for each of its types. They are
	// compiled when the first value of the type is appended: an operation can name many
	// more types than it returns.
	selections []atomic.Pointer[Selection]
}

func (f *Field) selection(w *Writer, member int) *Selection {
	if compiled := f.selections[member].Load(); compiled != nil {
		return compiled
	}
	compiled := compile(w.operation, f.plan, f.kind.types[member], f.collected.Selections)
	f.selections[member].Store(compiled)
	return compiled
}

func compile(operation *graphql.OperationContext, p *plan, t *Type, set ast.SelectionSet) *Selection {
	collected := graphql.CollectFields(operation, set, t.Implements)
	compiled := &Selection{fields: make([]Field, 0, len(collected))}
	separator := byte('{')
	for _, c := range collected {
		// __typename can be selected of a union and of its member; CollectFields does not merge them.
		if !compiled.has(c.Alias) {
			field := newField(p, t, c)
			field.prefix = string(append(appendString([]byte{separator}, c.Alias), ':'))
			if field.Index == 0 {
				field.prefix = string(appendString([]byte(field.prefix), t.Name))
			}
			compiled.fields = append(compiled.fields, field)
			separator = ','
		}
	}
	p.grow(len(compiled.fields))
	return compiled
}

func (s *Selection) has(alias string) bool {
	for i := range s.fields {
		if s.fields[i].collected.Alias == alias {
			return true
		}
	}
	return false
}

func newField(p *plan, t *Type, collected graphql.CollectedField) Field {
	field := Field{Index: t.byName[collected.Name], owner: t, collected: collected, plan: p}
	switch {
	case field.Index > 0:
		field.kind = &t.Fields[field.Index-1]
		field.selections = make([]atomic.Pointer[Selection], len(field.kind.types))
	case collected.Name != "__typename":
		panic(fmt.Errorf("unknown field %s.%s", t.Name, collected.Name))
	}
	return field
}
