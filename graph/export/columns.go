package export

import (
	"slices"

	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/gqlerror"

	"sessiongraph/graph/apierror"
)

// maxColumns bounds the columns of an export: a short document can select very many fields by its fragments.
const maxColumns = 2000

// none is the column of a part that has none.
const none = -1

// part is what a value of an answer is split into.
type part struct {
	column   int // of the value as a whole, or none
	keys     []string
	children []*part // by key
	elements *part   // of a list marked by @rows, whose elements they are
}

// compiler finds the columns of a selection.
type compiler struct {
	schema    *ast.Schema
	variables map[string]any
	ofEdge    *ast.Definition // the type whose field node is no part of the path; nil for none
	columns   []Column
	rows      *part
	rowsAt    *ast.Directive // the @rows that was found
}

// selection is a selection set, and whether it is of each object that it can be of.
type selection struct {
	set    ast.SelectionSet
	always bool
}

// field is what one response key of an object is selected by.
type field struct {
	alias, name string
	first       *ast.Field
	definition  *ast.FieldDefinition
	owner       *ast.Definition
	selected    []selection
	always      bool // not below a fragment alone that some types do not pass
	rowsAt      *ast.Directive
}

func (f *field) selections() ast.SelectionSet {
	var all ast.SelectionSet
	for _, s := range f.selected {
		all = append(all, s.set...)
	}
	return all
}

func (c *compiler) invalid(f *field, format string, args ...any) *gqlerror.Error {
	err := apierror.New(apierror.BadUserInput, format, args...)
	if at := f.first.Position; at != nil {
		err.Locations = []gqlerror.Location{{Line: at.Line, Column: at.Column}}
	}
	return err
}

// collect returns the fields that are selected of an object, in the document's order, those of one response key
// merged.
func (c *compiler) collect(selected []selection) []*field {
	var fields []*field
	type visit struct {
		fragment string
		always   bool
	}
	visited := map[visit]bool{}
	var add func(set ast.SelectionSet, always bool)
	add = func(set ast.SelectionSet, always bool) {
		for _, s := range set {
			switch s := s.(type) {
			case *ast.Field:
				if c.included(s.Directives) {
					fields = merge(fields, s, always)
				}
			case *ast.InlineFragment:
				if c.included(s.Directives) {
					add(s.SelectionSet, always && c.passesAll(s.ObjectDefinition, s.TypeCondition))
				}
			case *ast.FragmentSpread:
				if !c.included(s.Directives) || s.Definition == nil {
					continue
				}
				inner := always && c.passesAll(s.ObjectDefinition, s.Definition.TypeCondition)
				if !visited[visit{s.Name, inner}] {
					visited[visit{s.Name, inner}] = true
					add(s.Definition.SelectionSet, inner)
				}
			}
		}
	}
	for _, s := range selected {
		add(s.set, s.always)
	}
	return fields
}

// merge adds a field to those of its response key.
func merge(fields []*field, s *ast.Field, always bool) []*field {
	at := slices.IndexFunc(fields, func(f *field) bool { return f.alias == s.Alias })
	if at < 0 {
		at = len(fields)
		fields = append(fields, &field{alias: s.Alias, name: s.Name, first: s, definition: s.Definition,
			owner: s.ObjectDefinition})
	}
	f := fields[at]
	f.always = f.always || always
	if len(s.SelectionSet) > 0 {
		f.selected = append(f.selected, selection{s.SelectionSet, always})
	}
	if marked := s.Directives.ForName("rows"); marked != nil {
		f.rowsAt = marked
	}
	return fields
}

// included reports whether @skip and @include leave a selection in.
func (c *compiler) included(directives ast.DirectiveList) bool {
	condition := func(name string, without bool) bool {
		directive := directives.ForName(name)
		if directive == nil {
			return without
		}
		value, _ := directive.ArgumentMap(c.variables)["if"].(bool)
		return value
	}
	return !condition("skip", false) && condition("include", true)
}

