package testdb

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/jackc/pgx/v5"
)

// Cluster is a PostgreSQL server of its own in a temporary folder. It ends with
// the program that started it, however that ends.
type Cluster struct {
	folder string // of its socket and its log
	owner  *syscall.Credential
	server *exec.Cmd
	alive  []io.Closer // one for each start: the server lives while it is open
	set    map[string]string
}

// StartCluster makes a cluster with settings beyond PostgreSQL's own, and starts it.
func StartCluster(settings map[string]string) (*Cluster, error) {
	c, err := newCluster(settings)
	if err != nil {
		return nil, err
	}
	err = c.run("initdb", "--pgdata="+c.data(), "--username=postgres", "--auth=trust",
		"--encoding=UTF8", "--locale=C.UTF-8", "--no-sync", "--no-instructions")
	if err == nil {
		err = c.Start()
	}
	return c, err
}

// StartReplica makes a cluster that follows another, and starts it.
func StartReplica(primary *Cluster) (*Cluster, error) {
	c, err := newCluster(primary.set)
	if err != nil {
		return nil, err
	}
	err = c.run("pg_basebackup", "--pgdata="+c.data(), "--host="+primary.folder, "--username=postgres",
		"--write-recovery-conf", "--checkpoint=fast", "--no-sync")
	if err == nil {
		err = c.Start()
	}
	return c, err
}

func newCluster(settings map[string]string) (*Cluster, error) {
	owner, err := unprivileged()
	if err != nil {
		return nil, err
	}
	folder, err := newFolder(owner)
	return &Cluster{folder: folder, owner: owner, set: settings}, err
}

func newFolder(owner *syscall.Credential) (string, error) {
	folder, err := os.MkdirTemp("", "pg")
	if err == nil && owner != nil {
		err = os.Chown(folder, int(owner.Uid), int(owner.Gid))
	}
	if err != nil {
		return "", fmt.Errorf("make folder of server: %w", err)
	}
	return folder, nil
}

// unprivileged is who runs the server where the tests run as root, which it refuses.
func unprivileged() (*syscall.Credential, error) {
	if os.Getuid() != 0 {
		return nil, nil
	}
	for _, name := range []string{"postgres", "nobody"} {
		known, err := user.Lookup(name)
		if err != nil {
			continue
		}
		uid, err1 := strconv.ParseUint(known.Uid, 10, 32)
		gid, err2 := strconv.ParseUint(known.Gid, 10, 32)
		if err := errors.Join(err1, err2); err != nil {
			return nil, fmt.Errorf("read ids of %s: %w", name, err)
		}
		return &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}, nil
	}
	return nil, errors.New("there is no user to run it as but root")
}

func (c *Cluster) data() string { return filepath.Join(c.folder, "data") }

// program is where a program of PostgreSQL is: Debian keeps them out of the PATH.
func program(name string) (string, error) {
	if found, err := exec.LookPath(name); err == nil {
		return found, nil
	}
	found, _ := filepath.Glob("/usr/lib/postgresql/*/bin/" + name)
	if len(found) == 0 {
		return "", fmt.Errorf("%s is not installed", name)
	}
	slices.SortFunc(found, func(a, b string) int { return len(a) - len(b) })
	return found[len(found)-1], nil
}

func (c *Cluster) command(name string, args ...string) (*exec.Cmd, error) {
	path, err := program(name)
	if err != nil {
		return nil, err
	}
	command := exec.Command(path, args...)
	command.Dir = c.folder
	command.Env = []string{"PATH=" + os.Getenv("PATH"), "HOME=" + c.folder, "LC_ALL=C.UTF-8"}
	command.SysProcAttr = &syscall.SysProcAttr{Credential: c.owner}
	return command, nil
}

func (c *Cluster) run(name string, args ...string) error {
	command, err := c.command(name, args...)
	if err != nil {
		return err
	}
	if output, err := command.CombinedOutput(); err != nil {
		return fmt.Errorf("%s: %w: %s", name, err, output)
	}
	return nil
}

// The shell runs the server, and ends it and removes its folder when its own
// standard input ends: then whoever started it is gone.
const guard = `
folder=$1 signal=$2; shift 2
exec 3<&0
"$@" >>"$folder/log" 2>&1 3<&- &
server=$!
( cat <&3 >/dev/null
  kill -$signal $server 2>/dev/null && while kill -0 $server 2>/dev/null; do sleep 0.05; done
  rm -rf "$folder" ) >/dev/null 2>&1 &
exec 3<&-
wait $server
`

