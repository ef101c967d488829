package graph

import (
	"io/fs"
	"net/http"
	"strings"

	"github.com/99designs/gqlgen/graphql/playground"
)

// The Playground runs its own scripts and connects to its own server only. Its editor sets
// styles from scripts.
const contentSecurityPolicy = "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; " +
	"img-src 'self' data:; font-src 'self' data:; connect-src 'self'; worker-src 'self'; " +
	"base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

// Playground serves the built page of web/ at the root.
func Playground(page fs.FS) http.Handler {
	files := http.FileServerFS(page)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		header := w.Header()
		header.Set("Content-Security-Policy", contentSecurityPolicy)
		header.Set("X-Content-Type-Options", "nosniff")
		header.Set("Referrer-Policy", "no-referrer")
		header.Set("Cache-Control", "no-cache")
		if r.URL.Path != "/" && r.Method != http.MethodGet && r.Method != http.MethodHead {
			http.NotFound(w, r)
			return
		}
		info, err := fs.Stat(page, strings.TrimPrefix(r.URL.Path, "/"))
		if r.URL.Path != "/" && (err != nil || info.IsDir()) {
			http.NotFound(w, r)
			return
		}
		if strings.HasPrefix(r.URL.Path, "/assets/") { // their names change with their content
			header.Set("Cache-Control", "public, max-age=31536000, immutable")
		}
		files.ServeHTTP(w, r)
	})
}

// FallbackPlayground serves a page that loads the Playground from a CDN, for a program
// that was built without web/.
func FallbackPlayground() http.Handler { return playground.Handler("sessiongraph", "/query") }
