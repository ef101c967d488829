package render

import (
	"fmt"
	"strings"
	"testing"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/validator/rules"
)

// An operation with a schema of one type, whose objects lead to others of it.
func operationOf(t *testing.T, document string) (*graphql.OperationContext, *Type, graphql.CollectedField) {
	t.Helper()
	schema := gqlparser.MustLoadSchema(&ast.Source{Input: "type Query { tree: Tree }\ntype Tree { name: " +
		"String tree: Tree }"})
	doc, errs := gqlparser.LoadQueryWithRules(schema, document, rules.NewDefaultRules())
	if errs != nil {
		t.Fatal(errs)
	}
	operation := &graphql.OperationContext{Doc: doc, Operation: doc.Operations[0],
		Variables: map[string]any{"yes": true}}
	tree := Type{Name: "Tree", Implements: []string{"Tree"},
		Fields: []FieldType{{Name: "name"}, {Name: "tree", Types: []string{"Tree"}}}}
	roots := []Root{{Type: Type{Name: "Query", Implements: []string{"Query"},
		Fields: []FieldType{{Name: "tree", Types: []string{"Tree"}}}}}}
	link([]Type{tree}, roots)
	return operation, &roots[0].Type,
		graphql.CollectFields(operation, operation.Operation.SelectionSet, []string{"Query"})[0]
}

func TestOperationsAreCompiledOnce(t *testing.T) {
	many := make([]string, maxPlanFields+1)
	for i := range many {
		many[i] = fmt.Sprintf("f%d: name", i)
	}
	for _, c := range []struct {
		name, document string
		kept           bool
	}{
		{"plain", `{ tree { name } }`, true},
		{"literal conditions", `{ tree { name @include(if: true) tree @skip(if: true) { name } } }`, true},
		{"a condition of a field", `query($yes: Boolean!) { tree { name @include(if: $yes) } }`, false},
		{"a condition of a fragment", `query($yes: Boolean!) { tree { ...F } } fragment F on Tree { ... @skip(if: ` +
			`$yes) { name } name }`, false},
		{"a condition of the root", `query($yes: Boolean!) { tree { name } tree @include(if: $yes) ` +
			`{ tree { name } } }`, false},
		{"many fields", `{ tree { ` + strings.Join(many, " ") + ` } }`, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			operation, query, field := operationOf(t, c.document)
			plans := newPlans()
			w := &Writer{operation: operation}
			first := plans.root(operation, query, field)
			selection := first.selection(w, 0)
			if again := plans.root(operation, query, field); (again == first) != c.kept {
				t.Errorf("compiled again: %v", again != first)
			}
			if first.selection(w, 0) != selection {
				t.Error("a selection was compiled twice for one operation")
			}
		})
	}
}

// A document can name far more than it returns: what is not reached is not compiled.
func TestNothingIsCompiledAhead(t *testing.T) {
	document := `{ tree { ...F0 } }`
	for level := range 40 {
		document += fmt.Sprintf(" fragment F%d on Tree { a: tree { ...F%d } b: tree { ...F%d } }",
			level, level+1, level+1)
	}
	document += " fragment F40 on Tree { name }"
	operation, query, field := operationOf(t, document)
	root := newPlans().root(operation, query, field)
	w := &Writer{operation: operation}
	for f, level := root, 0; level < 10; level++ {
		f = &f.selection(w, 0).fields[0]
	}
	if compiled := root.plan.size.Load(); compiled != 20 {
		t.Errorf("%d fields are compiled, want those of the 10 selections that were reached", compiled)
	}
}
