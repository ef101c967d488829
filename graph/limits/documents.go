package limits

import (
	"context"
	"sync"

	"github.com/99designs/gqlgen/graphql"
	"github.com/99designs/gqlgen/graphql/handler/lru"
	"github.com/hashicorp/golang-lru/v2/simplelru"
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

// Bounds of the texts of automatic persisted queries, in bytes.
const (
	persistedBytes   = 4 << 20
	maxPersistedText = 64 << 10
)

// PersistedQueries caches the texts of automatic persisted queries by their hash: those that were used last.
type PersistedQueries struct {
	mu    sync.Mutex
	texts *simplelru.LRU[string, string]
	bytes int
}

// NewPersistedQueries returns an empty cache.
func NewPersistedQueries() *PersistedQueries {
	p := new(PersistedQueries)
	// Entries are bounded by bytes, and thereby in number: a text has a byte, and its hash 64.
	p.texts, _ = simplelru.NewLRU(persistedBytes, func(hash, text string) { p.bytes -= len(hash) + len(text) })
	return p
}

// Get returns the text of a hash, "" if it is not known.
func (p *PersistedQueries) Get(hash string) string {
	p.mu.Lock()
	defer p.mu.Unlock()
	text, _ := p.texts.Get(hash)
	return text
}

// Add caches a text unless it is too long.
func (p *PersistedQueries) Add(hash, text string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if len(text) > maxPersistedText || p.texts.Contains(hash) {
		return
	}
	p.texts.Add(hash, text)
	p.bytes += len(hash) + len(text)
	for p.bytes > persistedBytes {
		p.texts.RemoveOldest()
	}
}
