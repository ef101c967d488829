package server

import (
	"net/http"

	"sessiongraph/internal/requestid"
)

// front is what every request passes first.
func front(hosts []string, next http.Handler) http.Handler {
	next = checkHost(hosts, next)
	return requestid.Handler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("X-Content-Type-Options", "nosniff")
		if len(r.TransferEncoding) > 0 {
			// A Content-Length that came beside it was ignored, but a proxy in front may have used it:
			// nothing that follows on this connection is to be read (RFC 9112, 6.1).
			w.Header().Set("Connection", "close")
		}
		next.ServeHTTP(w, r)
	}))
}
