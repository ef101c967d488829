package cli

import (
	"fmt"

	"sessiongraph/internal/buildinfo"
)

// PrintVersion are the settings of version.
type PrintVersion struct{}

// Run prints the version.
func (PrintVersion) Run(s Streams) error {
	if _, err := fmt.Fprintln(s.Out, buildinfo.Read()); err != nil {
		return fmt.Errorf("version: %w", err)
	}
	return nil
}
