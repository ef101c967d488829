package cli

import (
	"fmt"
	"net/netip"
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
