package server

import (
	"fmt"
	"log/slog"
	"net/http"
	"strings"

	"sessiongraph/graph/apierror"
	"sessiongraph/graph/transport"
	"sessiongraph/ingest"
	"sessiongraph/internal/httperror"
	"sessiongraph/models"
)

// newVerifier returns the check of signatures, with what it finds in the metrics.
func newVerifier(config Config, metrics *ingest.Metrics, log *slog.Logger) (*ingest.Verifier, error) {
	verifier, err := ingest.NewVerifier(config.SignMode, config.SignScheme, config.SignSecrets)
	if err != nil {
		return nil, fmt.Errorf("signatures: %w", err)
	}
	metrics.Expect(len(config.SignSecrets))
	verifier.Observed, verifier.Verified = metrics.Observer(log), metrics.Verified
	return verifier, nil
}

// Gap is what anyone may do who reaches a server, and the settings that end it.
type Gap struct{ Open, ClosedBy string }

// Gaps lists what the configuration does not protect.
func (c Config) Gaps() ([]Gap, error) {
	verifier, err := ingest.NewVerifier(c.SignMode, c.SignScheme, c.SignSecrets)
	if err != nil {
		return nil, fmt.Errorf("signatures: %w", err)
	}
	var gaps []Gap
	if !c.Access.Given() {
		gaps = append(gaps, Gap{"queries need no token", "--tokens or --jwks"})
	}
	switch {
	case len(c.IngestKeys) > 0:
	case verifier.Mode != ingest.SignEnforce:
		gaps = append(gaps, Gap{"notifications need no signature",
			"--ingest-key, or --sign-secret with --sign-mode=enforce"})
	case !verifier.Scheme.UsesSecret():
		gaps = append(gaps, Gap{"notifications are signed without a secret", "--ingest-key or another --sign-scheme"})
	}
	return gaps, nil
}

// describeGaps returns what is not protected, for the log.
func describeGaps(config Config) string {
	gaps, err := config.Gaps()
	if err != nil || len(gaps) == 0 {
		return "nothing"
	}
	open := make([]string, len(gaps))
	for i, gap := range gaps {
		open[i] = gap.Open
	}
	return strings.Join(open, ", ")
}

// requireScope passes requests on whose token has a scope. It is for routes other than those of GraphQL.
func requireScope(authenticator transport.Authenticator, scope models.Scope, next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		authorization := ""
		if values := r.Header.Values("Authorization"); len(values) == 1 { // of several, none counts
			authorization = values[0]
		}
		viewing, release, err := authenticator.Authenticate(r.Context(), authorization)
		if err != nil {
			w.Header().Set("WWW-Authenticate", "Bearer")
			httperror.Error{
				Status: http.StatusUnauthorized, Code: apierror.Unauthenticated, Message: err.Error(),
			}.Write(w)
			return
		}
		defer release()
		if !models.ViewerOf(viewing).May(scope) {
			httperror.Error{Status: http.StatusForbidden, Code: apierror.Forbidden,
				Message: fmt.Sprintf("the token lacks the scope %s", scope)}.Write(w)
			return
		}
		next.ServeHTTP(w, r.WithContext(viewing))
	})
}
