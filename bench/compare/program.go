package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// program is a running server.
type program struct {
	name  string
	url   string
	ready time.Duration // from the start of the process to the first 200 of /readyz
	api   api

	process *exec.Cmd
	ended   chan error
}

var startLine = regexp.MustCompile(`url=(http://127\.0\.0\.1:\d+)`)

// startTimeout bounds the wait for a ready server, including the conversion of an older database.
const startTimeout = 30 * time.Minute

// start starts a server and waits until it is ready; stop ends it.
func start(ctx context.Context, name string, api api, binary string, args ...string) (*program, error) {
	p := &program{name: name, api: api, process: exec.CommandContext(ctx, binary, args...), ended: make(chan error, 1)}
	log, err := p.process.StderrPipe()
	if err != nil {
		return nil, err
	}
	began := time.Now()
	if err := p.process.Start(); err != nil {
		return nil, fmt.Errorf("start %s: %w", name, err)
	}
	url := make(chan string, 1)
	go func() {
		var last string
		for lines := bufio.NewScanner(log); lines.Scan(); {
			last = lines.Text()
			if found := startLine.FindStringSubmatch(last); found != nil {
				url <- found[1]
			}
		}
		p.ended <- errors.Join(p.process.Wait(), errors.New(last))
	}()
	select {
	case p.url = <-url:
	case err := <-p.ended:
		return nil, fmt.Errorf("start %s: %w", name, err)
	case <-time.After(startTimeout):
		return nil, errors.Join(fmt.Errorf("start %s: not ready in %v", name, startTimeout), p.process.Process.Kill())
	}
	for {
		response, err := http.Get(p.url + "/readyz")
		if err == nil && response.Body.Close() == nil && response.StatusCode == http.StatusOK {
			p.ready = time.Since(began)
			return p, nil
		}
		if time.Since(began) > startTimeout || ctx.Err() != nil {
			return nil, errors.Join(fmt.Errorf("start %s: not ready", name), err, p.stop())
		}
		time.Sleep(time.Millisecond)
	}
}

// stop sends SIGTERM and waits for a regular exit.
func (p *program) stop() error {
	http.DefaultClient.CloseIdleConnections()
	if err := p.process.Process.Signal(syscall.SIGTERM); err != nil {
		return fmt.Errorf("stop %s: %w", p.name, err)
	}
	select {
	case err := <-p.ended:
		if p.process.ProcessState.Success() {
			return nil
		}
		return fmt.Errorf("stop %s: %w", p.name, err)
	case <-time.After(time.Minute):
		return errors.Join(fmt.Errorf("stop %s: still running after a minute", p.name), p.process.Process.Kill())
	}
}

// serve starts sessiongraph.
func serve(ctx context.Context, binary, database string) (*program, error) {
	return start(ctx, "sessiongraph", graphQL{}, binary, "serve", "--addr", "127.0.0.1:0", "--db", database)
}

// simulation is the command that writes simulated notifications.
func simulation(ctx context.Context, binary string, sessions int) *exec.Cmd {
	return exec.CommandContext(ctx, binary, "simulate", "--count", strconv.Itoa(sessions),
		"--seed", strconv.Itoa(filledSeed))
}

// peakMemory is the peak resident set size in bytes, 0 on systems without /proc.
func (p *program) peakMemory() int64 {
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", p.process.Process.Pid))
	if err != nil {
		return 0
	}
	for line := range strings.Lines(string(status)) {
		if kilobytes, found := strings.CutPrefix(line, "VmHWM:"); found {
			n, _ := strconv.ParseInt(strings.TrimSuffix(strings.TrimSpace(kilobytes), " kB"), 10, 64)
			return n << 10
		}
	}
	return 0
}

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
