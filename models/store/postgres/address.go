package postgres

import (
	"net/url"
	"strings"
)

// IsAddress says whether an address is PostgreSQL's: a postgres:// or postgresql:// URL.
func IsAddress(address string) bool {
	scheme, _, found := strings.Cut(address, "://")
	return found && (strings.EqualFold(scheme, "postgres") || strings.EqualFold(scheme, "postgresql"))
}

// WithoutPassword is an address as it may be shown.
func WithoutPassword(address string) string {
	scheme, _, isURL := strings.Cut(address, "://")
	switch {
	case !isURL:
		return address
	case !IsAddress(address):
		return scheme + "://…"
	}
	parsed, err := url.Parse(address)
	if err != nil {
		return "at an address that cannot be read"
	}
	query := parsed.Query()
	for _, secret := range []string{"password", "sslpassword"} {
		if query.Has(secret) {
			query.Set(secret, "xxxxx")
		}
	}
	parsed.RawQuery = query.Encode()
	return parsed.Redacted()
}
