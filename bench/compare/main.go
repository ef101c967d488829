// Command compare measures sessiongraph over HTTP on loopback addresses: side by side with
// the hand-written program of bench/baseline, or, on a small and a large database, how its
// answers slow down (--flat) and what it takes of a machine (--sizing).
package main

import (
	"cmp"
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"log"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"time"
)

func main() {
	// SIGPIPE, too: the programs would outlive a reader of the report that ends early.
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM, syscall.SIGPIPE)
	defer stop()
	if err := run(ctx, os.Args[1:], os.Stdout, log.New(os.Stderr, "", log.Ltime)); err != nil {
		fmt.Fprintln(os.Stderr, "compare:", err)
		os.Exit(1)
	}
}

// settings are the command line.
type settings struct {
	program  string
	sessions int
	rounds   int
	round    time.Duration
	postgres bool
	masked   bool
	flat     string
	sizing   string
	counts   [2]int // of flat or sizing
	folder   string
}

// timeout bounds a run as a whole.
const timeout = 2 * time.Hour

func run(ctx context.Context, args []string, out io.Writer, log *log.Logger) error {
	var s settings
	flags := flag.NewFlagSet("compare", flag.ContinueOnError)
	flags.StringVar(&s.program, "program", "", "sessiongraph binary to measure (default: built from this module)")
	flags.IntVar(&s.sessions, "sessions", 20_000, "simulated sessions to compare on")
	flags.IntVar(&s.rounds, "rounds", 5, "rounds of each work")
	flags.DurationVar(&s.round, "round", 3*time.Second, "duration of one turn of reading; with --flat a third of it "+
		"for each question")
	flags.BoolVar(&s.postgres, "postgres", false, "compare on a temporary PostgreSQL cluster instead of SQLite")
	flags.BoolVar(&s.masked, "masked", false, "read as somebody who sees masks")
	flags.StringVar(&s.flat, "flat", "", "measure sessiongraph on two numbers of sessions instead, "+
		"such as 10000,200000")
	flags.StringVar(&s.sizing, "sizing", "", "measure bytes, processor time and memory on two numbers of sessions "+
		"instead, such as 20000,100000; only on Linux")
	flags.StringVar(&s.folder, "folder", "",
		"folder for the databases of --flat, reused by the next run (default: temporary)")
	if err := flags.Parse(args); err != nil {
		return err
	}
	if s.sessions < pageSize || s.rounds < 1 {
		return fmt.Errorf("invalid --sessions or --rounds: at least %d sessions and one round", pageSize)
	}
	if both := cmp.Or(s.flat, s.sizing); both != "" {
		var err error
		if s.counts, err = counts(both); err != nil {
			return err
		}
	}

	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	folder, err := os.MkdirTemp("", "sessiongraph-compare")
	if err != nil {
		return err
	}
	commit := "of the given binary"
	if s.program == "" {
		s.program, commit = filepath.Join(folder, "sessiongraph"), head(ctx)
		err = build(ctx, s.program, "sessiongraph")
	}
	if err == nil {
		_, _ = fmt.Fprintf(out, "sessiongraph %s, %s, %d cores, %s\n\n", commit, runtime.Version(), runtime.NumCPU(),
			time.Now().UTC().Format(time.DateOnly))
		switch {
		case s.flat != "":
			err = flatness(ctx, s, folder, out, log)
		case s.sizing != "":
			err = runSizing(ctx, s, folder, out, log)
		default:
			err = sideBySide(ctx, s, folder, out, log)
		}
	}
	return errors.Join(err, os.RemoveAll(folder))
}

// head is the name of the measured commit.
func head(ctx context.Context) string {
	output, err := exec.CommandContext(ctx, "git", "describe", "--always", "--dirty").Output()
	if err != nil {
		return "of an unknown commit"
	}
	return strings.TrimSpace(string(output))
}

func build(ctx context.Context, binary, source string) error {
	command := exec.CommandContext(ctx, "go", "build", "-trimpath", "-o", binary, source)
	if output, err := command.CombinedOutput(); err != nil {
		return fmt.Errorf("build %s: %w: %s", source, err, output)
	}
	return nil
}

// counts parses --flat and --sizing.
func counts(text string) ([2]int, error) {
	first, second, found := strings.Cut(text, ",")
	small, err1 := strconv.Atoi(first)
	large, err2 := strconv.Atoi(second)
	if err := errors.Join(err1, err2); err != nil || !found || small < 1000 || large <= small {
		return [2]int{}, fmt.Errorf("invalid numbers %q: want two numbers, from 1000 on, the smaller first", text)
	}
	return [2]int{small, large}, nil
}
