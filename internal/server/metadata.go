package server

import (
	"encoding/json"
	"net/http"
)

// metadataPath is where clients of /mcp look for who gives tokens (RFC 9728).
const metadataPath = "/.well-known/oauth-protected-resource"

// resourceMetadata names the issuer of the JWTs that /mcp takes.
func resourceMetadata(issuer string) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := json.Marshal(map[string]any{
			"resource":                 origin(r) + "/mcp",
			"resource_name":            "sessiongraph",
			"authorization_servers":    []string{issuer},
			"bearer_methods_supported": []string{"header"},
		})
		if err != nil {
			http.Error(w, "internal error", http.StatusInternalServerError)
			return
		}
		w.Header().Set("Content-Type", "application/json")
		_, _ = w.Write(body)
	})
}

// namesMetadata has the 401s of a handler say where its metadata is (RFC 9728, section 5.1).
func namesMetadata(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		next.ServeHTTP(challenger{w, `Bearer resource_metadata="` + origin(r) + metadataPath + `/mcp"`}, r)
	})
}

// challenger writes answers whose 401s have a challenge.
type challenger struct {
	http.ResponseWriter
	challenge string
}

// WriteHeader writes the header of an answer.
func (c challenger) WriteHeader(status int) {
	if status == http.StatusUnauthorized {
		c.Header().Set("WWW-Authenticate", c.challenge)
	}
	c.ResponseWriter.WriteHeader(status)
}

// origin returns the origin under which a client has reached the server, behind a proxy or not.
func origin(r *http.Request) string {
	if r.TLS != nil || r.Header.Get("X-Forwarded-Proto") == "https" {
		return "https://" + r.Host
	}
	return "http://" + r.Host
}
