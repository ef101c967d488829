package e2e

import (
	"os/exec"
	"slices"
	"strings"
	"testing"
)

const module = "sessiongraph/"

// Imports go one way: the program to ingest and graph, these to models/store, and that to models.
// docs/architecture.md has the order of the packages.
func TestImportsGoOneWay(t *testing.T) {
	const format = `{{.ImportPath}} {{join .Imports " "}} | {{join .TestImports " "}} {{join .XTestImports " "}}`
	out, err := exec.CommandContext(t.Context(), "go", "list", "-f", format, module+"...").Output()
	if err != nil {
		t.Fatal(err)
	}
	imports, testImports := map[string][]string{}, map[string][]string{}
	for line := range strings.Lines(string(out)) {
		code, tests, _ := strings.Cut(line, "|")
		names := strings.Fields(code)
		imports[names[0]], testImports[names[0]] = names[1:], strings.Fields(tests)
	}

	program := []string{module + "internal/server", module + "internal/cli"}
	for _, rule := range []struct {
		packages string // with a slash at the end those below it, too
		never    []string
		inTests  bool // which may fill a database otherwise
	}{
		{"models", []string{"gorm.io/", "database/sql/", module + "models/", module + "ingest", module + "graph/"},
			true},
		{"models/", []string{module + "graph/", module + "internal/"}, false},
		{"models/store/", append([]string{module + "graph/"}, program...), true},
		{"models/store/", []string{module + "ingest"}, false},
		{"models/store/dialect", []string{module + "models/store/"}, true},
		{"models/store/sqlite", []string{module + "models/store", module + "models/store/postgres"}, true},
		{"models/store/postgres", []string{module + "models/store", module + "models/store/sqlite"}, true},
		{"ingest", append([]string{module + "graph/"}, program...), true},
		{"graph/", program, true},
		{"graph/", []string{module + "ingest"}, false},
		{"graph/render", []string{module + "models/", module + "graph/model"}, false},
		{"graph/model", []string{module + "models/store/"}, true},
	} {
		checked := 0
		for name := range imports {
			if !isOf(name, module+rule.packages) {
				continue
			}
			checked++
			all := imports[name]
			if rule.inTests {
				all = slices.Concat(all, testImports[name])
			}
			for _, path := range all {
				if path != name && slices.ContainsFunc(rule.never, func(never string) bool {
					return isOf(path, never)
				}) {
					t.Errorf("%s imports %s", name, path)
				}
			}
		}
		if checked == 0 {
			t.Errorf("there is no package %s", rule.packages)
		}
	}

	for _, path := range imports[module+"models"] { // the domain, pure
		outside := strings.HasPrefix(path, module) || strings.Contains(strings.SplitN(path, "/", 2)[0], ".")
		if outside && !isOf(path, "golang.org/x/text/") {
			t.Errorf("models imports %s, which is not the standard library", path)
		}
	}
}

// isOf reports whether a package is the one of that path or, with a slash at the end, one below it.
func isOf(name, path string) bool {
	return name == strings.TrimSuffix(path, "/") || strings.HasSuffix(path, "/") && strings.HasPrefix(name, path)
}
