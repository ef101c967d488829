package graph

import (
	"context"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/ast"
)

// smallDocuments keeps parsed documents, but no long ones: the cache counts
// entries, not bytes.
type smallDocuments struct {
	graphql.Cache[*ast.QueryDocument]
}

const maxCachedDocument = 16 << 10 // bytes

// Add keeps a document of bounded length.
func (c smallDocuments) Add(ctx context.Context, query string, document *ast.QueryDocument) {
	if len(query) <= maxCachedDocument {
		c.Cache.Add(ctx, query, document)
	}
}
