package graph

import (
	"io/fs"
	"net/http"
	"strings"
)

// contentSecurityPolicy lets a page run scripts and load styles of these sources alone, and connect to its own server
// alone. The editor of the Playground sets styles from scripts.
func contentSecurityPolicy(scripts, styles string) string {
	return "default-src 'none'; script-src " + scripts + "; style-src " + styles + " 'unsafe-inline'; " +
		"img-src 'self' data:; font-src 'self' data:; connect-src 'self'; worker-src 'self'; " +
		"base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
}

// secure sets the headers of every page.
func secure(header http.Header, policy string) {
	header.Set("Content-Security-Policy", policy)
	header.Set("X-Content-Type-Options", "nosniff")
	header.Set("Referrer-Policy", "no-referrer")
	header.Set("Cache-Control", "no-cache")
}

// Playground serves the built page of web/ at the root.
func Playground(page fs.FS) http.Handler {
	files, policy := http.FileServerFS(page), contentSecurityPolicy("'self'", "'self'")
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		header := w.Header()
		secure(header, policy)
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
