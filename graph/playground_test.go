package graph_test

import (
	"crypto/sha256"
	"encoding/base64"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"
	"testing/fstest"

	"sessiongraph/graph"
)

// Pages run the scripts that their policy names, and no others.
func TestContentSecurityPolicy(t *testing.T) {
	built := fstest.MapFS{"index.html": {Data: []byte(`<!doctype html><script src="./assets/a.js"></script>`)}}
	for name, page := range map[string]http.Handler{
		"built": graph.Playground(built), "fallback": graph.FallbackPlayground(),
	} {
		t.Run(name, func(t *testing.T) {
			answer := httptest.NewRecorder()
			page.ServeHTTP(answer, httptest.NewRequest(http.MethodGet, "/", nil))
			policy := map[string]string{}
			for directive := range strings.SplitSeq(answer.Header().Get("Content-Security-Policy"), "; ") {
				kind, sources, _ := strings.Cut(directive, " ")
				policy[kind] = sources
			}
			for directive, want := range map[string]string{"default-src": "'none'", "connect-src": "'self'",
				"base-uri": "'none'", "form-action": "'none'", "frame-ancestors": "'none'"} {
				if policy[directive] != want {
					t.Errorf("%s %s, want %s", directive, policy[directive], want)
				}
			}
			scripts := strings.Fields(policy["script-src"])
			for _, source := range scripts {
				if strings.HasPrefix(source, "'unsafe-") || strings.ContainsAny(source, "*") || source == "https:" {
					t.Errorf("script-src has %s", source)
				}
			}

			element := regexp.MustCompile(`(?s)<script([^>]*)>(.*?)</script>`)
			elements := element.FindAllStringSubmatch(answer.Body.String(), -1)
			for _, script := range elements {
				source := regexp.MustCompile(`src="([^"]*)"`).FindStringSubmatch(script[1])
				switch hash := sha256.Sum256([]byte(script[2])); {
				case source == nil:
					source = []string{"", "'sha256-" + base64.StdEncoding.EncodeToString(hash[:]) + "'"}
				case strings.HasPrefix(source[1], "./"):
					source[1] = "'self'"
				case !strings.Contains(script[1], `integrity="sha256-`):
					t.Errorf("%s may change", source[1])
				}
				if !strings.Contains(policy["script-src"]+" ", source[1]+" ") {
					t.Errorf("script-src %s has no %s", policy["script-src"], source[1])
				}
			}
			if answer.Code != http.StatusOK || len(elements) == 0 {
				t.Errorf("status %d, %d scripts", answer.Code, len(elements))
			}
		})
	}
}
