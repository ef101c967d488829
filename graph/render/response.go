package render

import (
	"bytes"
	"context"
	"io"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/ast"
)

// rendered is the JSON of a value, which gqlgen writes once into its response.
type rendered struct {
	renderer *Renderer
	writer   *Writer
	response *Response // where the context collects
}

// MarshalGQL writes the JSON, or adds it to the response of a context with Collect.
func (r *rendered) MarshalGQL(to io.Writer) {
	if buffer, ok := to.(*bytes.Buffer); ok && r.response != nil {
		r.response.values = append(r.response.values, collected{buffer.Len(), r})
		return
	}
	_, _ = to.Write(r.writer.Buffer)
	r.release()
}

func (r *rendered) release() {
	r.renderer.release(r.writer)
	r.writer = nil
}

// Response is the data of one response in parts, so that rendered values are not copied
// into gqlgen's buffer.
type Response struct {
	values []collected
}

// collected is a value and its place in gqlgen's data.
type collected struct {
	at    int
	value *rendered
}

type collectKey struct{}

// Collect returns a context for an operation with one response, which collects its
// rendered values.
func Collect(ctx context.Context) (context.Context, *Response) {
	r := &Response{}
	return context.WithValue(ctx, collectKey{}, r), r
}

func collecting(ctx context.Context) *Response {
	if graphql.GetOperationContext(ctx).Operation.Operation != ast.Query {
		return nil
	}
	r, _ := ctx.Value(collectKey{}).(*Response)
	return r
}

// Len returns the length of the data with the collected values.
func (r *Response) Len(data []byte) int {
	length := len(data)
	for _, c := range r.values {
		length += len(c.value.writer.Buffer)
	}
	return length
}

// Write writes the data with the collected values, and releases them.
func (r *Response) Write(to io.Writer, data []byte) error {
	var err error
	write := func(part []byte) {
		if err == nil {
			_, err = to.Write(part)
		}
	}
	from := 0
	for _, c := range r.values {
		write(data[from:c.at])
		write(c.value.writer.Buffer)
		c.value.release()
		from = c.at
	}
	r.values = nil
	write(data[from:])
	return err
}
