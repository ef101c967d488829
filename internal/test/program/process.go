package program

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"sessiongraph/internal/test/tools"
)

// Process is a server in a process of its own.
type Process struct {
	URL     string // once it serves
	Log     *tools.Log
	Command *exec.Cmd
	ended   chan struct{}
	err     error // of its end, once ended is closed
}

// StartCommand starts a command that serves, without its settings in the environment
// unless command.Env is set. The log is what it writes to its standard error.
func StartCommand(command *exec.Cmd) (*Process, error) {
	p := &Process{Log: new(tools.Log), Command: command, ended: make(chan struct{})}
	if command.Env == nil {
		command.Env = environment()
	}
	command.Stderr = p.Log
	if err := command.Start(); err != nil {
		return nil, err
	}
	go func() {
		p.err = command.Wait()
		close(p.ended)
	}()
	return p, nil
}

// AwaitURL waits until the server serves, and fails if it ends or ctx does.
func (p *Process) AwaitURL(ctx context.Context) error {
	poll := time.NewTicker(time.Millisecond)
	defer poll.Stop()
	for {
		if found := startLine.FindStringSubmatch(p.Log.String()); found != nil {
			p.URL = found[1]
			return nil
		}
		select {
		case <-p.ended:
			return fmt.Errorf("ended before it served (%v); log ends:\n%s", p.err, p.Log.Tail())
		case <-ctx.Done():
			return fmt.Errorf("does not serve: %w; log ends:\n%s", ctx.Err(), p.Log.Tail())
		case <-poll.C:
		}
	}
}

// Host returns the host and port of the URL.
func (p *Process) Host() string {
	_, host, _ := strings.Cut(p.URL, "://")
	return host
}

// Ended is closed once the process has ended.
func (p *Process) Ended() <-chan struct{} { return p.ended }

// Err returns the error of the process, nil for exit status 0. The process has to have ended.
func (p *Process) Err() error { return p.err }

// Kill ends the process with SIGKILL.
func (p *Process) Kill() {
	_ = p.Command.Process.Kill()
	<-p.ended
}

// Stop sends a signal, and fails unless the process then ends within that time with exit
// status 0.
func (p *Process) Stop(signal os.Signal, within time.Duration) error {
	if err := p.Command.Process.Signal(signal); err != nil {
		return fmt.Errorf("stop: %w", err)
	}
	return p.AwaitEnd(within)
}

// AwaitEnd fails unless the process ends within that time with exit status 0.
func (p *Process) AwaitEnd(within time.Duration) error {
	select {
	case <-p.ended:
	case <-time.After(within):
		return fmt.Errorf("still running after %v; log ends:\n%s", within, p.Log.Tail())
	}
	if p.err != nil {
		return fmt.Errorf("ended with %w; log ends:\n%s", p.err, p.Log.Tail())
	}
	return nil
}

// Start starts the binary in a process of its own, and waits until it serves. The process is
// killed when the test ends.
func Start(t testing.TB, args ...string) *Process {
	t.Helper()
	return Await(t, Begin(t, exec.Command(Binary(t), args...)))
}

// Begin is StartCommand for a test, at whose end the process is killed.
func Begin(t testing.TB, command *exec.Cmd) *Process {
	t.Helper()
	p, err := StartCommand(command)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(p.Kill)
	return p
}

// Await waits until a process serves, and returns it.
func Await(t testing.TB, p *Process) *Process {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	if err := p.AwaitURL(ctx); err != nil {
		t.Fatal(err)
	}
	return p
}

// Output runs a command of the binary to its end, with exit status 0, and returns what it
// prints.
func Output(t testing.TB, args ...string) []byte {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 2*patience)
	defer cancel()
	command := exec.CommandContext(ctx, Binary(t), args...)
	command.Env = environment()
	var out, errors bytes.Buffer
	command.Stdout, command.Stderr = &out, &errors
	if err := command.Run(); err != nil {
		t.Fatalf("%v: %v\n%s%.2000s", args, err, errors.String(), out.String())
	}
	return out.Bytes()
}
