package transport

import (
	"bytes"
	"context"
	"encoding/json"
	"maps"
	"net/http"
	"slices"
	"strconv"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/gqlerror"

	"sessiongraph/graph/apierror"
	"sessiongraph/graph/render"
	"sessiongraph/internal/requestid"
)

// wireResponse is a response as it is written: without data if nothing was executed.
type wireResponse struct {
	Errors     gqlerror.List
	Data       json.RawMessage
	Extensions map[string]any
	collected  *render.Response // what the data is without; nil for nothing
}

// parts returns the JSON before and after the data. The data can be long, and is neither
// parsed nor copied.
func (r wireResponse) parts() (before, after []byte) {
	before = []byte{'{'}
	if len(r.Errors) > 0 {
		errs, err := json.Marshal(r.Errors)
		if err != nil {
			return []byte(`{"errors":[{"message":"internal error","extensions":{"code":"INTERNAL"}}],"data":`),
				[]byte{'}'}
		}
		before = append(append(before, `"errors":`...), errs...)
	}
	if len(r.Data) > 0 {
		if len(before) > 1 {
			before = append(before, ',')
		}
		before = append(before, `"data":`...)
	}
	after = []byte{'}'}
	if extensions, err := json.Marshal(r.Extensions); err == nil && len(r.Extensions) > 0 {
		after = append(append([]byte(`,"extensions":`), extensions...), '}')
	}
	return before, after
}

func writeResponse(
	ctx context.Context, w http.ResponseWriter, contentType string, status int, response wireResponse,
) {
	response.Errors = leaving(ctx, response.Errors)
	if response.collected == nil {
		response.collected = &render.Response{}
	}
	before, after := response.parts()
	w.Header().Set("Content-Type", contentType+"; charset=utf-8")
	w.Header().Set("Content-Length", strconv.Itoa(len(before)+response.collected.Len(response.Data)+len(after)))
	w.WriteHeader(status)
	_, _ = w.Write(before)
	_ = response.collected.Write(w, response.Data)
	_, _ = w.Write(after)
}

// writeErrors writes a response of errors alone.
func writeErrors(
	ctx context.Context, w http.ResponseWriter, contentType string, status int, errs ...*gqlerror.Error,
) {
	writeResponse(ctx, w, contentType, status, wireResponse{Errors: errs})
}

// WriteError writes a response of an error alone, as JSON.
func WriteError(ctx context.Context, w http.ResponseWriter, status int, err *gqlerror.Error) {
	writeErrors(ctx, w, typeJSON, status, err)
}

// Encode returns a response to a request in one line of JSON, as streams send it.
func Encode(ctx context.Context, response *graphql.Response) []byte {
	data := response.Data
	if bytes.ContainsAny(data, "\r\n") { // white space of a raw notification; a line would end the data of an event
		var line bytes.Buffer
		if json.Compact(&line, data) == nil {
			data = line.Bytes()
		}
	}
	errs := leaving(ctx, apierror.ShortenList(response.Errors))
	before, after := wireResponse{Errors: errs, Data: data, Extensions: response.Extensions}.parts()
	return slices.Concat(before, data, after)
}

type countKey struct{}

// CountErrors has count called with the code of each error that is sent by a handler of this package.
func CountErrors(count func(code string), next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		next.ServeHTTP(w, r.WithContext(context.WithValue(r.Context(), countKey{}, count)))
	})
}

// leaving counts errors that are about to be sent, and returns them with the id of their request, if it has one. They
// are copies: errors of events are shared by several requests.
func leaving(ctx context.Context, errs gqlerror.List) gqlerror.List {
	if count, ok := ctx.Value(countKey{}).(func(string)); ok {
		for _, err := range errs {
			code, _ := err.Extensions["code"].(string)
			count(code)
		}
	}
	id := requestid.Of(ctx)
	if id == "" {
		return errs
	}
	named := make(gqlerror.List, len(errs))
	for i, err := range errs {
		one := *err
		one.Extensions = maps.Clone(err.Extensions)
		if one.Extensions == nil {
			one.Extensions = map[string]any{}
		}
		one.Extensions["requestId"] = id
		named[i] = &one
	}
	return named
}
