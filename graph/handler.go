package graph

import (
	"context"
	"log/slog"
	"net/http"
	"time"

	"github.com/99designs/gqlgen/graphql"
	"github.com/99designs/gqlgen/graphql/handler"
	"github.com/99designs/gqlgen/graphql/handler/extension"
	"github.com/99designs/gqlgen/graphql/handler/lru"
	"github.com/vektah/gqlparser/v2/ast"

	"sessiongraph/graph/generated"
	"sessiongraph/graph/model"
	"sessiongraph/models"
)

// Settings are what an operator decides about the GraphQL API.
type Settings struct {
	MaxPage       int // the most that first or last may ask for
	MaxComplexity int // about how many values an operation may return
	// QueryTimeout is how long an answer, or one event of a subscription, may take.
	QueryTimeout time.Duration
}

const (
	// The full introspection query has some 200 tokens; the parser recurses, and
	// validation is quadratic, so a document has to be small.
	maxTokens = 1500
	// Bytes of a request: a document of so many tokens and its variables.
	maxRequest = 256 << 10
	// Documents that are kept parsed.
	cachedDocuments = 500
)

// DefaultQueryTimeout is the QueryTimeout of settings that have none.
const DefaultQueryTimeout = 10 * time.Second

// Handler answers GraphQL at /query, until stopping ends its streams.
func Handler(stopping context.Context, store *models.Store, settings Settings, log *slog.Logger) http.Handler {
	server, run := newServer(stopping, store, store.Primary(), settings, log)
	renderInOnePass(server, run)
	return server
}

// renderInOnePass makes answers by one reader of one state of the database: each root
// field is read and rendered in one pass, one after the other, without columns of
// sessions that nothing in the operation shows.
func renderInOnePass(server *handler.Server, run *runner) {
	renderer := generated.NewRenderer()
	run.snapshot = models.Snapshot
	server.AroundFields(func(ctx context.Context, next graphql.Resolver) (any, error) {
		defer models.LockSnapshot(ctx)()
		return renderer.Field(models.ShowOnly(ctx, selectedNames(graphql.GetOperationContext(ctx))), next)
	})
}

// selectedNames are the names of all fields that an operation selects, of whatever type.
func selectedNames(oc *graphql.OperationContext) map[string]bool {
	names := map[string]bool{}
	var add func(ast.SelectionSet)
	add = func(selections ast.SelectionSet) {
		for _, selection := range selections {
			switch selection := selection.(type) {
			case *ast.Field:
				names[selection.Name] = true
				add(selection.SelectionSet)
			case *ast.InlineFragment:
				add(selection.SelectionSet)
			}
		}
	}
	add(oc.Operation.SelectionSet)
	for _, fragment := range oc.Doc.Fragments {
		add(fragment.SelectionSet)
	}
	return names
}

// newServer is a server that renders as gqlgen does: fields at the same time, each from
// the state that it finds.
func newServer(stopping context.Context, store, primary model.Reader, settings Settings, log *slog.Logger) (*handler.Server, *runner) {
	source := model.Source{Store: store, Primary: primary, Codec: model.NewCodec(store.CursorKey()), MaxPage: settings.MaxPage}
	admission := newAdmission()
	run := &runner{source: source, timeout: settings.QueryTimeout, admission: admission, log: log,
		snapshot: func(ctx context.Context) (context.Context, func()) { return ctx, func() {} }}
	if run.timeout <= 0 {
		run.timeout = DefaultQueryTimeout
	}
	executable := generated.NewExecutableSchema(generated.Config{Resolvers: &Resolver{source, admission}})
	server := handler.New(executable)
	overHTTP := httpTransport{maxRequest, run}
	server.AddTransport(websocketTransport{stopping, run})
	server.AddTransport(sseTransport{overHTTP, stopping})
	server.AddTransport(overHTTP)
	server.SetParserTokenLimit(maxTokens)
	server.SetQueryCache(smallDocuments{lru.New[*ast.QueryDocument](cachedDocuments)})
	server.SetErrorPresenter(presentError(log))
	server.SetRecoverFunc(recovered)
	server.Use(extension.Introspection{})
	server.Use(limits{schema: executable.Schema(), codec: source.Codec, maxPage: settings.MaxPage, maxComplexity: settings.MaxComplexity})
	return server, run
}
