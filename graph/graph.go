// Package graph serves the GraphQL API and the Playground.
package graph

import (
	"net/http"
	"strings"
	"time"
)

//go:generate go run ./render/generate

// Schema serves the schema's text, for code generators.
func Schema(sdl string) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/plain; charset=utf-8")
		http.ServeContent(w, r, "schema.graphqls", time.Time{}, strings.NewReader(sdl))
	})
}
