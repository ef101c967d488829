package server

import (
	"fmt"
	"log/slog"
	"strings"

	"sessiongraph/ingest"
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

// openAccess lists what anyone can do who reaches the server.
func openAccess(verifier *ingest.Verifier, keys ingest.Keys) string {
	open := []string{"queries need no token"}
	switch {
	case keys.Required():
	case verifier.Mode != ingest.SignEnforce:
		open = append(open, "notifications need no signature")
	case !verifier.Scheme.UsesSecret():
		open = append(open, "notifications are signed without a secret")
	}
	return strings.Join(open, ", ")
}
