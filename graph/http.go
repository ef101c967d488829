package graph

import (
	"encoding/json"
	"errors"
	"io"
	"mime"
	"net/http"
	"strconv"
	"strings"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/gqlerror"

	"sessiongraph/graph/render"
)

// httpTransport is GraphQL over HTTP, by GET and POST: what the specification of
// that name asks for, with bounds on what is read.
type httpTransport struct {
	maxBody int64 // bytes
	run     *runner
}

var _ graphql.Transport = httpTransport{}

// Supports takes all requests that no transport before it took.
func (httpTransport) Supports(r *http.Request) bool { return r.Header.Get("Upgrade") == "" }

const (
	typeJSON     = "application/json"
	typeResponse = "application/graphql-response+json"
	typeStream   = "text/event-stream"
)

// acceptable are those media types of an Accept header that are not ruled out, the most
// wanted first, and as they stand among equals.
func acceptable(accept string) []string {
	type wanted struct {
		mediaType string
		q         float64
	}
	var all []wanted
	for part := range strings.SplitSeq(accept, ",") {
		mediaType, parameters, err := mime.ParseMediaType(strings.TrimSpace(part))
		if err != nil {
			continue
		}
		q := 1.0
		if given, ok := parameters["q"]; ok {
			if q, err = strconv.ParseFloat(given, 64); err != nil {
				continue
			}
		}
		at := len(all)
		for at > 0 && all[at-1].q < q {
			at--
		}
		if q > 0 {
			all = append(all[:at:at], append([]wanted{{mediaType, q}}, all[at:]...)...)
		}
	}
	types := make([]string, len(all))
	for i, w := range all {
		types[i] = w.mediaType
	}
	return types
}

func responseType(accept string) string {
	for _, mediaType := range acceptable(accept) {
		switch mediaType {
		case typeResponse:
			return typeResponse
		case typeJSON, "application/*", "*/*":
			return typeJSON
		}
	}
	return typeJSON
}

// wireResponse is a response as it is written: without data where nothing was run.
type wireResponse struct {
	Errors     gqlerror.List
	Data       json.RawMessage
	Extensions map[string]any
	collected  *render.Response // what the data is without; nil for nothing
}

