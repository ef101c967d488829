package server

import (
	"net/http"

	"github.com/rs/cors"

	"sessiongraph/internal/requestid"
)

// preflightAge is how long a browser may cache a preflight, in seconds; Chrome takes no more.
const preflightAge = 7200

// crossOrigin lets pages of other origins read the answers of a handler; without origins it changes nothing.
// Tokens are sent in a header, so that browsers need not send credentials of their own.
func crossOrigin(origins []string, next http.Handler) http.Handler {
	if len(origins) == 0 { // all are allowed to cors.New
		return next
	}
	return cors.New(cors.Options{
		AllowedOrigins: origins,
		AllowedMethods: []string{http.MethodGet, http.MethodHead, http.MethodPost},
		AllowedHeaders: []string{"*"},
		ExposedHeaders: []string{"Retry-After", "WWW-Authenticate", requestid.Header},
		MaxAge:         preflightAge,
	}).Handler(next)
}
