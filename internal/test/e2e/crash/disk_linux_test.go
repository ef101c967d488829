package crash

import (
	"errors"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"syscall"
	"testing"
	"time"
	"unsafe"

	"sessiongraph/internal/test/program"
	"sessiongraph/internal/test/tools"
)

// full is a place where the database cannot grow, until room is made.
type full struct {
	process  *program.Process
	db       string
	makeRoom func()
}

// onASmallDisk serves from a file system of its own, most of which a ballast takes.
// Where that cannot be mounted, the other way to run out of room is tested all the same.
func onASmallDisk(t *testing.T) full {
	folder := t.TempDir()
	err := syscall.Mount("tmpfs", folder, "tmpfs", 0, "size=24m")
	if errors.Is(err, syscall.EPERM) || errors.Is(err, syscall.EACCES) {
		tools.Missing(t, "NOT TESTED: a full disk; a small file system cannot be mounted: "+err.Error())
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := syscall.Unmount(folder, 0); err != nil {
			t.Errorf("unmount %s: %v", folder, err)
		}
	})
	ballast := filepath.Join(folder, "ballast")
	if err := os.WriteFile(ballast, make([]byte, 20<<20), 0o600); err != nil {
		t.Fatal(err)
	}
	db := filepath.Join(folder, "full.db")
	return full{serve(t, db), db, func() {
		if err := os.Remove(ballast); err != nil {
			t.Fatal(err)
		}
	}}
}

// withALimit serves with a limit on the size of the files that it writes.
func withALimit(t *testing.T) full {
	db := filepath.Join(t.TempDir(), "full.db")
	// Only the soft limit, so that it can be raised again; in blocks of 512 or 1,024 bytes.
	p := program.Begin(t, exec.Command("sh", "-c", `ulimit -S -f 2000 && exec "$0" serve --addr 127.0.0.1:0 --db "$1"`,
		program.Binary(t), db))
	program.Await(t, p)
	return full{p, db, func() {
		unlimited := syscall.Rlimit{Cur: ^uint64(0), Max: ^uint64(0)}
		_, _, errno := syscall.RawSyscall6(syscall.SYS_PRLIMIT64, uintptr(p.Command.Process.Pid), syscall.RLIMIT_FSIZE,
			uintptr(unsafe.Pointer(&unlimited)), 0, 0, 0)
		if errno != 0 {
			t.Fatalf("raise the limit: %v", errno)
		}
	}}
}

// The disk is full for some seconds: nothing is acknowledged then, and nothing lost.
func TestAFullDisk(t *testing.T) {
	for name, begin := range map[string]func(*testing.T) full{"small file system": onASmallDisk,
		"limit on files": withALimit} {
		t.Run(name, func(t *testing.T) {
			f := begin(t)
			x := newTraffic(random(t), 4000)
			stop, done := make(chan struct{}), make(chan struct{})
			go func() {
				defer close(done)
				x.send(newClient(t, connections), f.process.URL, connections, stop)
			}()
			tools.Eventually(t, func() string {
				alive(t, f.process)
				if x.count(http.StatusServiceUnavailable) > 10 {
					return ""
				}
				return "the disk does not fill up"
			})
			tools.Eventually(t, func() string {
				if status := readiness(t, f.process.URL); status != http.StatusServiceUnavailable {
					return "/readyz answers " + strconv.Itoa(status) + " with a full disk"
				}
				return ""
			})
			for end := time.Now().Add(4 * time.Second); time.Now().Before(end); time.Sleep(100 * time.Millisecond) {
				alive(t, f.process)
				checkReads(t, f.process.URL)
			}
			f.makeRoom()
			checkRecovery(t, x, f.process)
			awaitReady(t, f.process.URL)
			close(stop)
			<-done
			interrupt(t, f.process, 15*time.Second)
			x.check(t)
			x.checkNothingLost(t, f.db)
		})
	}
}
