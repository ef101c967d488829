package server

import (
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"sessiongraph/internal/test/tools"
)

func TestCertificateIsRenewed(t *testing.T) {
	certFile, keyFile := filepath.Join(t.TempDir(), "cert.pem"), filepath.Join(t.TempDir(), "key.pem")
	write := func(file string, content []byte) {
		t.Helper()
		if err := os.WriteFile(file, content, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	later := time.Now().Add(time.Hour)
	cert, key := tools.Certificate(t, "first", later)
	renewed, renewedKey := tools.Certificate(t, "second", later)
	expired, expiredKey := tools.Certificate(t, "expired", time.Now().Add(-time.Hour))

	write(certFile, cert)
	write(keyFile, renewedKey)
	log := new(tools.Log)
	if _, err := newCertificate(certFile, keyFile, slog.New(slog.NewTextHandler(log, nil))); err == nil {
		t.Error("a pair that does not match is used")
	}
	write(keyFile, []byte("-----BEGIN ENCRYPTED PRIVATE KEY-----\nMIGj\n-----END ENCRYPTED PRIVATE KEY-----\n"))
	_, err := newCertificate(certFile, keyFile, slog.New(slog.NewTextHandler(log, nil)))
	if err == nil || !strings.Contains(err.Error(), "openssl pkey") {
		t.Errorf("a key with a password: %v", err)
	}
	write(keyFile, key)
	c, err := newCertificate(certFile, keyFile, slog.New(slog.NewTextHandler(log, nil)))
	if err != nil {
		t.Fatal(err)
	}
	now := time.Now()
	c.now = func() time.Time { return now }

	for _, step := range []struct {
		name   string
		change func()
		wait   time.Duration
		want   string
		says   string // in a new line of the log; "" for no new line
	}{
		{"nothing", func() {}, time.Second, "first", ""},
		{"certificate alone", func() { write(certFile, renewed) }, time.Second, "first", "old one stays in force"},
		{"no more", func() {}, time.Second, "first", ""},
		{"key as well", func() { write(keyFile, renewedKey) }, time.Second, "second", "renewed certificate in use"},
		{"not yet", func() { write(certFile, cert); write(keyFile, key) }, time.Second / 2, "second", ""},
		{"after a second", func() {}, time.Second / 2, "first", "renewed certificate in use"},
		{"broken", func() { write(certFile, []byte("no PEM")) }, time.Second, "first", "old one stays in force"},
		{"missing", func() { _ = os.Remove(certFile) }, time.Second, "first", "old one stays in force"},
		{"still missing", func() {}, time.Second, "first", ""},
		{"expired", func() { write(certFile, expired); write(keyFile, expiredKey) }, time.Second, "first", "expired"},
		{"back", func() { write(certFile, cert); write(keyFile, key) }, time.Second, "first", "in use"},
	} {
		step.change()
		now = now.Add(step.wait)
		before := len(log.String())
		used, err := c.get(nil)
		if err != nil || used.Leaf.Subject.CommonName != step.want {
			t.Fatalf("%s: %v is used, want %s (%v)", step.name, used.Leaf.Subject, step.want, err)
		}
		said := log.String()[before:]
		if (step.says == "") != (said == "") || !strings.Contains(said, step.says) || strings.Count(said, "\n") > 1 {
			t.Errorf("%s: logged %q, want %q", step.name, said, step.says)
		}
	}
}
