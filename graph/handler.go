package graph

import (
	"context"
	"log/slog"
	"net/http"
	"time"

	"github.com/99designs/gqlgen/graphql"
	"github.com/99designs/gqlgen/graphql/handler"
	"github.com/99designs/gqlgen/graphql/handler/extension"
	"github.com/vektah/gqlparser/v2/ast"

	"sessiongraph/graph/documents"
	"sessiongraph/graph/generated"
	"sessiongraph/graph/limits"
	"sessiongraph/graph/model"
	"sessiongraph/graph/transport"
	"sessiongraph/internal/tracing"
	"sessiongraph/models/store"
)

// Settings are what an operator decides about the GraphQL API.
type Settings struct {
	MaxPage       int // the most that first or last may ask for
	MaxComplexity int // about how many values an operation may return
	// QueryTimeout is how long an answer, or one event of a subscription, may take.
	QueryTimeout time.Duration
	// ExportTimeout is how long an export may take; 0 for no bound.
	ExportTimeout time.Duration
	Origins       []string // of web pages that may query, as browsers send them
	// Authenticator finds out who sends a request, and makes the API protected; nil where everyone is an operator.
	Authenticator transport.Authenticator

	Documents     *documents.Trusted // what clients may name by an id
	DocumentsOnly bool               // viewers without the scope admin send trusted documents alone

	Metrics *Metrics // nil for none
}

// maxRequest bounds a request: a document of limits.MaxTokens and its variables.
const maxRequest = 256 << 10 // bytes

// DefaultQueryTimeout is the QueryTimeout of settings that have none.
const DefaultQueryTimeout = 10 * time.Second

// Handler returns the handler of /query. Its streams end with stopping.
func Handler(stopping context.Context, database *store.Store, settings Settings, log *slog.Logger) http.Handler {
	server, run := newServer(stopping, database, database.Primary(), settings, log)
	renderInOnePass(server)
	run.snapshot = store.Snapshot
	return settings.protect(server, true)
}

// protect returns a handler that wants a token where the API is protected, and counts errors. With sockets set the
// route takes WebSockets.
func (s Settings) protect(route http.Handler, sockets bool) http.Handler {
	if s.Authenticator != nil {
		route = transport.RequireToken(s.Authenticator, sockets, route)
	}
	if s.Metrics != nil {
		route = transport.CountErrors(s.Metrics.countError, route)
	}
	return route
}

// fieldServer is gqlgen's server, or its executor.
type fieldServer interface {
	AroundFields(f graphql.FieldMiddleware)
}

// renderInOnePass makes a server answer from one state of the database. Root fields are
// read and rendered one after the other, each in one pass, without the columns of
// sessions that the operation does not select.
func renderInOnePass(server fieldServer) {
	renderer := generated.NewRenderer()
	server.AroundFields(func(ctx context.Context, next graphql.Resolver) (any, error) {
		defer store.LockSnapshot(ctx)()
		ctx, end := tracing.Start(ctx, graphql.GetFieldContext(ctx).Field.Name)
		var resolved any
		ctx = store.ShowOnly(ctx, selectedNames(graphql.GetOperationContext(ctx)))
		rendered, err := renderer.Field(ctx, func(ctx context.Context) (value any, err error) {
			resolved, err = next(ctx)
			return resolved, err
		})
		end(err)
		addRows(ctx, rowsOf(resolved))
		return rendered, err
	})
}

// selectedNames returns the names of all fields that an operation selects, of any type.
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

// newServer returns a server that renders as gqlgen does: fields concurrently, each from
// the present state of the database.
func newServer(
	stopping context.Context, database reader, primary model.Reader, settings Settings, log *slog.Logger,
) (*handler.Server, *runner) {
	run := newRunner(database, primary, settings, log)
	resolver := &Resolver{run.source, database, &limits.SubscriptionLimiter{}}
	executable := generated.NewExecutableSchema(generated.Config{Resolvers: resolver,
		Schema: clientSchema(generated.NewExecutableSchema(generated.Config{}).Schema())})
	server := handler.New(executable)
	overHTTP := transport.HTTP{MaxBody: maxRequest, Runner: run}
	server.AddTransport(transport.WebSocket{
		Runner: run, Stopping: stopping, Origins: settings.Origins, Authenticator: settings.Authenticator,
	})
	server.AddTransport(transport.SSE{HTTP: overHTTP, Stopping: stopping})
	server.AddTransport(overHTTP)
	run.configure(server, limits.Operation{Schema: executable.Schema(), MaxPage: settings.MaxPage,
		MaxComplexity: settings.MaxComplexity}, settings, database)
	return server, run
}

func newRunner(database reader, primary model.Reader, settings Settings, log *slog.Logger) *runner {
	run := &runner{
		source: model.Source{Store: database, Primary: primary, Codec: model.NewCodec(database.CursorKey()),
			MaxPage: settings.MaxPage},
		timeout: settings.QueryTimeout, operations: limits.NewOperationLimiter(), log: log,
		protected: settings.Authenticator != nil, metrics: settings.Metrics,
		snapshot: func(ctx context.Context) (context.Context, func()) { return ctx, func() {} },
	}
	if run.timeout <= 0 {
		run.timeout = DefaultQueryTimeout
	}
	return run
}

// operationServer is gqlgen's server, or its executor.
type operationServer interface {
	SetParserTokenLimit(limit int)
	SetQueryCache(cache graphql.Cache[*ast.QueryDocument])
	SetErrorPresenter(f graphql.ErrorPresenterFunc)
	SetRecoverFunc(f graphql.RecoverFunc)
	Use(extension graphql.HandlerExtension)
}

// configure makes a server refuse the operations that its viewers may not run, or that exceed the limits.
func (r *runner) configure(server operationServer, bounds limits.Operation, settings Settings, database reader) {
	server.SetParserTokenLimit(limits.MaxTokens)
	server.SetQueryCache(limits.NewQueryCache())
	server.SetErrorPresenter(presentError(r.log))
	server.SetRecoverFunc(recovered)
	server.Use(extension.Introspection{})
	server.Use(rights{r.viewer})
	server.Use(persistedDocuments{
		trusted: settings.Documents, only: settings.DocumentsOnly, automatic: limits.NewPersistedQueries(),
		viewer: r.viewer,
	})
	bounds.Codec, bounds.Viewer, bounds.Unmasked = r.source.Codec, r.viewer, database.Unmasked
	server.Use(bounds)
}
