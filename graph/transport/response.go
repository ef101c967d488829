package transport

import (
	"bytes"
	"encoding/json"
	"net/http"
	"slices"
	"strconv"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/gqlerror"

	"sessiongraph/graph/apierror"
	"sessiongraph/graph/render"
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

func writeResponse(w http.ResponseWriter, contentType string, status int, response wireResponse) {
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
func writeErrors(w http.ResponseWriter, contentType string, status int, errs ...*gqlerror.Error) {
	writeResponse(w, contentType, status, wireResponse{Errors: errs})
}

// Encode returns a response in one line of JSON, as streams send it.
func Encode(response *graphql.Response) []byte {
	data := response.Data
	if bytes.ContainsAny(data, "\r\n") { // white space of a raw notification; a line would end the data of an event
		var line bytes.Buffer
		if json.Compact(&line, data) == nil {
			data = line.Bytes()
		}
	}
	response.Errors = apierror.ShortenList(response.Errors)
	before, after := wireResponse{Errors: response.Errors, Data: data, Extensions: response.Extensions}.parts()
	return slices.Concat(before, data, after)
}
