package buildinfo

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"runtime/debug"
	"strings"
	"testing"
)

func TestParse(t *testing.T) {
	unknown := Info{"(devel)", "unknown", "unknown", runtime.Version()}
	if got := parse(new(debug.BuildInfo)); got != unknown {
		t.Errorf("without build information: %v, want %v", got, unknown)
	}

	setting := func(key, value string) debug.BuildSetting { return debug.BuildSetting{Key: key, Value: value} }
	recorded := &debug.BuildInfo{Main: debug.Module{Version: "v1.2.3"}, Settings: []debug.BuildSetting{
		setting("vcs.revision", "0a1b2c"), setting("vcs.time", "2026-01-02T03:04:05Z"),
		setting("vcs.modified", "false"),
	}}
	clean := Info{"v1.2.3", "0a1b2c", "2026-01-02T03:04:05Z", runtime.Version()}
	if got := parse(recorded); got != clean {
		t.Errorf("%v, want %v", got, clean)
	}
	recorded.Settings[2].Value = "true"
	if got := parse(recorded); got.Commit != "0a1b2c+modified" {
		t.Errorf("commit %s of a modified tree", got.Commit)
	}
}

// What releases and images give to the linker is what a program says of itself.
func TestLinkedBuild(t *testing.T) {
	for _, file := range []string{".goreleaser.yaml", "deploy/Dockerfile"} {
		text, err := os.ReadFile(filepath.Join("..", "..", file))
		if err != nil {
			t.Fatal(err)
		}
		flags := regexp.MustCompile(`-X [\w/]+\.(\w+)=`).FindAllStringSubmatch(string(text), -1)
		settings := make([]string, len(flags))
		for i, flag := range flags {
			settings[i] = flag[0] + "the-" + flag[1]
		}
		command := exec.Command("go", "run", "-ldflags="+strings.Join(settings, " "), "./testdata/print")
		out, err := command.CombinedOutput()
		want := "sessiongraph the-version (commit the-commit, the-date, " + runtime.Version() + ")\n"
		if err != nil || string(out) != want {
			t.Errorf("%s: %v: %s, want %s", file, err, out, want)
		}
	}
}
