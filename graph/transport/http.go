package transport

import (
	"encoding/json"
	"net/http"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/ast"

	"sessiongraph/graph/apierror"
	"sessiongraph/graph/render"
	"sessiongraph/models"
)

// HTTP is GraphQL over HTTP, by GET and POST, as the specification of that name has it.
type HTTP struct {
	MaxBody int64 // bytes
	Runner  Runner
}

var _ graphql.Transport = HTTP{}

// Supports reports whether the request is for this connection: a transport of streams
// has to be tried before.
func (HTTP) Supports(r *http.Request) bool { return r.Header.Get("Upgrade") == "" }

// Do runs an operation and writes its response.
func (t HTTP) Do(w http.ResponseWriter, r *http.Request, exec graphql.GraphExecutor) {
	contentType := responseType(r.Header.Get("Accept"))
	params, invalid := t.read(w, r)
	if invalid != nil {
		writeErrors(r.Context(), w, contentType, invalid.status, invalid.err)
		return
	}
	oc, errs := exec.CreateOperationContext(r.Context(), params)
	if errs != nil {
		response := exec.DispatchError(graphql.WithOperationContext(r.Context(), oc), apierror.ShortenList(errs))
		status := http.StatusOK // a well-formed request under application/json
		// Apollo's clients look for an unknown document in answers of status 200.
		if contentType == typeResponse && !apierror.HasCode(response.Errors, apierror.UnknownDocument) {
			status = http.StatusBadRequest
		}
		writeResponse(r.Context(), w, contentType, status,
			wireResponse{Errors: response.Errors, Extensions: response.Extensions})
		return
	}
	switch operation := oc.Operation.Operation; {
	case operation == ast.Subscription:
		writeErrors(r.Context(), w, contentType, http.StatusBadRequest, apierror.New(apierror.BadRequest,
			"a subscription needs a WebSocket (graphql-transport-ws) or Accept: text/event-stream"))
		return
	case operation != ast.Query && r.Method == http.MethodGet:
		w.Header().Set("Allow", http.MethodPost)
		writeErrors(r.Context(), w, contentType, http.StatusMethodNotAllowed,
			apierror.New(apierror.BadRequest, "send mutations by POST"))
		return
	}

	ctx, collected := render.Collect(r.Context())
	response, err := t.Runner.Answer(graphql.WithOperationContext(ctx, oc), exec, oc)
	if tokenEnded(ctx) {
		writeUnauthenticated(ctx, w, contentType, models.ErrTokenEnded)
		return
	}
	if err != nil {
		status := http.StatusOK
		if err.Extensions["code"] == apierror.Unavailable {
			status = http.StatusServiceUnavailable
			w.Header().Set("Retry-After", "1")
		}
		writeErrors(r.Context(), w, contentType, status, err)
		return
	}
	if response == nil {
		return // the client is gone
	}
	if response.Data == nil {
		response.Data = json.RawMessage("null")
	}
	writeResponse(r.Context(), w, contentType, http.StatusOK,
		wireResponse{apierror.ShortenList(response.Errors), response.Data, response.Extensions, collected})
}
