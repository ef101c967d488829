package cli

import "github.com/alecthomas/kong"

// Help are the settings of help. Run puts --help of the command in its place.
type Help struct {
	Command []string `arg:"" optional:"" help:"Command to explain."`
}

// Run prints the help of the program.
func (Help) Run(parsed *kong.Context) error { return parsed.PrintUsage(false) }
