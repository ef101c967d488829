package render

import (
	"context"

	"github.com/99designs/gqlgen/graphql"
)

// step is a part of a path: a field, or, without one, an index of a list.
type step struct {
	field *Field
	index int
}

// fieldContext is the context in which gqlgen would have the present value: error
// presenters take the path from it. It is made for errors and arguments alone.
func (w *Writer) fieldContext() context.Context {
	ctx := w.ctx
	for _, s := range w.path {
		fc := &graphql.FieldContext{}
		if s.field == nil {
			index := s.index
			fc.Index = &index
		} else {
			fc.Object, fc.Field = s.field.owner.Name, s.field.collected
		}
		ctx = graphql.WithFieldContext(ctx, fc)
	}
	return ctx
}

// Error reports that the present field has no value; it returns false.
func (w *Writer) Error(err error) bool {
	ctx := w.fieldContext()
	w.operation.Error(ctx, graphql.AddFieldLocationToError(ctx, err))
	return false
}

// NullNotAllowed reports that the present element is null but must not be; it
// returns false.
func (w *Writer) NullNotAllowed() bool {
	return w.null("the requested element is null which the schema does not allow")
}

// NoValue reports that the present field's method returned nothing for what must
// not be null; it returns false.
func (w *Writer) NoValue() bool { return w.null("must not be null") }

func (w *Writer) null(message string) bool {
	ctx := w.fieldContext()
	if !graphql.HasFieldError(ctx, graphql.GetFieldContext(ctx)) {
		graphql.AddErrorf(ctx, "%s", message)
	}
	return false
}

func (w *Writer) panicked(cause any) {
	ctx := w.fieldContext()
	w.operation.Error(ctx, w.operation.Recover(ctx, cause))
}

// Arguments are the coerced arguments of a field.
type Arguments struct{ Args map[string]any }

// Arguments coerces the arguments of the present field, once for all of the same
// selection; it reports whether they could be.
func (w *Writer) Arguments(f *Field) (Arguments, bool) {
	if known, ok := w.arguments[f]; ok {
		return known, true
	}
	ctx := w.fieldContext()
	args, err := f.kind.Arguments(ctx, w.operation, f.collected.ArgumentMap(w.operation.Variables))
	if err != nil {
		w.operation.Error(ctx, err)
		return Arguments{}, false
	}
	if w.arguments == nil {
		w.arguments = map[*Field]Arguments{}
	}
	w.arguments[f] = Arguments{args}
	return w.arguments[f], true
}
