// Package limits bounds what an operation may ask for and how many operations run at once.
package limits

import (
	"context"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/gqlerror"

	"sessiongraph/graph/apierror"
	"sessiongraph/graph/model"
	"sessiongraph/models"
	"sessiongraph/models/mask"
)

// Operation is an extension of gqlgen's server that rejects operations before they run:
// those with arguments out of bounds, then those of too high a complexity. A fragment is
// examined once, however often it is spread.
type Operation struct {
	Schema        *ast.Schema
	Codec         *model.Codec
	MaxPage       int // largest first or last
	MaxComplexity int // values that an operation may return, about
	// Export says that operations are of exports, whose lists have neither a largest page nor a cost.
	Export bool
	// Viewer returns whose operation it is.
	Viewer func(ctx context.Context) (*models.Viewer, *gqlerror.Error)
	// Unmasked returns the names of NER slots and variables whose values every viewer sees.
	Unmasked func() *mask.Names
}

var _ graphql.OperationContextMutator = Operation{}

// ExtensionName is the extension's name in gqlgen's errors.
func (Operation) ExtensionName() string { return "Limits" }

// Validate accepts every schema.
func (Operation) Validate(graphql.ExecutableSchema) error { return nil }

// MutateOperationContext returns the error of an operation that exceeds a limit.
func (o Operation) MutateOperationContext(ctx context.Context, oc *graphql.OperationContext) *gqlerror.Error {
	for _, variable := range oc.Operation.VariableDefinitions {
		if err := checkLiterals(variable.DefaultValue, "$"+variable.Variable); err != nil {
			return err
		}
	}
	if err := checkVariables(o.Schema, oc.Operation, oc.Variables); err != nil {
		return err
	}
	arguments := argumentChecker{codec: o.Codec, maxPage: o.MaxPage, export: o.Export, variables: oc.Variables,
		seen: map[string]bool{}}
	viewer, denied := o.Viewer(ctx)
	if denied != nil {
		return denied
	}
	if viewer.SeesMasks() {
		arguments.masks = &maskChecker{o.Unmasked()}
	}
	if err := arguments.check(oc.Operation.SelectionSet); err != nil {
		return err
	}
	total := complexity(oc, o.MaxPage, o.Export)
	if total > float64(o.MaxComplexity) {
		return apierror.New(apierror.TooComplex,
			"the operation may return about %.0f values, at most %d are allowed: "+
				"ask for smaller pages, fewer fields or less nesting", total, o.MaxComplexity)
	}
	return nil
}
