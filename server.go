// Command sessiongraph receives AIRudder's chatbot session notifications, keeps
// them, and serves them as a GraphQL API.
package main

import (
	"context"
	_ "embed"
	"os"
	"os/signal"
	"syscall"
	_ "time/tzdata" // time zones of group-bys, for machines without them

	"sessiongraph/internal/cli"
)

//go:embed schema.graphqls
var schema cli.Schema

func main() {
	os.Exit(run(os.Args[1:], cli.Streams{In: os.Stdin, Out: os.Stdout, Err: os.Stderr}))
}

// run runs a command until it or a signal ends it, and returns the exit status.
func run(args []string, streams cli.Streams) int {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	return cli.Run(ctx, args, streams, schema)
}
