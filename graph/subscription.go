package graph

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"regexp"
	"slices"
	"time"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/gqlerror"

	"sessiongraph/graph/apierror"
	"sessiongraph/graph/model"
	"sessiongraph/models"
	"sessiongraph/models/store"
	"sessiongraph/models/store/dialect"
)

// subscription connects the resolver of sessionStored, which has the arguments, with the
// runner, which sends it the events to render.
type subscription struct {
	stream *store.EventStream // nil until the resolver has subscribed
	events chan *model.SessionStored
}

type subscriptionKey struct{}

// subscribe resolves sessionStored.
func (r *Resolver) subscribe(
	ctx context.Context, filter *models.SessionFilter, after *string,
) (<-chan *model.SessionStored, error) {
	s, ok := ctx.Value(subscriptionKey{}).(*subscription)
	if !ok {
		return nil, errors.New("subscription outside of a stream")
	}
	if err := r.subscriptions.Acquire(ctx); err != nil {
		return nil, err
	}
	place, err := r.Codec.EventPlace(after)
	if err != nil {
		return nil, err
	}
	stream, err := r.events.Events(ctx, filter, place)
	if err != nil {
		return nil, err
	}
	s.stream, s.events = stream, make(chan *model.SessionStored, 1)
	return s.events, nil
}

// slowReceiver is how long a client may take to receive an event.
const slowReceiver = 15 * time.Second

// stream sends the events of a subscription.
func (r *runner) stream(
	ctx context.Context, oc *graphql.OperationContext, s *subscription, next graphql.ResponseHandler,
	send func([]byte) bool,
) gqlerror.List {
	operation := sharedOperation(oc, models.ViewerOf(ctx))
	for {
		event, err := s.stream.Next(ctx)
		if err != nil {
			return r.ending(ctx, err)
		}
		answer, err := r.events.get(ctx, eventKey{operation, event.Seq}, func() (*eventAnswer, error) {
			return r.render(ctx, oc, s, next, event)
		})
		if err != nil {
			return r.ending(ctx, err)
		}
		if answer == nil { // a newer version has its own event
			continue
		}

		began := time.Now()
		if !send(answer.encode(ctx)) {
			return nil
		}
		if time.Since(began) > slowReceiver {
			return gqlerror.List{apierror.New(apierror.TooSlow,
				"events were not taken in time: subscribe again with after,"+
					" the cursor of the last event that you saw")}
		}
	}
}

// ending returns the errors that a subscriber is sent when its events end.
func (r *runner) ending(ctx context.Context, err error) gqlerror.List {
	if ctx.Err() != nil || errors.Is(err, store.ErrClosed) {
		return nil
	}
	return gqlerror.List{presentError(r.log)(ctx, err)}
}

// retryEvent is the pause between attempts while the database is not available.
const retryEvent = time.Second

// render returns the response to an event, or nil if a newer version has superseded it.
// It retries while the database is not available: no event may be lost.
func (r *runner) render(
	ctx context.Context, oc *graphql.OperationContext, s *subscription, next graphql.ResponseHandler,
	event models.SessionEvent,
) (*eventAnswer, error) {
	release, err := r.operations.Acquire(ctx, oc)
	if err != nil {
		return nil, err
	}
	defer release()
	for {
		answer, err := r.renderOnce(ctx, s, next, event)
		if !errors.Is(err, dialect.ErrUnavailable) {
			return answer, err
		}
		select {
		case <-time.After(retryEvent):
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
}

func (r *runner) renderOnce(
	ctx context.Context, s *subscription, next graphql.ResponseHandler, event models.SessionEvent,
) (*eventAnswer, error) {
	ctx, cancel := context.WithTimeout(ctx, r.timeout)
	defer cancel()
	ctx, end := r.snapshot(ctx)
	defer end()
	stored, err := model.Stored(ctx, r.source, event)
	if err == nil && stored == nil {
		return nil, nil
	}
	if err == nil {
		s.events <- stored
		response := next(ctx)
		if err = ctx.Err(); err == nil {
			if !apierror.HasCode(response.Errors, apierror.Unavailable) {
				return newEventAnswer(ctx, response), nil
			}
			err = dialect.ErrUnavailable
		}
	}
	if errors.Is(ctx.Err(), context.DeadlineExceeded) {
		err = presentError(r.log)(ctx, err) // while its time is known to be over
	}
	return nil, err
}

// sharedOperation returns a hash of all that the response to an event depends on: the
// document and its variables, except those that only select the events, and what the viewer sees.
func sharedOperation(oc *graphql.OperationContext, viewer *models.Viewer) [sha256.Size]byte {
	variables := make(map[string]any, len(oc.Variables))
	for name, value := range oc.Variables {
		if !isOnlyRootArgument(oc, name) {
			variables[name] = value
		}
	}
	key, err := json.Marshal([]any{oc.RawQuery, oc.OperationName, variables, viewer.Scopes, viewer.RowRules})
	if err != nil { // never: variables came as JSON
		key = []byte(rand.Text())
	}
	return sha256.Sum256(key)
}

// isOnlyRootArgument reports whether a variable is used once, as an argument of the root
// field.
func isOnlyRootArgument(oc *graphql.OperationContext, variable string) bool {
	uses := regexp.MustCompile(`\$\s*`+regexp.QuoteMeta(variable)+`\b`).FindAllString(oc.RawQuery, -1)
	if len(uses) != 2 || len(oc.Operation.SelectionSet) != 1 {
		return false
	}
	root, ok := oc.Operation.SelectionSet[0].(*ast.Field)
	if !ok {
		return false
	}
	return slices.ContainsFunc(root.Arguments, func(argument *ast.Argument) bool {
		return argument.Value.Kind == ast.Variable && argument.Value.Raw == variable
	})
}
