package server

import (
	"bytes"
	"crypto/tls"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"os"
	"sync"
	"time"
)

// newEncryption returns how a server encrypts; nil for not at all.
func newEncryption(config Config, log *slog.Logger) (*tls.Config, error) {
	if config.TLSCert == "" {
		return nil, nil
	}
	c, err := newCertificate(config.TLSCert, config.TLSKey, log)
	if err != nil {
		return nil, err
	}
	return &tls.Config{MinVersion: tls.VersionTLS12, GetCertificate: c.get}, nil
}

// serve serves HTTPS where the server encrypts, else HTTP.
func serve(server *http.Server, listener net.Listener) error {
	if server.TLSConfig == nil {
		return server.Serve(listener)
	}
	return server.ServeTLS(listener, "", "")
}

// certificateInterval is the shortest time between two looks at the files of a certificate.
const certificateInterval = time.Second

// certificate is the certificate of an HTTPS server, with its key. Renewed files are taken up by the next
// handshake; a pair that cannot be used leaves the old one in force.
type certificate struct {
	certFile, keyFile string
	log               *slog.Logger
	now               func() time.Time

	mu        sync.Mutex
	looked    time.Time
	cert, key []byte // as last read
	current   *tls.Certificate
}

// newCertificate reads a certificate, which has to be usable.
func newCertificate(certFile, keyFile string, log *slog.Logger) (*certificate, error) {
	c := &certificate{certFile: certFile, keyFile: keyFile, log: log, now: time.Now}
	c.looked = c.now()
	if _, err := c.read(); err != nil {
		return nil, err
	}
	return c, nil
}

// get returns the certificate for a handshake, read again where the files have changed.
func (c *certificate) get(*tls.ClientHelloInfo) (*tls.Certificate, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if now := c.now(); now.Sub(c.looked) >= certificateInterval {
		c.looked = now
		switch changed, err := c.read(); {
		case changed && err != nil:
			c.log.Error("renewed certificate not used, the old one stays in force", "error", err)
		case changed:
			c.log.Info("renewed certificate in use", "expires", c.current.Leaf.NotAfter.UTC())
		}
	}
	return c.current, nil
}

// read reads the files, and reports whether they have changed.
func (c *certificate) read() (changed bool, err error) {
	cert, err := os.ReadFile(c.certFile)
	key, keyErr := os.ReadFile(c.keyFile)
	if changed = !bytes.Equal(cert, c.cert) || !bytes.Equal(key, c.key); !changed && c.current != nil {
		return false, nil
	}
	c.cert, c.key = cert, key
	if err != nil {
		return changed, fmt.Errorf("--tls-cert: %w", err)
	}
	if keyErr != nil {
		return changed, fmt.Errorf("--tls-key: %w", keyErr)
	}

	pair, err := tls.X509KeyPair(cert, key)
	if err != nil && bytes.Contains(key, []byte("ENCRYPTED")) {
		return changed, fmt.Errorf("--tls-key %q has a password: write it without one "+
			"(openssl pkey -in FILE -out NEW)", c.keyFile)
	}
	if err != nil {
		return changed, fmt.Errorf("--tls-cert %q and --tls-key %q: %w", c.certFile, c.keyFile, err)
	}
	if c.current != nil && c.now().After(pair.Leaf.NotAfter) {
		return changed, fmt.Errorf("--tls-cert %q expired on %s", c.certFile, pair.Leaf.NotAfter.UTC())
	}
	c.current = &pair
	return changed, nil
}
