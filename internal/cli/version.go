package cli

import (
	"context"
	"fmt"
	"runtime"
	"runtime/debug"
)

// Build is what the Go toolchain recorded of this program. Parts that it could not
// record are "unknown".
type Build struct {
	Version string // of the module, or (devel)
	Commit  string // of git, with +modified where files differed from it
	Date    string // of the commit, RFC 3339
	Go      string // version of the toolchain
}

// ReadBuild reads the build information of the running program.
func ReadBuild() Build {
	b := Build{Version: "(devel)", Commit: "unknown", Date: "unknown", Go: runtime.Version()}
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return b
	}
	if info.Main.Version != "" {
		b.Version = info.Main.Version
	}
	modified := false
	for _, s := range info.Settings {
		switch s.Key {
		case "vcs.revision":
			b.Commit = s.Value
		case "vcs.time":
			b.Date = s.Value
		case "vcs.modified":
			modified = s.Value == "true"
		}
	}
	if modified {
		b.Commit += "+modified"
	}
	return b
}

// String is the build in one line.
func (b Build) String() string {
	return fmt.Sprintf("sessiongraph %s (commit %s, %s, %s)", b.Version, b.Commit, b.Date, b.Go)
}

// PrintVersion are the settings of version.
type PrintVersion struct{}

// Run prints the version.
func (PrintVersion) Run(_ context.Context, s Streams) error {
	if _, err := fmt.Fprintln(s.Out, ReadBuild()); err != nil {
		return fmt.Errorf("version: %w", err)
	}
	return nil
}
