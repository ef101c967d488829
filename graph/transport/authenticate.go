package transport

import (
	"context"
	"errors"
	"net/http"

	"github.com/vektah/gqlparser/v2/gqlerror"

	"sessiongraph/graph/apierror"
	"sessiongraph/models"
)

// Authenticator finds out who sends a request.
type Authenticator interface {
	// Authenticate returns a context with the viewer whose token an Authorization header has. It ends, with the
	// cause models.ErrTokenEnded, when the token does. The text of an error is for the client; release has to be
	// called where there is none.
	Authenticate(ctx context.Context, authorization string) (
		viewing context.Context, release context.CancelFunc, err error)
}

// RequireToken passes requests on with their viewer, and answers 401 where there is none. Where a handler has sockets,
// a WebSocket authenticates itself, by its first message.
func RequireToken(authenticator Authenticator, sockets bool, next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if sockets && r.Header.Get("Upgrade") != "" {
			next.ServeHTTP(w, r)
			return
		}
		viewing, release, err := authenticator.Authenticate(r.Context(), authorization(r))
		if err != nil {
			writeUnauthenticated(r.Context(), w, responseType(r.Header.Get("Accept")), err)
			return
		}
		defer release()
		next.ServeHTTP(w, r.WithContext(viewing))
	})
}

// authorization returns the Authorization header of a request. Of several, none counts.
func authorization(r *http.Request) string {
	if values := r.Header.Values("Authorization"); len(values) == 1 {
		return values[0]
	}
	return ""
}

func writeUnauthenticated(ctx context.Context, w http.ResponseWriter, contentType string, err error) {
	w.Header().Set("WWW-Authenticate", "Bearer")
	writeErrors(ctx, w, contentType, http.StatusUnauthorized, unauthenticated(err))
}

func unauthenticated(err error) *gqlerror.Error {
	return apierror.New(apierror.Unauthenticated, "%s", err.Error())
}

// tokenEnded reports whether a context has ended because the viewer's token did.
func tokenEnded(ctx context.Context) bool { return errors.Is(context.Cause(ctx), models.ErrTokenEnded) }