// parts are the JSON before and after the data, which is JSON already and, as it can
// be long, not looked at again.
func (r wireResponse) parts() (before, after []byte) {
	before = []byte{'{'}
	if len(r.Errors) > 0 {
		errs, err := json.Marshal(r.Errors)
		if err != nil {
			return []byte(`{"errors":[{"message":"internal error","extensions":{"code":"INTERNAL"}}],"data":`), []byte{'}'}
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

// requestError is a request that no operation could be read from.
type requestError struct {
	status int
	err    *gqlerror.Error
}

func (t httpTransport) Do(w http.ResponseWriter, r *http.Request, exec graphql.GraphExecutor) {
	contentType := responseType(r.Header.Get("Accept"))
	params, refused := t.read(w, r)
	if refused != nil {
		writeResponse(w, contentType, refused.status, wireResponse{Errors: gqlerror.List{refused.err}})
		return
	}
	oc, errs := exec.CreateOperationContext(r.Context(), params)
	if errs != nil {
		response := exec.DispatchError(graphql.WithOperationContext(r.Context(), oc), shortenList(errs))
		status := http.StatusOK // a well-formed request under application/json
		if contentType == typeResponse {
			status = http.StatusBadRequest
		}
		writeResponse(w, contentType, status, wireResponse{Errors: response.Errors, Extensions: response.Extensions})
		return
	}
	switch operation := oc.Operation.Operation; {
	case operation == ast.Subscription:
		writeResponse(w, contentType, http.StatusBadRequest, wireResponse{Errors: gqlerror.List{
			coded(codeBadRequest, "a subscription needs a WebSocket (graphql-transport-ws) or Accept: text/event-stream")}})
		return
	case operation != ast.Query && r.Method == http.MethodGet:
		w.Header().Set("Allow", http.MethodPost)
		writeResponse(w, contentType, http.StatusMethodNotAllowed, wireResponse{Errors: gqlerror.List{coded(codeBadRequest, "send mutations by POST")}})
		return
	}
	ctx, collected := render.Collect(r.Context())
	response, refusal := t.run.answer(graphql.WithOperationContext(ctx, oc), exec, oc)
	if refusal != nil {
		status := http.StatusOK
		if refusal.Extensions["code"] == codeUnavailable {
			status = http.StatusServiceUnavailable
			w.Header().Set("Retry-After", "1")
		}
		writeResponse(w, contentType, status, wireResponse{Errors: gqlerror.List{refusal}})
		return
	}
	if response == nil {
		return // the client is gone
	}
	if response.Data == nil {
		response.Data = json.RawMessage("null")
	}
	writeResponse(w, contentType, http.StatusOK, wireResponse{shortenList(response.Errors), response.Data, response.Extensions, collected})
}

// read reads the parameters of an operation from a GET or a POST.
func (t httpTransport) read(w http.ResponseWriter, r *http.Request) (*graphql.RawParams, *requestError) {
	params := &graphql.RawParams{Headers: r.Header}
	params.ReadTime.Start = graphql.Now()
	var refused *requestError
	switch r.Method {
	case http.MethodPost:
		refused = t.readBody(w, r, params)
	case http.MethodGet:
		refused = readURL(r, params)
	default:
		w.Header().Set("Allow", "GET, POST")
		refused = &requestError{http.StatusMethodNotAllowed, coded(codeBadRequest, "send operations by GET or POST")}
	}
	if refused == nil && params.Query == "" {
		refused = &requestError{http.StatusBadRequest, coded(codeBadRequest, "query is missing: send the text of an operation as query")}
	}
	params.ReadTime.End = graphql.Now()
	return params, refused
}

func (t httpTransport) readBody(w http.ResponseWriter, r *http.Request, params *graphql.RawParams) *requestError {
	mediaType, parameters, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if charset := parameters["charset"]; err != nil || mediaType != typeJSON || (charset != "" && !strings.EqualFold(charset, "utf-8")) {
		return &requestError{http.StatusUnsupportedMediaType, coded(codeBadRequest, "send the operation as application/json in UTF-8")}
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, t.maxBody))
	var over *http.MaxBytesError
	switch {
	case errors.As(err, &over):
		return &requestError{http.StatusRequestEntityTooLarge, coded(codeTooLarge, "the request has more than %d bytes", t.maxBody)}
	case err != nil:
		return &requestError{http.StatusBadRequest, coded(codeBadRequest, "the request could not be read to its end")}
	}
	if err := decodeParams(body, params); err != nil {
		return &requestError{http.StatusBadRequest, err}
	}
	return nil
}

// decodeParams reads {"query", "operationName", "variables", "extensions"}, each
// name as it is written here.
func decodeParams(body []byte, params *graphql.RawParams) *gqlerror.Error {
	var fields map[string]json.RawMessage
	if err := json.Unmarshal(body, &fields); err != nil || fields == nil {
		return coded(codeBadRequest, "the request is not a JSON object with a query")
	}
	for name, into := range map[string]any{
		"query": &params.Query, "operationName": &params.OperationName,
		"variables": &params.Variables, "extensions": &params.Extensions,
	} {
		value, sent := fields[name]
		if !sent {
			continue
		}
		decoder := json.NewDecoder(strings.NewReader(string(value)))
		decoder.UseNumber()
		if err := decoder.Decode(into); err != nil {
			want := "a string"
			if name == "variables" || name == "extensions" {
				want = "an object"
			}
			return coded(codeBadRequest, "%s is not %s", name, want)
		}
	}
	wholeNumbers(params.Variables)
	return nil
}

func readURL(r *http.Request, params *graphql.RawParams) *requestError {
	values := r.URL.Query()
	params.Query, params.OperationName = values.Get("query"), values.Get("operationName")
	for name, into := range map[string]*map[string]any{"variables": &params.Variables, "extensions": &params.Extensions} {
		text := values.Get(name)
		if text == "" {
			continue
		}
		decoder := json.NewDecoder(strings.NewReader(text))
		decoder.UseNumber()
		if err := decoder.Decode(into); err != nil || decoder.More() {
			return &requestError{http.StatusBadRequest, coded(codeBadRequest, "%s is not an object in JSON", name)}
		}
	}
	wholeNumbers(params.Variables)
	return nil
}
