package render

import (
	"sync"
	"sync/atomic"

	"github.com/99designs/gqlgen/graphql"
	lru "github.com/hashicorp/golang-lru/v2"
	"github.com/vektah/gqlparser/v2/ast"
)

// Bounds of the compiled operations that are cached, and of the selected fields of each.
// An operation that selects the whole schema has some 300.
const (
	maxPlans      = 300
	maxPlanFields = 1000
)

// plan is a compiled operation. Its root fields, and the selections below them, are
// compiled at their first use.
type plan struct {
	plans     *plans
	operation *ast.OperationDefinition
	// conditional is set if @skip or @include depend on variables, so that the plan cannot
	// be reused.
	conditional bool
	size        atomic.Int64 // compiled fields

	mu    sync.Mutex
	roots map[*ast.Field]*Field
}

// plans caches compiled operations by their parsed documents.
type plans struct {
	cache *lru.Cache[*ast.OperationDefinition, *plan]
}

func newPlans() *plans {
	cache, err := lru.New[*ast.OperationDefinition, *plan](maxPlans)
	if err != nil {
		panic(err) // only of a size that is not positive
	}
	return &plans{cache}
}

// root returns a compiled root field of the operation.
func (p *plans) root(operation *graphql.OperationContext, t *Type, collected graphql.CollectedField) *Field {
	known, ok := p.cache.Get(operation.Operation)
	if !ok {
		known = &plan{plans: p, operation: operation.Operation, roots: map[*ast.Field]*Field{}}
		known.conditional = dependsOnVariables(operation.Operation.SelectionSet, map[string]bool{})
		p.cache.Add(operation.Operation, known)
	}
	if known.conditional {
		field := newField(known, t, collected)
		return &field
	}
	known.mu.Lock()
	defer known.mu.Unlock()
	if field := known.roots[collected.Field]; field != nil {
		return field
	}
	field := newField(known, t, collected)
	known.roots[collected.Field] = &field
	return &field
}

// grow counts compiled fields. A plan with too many leaves the cache.
func (p *plan) grow(fields int) {
	if !p.conditional && p.size.Add(int64(fields)) > maxPlanFields {
		p.plans.cache.Remove(p.operation)
	}
}

// dependsOnVariables reports whether a variable decides which fields are selected.
func dependsOnVariables(set ast.SelectionSet, seen map[string]bool) bool {
	for _, selection := range set {
		var directives ast.DirectiveList
		var inner ast.SelectionSet
		switch s := selection.(type) {
		case *ast.Field:
			directives, inner = s.Directives, s.SelectionSet
		case *ast.InlineFragment:
			directives, inner = s.Directives, s.SelectionSet
		case *ast.FragmentSpread:
			directives = s.Directives
			if s.Definition != nil && !seen[s.Name] {
				seen[s.Name] = true
				inner = s.Definition.SelectionSet
			}
		}
		for _, directive := range directives {
			for _, argument := range directive.Arguments {
				if argument.Value != nil && argument.Value.Kind == ast.Variable {
					return true
				}
			}
		}
		if dependsOnVariables(inner, seen) {
			return true
		}
	}
	return false
}
