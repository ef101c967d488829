package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"

	"sessiongraph/internal/test/program"
)

// server is a running program.
type server struct {
	name    string
	ready   time.Duration // from the start of the process to the first 200 of /readyz
	api     api
	process *program.Process
	token   string // of the requests; "" for none
}

// startTimeout bounds the wait for a ready server, including the conversion of an older database.
const startTimeout = 30 * time.Minute

// start starts a server and waits until it is ready; stop ends it.
func start(ctx context.Context, name string, api api, binary string, args ...string) (*server, error) {
	began := time.Now()
	process, err := program.StartCommand(exec.CommandContext(ctx, binary, args...))
	if err != nil {
		return nil, fmt.Errorf("start %s: %w", name, err)
	}
	p := &server{name: name, api: api, process: process}
	if err := p.awaitReady(ctx); err != nil {
		process.Kill()
		return nil, fmt.Errorf("start %s: %w", name, err)
	}
	p.ready = time.Since(began)
	return p, nil
}

func (p *server) awaitReady(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, startTimeout)
	defer cancel()
	if err := p.process.AwaitURL(ctx); err != nil {
		return err
	}
	for {
		response, err := http.Get(p.process.URL + "/readyz")
		if err == nil && response.Body.Close() == nil && response.StatusCode == http.StatusOK {
			return nil
		}
		if ctx.Err() != nil {
			return errors.Join(errors.New("not ready"), err)
		}
		time.Sleep(time.Millisecond)
	}
}

// stop sends SIGTERM and waits for a regular exit.
func (p *server) stop() error {
	http.DefaultClient.CloseIdleConnections()
	err := p.process.Stop(syscall.SIGTERM, time.Minute)
	if err != nil {
		p.process.Kill()
		return fmt.Errorf("stop %s: %w", p.name, err)
	}
	return nil
}

// serve starts sessiongraph.
func serve(ctx context.Context, binary, database string, settings ...string) (*server, error) {
	return start(ctx, "sessiongraph", graphQL{}, binary,
		append([]string{"serve", "--addr", "127.0.0.1:0", "--db", database}, settings...)...)
}

// Tokens of one who sees personal data, and of one who sees masks.
const (
	clearToken  = "token-of-the-comparison"
	maskedToken = "token-of-the-measurement"
)

// serveWithTokens starts sessiongraph for requests with these tokens, whose file is put into a folder.
func serveWithTokens(ctx context.Context, binary, database, folder string) (*server, error) {
	file := filepath.Join(folder, "tokens")
	if err := os.WriteFile(file, []byte(clearToken+" pii\n"+maskedToken+" read\n"), 0o600); err != nil {
		return nil, err
	}
	p, err := serve(ctx, binary, database, "--tokens", file)
	if err == nil {
		p.token = clearToken
	}
	return p, err
}

// simulation is the command that writes simulated notifications.
func simulation(ctx context.Context, binary string, sessions int) *exec.Cmd {
	return exec.CommandContext(ctx, binary, "simulate", "--count", strconv.Itoa(sessions),
		"--seed", strconv.Itoa(filledSeed))
}

// peakMemory is the peak resident set size in bytes, 0 on systems without /proc.
func (p *server) peakMemory() int64 { return procNumber(p.pid(), "status", "VmHWM") << 10 }

func (p *server) pid() int { return p.process.Command.Process.Pid }

// pipe connects the simulation to the standard input of store, and returns the number of bytes copied.
func pipe(ctx context.Context, simulate, store *exec.Cmd) (int64, error) {
	out, err := simulate.StdoutPipe()
	if err != nil {
		return 0, err
	}
	in, err := store.StdinPipe()
	if err != nil {
		return 0, err
	}
	var messages strings.Builder
	store.Stderr, simulate.Stderr = &messages, os.Stderr
	if err := errors.Join(store.Start(), simulate.Start()); err != nil {
		return 0, err
	}
	n, copyErr := io.Copy(in, out)
	err = errors.Join(copyErr, in.Close(), simulate.Wait(), store.Wait(), ctx.Err())
	if err != nil {
		return n, fmt.Errorf("store simulated notifications: %w: %s", err, messages.String())
	}
	return n, nil
}

// fileSize is the size in bytes of a SQLite database including its write-ahead log.
func fileSize(file string) (total int64, err error) {
	parts, err := filepath.Glob(file + "*")
	for _, part := range parts {
		info, statErr := os.Stat(part)
		if statErr != nil {
			return 0, statErr
		}
		total += info.Size()
	}
	return total, err
}
