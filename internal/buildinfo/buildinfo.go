// Package buildinfo identifies the running program: by what the linker was told, or else by what the Go toolchain
// recorded of the checkout.
package buildinfo

import (
	"cmp"
	"fmt"
	"runtime"
	"runtime/debug"
)

// Info identifies a build. Parts that were not recorded are "unknown".
type Info struct {
	Version string // of the module, or (devel)
	Commit  string // of git, with +modified where files differed from it
	Date    string // of the commit, RFC 3339
	Go      string // version of the toolchain
}

// The linker sets them for releases and images: -X sessiongraph/internal/buildinfo.version=v1.2.3.
var version, commit, date string

// Read returns the build information of the running program.
func Read() Info {
	recorded, ok := debug.ReadBuildInfo()
	if !ok {
		recorded = new(debug.BuildInfo)
	}
	info := parse(recorded)
	info.Version = cmp.Or(version, info.Version)
	info.Commit = cmp.Or(commit, info.Commit)
	info.Date = cmp.Or(date, info.Date)
	return info
}

func parse(recorded *debug.BuildInfo) Info {
	info := Info{Version: "(devel)", Commit: "unknown", Date: "unknown", Go: runtime.Version()}
	if recorded.Main.Version != "" {
		info.Version = recorded.Main.Version
	}

	modified := false
	for _, s := range recorded.Settings {
		switch s.Key {
		case "vcs.revision":
			info.Commit = s.Value
		case "vcs.time":
			info.Date = s.Value
		case "vcs.modified":
			modified = s.Value == "true"
		}
	}
	if modified {
		info.Commit += "+modified"
	}
	return info
}

// String returns the build in one line.
func (i Info) String() string {
	return fmt.Sprintf("sessiongraph %s (commit %s, %s, %s)", i.Version, i.Commit, i.Date, i.Go)
}
