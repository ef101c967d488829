package cli

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/http"
	"time"
)

// Health are the settings of health.
type Health struct {
	Addr    Address `env:"SESSIONGRAPH_ADDR" group:"Network:" default:"127.0.0.1:8080" placeholder:"HOST:PORT" help:"Address of the server (${default})."`
	TLSCert string  `name:"tls-cert" env:"SESSIONGRAPH_TLS_CERT" group:"Network:" placeholder:"FILE" help:"Certificate of the server, where it serves HTTPS. It is not verified."`
}

// Help returns the text that --help adds to the summary.
func (Health) Help() string {
	return "It requests /readyz, and prints ready with exit status 0 if the server can store notifications."
}

// healthTimeout is the timeout of a request to /readyz, which is answered within a second.
const healthTimeout = 5 * time.Second

// Run requests /readyz of a running server.
func (c Health) Run(ctx context.Context, s Streams) error {
	address, err := reachable(string(c.Addr))
	if err != nil {
		return fmt.Errorf("health: %w", err)
	}
	ctx, cancel := context.WithTimeout(ctx, healthTimeout)
	defer cancel()
	scheme := "http"
	if c.TLSCert != "" {
		scheme = "https"
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, scheme+"://"+address+"/readyz", nil)
	if err != nil {
		return fmt.Errorf("health: %w", err)
	}
	request.Host = "localhost"                            // served on any address
	transport := &http.Transport{DisableKeepAlives: true} // no proxy in between
	// The request has no secret, and the certificate seldom has the name of a loopback address.
	transport.TLSClientConfig = &tls.Config{InsecureSkipVerify: true}
	client := &http.Client{Transport: transport}
	response, err := client.Do(request)
	switch {
	case errors.Is(err, http.ErrSchemeMismatch):
		return fmt.Errorf("health: the server at %s does not serve HTTPS: leave --tls-cert out", address)
	case err != nil:
		return fmt.Errorf("health: no server answers at %s: %w", address, withoutRequest(err))
	}
	_ = response.Body.Close()
	switch {
	case response.StatusCode == http.StatusBadRequest && c.TLSCert == "":
		return fmt.Errorf("health: the server at %s serves HTTPS: name its certificate (--tls-cert)", address)
	case response.StatusCode != http.StatusOK:
		return fmt.Errorf("health: the server at %s is not ready: /readyz answers %s", address, response.Status)
	}
	_, err = fmt.Fprintln(s.Out, "ready")
	return err
}

// reachable returns the address at which a server that listens on an address is reached
// from this machine.
func reachable(address string) (string, error) {
	host, port, err := net.SplitHostPort(address)
	if err != nil {
		return "", err
	}
	switch ip := net.ParseIP(host); {
	case host == "", ip != nil && ip.IsUnspecified() && ip.To4() != nil:
		host = "127.0.0.1"
	case ip != nil && ip.IsUnspecified():
		host = "::1"
	}
	return net.JoinHostPort(host, port), nil
}
