package render

import (
	"context"
	"sync"

	"github.com/99designs/gqlgen/graphql"
)

// Renderer appends the values of root fields.
type Renderer struct {
	roots   map[string]*Root
	plans   *plans
	writers sync.Pool // of *Writer
}

// New returns a renderer for the object types of a schema.
func New(types []Type, roots []Root) *Renderer {
	link(types, roots)
	r := &Renderer{roots: map[string]*Root{}, plans: newPlans()}
	r.writers.New = func() any { return &Writer{} }
	for i := range roots {
		r.roots[roots[i].Type.Name] = &roots[i]
	}
	return r
}

// Field is a field middleware of gqlgen's server (AroundFields). In place of a root
// field's value it returns the JSON of the selected fields, which gqlgen puts into the
// response unchanged. Without it gqlgen renders the value, with the same result.
func (r *Renderer) Field(ctx context.Context, next graphql.Resolver) (any, error) {
	value, err := next(ctx)
	if err != nil || value == nil {
		return value, err
	}
	fc := graphql.GetFieldContext(ctx)
	root := r.roots[fc.Object]
	if root == nil || root.Type.byName[fc.Field.Name] == 0 {
		return value, nil // of introspection
	}
	f := r.plans.root(graphql.GetOperationContext(ctx), &root.Type, fc.Field)
	if root.Receive != nil {
		return r.events(root, f, fc, value), nil
	}
	return r.render(ctx, root, f, value, false), nil
}

// events returns the stream of a subscription's events.
func (r *Renderer) events(
	root *Root, f *Field, fc *graphql.FieldContext, channel any,
) func(context.Context) graphql.Marshaler {
	receive := root.Receive(f, channel)
	return func(ctx context.Context) graphql.Marshaler {
		value, ok := receive(ctx)
		if !ok {
			return nil
		}
		field := *fc // the context of an event has no field yet, and errors need its path
		return r.render(graphql.WithFieldContext(ctx, &field), root, f, value, true)
	}
}

// Receive receives values from a channel until it is closed or the context ends.
func Receive[T any](channel <-chan T) func(context.Context) (any, bool) {
	return func(ctx context.Context) (any, bool) {
		select {
		case value, open := <-channel:
			return value, open
		case <-ctx.Done():
			return nil, false
		}
	}
}

// render appends the value; if it is the whole response, as an object with the field's
// name.
func (r *Renderer) render(
	ctx context.Context, root *Root, f *Field, value any, whole bool,
) (result graphql.Marshaler) {
	w := r.writers.Get().(*Writer)
	w.ctx, w.operation = ctx, graphql.GetOperationContext(ctx)
	defer func() {
		if cause := recover(); cause != nil {
			w.path = w.path[:0]
			w.panicked(cause)
			result = graphql.Null
		}
		if result == graphql.Null {
			r.release(w)
		}
	}()
	if whole {
		w.Buffer = append(appendString(append(w.Buffer, '{'), f.collected.Alias), ':')
	}
	start := len(w.Buffer)
	if !root.Append(w, f, value) {
		if !whole || f.kind.NonNull {
			return graphql.Null
		}
		w.Buffer = append(w.Buffer[:start], "null"...)
	}
	if whole {
		w.Buffer = append(w.Buffer, '}')
	}
	return &rendered{r, w, collecting(ctx)}
}

// maxPooled is the largest buffer that is reused, in bytes.
const maxPooled = 4 << 20

func (r *Renderer) release(w *Writer) {
	if cap(w.Buffer) <= maxPooled {
		*w = Writer{Buffer: w.Buffer[:0], path: w.path[:0]}
		r.writers.Put(w)
	}
}
