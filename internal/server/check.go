package server

import (
	"context"
	"fmt"
	"log/slog"
	"time"
)

// Check returns the errors of what settings name: files that a start would refuse, and a key set and a certificate
// that it would take, but could not use. The tokens file and the documents are left to access.CheckTokens and
// CheckDocuments.
func (c Config) Check(ctx context.Context, now time.Time) (found []error) {
	if c.TLSCert != "" {
		certificate, err := newCertificate(c.TLSCert, c.TLSKey, slog.New(slog.DiscardHandler))
		switch {
		case err != nil:
			found = append(found, err)
		case now.After(certificate.current.Leaf.NotAfter):
			found = append(found, fmt.Errorf("--tls-cert %q expired on %s", c.TLSCert,
				certificate.current.Leaf.NotAfter.UTC()))
		}
	}
	if err := c.Access.JWT.Check(ctx); err != nil {
		found = append(found, fmt.Errorf("--jwks: %w", err))
	}
	if _, err := newUnmaskedNames(c.Unmasked); err != nil {
		found = append(found, err)
	}
	return found
}
