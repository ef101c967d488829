package graph

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/gqlerror"

	"sessiongraph/graph/apierror"
	"sessiongraph/graph/limits"
	"sessiongraph/graph/model"
	"sessiongraph/graph/transport"
	"sessiongraph/models"
)

// runner runs operations for the transports, within the bounds of time and number.
type runner struct {
	source     model.Source
	timeout    time.Duration // of a response, or of an event
	operations *limits.OperationLimiter
	events     eventCache
	log        *slog.Logger
	metrics    *Metrics
	protected  bool // operations without a viewer in their context are refused
	// snapshot returns a context whose reads are all of one state of the database, until end.
	snapshot func(ctx context.Context) (reading context.Context, end func())
}

var _ transport.Runner = (*runner)(nil)

// Respond runs an operation of any kind, see transport.Runner.
func (r *runner) Respond(
	ctx context.Context, exec graphql.GraphExecutor, params *graphql.RawParams, send func(payload []byte) bool,
) gqlerror.List {
	errs := r.run(ctx, exec, params, func(payload []byte) bool { return ctx.Err() == nil && send(payload) })
	if ctx.Err() != nil {
		return nil
	}
	return errs
}

func (r *runner) run(
	ctx context.Context, exec graphql.GraphExecutor, params *graphql.RawParams, send func(payload []byte) bool,
) gqlerror.List {
	ctx, denied := r.withViewer(ctx)
	if denied != nil {
		return gqlerror.List{denied}
	}
	oc, errs := exec.CreateOperationContext(ctx, params)
	ctx = graphql.WithOperationContext(ctx, oc)
	if errs != nil {
		return exec.DispatchError(ctx, apierror.ShortenList(errs)).Errors
	}

	if oc.Operation.Operation != ast.Subscription {
		response, err := r.Answer(ctx, exec, oc)
		if err != nil {
			return gqlerror.List{err}
		}
		if response != nil {
			send(transport.Encode(ctx, response))
		}
		return nil
	}

	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	s := &subscription{}
	next, ctx := exec.DispatchOperation(context.WithValue(ctx, subscriptionKey{}, s), oc)
	if s.stream == nil { // the resolver returned an error
		if response := next(ctx); response != nil {
			send(transport.Encode(ctx, response))
		}
		return nil
	}
	defer s.stream.Close()
	ctx, finish := r.audit(ctx, oc)
	defer finish()
	return r.stream(ctx, oc, s, next, func(payload []byte) bool {
		sent := send(payload)
		if sent {
			addRows(ctx, 1)
		}
		return sent
	})
}

// Answer runs a query, see transport.Runner.
func (r *runner) Answer(
	ctx context.Context, exec graphql.GraphExecutor, oc *graphql.OperationContext,
) (*graphql.Response, *gqlerror.Error) {
	ctx, denied := r.withViewer(ctx)
	if denied != nil {
		return nil, denied
	}
	ctx, cancel := context.WithTimeout(ctx, r.timeout)
	defer cancel()
	release, err := r.operations.AcquireSoon(ctx, oc)
	if err != nil {
		return nil, presentError(r.log)(ctx, err)
	}
	defer release()
	defer r.metrics.answered(oc)
	ctx, finish := r.audit(ctx, oc)
	defer finish()
	ctx, end := r.snapshot(ctx)
	defer end()
	next, ctx := exec.DispatchOperation(ctx, oc)
	response := next(ctx)
	if response == nil && errors.Is(ctx.Err(), context.DeadlineExceeded) {
		return nil, presentError(r.log)(ctx, ctx.Err())
	}
	return response, nil
}

// withViewer returns the context of an operation with its viewer. Where the server is open, everyone is an operator.
func (r *runner) withViewer(ctx context.Context) (context.Context, *gqlerror.Error) {
	if models.ViewerOf(ctx) != nil {
		return ctx, nil
	}
	viewer, denied := r.viewer(ctx)
	return models.WithViewer(ctx, viewer), denied
}

// viewer returns who sends an operation.
func (r *runner) viewer(ctx context.Context) (*models.Viewer, *gqlerror.Error) {
	switch viewer := models.ViewerOf(ctx); {
	case viewer != nil:
		return viewer, nil
	case r.protected:
		return nil, errUnauthenticated()
	default:
		return models.Operator(), nil
	}
}

func errUnauthenticated() *gqlerror.Error {
	return apierror.New(apierror.Unauthenticated, "send a token: Authorization: Bearer TOKEN")
}
