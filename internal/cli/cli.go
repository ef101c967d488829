// Package cli is the command line: one file for each command, and the settings that they share.
package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"

	"github.com/alecthomas/kong"
)

// CLI is the command line as a whole.
type CLI struct {
	Config  string           `env:"SESSIONGRAPH_CONFIG" placeholder:"FILE" help:"File of settings in YAML, by the names of their flags; flags and variables win."`
	Version kong.VersionFlag `short:"v" help:"Print the version, commit and date of this program."`

	Serve    Serve    `cmd:"" default:"withargs" help:"Receive notifications and answer queries (the default). A missing database is created."`
	Import   Import   `cmd:"" help:"Store notifications from files, as if they were posted."`
	Simulate Simulate `cmd:"" help:"Generate simulated notifications, for demonstrations and tests."`
	Sign     Sign     `cmd:"" help:"Print the signature of a notification, for X-AIRudder-Sign."`

	Query      Query      `cmd:"" help:"Run a query on the database, and print its answer or write it as a file of rows."`
	Token      Token      `cmd:"" help:"Print a new API token and its line for the tokens file."`
	Quarantine Quarantine `cmd:"" help:"List or print the notifications that could not become sessions."`
	Replay     Replay     `cmd:"" help:"Make the sessions again from the ledger, the notifications as they were received."`
	Verify     Verify     `cmd:"" help:"Compare the sessions with the ledger that they are made from; any difference is an error."`
	Export     Export     `cmd:"" help:"Write all acknowledged notifications to standard output, one per line, for import."`
	Backup     Backup     `cmd:"" help:"Copy the database to a new file, also while the server runs."`
	Restore    Restore    `cmd:"" help:"Make a new database file from a backup."`
	Erase      Erase      `cmd:"" help:"Remove all notifications of a callee."`
	Prune      Prune      `cmd:"" help:"Remove the sessions that ended before a time."`

	Status       Status       `cmd:"" help:"Print versions, sizes, the ledger's outcomes, what retention would delete, and replicas."`
	Doctor       Doctor       `cmd:"" help:"Look for what is wrong with settings, files and database, and print a cure for each finding."`
	Health       Health       `cmd:"" help:"Check that a running server is ready, for container probes."`
	PrintVersion PrintVersion `cmd:"" name:"version" help:"Print the version, commit and date of this program."`
	Help         Help         `cmd:"" help:"Print the help of the program or of a command."`
}

// Streams are what a command reads and writes.
type Streams struct {
	In       io.Reader
	Out, Err io.Writer
}

// Schema is the GraphQL schema that serve offers for download.
type Schema string

// Run runs the command that the arguments and the environment name, until it or ctx
// ends, and returns the exit status. Errors are one line on s.Err.
func Run(ctx context.Context, args []string, s Streams, schema Schema) int {
	exit, file := -1, &configuration{}
	parser, err := newParser(s, file, func(code int) { exit = code })
	if err != nil {
		_, _ = fmt.Fprintln(s.Err, "sessiongraph:", err)
		return exitFailure
	}
	if len(args) > 0 && args[0] == "help" {
		asksTwice := func(arg string) bool { return arg == "--help" || arg == "-h" }
		args = append(slices.DeleteFunc(slices.Clone(args[1:]), asksTwice), "--help")
	}

	parsed, err := parser.Parse(args)
	if exit >= 0 { // --help and --version
		return exit
	}
	if err != nil {
		_, _ = fmt.Fprintf(s.Err, "sessiongraph: %s\n", describe(err, parser.Model, args, file))
		return exitUsage
	}
	if unknown := unknownVariables(parsed.Model.Node, os.Environ()); len(unknown) > 0 {
		_, _ = fmt.Fprintf(s.Err, "sessiongraph: %s\n", strings.Join(unknown, "; "))
		return exitUsage
	}

	parsed.BindTo(ctx, (*context.Context)(nil))
	if err = parsed.Run(s, schema, file); err != nil {
		_, _ = fmt.Fprintln(s.Err, "sessiongraph:", message(err))
	}
	return exitCode(err)
}

// message returns the text of an error: without secrets, and each line once, as a full disk fails every write alike.
func message(err error) string {
	text := redact(err.Error())
	if errors.Is(err, context.Canceled) { // only a signal cancels a command
		text = strings.ReplaceAll(text, context.Canceled.Error(), "interrupted")
	}
	return strings.Join(slices.Compact(strings.Split(text, "\n")), "\n")
}

// Exit statuses of a program that failed.
const (
	exitFailure = 1
	exitUsage   = 2
)

// usageError is a mistake in the command line or in the environment.
type usageError struct{ error }

// usagef makes a usageError.
func usagef(format string, args ...any) error { return usageError{fmt.Errorf(format, args...)} }

// Unwrap returns the error itself.
func (e usageError) Unwrap() error { return e.error }

// exitCode is the exit status for the error of a command.
func exitCode(err error) int {
	var usage usageError
	var nothing nothingFoundError
	switch {
	case err == nil:
		return 0
	case errors.As(err, &nothing):
		return exitNothingFound
	case errors.As(err, &usage):
		return exitUsage
	}
	return exitFailure
}
