package e2e

import (
	"encoding/json"
	"os"
	"regexp"
	"strings"
	"testing"

	"sessiongraph/internal/test/program"
)

// Alerts and dashboards ask for metrics that there are, and docs/operations.md lists all.
func TestDeployedMetricsExist(t *testing.T) {
	s := startServer(t, newDB(t))
	mustPost(t, s, simulated(1)[0])
	s.Query(t, `query Named { sessions { totalCount } }`, nil)
	exported := metrics(t, s)
	for _, line := range []string{`sessiongraph_graphql_duration_seconds_count{operation="Named",trusted="false"} 1`,
		`sessiongraph_graphql_errors_total{code="INTERNAL"} 0`} {
		if !strings.Contains(exported, line) {
			t.Errorf("no %s", line)
		}
	}
	listed := string(readFile(t, program.File("docs/operations.md")))
	for _, kind := range regexp.MustCompile(`(?m)^# TYPE (sessiongraph_\w+)`).FindAllStringSubmatch(exported, -1) {
		if !strings.Contains(listed, "`"+kind[1]+"`") {
			t.Errorf("docs/operations.md has no %s", kind[1])
		}
	}

	names := regexp.MustCompile(`\b(sessiongraph|process|go)_[a-z_]+`)
	for _, file := range []string{"deploy/prometheus/alerts.yaml", "deploy/grafana/sessiongraph.json"} {
		content, err := os.ReadFile(program.File(file))
		if err != nil {
			t.Fatal(err)
		}
		if strings.HasSuffix(file, ".json") && !json.Valid(content) {
			t.Errorf("%s is no JSON", file)
		}
		found := names.FindAllString(string(content), -1)
		if len(found) < 5 {
			t.Errorf("%s has %d metrics: the test tests little", file, len(found))
		}
		for _, name := range found {
			if !regexp.MustCompile(`(?m)^` + name + `\b`).MatchString(exported) {
				t.Errorf("%s: there is no metric %s", file, name)
			}
		}
	}
}
