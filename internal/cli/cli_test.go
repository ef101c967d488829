package cli

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"strings"
	"testing"

	"github.com/alecthomas/kong"
)

// A command without a Run method of its own would fail only when somebody runs it.
func TestEveryCommandRuns(t *testing.T) {
	parser, err := newParser(Streams{}, &configuration{}, func(int) {})
	if err != nil {
		t.Fatal(err)
	}
	commands := 0
	err = kong.Visit(parser.Model, func(visited kong.Visitable, next kong.Next) error {
		node, ok := visited.(*kong.Node)
		if !ok || len(node.Children) > 0 {
			return next(nil)
		}
		commands++
		run := node.Target.MethodByName("Run")
		if !run.IsValid() {
			t.Errorf("%s has no Run", node.FullPath())
			return nil
		}
		for i := range run.Type().NumIn() {
			switch in := run.Type().In(i); in {
			case reflect.TypeFor[context.Context](), reflect.TypeFor[Streams](), reflect.TypeFor[Schema](),
				reflect.TypeFor[*kong.Context](), reflect.TypeFor[*configuration]():
			default:
				t.Errorf("%s: Run has a parameter of the type %v, which nothing binds", node.FullPath(), in)
			}
		}
		return nil
	})
	if err != nil || commands < 14 {
		t.Errorf("%d commands, %v", commands, err)
	}
}

// Commands without database run from the command line to the exit status.
func TestRun(t *testing.T) {
	for _, test := range []struct {
		args     string
		code     int
		out, err string // beginnings
	}{
		{"version", 0, "sessiongraph ", ""},
		{"help", 0, "Usage: sessiongraph <command>", ""},
		{"help version", 0, "Usage: sessiongraph version", ""},
		{"simulate --count=1", 0, `{"workflow_id":`, ""},
		{"sign --sign-secret=x -", 0, "465a194e58", ""},
		{"verify --db=missing.db", 1, "", "sessiongraph: "},
		{"unheard-of", 2, "", `sessiongraph: unknown command "unheard-of"`},
		{"serve --addr=256.0.0.1:x", 2, "", "sessiongraph: --addr: invalid address"},
	} {
		var out, errors strings.Builder
		code := Run(t.Context(), strings.Fields(test.args), Streams{strings.NewReader("body"), &out, &errors}, "")
		if code != test.code || !strings.HasPrefix(out.String(), test.out) ||
			!strings.HasPrefix(errors.String(), test.err) ||
			(test.err == "") != (errors.Len() == 0) {
			t.Errorf("%s: exit code %d, output %.100q, errors %.100q; want %d, %q, %q",
				test.args, code, out.String(), errors.String(), test.code, test.out, test.err)
		}
	}
}

func TestMessage(t *testing.T) {
	full := errors.New("no space left on device")
	for want, err := range map[string]error{
		"replay: interrupted":              fmt.Errorf("replay: %w", context.Canceled),
		"no space left on device":          errors.Join(full, full),
		"no space left on device\nanother": errors.Join(full, errors.New("another")),
		"open postgres://me:xxxxx@there":   errors.New("open postgres://me:secret@there"),
	} {
		if got := message(err); got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}
