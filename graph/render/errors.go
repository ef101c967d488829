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

// fieldContext returns the context that gqlgen would have for the current value. It is
// only made for arguments and for errors, whose presenter reads the path from it.
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

// Error adds the error of the current field, and returns false.
func (w *Writer) Error(err error) bool {
	ctx := w.fieldContext()
	w.operation.Error(ctx, graphql.AddFieldLocationToError(ctx, err))
	return false
}

// NullNotAllowed adds the error of a current element that is null but must not be, and
// returns false.
func (w *Writer) NullNotAllowed() bool {
	return w.null("the requested element is null which the schema does not allow")
}

// NoValue adds the error of a current field that is null but must not be, and returns
// false.
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

// Arguments coerces the arguments of the current field, once for each selection, and
// reports whether they are valid.
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
