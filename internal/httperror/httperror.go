// Package httperror has the errors of the HTTP routes, except for those of GraphQL.
package httperror

import (
	"encoding/json"
	"net/http"
)

// Error is an error as an HTTP response: its status, a code for programs, and a message
// that says what to change.
type Error struct {
	Status  int
	Code    string
	Message string
}

// Write writes the error as {"error": {"code": …, "message": …}}.
func (e Error) Write(w http.ResponseWriter) {
	type detail struct {
		Code    string `json:"code"`
		Message string `json:"message"`
	}
	body, err := json.Marshal(map[string]detail{"error": {e.Code, e.Message}})
	if err != nil {
		body = []byte("{}") // never: it has strings alone
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(e.Status)
	_, _ = w.Write(body)
}
