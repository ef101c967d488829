package e2e

import (
	"bytes"
	"io"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
)

// The traces of a notification and of a query reach a collector when the server ends, with the SQL, without values.
func TestTraces(t *testing.T) {
	var mu sync.Mutex
	var received []byte
	collector := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil || r.URL.Path != "/v1/traces" {
			t.Errorf("%s %s: %v", r.Method, r.URL, err)
		}
		mu.Lock()
		defer mu.Unlock()
		received = append(received, body...)
	}))
	t.Cleanup(collector.Close)
	t.Setenv("OTEL_EXPORTER_OTLP_ENDPOINT", collector.URL)

	s := startServer(t, newDB(t))
	body := simulated(1)[0]
	mustPost(t, s, body)
	s.Query(t, `{ sessions(filter: { callee: { eq: "+secret" } }) { nodes { callId } } }`, nil)
	if status := s.Stop(); status != 0 {
		t.Errorf("exit status %d", status)
	}

	mu.Lock()
	defer mu.Unlock()
	for _, name := range []string{
		"POST /ingest", "prepare", "save batch", "INSERT OR FAIL INTO sessions", "POST /query", "FROM sessions s",
	} {
		if !bytes.Contains(received, []byte(name)) {
			t.Errorf("no span has %q", name)
		}
	}
	if bytes.Contains(received, []byte("secret")) {
		t.Error("a span has a value")
	}
}
