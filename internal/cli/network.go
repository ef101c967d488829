package cli

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"net/url"
	"regexp"
	"strings"
)

// Hosts are names of a server as requests have them, without ports and in lower case.
type Hosts []string

var hostName = regexp.MustCompile(`^[a-z0-9_]([a-z0-9_-]*[a-z0-9_])?(\.[a-z0-9_]([a-z0-9_-]*[a-z0-9_])?)*$`)

// UnmarshalText adds a comma separated list of names and addresses.
func (h *Hosts) UnmarshalText(text []byte) error {
	for _, given := range list(text) {
		name := strings.ToLower(strings.TrimSpace(given))
		address := strings.TrimSuffix(strings.TrimPrefix(name, "["), "]")
		if ip, err := netip.ParseAddr(address); err == nil && ip.Zone() == "" {
			name = ip.String()
		} else if !hostName.MatchString(name) {
			return fmt.Errorf("invalid host %q (want a name such as sessions.example.com, without scheme and port)",
				given)
		}
		*h = append(*h, name)
	}
	return nil
}

// Origins are origins of web pages as browsers send them.
type Origins []string

// UnmarshalText adds a comma separated list of origins.
func (o *Origins) UnmarshalText(text []byte) error {
	for _, given := range list(text) {
		origin, ok := originOf(strings.TrimSpace(given))
		if !ok {
			return fmt.Errorf("invalid origin %q (want e.g. https://app.example.com, without a path)", given)
		}
		*o = append(*o, origin)
	}
	return nil
}

// originOf returns an origin as browsers send it: in lower case, without the scheme's own port.
func originOf(given string) (string, bool) {
	parsed, err := url.Parse(strings.ToLower(given))
	if err != nil {
		return "", false
	}
	name, port := parsed.Hostname(), parsed.Port()
	if _, err := netip.ParseAddr(name); err != nil && !hostName.MatchString(name) {
		return "", false
	}
	host, standard := parsed.Host, map[string]string{"http": "80", "https": "443"}[parsed.Scheme]
	if port == standard {
		host = strings.TrimSuffix(host, ":"+port)
	}
	bare := url.URL{Scheme: parsed.Scheme, Host: parsed.Host}
	return parsed.Scheme + "://" + host, standard != "" && bare.String() == parsed.String()
}

// minIngestKey is the length of the shortest key: 16 random characters cannot be guessed.
const minIngestKey = 16

var ingestKey = regexp.MustCompile(`^[A-Za-z0-9._~-]+$`)

// IngestKeys are comma separated, or one per line of a file.
type IngestKeys []string

// UnmarshalText adds a list of keys. Its errors do not repeat them.
func (k *IngestKeys) UnmarshalText(text []byte) error {
	for _, key := range list(text) {
		switch {
		case len(key) < minIngestKey:
			return fmt.Errorf("a key has at least %d characters, and these should be random", minIngestKey)
		case !ingestKey.MatchString(key):
			return errors.New("a key has only characters that an address takes as they are:" +
				" A to Z, a to z, 0 to 9, - . _ and ~")
		}
		*k = append(*k, key)
	}
	return nil
}

// IngestURL is the address of a server's ingest route.
type IngestURL string

// UnmarshalText reads a URL of http or https.
func (u *IngestURL) UnmarshalText(text []byte) error {
	parsed, err := url.Parse(string(text))
	if err != nil || parsed.Host == "" || parsed.Scheme != "http" && parsed.Scheme != "https" {
		shown, _, _ := strings.Cut(string(text), "/ingest/") // without a key
		return fmt.Errorf("invalid URL %q (want e.g. http://127.0.0.1:8080/ingest)", shown)
	}
	*u = IngestURL(text)
	return nil
}

// withoutRequest returns why a request failed, for a message that names its address.
func withoutRequest(err error) error {
	var operation *net.OpError
	var request *url.Error
	switch {
	case errors.As(err, &operation):
		return operation.Err
	case errors.As(err, &request):
		return request.Err
	}
	return err
}
