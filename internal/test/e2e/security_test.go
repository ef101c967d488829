package e2e

import (
	"io/fs"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"sessiongraph/internal/test/program"
)

// Each line of SECURITY.md that promises something names tests, which are there.
func TestSecurityNamesTests(t *testing.T) {
	defined := map[string]bool{}
	declaration := regexp.MustCompile(`(?m)^func ((?:Test|Fuzz)\w+)\(`)
	err := filepath.WalkDir(program.File("."), func(path string, entry fs.DirEntry, err error) error {
		if err == nil && entry.IsDir() && entry.Name() == "node_modules" {
			return filepath.SkipDir
		}
		if err != nil || !strings.HasSuffix(path, "_test.go") {
			return err
		}
		for _, found := range declaration.FindAllStringSubmatch(string(readFile(t, path)), -1) {
			defined[found[1]] = true
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	name := regexp.MustCompile("`((?:Test|Fuzz)[A-Z]\\w+)`")
	rows := 0
	for line := range strings.Lines(string(readFile(t, program.File("SECURITY.md")))) {
		named := name.FindAllStringSubmatch(line, -1)
		for _, found := range named {
			if !defined[found[1]] {
				t.Errorf("%s is not there", found[1])
			}
		}
		head := strings.HasPrefix(line, "| against") || strings.HasPrefix(line, "| ---")
		if strings.HasPrefix(line, "| ") && !head {
			if rows++; len(named) == 0 {
				t.Errorf("no test is named: %.80s", line)
			}
		}
	}
	if rows == 0 {
		t.Error("there is no row")
	}
}

// Packages are named by version and hash; where they come from is for those who install them to say.
func TestLockFilesHaveNoAddresses(t *testing.T) {
	for _, file := range []string{"web/package-lock.json", "internal/test/e2e/clients/package-lock.json"} {
		text := string(readFile(t, program.File(file)))
		if strings.Contains(text, `"resolved"`) || !strings.Contains(text, `"integrity"`) {
			t.Errorf("%s: write it with the .npmrc beside it", file)
		}
	}
}
