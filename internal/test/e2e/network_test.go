package e2e

import (
	"io"
	"net/http"
	"strings"
	"testing"

	"sessiongraph/internal/test/program"
)

// exchange sends a request without a body and returns the answer, its body read.
func exchange(t *testing.T, method, url string, header http.Header) (*http.Response, string) {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), method, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	for name, values := range header {
		request.Header[name] = values
	}
	request.Host = header.Get("Host")
	response, err := http.DefaultTransport.RoundTrip(request)
	if err != nil {
		t.Fatal(err)
	}
	body, err := io.ReadAll(response.Body)
	_ = response.Body.Close()
	if err != nil {
		t.Fatal(err)
	}
	return response, string(body)
}

// A name that resolves to a loopback address does not give a page of another site access to the server.
func TestHosts(t *testing.T) {
	paths := []string{"/", "/query?query={__typename}", "/schema.graphqls", "/ingest", "/healthz", "/readyz", "/metrics",
		"/nothing"}
	for _, test := range []struct {
		name             string
		args             []string
		served, rejected []string
	}{
		{"loopback", []string{"--addr=127.0.0.1:0"}, []string{"localhost", "127.0.0.1:8080", "[::1]:9"},
			[]string{"evil.example", "evil.example:8080", "127.0.0.1.evil.example"}},
		{"loopback with names", []string{"--addr=127.0.0.1:0", "--host=a.example,B.example"},
			[]string{"localhost", "a.example", "b.example:8080"}, []string{"evil.example"}},
		{"all", []string{"--addr=0.0.0.0:0", "--open"}, []string{"localhost", "evil.example"}, nil},
		{"all with names", []string{"--addr=0.0.0.0:0", "--open", "--host=a.example"}, []string{"localhost:8080", "a.example"},
			[]string{"evil.example"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			s := program.Serve(t, append([]string{"serve", "--db", newDB(t)}, test.args...)...)
			for _, path := range paths {
				for _, host := range test.served {
					response, body := exchange(t, "GET", s.URL+path, http.Header{"Host": {host}})
					if response.StatusCode == 421 {
						t.Errorf("%s of %s: %s", path, host, body)
					}
				}
				for _, host := range test.rejected {
					response, body := exchange(t, "GET", s.URL+path, http.Header{"Host": {host}})
					if response.StatusCode != 421 || !strings.Contains(body, `"MISDIRECTED_REQUEST"`) {
						t.Errorf("%s of %s: %d %s", path, host, response.StatusCode, body)
					}
				}
			}
			t.Setenv("SESSIONGRAPH_ADDR", strings.TrimPrefix(s.URL, "http://"))
			if ended := program.Run(t, "", "health"); ended.Code != 0 {
				t.Errorf("%+v", ended)
			}
		})
	}
}
