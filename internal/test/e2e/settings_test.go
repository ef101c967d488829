package e2e

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"sessiongraph/internal/test/program"
)

func TestSettings(t *testing.T) {
	secrets := filepath.Join(t.TempDir(), "secrets")
	if err := os.WriteFile(secrets, []byte("new\nold\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	databaseName := filepath.Join(t.TempDir(), "database")
	if err := os.WriteFile(databaseName, []byte("from-a-file.db\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	page := func(t *testing.T, s *program.Server, first int) (refused bool) {
		answer := s.Ask(t, fmt.Sprintf("{ sessions(first: %d) { totalCount } }", first), nil)
		return answer["errors"] != nil
	}
	status := func(t *testing.T, s *program.Server) int { return post(t, s, readFile(t, program.Example)) }
	for _, test := range []struct {
		name  string
		env   map[string]string
		args  []string
		holds func(t *testing.T, s *program.Server) bool
	}{
		{"page by default", nil, nil, func(t *testing.T, s *program.Server) bool {
			return !page(t, s, 200) && page(t, s, 201)
		}},
		{"page by variable", map[string]string{"SESSIONGRAPH_MAX_PAGE": "3"}, nil,
			func(t *testing.T, s *program.Server) bool { return !page(t, s, 3) && page(t, s, 4) }},
		{"page by flag", map[string]string{"SESSIONGRAPH_MAX_PAGE": "3"}, []string{"--max-page=5"},
			func(t *testing.T, s *program.Server) bool { return !page(t, s, 5) && page(t, s, 6) }},
		{"body by default", nil, nil, func(t *testing.T, s *program.Server) bool { return status(t, s) == 200 }},
		{"body by variable", map[string]string{"SESSIONGRAPH_MAX_BODY": "1KiB"}, nil,
			func(t *testing.T, s *program.Server) bool { return status(t, s) == 413 }},
		{"body by flag", map[string]string{"SESSIONGRAPH_MAX_BODY": "1KiB"}, []string{"--max-body=1000000"},
			func(t *testing.T, s *program.Server) bool { return status(t, s) == 200 }},
		{"complexity by variable", map[string]string{"SESSIONGRAPH_MAX_COMPLEXITY": "1"}, nil,
			func(t *testing.T, s *program.Server) bool { return page(t, s, 1) }},
		{"complexity by flag", map[string]string{"SESSIONGRAPH_MAX_COMPLEXITY": "1"},
			[]string{"--max-complexity=1000"}, func(t *testing.T, s *program.Server) bool { return !page(t, s, 1) }},
		{"signatures by variable", map[string]string{"SESSIONGRAPH_SIGN_SECRETS": "a,b"}, nil,
			func(t *testing.T, s *program.Server) bool { return status(t, s) == 401 }},
		{"signatures by file", map[string]string{"SESSIONGRAPH_SIGN_SECRETS_FILE": secrets}, nil,
			func(t *testing.T, s *program.Server) bool { return status(t, s) == 401 }},
		{"signatures observed by flag", map[string]string{"SESSIONGRAPH_SIGN_SECRETS": "a,b"},
			[]string{"--sign-mode=observe"}, func(t *testing.T, s *program.Server) bool {
				return status(t, s) == 200
			}},
		{"signatures off by variable",
			map[string]string{"SESSIONGRAPH_SIGN_SECRETS": "a,b", "SESSIONGRAPH_SIGN_MODE": "off"}, nil,
			func(t *testing.T, s *program.Server) bool { return status(t, s) == 200 }},
		{"several secrets by several flags", nil, []string{"--sign-secret=a", "--sign-secret=b"},
			func(t *testing.T, s *program.Server) bool {
				return strings.Contains(metrics(t, s), `sessiongraph_ingest_signatures_total{secret="2"} 0`)
			}},
		{"database by file", map[string]string{"SESSIONGRAPH_DB_FILE": databaseName}, nil,
			func(*testing.T, *program.Server) bool {
				return exists("from-a-file.db")
			}},
		{"log in JSON by variable", map[string]string{"SESSIONGRAPH_LOG_FORMAT": "json"}, nil,
			func(_ *testing.T, s *program.Server) bool {
				return json.Valid([]byte(strings.SplitN(s.Log.String(), "\n", 2)[0]))
			}},
		{"log as text by flag", map[string]string{"SESSIONGRAPH_LOG_FORMAT": "json"},
			[]string{"--log-format=text"}, func(_ *testing.T, s *program.Server) bool {
				return strings.Contains(s.Log.String(), "level=INFO")
			}},
		{"level by flag", map[string]string{"SESSIONGRAPH_LOG_LEVEL": "error"},
			[]string{"--log-level=debug"}, func(_ *testing.T, s *program.Server) bool {
				return strings.Contains(s.Log.String(), "level=INFO")
			}},
		{"address for all by variable", map[string]string{"SESSIONGRAPH_OPEN": "true",
			"SESSIONGRAPH_ADDR": "0.0.0.0:0"}, nil, func(_ *testing.T, s *program.Server) bool {
			return !strings.Contains(s.URL, "127.0.0.1")
		}},
		{"address by flag", map[string]string{"SESSIONGRAPH_ADDR": "no address"},
			[]string{"--addr=127.0.0.1:0"}, func(_ *testing.T, s *program.Server) bool {
				return strings.Contains(s.URL, "127.0.0.1")
			}},
		{"database by variable", map[string]string{"SESSIONGRAPH_DB": "named.db"}, nil,
			func(*testing.T, *program.Server) bool { return exists("named.db") }},
		{"database by flag", map[string]string{"SESSIONGRAPH_DB": "named.db"},
			[]string{"--db=other.db"}, func(*testing.T, *program.Server) bool {
				return exists("other.db") && !exists("named.db")
			}},
		{"database by default", nil, nil, func(*testing.T, *program.Server) bool { return exists("sessiongraph.db") }},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Chdir(t.TempDir())
			if _, given := test.env["SESSIONGRAPH_ADDR"]; !given {
				t.Setenv("SESSIONGRAPH_ADDR", "127.0.0.1:0")
			}
			for name, value := range test.env {
				t.Setenv(name, value)
			}
			s := program.Serve(t, test.args...)
			if !test.holds(t, s) {
				t.Errorf("the setting does not hold; log:\n%s", s.Log.String())
			}
		})
	}
}