// passesAll reports whether a fragment is of each type that an object of a type can have.
func (c *compiler) passesAll(of *ast.Definition, condition string) bool {
	if condition == "" || of == nil || of.Name == condition {
		return true
	}
	passing := c.schema.GetPossibleTypes(c.schema.Types[condition])
	for _, one := range c.schema.GetPossibleTypes(of) {
		if !slices.Contains(passing, one) {
			return false
		}
	}
	return true
}

// compile adds the columns of an object to its part.
func (c *compiler) compile(into *part, selected []selection, path string, nullable bool) *gqlerror.Error {
	for _, f := range c.collect(selected) {
		child := &part{column: none}
		var err *gqlerror.Error
		switch {
		case c.ofEdge == nil || f.owner != c.ofEdge:
			err = c.field(child, f, path+f.alias, nullable)
		case f.name == "__typename": // not one of the node
			continue
		case f.name == "node":
			if f.rowsAt != nil {
				return c.invalid(f, "@rows stands on %s, which is not a list", f.alias)
			}
			err = c.compile(child, f.selected, path, nullable)
		default:
			err = c.field(child, f, path+f.alias, nullable)
		}
		if err != nil {
			return err
		}
		into.keys, into.children = append(into.keys, f.alias), append(into.children, child)
	}
	return nil
}

// field adds the columns of a field to its part.
func (c *compiler) field(into *part, f *field, path string, nullable bool) *gqlerror.Error {
	nullable = nullable || !f.always || !f.definition.Type.NonNull && f.name != "__typename"
	isList := f.definition.Type.Elem != nil
	if f.rowsAt != nil {
		if err := c.markRows(f, isList); err != nil {
			return err
		}
	}

	kind, isLeaf := c.kind(f.definition)
	switch {
	case isList && f.rowsAt == nil:
		if err := c.noRows(f.alias, f.selected); err != nil {
			return err
		}
		return c.column(into, f, Column{path, JSON, nullable})
	case isList:
		into.elements = &part{column: none}
		c.rows = into
		into, nullable = into.elements, true
	}
	if isLeaf {
		return c.column(into, f, Column{path, kind, nullable})
	}
	return c.compile(into, f.selected, path+".", nullable)
}

// markRows notes the list whose elements are rows.
func (c *compiler) markRows(f *field, isList bool) *gqlerror.Error {
	switch {
	case !isList:
		return c.invalid(f, "@rows stands on %s, which is not a list", f.alias)
	case isConnection(f.owner):
		return c.invalid(f, "@rows stands on %s of a connection: it can stand on other lists alone", f.name)
	case c.rowsAt != nil:
		return c.invalid(f, "@rows stands on more than one list: leave one of them out")
	}
	c.rowsAt = f.rowsAt
	return nil
}

// noRows returns the error of an @rows inside of a list.
func (c *compiler) noRows(list string, selected []selection) *gqlerror.Error {
	for _, f := range c.collect(selected) {
		if f.rowsAt != nil {
			return c.invalid(f, "@rows stands on %s inside of the list %s: put it on %s", f.alias, list, list)
		}
		if err := c.noRows(list, f.selected); err != nil {
			return err
		}
	}
	return nil
}

func (c *compiler) column(into *part, f *field, column Column) *gqlerror.Error {
	if slices.ContainsFunc(c.columns, func(other Column) bool { return other.Name == column.Name }) {
		return c.invalid(f, "two columns have the name %s: give one of them an alias", column.Name)
	}
	if len(c.columns) == maxColumns {
		return c.invalid(f, "the document has more than %d columns: select fewer fields", maxColumns)
	}
	into.column = len(c.columns)
	c.columns = append(c.columns, column)
	return nil
}

// kind returns the kind of a scalar or an enum.
func (c *compiler) kind(definition *ast.FieldDefinition) (kind Kind, isLeaf bool) {
	named := c.schema.Types[definition.Type.Name()]
	if named == nil || !named.IsLeafType() {
		return 0, false
	}
	switch named.Name {
	case "Int":
		return Int, true
	case "Float":
		return Float, true
	case "Boolean":
		return Boolean, true
	case "Time":
		return Time, true
	case "JSON":
		return JSON, true
	default:
		return Text, true
	}
}
