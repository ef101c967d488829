package render

import (
	"context"
	"io"
	"strconv"

	"github.com/99designs/gqlgen/graphql"
)

// Writer appends the JSON of one root field's value. It is used by one goroutine.
//
// A function that appends a value returns false if the value is null; then the caller
// replaces the bytes that it has appended.
type Writer struct {
	// Buffer has the appended bytes.
	Buffer []byte

	ctx       context.Context
	operation *graphql.OperationContext
	path      []step // of the value below the root field's
	arguments map[*Field]Arguments
	elements  int // of lists, so far
}

// elementsBetweenLooks are the elements of lists after which the context is looked at.
const elementsBetweenLooks = 128

// ended reports, as an error, that the context has ended.
func (w *Writer) ended() bool {
	if w.elements++; w.elements%elementsBetweenLooks != 0 {
		return false
	}
	err := w.ctx.Err()
	if err == nil {
		return false
	}
	w.elements--                             // for the lists around this one
	w.operation.Error(w.fieldContext(), err) // an element has no field whose location could be added
	return true
}

// Appender is a scalar that appends its JSON.
type Appender interface {
	AppendGQL(to []byte) []byte
}

// Context returns the root field's context.
func (w *Writer) Context() context.Context { return w.ctx }

// Write appends JSON.
func (w *Writer) Write(json []byte) (int, error) {
	w.Buffer = append(w.Buffer, json...)
	return len(json), nil
}

// WriteString appends JSON.
func (w *Writer) WriteString(json string) (int, error) {
	w.Buffer = append(w.Buffer, json...)
	return len(json), nil
}

// Bool appends a boolean.
func (w *Writer) Bool(v bool) bool {
	w.Buffer = strconv.AppendBool(w.Buffer, v)
	return true
}

// Int appends a whole number.
func (w *Writer) Int(v int64) bool {
	w.Buffer = strconv.AppendInt(w.Buffer, v, 10)
	return true
}

// Float appends a number in fmt's format %g. Infinity and NaN are an error and, as with
// gqlgen, null even if null is not allowed.
func (w *Writer) Float(v float64) bool {
	if v-v != 0 {
		w.marshalContext(graphql.MarshalFloatContext(v))
		return true
	}
	w.Buffer = strconv.AppendFloat(w.Buffer, v, 'g', -1, 64)
	return true
}

// String appends a string.
func (w *Writer) String(v string) bool {
	w.Buffer = appendString(w.Buffer, v)
	return true
}

// Append appends a scalar.
func Append[A Appender](w *Writer, v A) bool {
	w.Buffer = v.AppendGQL(w.Buffer)
	return true
}

// Marshal appends a scalar or an enum value.
func Marshal[M graphql.Marshaler](w *Writer, v M) bool {
	v.MarshalGQL(w)
	return true
}

// MarshalAny appends the result of one of gqlgen's marshal functions.
func (w *Writer) MarshalAny(v graphql.Marshaler, nonNull bool) bool {
	if v == graphql.Null {
		return nonNull && w.NullNotAllowed()
	}
	v.MarshalGQL(w)
	return true
}

// MarshalContext appends a scalar that can fail.
func (w *Writer) MarshalContext(v graphql.ContextMarshaler) bool {
	w.marshalContext(v)
	return true
}

func (w *Writer) marshalContext(v graphql.ContextMarshaler) {
	graphql.WrapContextMarshaler(w.fieldContext(), v).MarshalGQL(w)
}

// List appends the elements of a list. The list is null if an element is null but must
// not be, and if the context ends before the last.
func List[T any](w *Writer, f *Field, list []T, nonNull bool, appendElement func(*Writer, *Field, *T) bool) bool {
	depth := len(w.path)
	w.path = append(w.path, step{})
	w.Buffer = append(w.Buffer, '[')
	valid := true
	for i := range list {
		if i > 0 {
			w.Buffer = append(w.Buffer, ',')
		}
		w.path[depth].index = i
		if w.ended() {
			valid = false
			break
		}
		start := len(w.Buffer)
		if !appendElement(w, f, &list[i]) {
			w.Buffer = append(w.Buffer[:start], "null"...)
			valid = valid && !nonNull
		}
	}
	w.path = w.path[:depth]
	w.Buffer = append(w.Buffer, ']')
	return valid
}

// Object appends the selected fields of an object, whose type is the member-th of those
// that f can have. The object is null if a field is null but must not be; the fields after
// it are appended too, so that all errors are reported.
func Object[T any](w *Writer, f *Field, member int, v *T, appendField func(*Writer, *Field, *T) bool) bool {
	fields := f.selection(w, member).fields
	if len(fields) == 0 {
		w.Buffer = append(w.Buffer, '{')
	}
	depth := len(w.path)
	w.path = append(w.path, step{})
	valid := true
	for next := 0; next < len(fields); {
		var all bool
		next, all = appendFields(w, fields, next, v, appendField)
		valid = valid && all
	}
	w.path = w.path[:depth]
	w.Buffer = append(w.Buffer, '}')
	return valid
}

// appendFields appends the fields from an index on, until the last or one that panics, and
// returns the next index.
func appendFields[T any](
	w *Writer, fields []Field, from int, v *T, appendField func(*Writer, *Field, *T) bool,
) (next int, valid bool) {
	depth := len(w.path) - 1
	start := 0
	defer func() {
		if cause := recover(); cause != nil {
			w.path = w.path[:depth+1]
			w.panicked(cause)
			w.Buffer = append(w.Buffer[:start], "null"...)
			valid = valid && !fields[next].kind.NonNull
			next++
		}
	}()
	valid = true
	for next = from; next < len(fields); next++ {
		f := &fields[next]
		w.Buffer = append(w.Buffer, f.prefix...)
		if f.Index == 0 {
			continue // __typename is in the prefix
		}
		w.path[depth].field = f
		start = len(w.Buffer)
		if !appendField(w, f, v) {
			w.Buffer = append(w.Buffer[:start], "null"...)
			valid = valid && !f.kind.NonNull
		}
	}
	return next, valid
}

const hexDigits = "0123456789ABCDEF"

// appendString escapes as gqlgen does.
func appendString(to []byte, s string) []byte {
	to = append(to, '"')
	start := 0
	for i := 0; i < len(s); i++ {
		c := s[i]
		if c >= ' ' && c != '"' && c != '\\' {
			continue
		}
		to = append(to, s[start:i]...)
		switch c {
		case '\t':
			to = append(to, `\t`...)
		case '\r':
			to = append(to, `\r`...)
		case '\n':
			to = append(to, `\n`...)
		case '\\', '"':
			to = append(to, '\\', c)
		default:
			to = append(to, '\\', 'u', '0', '0', hexDigits[c>>4], hexDigits[c&15])
		}
		start = i + 1
	}
	to = append(to, s[start:]...)
	return append(to, '"')
}

var _ io.StringWriter = (*Writer)(nil)
