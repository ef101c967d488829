package server

import (
	"net"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"sessiongraph/graph/apierror"
	"sessiongraph/internal/httperror"
)

// loopbackHosts are the names of a server that only this machine reaches.
var loopbackHosts = []string{"localhost", "127.0.0.1", "::1"}

// servedHosts returns the Hosts that requests may name, in lower case; nil for any. A page of another site can
// have its name resolve to a loopback address, but it cannot choose the Host that its browser sends.
func servedHosts(address net.Addr, names []string) []string {
	tcp, ok := address.(*net.TCPAddr)
	if len(names) == 0 && !(ok && tcp.IP.IsLoopback()) {
		return nil
	}
	return slices.Concat(loopbackHosts, names)
}

// servesHost reports whether a Host, whatever its port, is one of the served ones.
func servesHost(served []string, host string) bool {
	name := (&url.URL{Host: host}).Hostname()
	return served == nil || slices.Contains(served, strings.ToLower(name))
}

// checkHost answers requests for other Hosts with 421.
func checkHost(served []string, next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !servesHost(served, r.Host) {
			writeError(w, r, httperror.Error{
				Status: http.StatusMisdirectedRequest, Code: apierror.Misdirected,
				Message: "the server is not reached by this Host: name it with --host (SESSIONGRAPH_HOSTS)",
			})
			return
		}
		next.ServeHTTP(w, r)
	})
}
