package buildinfo

import (
	"runtime"
	"runtime/debug"
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
