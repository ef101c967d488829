package graph

import (
	"context"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/gqlerror"

	"sessiongraph/graph/apierror"
	"sessiongraph/models"
)

// rights is an extension of gqlgen's server that refuses operations whose viewer lacks a scope, before anything runs.
type rights struct {
	viewer func(ctx context.Context) (*models.Viewer, *gqlerror.Error)
}

var _ graphql.OperationContextMutator = rights{}

// ExtensionName is the extension's name in gqlgen's errors.
func (rights) ExtensionName() string { return "Rights" }

// Validate accepts every schema.
func (rights) Validate(graphql.ExecutableSchema) error { return nil }

// MutateOperationContext returns the error of an operation that its viewer may not run.
func (r rights) MutateOperationContext(ctx context.Context, oc *graphql.OperationContext) *gqlerror.Error {
	viewer, denied := r.viewer(ctx)
	switch {
	case denied != nil:
		return denied
	case !viewer.May(models.ScopeRead):
		return apierror.New(apierror.Forbidden, "the token lacks the scope READ: it needs read, pii or admin")
	case viewer.May(models.ScopeAdmin):
		return nil
	}
	for _, field := range graphql.CollectFields(oc, oc.Operation.SelectionSet, []string{"Query"}) {
		if field.Name == "drift" {
			return apierror.New(apierror.Forbidden, "the token lacks the scope ADMIN: drift needs admin")
		}
	}
	return nil
}

func errNoRead() *gqlerror.Error {
	return apierror.New(apierror.Forbidden, "the token lacks the scope READ: it needs read, pii or admin")
}
