// Package export makes the rows of a file of the answers of a document: which columns it has, which operation reads
// one page of its list, what of an answer is in which cell, and how a row is written as CSV, NDJSON or Parquet.
package export

import (
	"maps"
	"slices"
	"strings"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/gqlerror"

	"sessiongraph/graph/apierror"
	"sessiongraph/graph/limits"
)

// Kind is what the cells of a column hold.
type Kind int

// The kinds of columns. JSON is of lists, too.
const (
	Text Kind = iota
	Int
	Float
	Boolean
	Time
	JSON
)

// Column is a column of the rows.
type Column struct {
	Name     string // response path below the node, joined by dots
	Kind     Kind
	Nullable bool // whether the schema, or the place of the field in the document, allows null
}

// Plan is how a document is read page by page, and what the rows of its answers are.
type Plan struct {
	List    string // name of the root field
	Columns []Column
	// Operation reads a page of the list, and Cursors the cursors of its ends alone; the variables of both are those
	// that Page returns.
	Operation, Cursors *ast.OperationDefinition
	// Paged is set if the list is a connection. Else one answer has all of it.
	Paged bool
	// Bounds are the paging arguments of the document.
	Bounds Bounds

	variables map[string]any
	root      string // response key of the list, or of its connection
	nodes     string // response key of nodes or edges in the connection
	row       *part  // of a node, an edge or an element
	rows      *part  // each of whose elements is a row; nil without @rows
}

// Bounds are the paging arguments of a connection: at most so many nodes between two cursors.
type Bounds struct {
	First, Last   *int
	After, Before *string
}

// lists are the root fields that can be exported.
var lists = []string{
	"sessions", "messages", "contacts", "sessionStats", "promptStats", "intentions", "nerSlots", "variables",
	"eventLabels",
}

// NewPlan returns the plan of an operation that has been validated.
func NewPlan(schema *ast.Schema, oc *graphql.OperationContext) (*Plan, *gqlerror.Error) {
	c := compiler{schema: schema, variables: oc.Variables}
	list, err := c.list(oc.Operation)
	if err != nil {
		return nil, err
	}
	p := &Plan{List: list.name, variables: oc.Variables, root: list.alias, row: &part{column: none}}
	selected := list.selected
	if definition := schema.Types[list.definition.Type.Name()]; isConnection(definition) {
		p.Paged = true
		page, err := c.page(list)
		if err != nil {
			return nil, err
		}
		p.nodes, selected = page.alias, page.selected
		if page.name == "edges" {
			c.ofEdge = schema.Types[page.definition.Type.Name()]
		}
		p.Bounds = bounds(list.first, oc.Variables)
		p.setOperations(schema, oc.Operation, list, page)
	} else {
		c.rowsAt = list.rowsAt
		p.Operation = oc.Operation
	}

	if err := c.compile(p.row, selected, "", false); err != nil {
		return nil, err
	}
	if len(c.columns) == 0 {
		return nil, c.invalid(list, "%s has no column: select a field of its nodes", list.alias)
	}
	p.Columns, p.rows = c.columns, c.rows
	return p, nil
}

// list returns the root field of an operation.
func (c *compiler) list(operation *ast.OperationDefinition) (*field, *gqlerror.Error) {
	if operation.Operation != ast.Query {
		return nil, apierror.New(apierror.BadUserInput, "an export is of a query")
	}
	fields := c.collect([]selection{{operation.SelectionSet, true}})
	names := strings.Join(lists, ", ")
	if len(fields) != 1 {
		return nil, apierror.New(apierror.BadUserInput, "an export is of one list, the operation selects %d fields: "+
			"select one of %s", len(fields), names)
	}
	if !slices.Contains(lists, fields[0].name) {
		return nil, c.invalid(fields[0], "%s cannot be exported: select one of %s", fields[0].name, names)
	}
	return fields[0], nil
}

