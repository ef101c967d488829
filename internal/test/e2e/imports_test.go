package e2e

import (
	"os/exec"
	"slices"
	"strings"
	"testing"
)

// Imports go one way: README.md has the order of the packages.
func TestImportsGoOneWay(t *testing.T) {
	const format = `{{.ImportPath}}:{{join .Imports " "}}:{{join .TestImports " "}} {{join .XTestImports " "}}`
	command := exec.CommandContext(t.Context(), "go", "list", "-f", format, "sessiongraph/...")
	list, err := command.Output()
	if err != nil {
		t.Fatal(err)
	}
	within := func(of, tree string) bool { return of == tree || strings.HasPrefix(of, tree+"/") }
	for _, rule := range []struct {
		tree  string
		tests bool // the rule is for tests, too
		never []string
	}{
		{"sessiongraph/ingest", true, []string{"sessiongraph/graph"}},
		{"sessiongraph/graph", false, []string{"sessiongraph/ingest"}},
		{"sessiongraph/models", false, []string{"sessiongraph/graph", "sessiongraph/ingest", "sessiongraph/internal"}},
		{"sessiongraph/graph/render", false, []string{"sessiongraph/models", "sessiongraph/graph/model"}},
	} {
		for line := range strings.Lines(string(list)) {
			parts := strings.Split(strings.TrimSpace(line), ":")
			if len(parts) != 3 || !within(parts[0], rule.tree) {
				continue
			}
			imports := strings.Fields(parts[1])
			if rule.tests {
				imports = append(imports, strings.Fields(parts[2])...)
			}
			for _, never := range rule.never {
				if i := slices.IndexFunc(imports, func(of string) bool { return within(of, never) }); i >= 0 {
					t.Errorf("%s imports %s", parts[0], imports[i])
				}
			}
		}
	}
}
