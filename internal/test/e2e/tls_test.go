package e2e

import (
	"crypto/tls"
	"crypto/x509"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/coder/websocket"

	"sessiongraph/internal/test/program"
	"sessiongraph/internal/test/tools"
)

func TestTLS(t *testing.T) {
	folder := t.TempDir()
	certFile, keyFile := filepath.Join(folder, "cert.pem"), filepath.Join(folder, "key.pem")
	write := func(cert, key []byte) {
		t.Helper()
		for file, content := range map[string][]byte{certFile: cert, keyFile: key} {
			if err := os.WriteFile(file, content, 0o600); err != nil {
				t.Fatal(err)
			}
		}
	}
	cert, key := tools.Certificate(t, "first", time.Now().Add(time.Hour))
	renewed, renewedKey := tools.Certificate(t, "second", time.Now().Add(time.Hour))
	write(cert, key)
	s := startServer(t, newDB(t), "--tls-cert="+certFile, "--tls-key="+keyFile)
	if !strings.HasPrefix(s.URL, "https://127.0.0.1:") {
		t.Fatal(s.URL)
	}

	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(cert)
	roots.AppendCertsFromPEM(renewed)
	transport := &http.Transport{TLSClientConfig: &tls.Config{RootCAs: roots}, DisableKeepAlives: true,
		ForceAttemptHTTP2: true}
	client := &http.Client{Transport: transport}
	served := func() string {
		t.Helper()
		response, err := client.Post(s.URL+"/query", "application/json", strings.NewReader(`{"query":"{__typename}"}`))
		if err != nil {
			t.Fatal(err)
		}
		body, _ := io.ReadAll(response.Body)
		_ = response.Body.Close()
		if string(body) != `{"data":{"__typename":"Query"}}` || response.ProtoMajor != 2 {
			t.Errorf("%s: %s", response.Proto, body)
		}
		return response.TLS.PeerCertificates[0].Subject.CommonName
	}
	if name := served(); name != "first" {
		t.Errorf("%s is served", name)
	}

	connection, _, err := websocket.Dial(t.Context(), s.URL+"/query", &websocket.DialOptions{
		HTTPClient:   &http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: roots}}},
		HTTPHeader:   http.Header{"Origin": {s.URL}},
		Subprotocols: []string{"graphql-transport-ws"},
	})
	if err != nil {
		t.Fatal(err)
	}
	_ = connection.CloseNow()

	t.Setenv("SESSIONGRAPH_ADDR", strings.TrimPrefix(s.URL, "https://"))
	if ended := program.Run(t, "", "health", "--tls-cert="+certFile); ended.Code != 0 || ended.Out != "ready\n" {
		t.Errorf("%+v", ended)
	}
	if ended := program.Run(t, "", "health"); ended.Code != 1 || !strings.Contains(ended.Err, "--tls-cert") {
		t.Errorf("without TLS: %+v", ended)
	}

	write(renewed, renewedKey)
	tools.Eventually(t, func() string {
		if name := served(); name != "second" {
			return name + " is served"
		}
		return ""
	})
	write(renewed, key)
	tools.Eventually(t, func() string {
		if name := served(); name != "second" {
			t.Errorf("%s is served", name)
		}
		if !strings.Contains(s.Log.String(), "renewed certificate not used") {
			return "a bad pair is not in the log"
		}
		return ""
	})
}
