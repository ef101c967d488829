package graph

import (
	"bytes"
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"log/slog"
	"regexp"
	"slices"
	"time"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/gqlerror"

	"sessiongraph/graph/model"
	"sessiongraph/models"
)

// runner runs operations for the transports, within the bounds of time and number.
type runner struct {
	source    model.Source
	timeout   time.Duration // of an answer, or of an event
	admission *admission
	rendered  renderedEvents
	log       *slog.Logger
	// snapshot makes all that an answer or event reads come from one moment, until end.
	snapshot func(ctx context.Context) (reading context.Context, end func())
}

// subscription connects the resolver of sessionStored, which knows what is subscribed
// to, with the runner that hands it events to render.
type subscription struct {
	stream *models.EventStream // nil until the resolver has subscribed
	events chan *model.SessionStored
}

type subscriptionKey struct{}

// subscribe resolves sessionStored.
func (r *Resolver) subscribe(ctx context.Context, filter *models.SessionFilter, after *string) (<-chan *model.SessionStored, error) {
	s, ok := ctx.Value(subscriptionKey{}).(*subscription)
	if !ok {
		return nil, errors.New("subscription outside of a stream")
	}
	if err := r.admission.subscribe(ctx); err != nil {
		return nil, err
	}
	stream, err := model.Events(ctx, r.Source, filter, after)
	if err != nil {
		return nil, err
	}
	s.stream, s.events = stream, make(chan *model.SessionStored, 1)
	return s.events, nil
}

// respond runs an operation and hands on its responses, encoded, until there are no
// more or send says that nobody takes them. It returns the errors that end it; an
// operation whose context ends has none.
func (r *runner) respond(ctx context.Context, exec graphql.GraphExecutor, params *graphql.RawParams, send func(payload []byte) bool) gqlerror.List {
	errs := r.run(ctx, exec, params, func(payload []byte) bool { return ctx.Err() == nil && send(payload) })
	if ctx.Err() != nil {
		return nil
	}
	return errs
}

func (r *runner) run(ctx context.Context, exec graphql.GraphExecutor, params *graphql.RawParams, send func(payload []byte) bool) gqlerror.List {
	oc, errs := exec.CreateOperationContext(ctx, params)
	ctx = graphql.WithOperationContext(ctx, oc)
	if errs != nil {
		return exec.DispatchError(ctx, shortenList(errs)).Errors
	}
	if oc.Operation.Operation != ast.Subscription {
		response, err := r.answer(ctx, exec, oc)
		if err != nil {
			return gqlerror.List{err}
		}
		if response != nil {
			send(encode(response))
		}
		return nil
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	s := &subscription{}
	next, ctx := exec.DispatchOperation(context.WithValue(ctx, subscriptionKey{}, s), oc)
	if s.stream == nil { // refused
		if response := next(ctx); response != nil {
			send(encode(response))
		}
		return nil
	}
	defer s.stream.Close()
	return r.stream(ctx, oc, s, next, send)
}

// answer runs a query. A response of nil says that the client is gone.
func (r *runner) answer(ctx context.Context, exec graphql.GraphExecutor, oc *graphql.OperationContext) (*graphql.Response, *gqlerror.Error) {
	ctx, cancel := context.WithTimeout(ctx, r.timeout)
	defer cancel()
	leave, err := r.admission.enterSoon(ctx, oc)
	if err != nil {
		return nil, presentError(r.log)(ctx, err)
	}
	defer leave()
	ctx, end := r.snapshot(ctx)
	defer end()
	next, ctx := exec.DispatchOperation(ctx, oc)
	response := next(ctx)
	if response == nil && errors.Is(ctx.Err(), context.DeadlineExceeded) {
		return nil, presentError(r.log)(ctx, ctx.Err())
	}
	return response, nil
}

// stream sends the events of a subscription.
func (r *runner) stream(ctx context.Context, oc *graphql.OperationContext, s *subscription, next graphql.ResponseHandler, send func([]byte) bool) gqlerror.List {
	operation := sharedOperation(oc)
	for {
		event, err := s.stream.Next(ctx)
		if err != nil {
			return r.ending(ctx, err)
		}
		payload, err := r.rendered.get(ctx, eventKey{operation, event.Seq}, func() ([]byte, error) { return r.render(ctx, oc, s, next, event) })
		if err != nil {
			return r.ending(ctx, err)
		}
		if payload == nil { // a newer version has its own event
			continue
		}
		began := time.Now()
		if !send(payload) {
			return nil
		}
		if time.Since(began) > slowReceiver {
			return gqlerror.List{coded(codeTooSlow, "events were not taken in time: subscribe again with after, the cursor of the last event that you saw")}
		}
	}
}

// ending is what a subscriber is told of the error that ends its events.
func (r *runner) ending(ctx context.Context, err error) gqlerror.List {
	if ctx.Err() != nil || errors.Is(err, models.ErrClosed) {
		return nil
	}
	return gqlerror.List{presentError(r.log)(ctx, err)}
}

// retryEvent is how long a database is left alone that was not available.
const retryEvent = time.Second

// render is the answer to an event; nil where the event is none any more. While the
// database is not available it waits: what was stored must not be passed over.
func (r *runner) render(ctx context.Context, oc *graphql.OperationContext, s *subscription, next graphql.ResponseHandler, event models.SessionEvent) ([]byte, error) {
	leave, err := r.admission.enter(ctx, oc)
	if err != nil {
		return nil, err
	}
	defer leave()
	for {
		payload, err := r.renderOnce(ctx, s, next, event)
		if !errors.Is(err, models.ErrUnavailable) {
			return payload, err
		}
		select {
		case <-time.After(retryEvent):
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
}

func (r *runner) renderOnce(ctx context.Context, s *subscription, next graphql.ResponseHandler, event models.SessionEvent) ([]byte, error) {
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
			if !hasCode(response.Errors, codeUnavailable) {
				return encode(response), nil
			}
			err = models.ErrUnavailable
		}
	}
	if errors.Is(ctx.Err(), context.DeadlineExceeded) {
		err = presentError(r.log)(ctx, err) // while its time is known to be over
	}
	return nil, err
}

func hasCode(list gqlerror.List, code string) bool {
	for _, err := range list {
		if err.Extensions["code"] == code {
			return true
		}
	}
	return false
}

// encode writes a response as transports send it.
func encode(response *graphql.Response) []byte {
	data := response.Data
	if bytes.ContainsAny(data, "\r\n") { // white space of a raw notification; a line would end the data of an event
		var line bytes.Buffer
		if json.Compact(&line, data) == nil {
			data = line.Bytes()
		}
	}
	before, after := wireResponse{Errors: shortenList(response.Errors), Data: data, Extensions: response.Extensions}.parts()
	return slices.Concat(before, data, after)
}

// sharedOperation is a hash of what the answer to an event depends on: the document and
// its variables, but for those that only choose the events.
func sharedOperation(oc *graphql.OperationContext) [sha256.Size]byte {
	variables := make(map[string]any, len(oc.Variables))
	for name, value := range oc.Variables {
		if !isOnlyRootArgument(oc, name) {
			variables[name] = value
		}
	}
	key, err := json.Marshal([]any{oc.RawQuery, oc.OperationName, variables})
	if err != nil { // never: variables came as JSON
		key = []byte(rand.Text())
	}
	return sha256.Sum256(key)
}

// isOnlyRootArgument says whether a variable stands in the document twice: where it is
// defined, and as an argument of the root field.
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
