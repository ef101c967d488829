package server

import (
	"net/http"
	"net/http/httptest"
	"testing"
)

// Each path has its own form of errors, at the start, too.
func TestStartupHandler(t *testing.T) {
	const message = `"the server is starting, try again"`
	const ofRoutes = `{"error":{"code":"UNAVAILABLE","message":` + message + `}}`
	const ofGraphQL = `{"errors":[{"message":` + message + `,"extensions":{"code":"UNAVAILABLE"}}]}`
	for path, want := range map[string]string{
		"/ingest": ofRoutes, "/library": ofRoutes, "/query": ofGraphQL, "/export": ofGraphQL, "/mcp": ofGraphQL,
	} {
		response := httptest.NewRecorder()
		(&startupHandler{}).ServeHTTP(response, httptest.NewRequest(http.MethodPost, path, nil))
		if got := response.Body.String(); response.Code != 503 || got != want ||
			response.Header().Get("Retry-After") == "" {
			t.Errorf("%s: %d %s, want %s", path, response.Code, got, want)
		}
	}
}
