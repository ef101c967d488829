package server

import (
	"net/http"

	"sessiongraph/graph/apierror"
	"sessiongraph/graph/transport"
	"sessiongraph/internal/httperror"
)

// writeError answers with an error in the form that other errors of the path have.
func writeError(w http.ResponseWriter, r *http.Request, e httperror.Error) {
	switch r.URL.Path {
	case "/query", "/export", "/mcp":
		transport.WriteError(r.Context(), w, e.Status, apierror.New(e.Code, "%s", e.Message))
	default:
		e.Write(w)
	}
}