// Start starts the server, and returns once it answers.
func (c *Cluster) Start() error {
	path, err := program("postgres")
	if err != nil {
		return err
	}
	args := []string{"-D", c.data(), "-k", c.folder, "-c", "listen_addresses=", "-c", "max_connections=200"}
	for _, name := range slices.Sorted(maps.Keys(c.set)) {
		args = append(args, "-c", name+"="+c.set[name])
	}
	server, alive, err := startGuarded(c.folder, c.owner, "QUIT", path, args...)
	if err != nil {
		return fmt.Errorf("start PostgreSQL: %w", err)
	}
	c.server, c.alive = server, append(c.alive, alive)
	return await(c.Address("postgres"), c.folder)
}

// startGuarded starts a program that logs into its folder. The program lives while alive is open, and the
// folder with it; the signal ends it.
func startGuarded(folder string, owner *syscall.Credential, signal, path string, args ...string) (
	started *exec.Cmd, alive io.Closer, err error,
) {
	command := exec.Command("/bin/sh", append([]string{"-c", guard, "guard", folder, signal, path}, args...)...)
	command.Dir = folder
	command.Env = []string{"PATH=" + os.Getenv("PATH"), "LC_ALL=C.UTF-8"}
	command.SysProcAttr = &syscall.SysProcAttr{Credential: owner, Setpgid: true}
	input, alive, err := os.Pipe() // not the command's own, which ends with the command
	if err != nil {
		return nil, nil, err
	}
	command.Stdin = input
	err = command.Start()
	return command, alive, errors.Join(err, input.Close())
}

// await returns once a server answers that logs into a folder.
func await(address, folder string) error {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	for {
		connection, err := pgx.Connect(ctx, address)
		if err == nil {
			return connection.Close(ctx)
		}
		select {
		case <-time.After(20 * time.Millisecond):
		case <-ctx.Done():
			log, _ := os.ReadFile(filepath.Join(folder, "log"))
			return fmt.Errorf("the server does not start: %w: %s", err, log)
		}
	}
}

// Stop stops the server as pg_ctl does in a mode: fast or immediate. Its data stay.
func (c *Cluster) Stop(mode string) error {
	if err := c.run("pg_ctl", "stop", "--pgdata="+c.data(), "--mode="+mode, "--wait"); err != nil {
		return err
	}
	var exit *exec.ExitError
	if err := c.server.Wait(); err != nil && !errors.As(err, &exit) {
		return fmt.Errorf("wait for PostgreSQL: %w", err)
	}
	return nil
}

// Freeze stops all processes of the server where they are: its connections stay, and
// nothing answers. Thaw lets them go on.
func (c *Cluster) Freeze() error { return c.signal(syscall.SIGSTOP) }

// Thaw ends Freeze.
func (c *Cluster) Thaw() error { return c.signal(syscall.SIGCONT) }

func (c *Cluster) signal(signal syscall.Signal) error {
	pids, err := c.Processes()
	if err != nil {
		return err
	}
	for _, pid := range pids {
		if err := syscall.Kill(pid, signal); err != nil && !errors.Is(err, syscall.ESRCH) {
			return fmt.Errorf("signal PostgreSQL: %w", err)
		}
	}
	return nil
}

// Processes returns the ids of all processes of the server, parents first.
func (c *Cluster) Processes() ([]int, error) {
	files, err := filepath.Glob("/proc/[0-9]*/stat")
	if err != nil {
		return nil, err
	}
	of := map[int][]int{} // children by their parents
	for _, file := range files {
		stat, err := os.ReadFile(file)
		if err != nil {
			continue // it ended
		}
		var pid, parent int
		_, rest, _ := strings.Cut(string(stat), ") ")
		if _, err := fmt.Sscan(string(stat), &pid); err != nil {
			return nil, err
		}
		if _, err := fmt.Sscanf(rest, "%1s %d", new(string), &parent); err != nil {
			return nil, err
		}
		of[parent] = append(of[parent], pid)
	}
	below := slices.Clone(of[c.server.Process.Pid]) // of the shell that guards it
	if len(below) == 0 {
		return nil, errors.New("no processes of PostgreSQL found")
	}
	for n := 0; n < len(below); n++ {
		below = append(below, of[below[n]]...)
	}
	return below, nil
}

// Remove ends the server and removes all that it has.
func (c *Cluster) Remove() {
	for _, alive := range c.alive {
		_ = alive.Close()
	}
}
