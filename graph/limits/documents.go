package limits

import (
	"context"

	"github.com/99designs/gqlgen/graphql"
	"github.com/99designs/gqlgen/graphql/handler/lru"
	"github.com/vektah/gqlparser/v2/ast"
)

// MaxTokens is the most tokens of a document. The full introspection query has some 200;
// the parser recurses, and validation is quadratic.
const MaxTokens = 1500

// Bounds of the parsed documents that are cached, in documents and in bytes of each.
const (
	cachedDocuments   = 500
	maxCachedDocument = 16 << 10
)

// boundedQueryCache caches parsed documents that are not too long: the cache counts
// entries, not bytes.
type boundedQueryCache struct {
	graphql.Cache[*ast.QueryDocument]
}

// NewQueryCache returns a cache of parsed documents.
func NewQueryCache() graphql.Cache[*ast.QueryDocument] {
	return boundedQueryCache{lru.New[*ast.QueryDocument](cachedDocuments)}
}

// Add caches a document unless it is too long.
func (c boundedQueryCache) Add(ctx context.Context, query string, document *ast.QueryDocument) {
	if len(query) <= maxCachedDocument {
		c.Cache.Add(ctx, query, document)
	}
}
