package server

import (
	"log/slog"
	"net"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// A listener that fails ends the server, with its error, although nobody stopped it.
func TestAListenerThatFailsEndsTheServer(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() {
		config := Config{Database: filepath.Join(t.TempDir(), "test.db"), SignScheme: "hmac-sha256-hex"}
		ended <- Run(t.Context(), listener, config, slog.New(slog.DiscardHandler))
	}()
	if err := listener.Close(); err != nil {
		t.Fatal(err)
	}
	select {
	case err := <-ended:
		if err == nil || !strings.HasPrefix(err.Error(), "serve: ") {
			t.Errorf("ended with %v", err)
		}
	case <-time.After(30 * time.Second):
		t.Fatal("the server goes on")
	}
}