// page returns the nodes or the edges of a connection.
func (c *compiler) page(connection *field) (*field, *gqlerror.Error) {
	if connection.rowsAt != nil {
		return nil, c.invalid(connection, "@rows stands on %s, which is not a list", connection.alias)
	}
	var pages []*field
	for _, f := range c.collect(connection.selected) {
		if f.rowsAt != nil {
			return nil, c.invalid(f, "@rows stands on %s: each of its elements is a row without it", f.name)
		}
		if f.name == "nodes" || f.name == "edges" {
			pages = append(pages, f)
		}
	}
	switch {
	case len(pages) == 0:
		return nil, c.invalid(connection, "%s has no rows: select its nodes or its edges", connection.alias)
	case len(pages) > 1:
		return nil, c.invalid(pages[1], "%s selects nodes or edges twice: select one of them, once", connection.alias)
	}
	return pages[0], nil
}

func bounds(list *ast.Field, variables map[string]any) (b Bounds) {
	arguments := list.ArgumentMap(variables)
	b.First, b.Last = limits.PageArguments(list, arguments)
	for name, into := range map[string]**string{"after": &b.After, "before": &b.Before} {
		if cursor, ok := arguments[name].(string); ok {
			*into = &cursor
		}
	}
	return b
}

// The names of the variables and of the response key of an operation that reads a page. No document can have them.
const (
	firstVariable  = "page first"
	lastVariable   = "page last"
	afterVariable  = "page after"
	beforeVariable = "page before"
	pageInfoKey    = "page info"
)

// setOperations sets the operations that read a page.
func (p *Plan) setOperations(schema *ast.Schema, operation *ast.OperationDefinition, list, page *field) {
	at := list.first.Position
	connection := schema.Types[list.definition.Type.Name()]
	info := connection.Fields.ForName("pageInfo")
	pageInfo := schema.Types[info.Type.Name()]
	cursors := &ast.Field{Alias: pageInfoKey, Name: "pageInfo", Definition: info, ObjectDefinition: connection,
		Position: at}
	for _, name := range []string{"startCursor", "endCursor"} {
		cursors.SelectionSet = append(cursors.SelectionSet, &ast.Field{Alias: name, Name: name,
			Definition: pageInfo.Fields.ForName(name), ObjectDefinition: pageInfo, Position: at})
	}
	nodes := *page.first
	nodes.Directives, nodes.SelectionSet = nil, page.selections()

	variables := map[string]string{
		"first": firstVariable, "last": lastVariable, "after": afterVariable, "before": beforeVariable,
	}
	root := *list.first
	root.Directives, root.Arguments = nil, nil
	for _, argument := range list.first.Arguments {
		if variables[argument.Name] == "" {
			root.Arguments = append(root.Arguments, argument)
		}
	}
	for name, variable := range variables {
		of := schema.Types[list.definition.Arguments.ForName(name).Type.Name()]
		root.Arguments = append(root.Arguments, &ast.Argument{Name: name, Position: at,
			Value: &ast.Value{Raw: variable, Kind: ast.Variable, Position: at, Definition: of}})
	}
	read := func(selected ...ast.Selection) *ast.OperationDefinition {
		list, one := root, *operation
		list.SelectionSet, one.SelectionSet = selected, ast.SelectionSet{&list}
		return &one
	}
	p.Operation, p.Cursors = read(&nodes, cursors), read(cursors)
}

// Page returns the variables of an operation that reads the page within the bounds.
func (p *Plan) Page(b Bounds) map[string]any {
	variables := maps.Clone(p.variables)
	if variables == nil {
		variables = map[string]any{}
	}
	for name, n := range map[string]*int{firstVariable: b.First, lastVariable: b.Last} {
		if n != nil {
			variables[name] = *n
		}
	}
	for name, cursor := range map[string]*string{afterVariable: b.After, beforeVariable: b.Before} {
		if cursor != nil {
			variables[name] = *cursor
		}
	}
	return variables
}

func isConnection(definition *ast.Definition) bool {
	return definition != nil && strings.HasSuffix(definition.Name, "Connection")
}
