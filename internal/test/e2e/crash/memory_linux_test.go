package crash

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"syscall"
	"testing"
	"time"

	"sessiongraph/internal/simulate"
	"sessiongraph/internal/test/program"
	"sessiongraph/internal/test/tools"
)

// image is a root folder as a container has it that is made from scratch: the program, a
// folder for the database, no /tmp and nothing else that can be written to.
type image struct{ root string }

// unprivileged is the user and the group of the program in an image.
const unprivileged = 65532

func newImage(t *testing.T) image {
	t.Helper()
	i := image{t.TempDir()}
	binary, err := os.ReadFile(program.Binary(t))
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(i.root, "sessiongraph"), binary, 0o755); err != nil {
		t.Fatal(err)
	}
	data := filepath.Join(i.root, "data")
	if err := os.Mkdir(data, 0o700); err != nil {
		t.Fatal(err)
	}
	if os.Getuid() == 0 {
		if err := os.Chown(data, unprivileged, unprivileged); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Chmod(i.root, 0o555); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := os.Chmod(i.root, 0o755); err != nil {
			t.Error(err)
		}
	})
	return i
}

// confinement makes the image a process's root; without root's rights in a user namespace.
func (i image) confinement() *syscall.SysProcAttr {
	if os.Getuid() == 0 {
		return &syscall.SysProcAttr{Chroot: i.root,
			Credential: &syscall.Credential{Uid: unprivileged, Gid: unprivileged}}
	}
	return &syscall.SysProcAttr{
		Chroot: i.root, Cloneflags: syscall.CLONE_NEWUSER,
		UidMappings: []syscall.SysProcIDMap{{ContainerID: unprivileged, HostID: os.Getuid(), Size: 1}},
		GidMappings: []syscall.SysProcIDMap{{ContainerID: unprivileged, HostID: os.Getgid(), Size: 1}},
	}
}

// run runs a command of the program in the image, which has to succeed, and returns the most
// memory that it had.
func (i image) run(t *testing.T, input []byte, args ...string) (peak int) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 3*time.Minute)
	defer cancel()
	command := exec.CommandContext(ctx, "/sessiongraph", args...)
	command.Dir = "/"
	command.Env = []string{"SESSIONGRAPH_DB=/data/sessiongraph.db"}
	command.SysProcAttr = i.confinement()
	var output bytes.Buffer
	command.Stdin, command.Stdout, command.Stderr = bytes.NewReader(input), &output, &output
	if err := command.Start(); err != nil {
		tools.Missing(t, "THE PROGRAM CANNOT BE CONFINED: "+err.Error())
	}
	ended := make(chan error, 1)
	go func() { ended <- command.Wait() }()

	ticker := time.NewTicker(2 * time.Millisecond)
	defer ticker.Stop()
	for {
		select {
		case err := <-ended:
			if err != nil {
				t.Fatalf("%v: %v\n%.2000s", args, err, output.String())
			}
			t.Logf("%s: %d MB at most, %s", args[0], peak>>20, bytes.TrimSpace(output.Bytes()))
			return peak
		case <-ticker.C:
			peak = max(peak, peakMemory(command.Process.Pid))
		}
	}
}

var residentPeak = regexp.MustCompile(`VmHWM:\s+(\d+) kB`)

// peakMemory is the most memory that a process had so far, in bytes; 0 where it has ended.
func peakMemory(pid int) int {
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		return 0
	}
	found := residentPeak.FindSubmatch(status)
	if found == nil {
		return 0
	}
	kilobytes, _ := strconv.Atoi(string(found[1]))
	return kilobytes << 10
}

// heavyNotifications have bodies that do not get smaller by compression; every third is
// of one callee.
func heavyNotifications(t *testing.T, from, to int, callee string) []byte {
	t.Helper()
	generator := simulate.New(1)
	noise := rand.NewChaCha8([32]byte{byte(from)})
	var lines bytes.Buffer
	for n := from; n < to; n++ {
		var body map[string]any
		if err := json.Unmarshal(generator.Notification(n), &body); err != nil {
			t.Fatal(err)
		}
		ballast := make([]byte, 36<<10)
		_, _ = noise.Read(ballast) // never fails
		body["ballast"] = base64.StdEncoding.EncodeToString(ballast)
		if n%3 == 0 {
			body["callee"] = callee
		}
		line, err := json.Marshal(body)
		if err != nil {
			t.Fatal(err)
		}
		lines.Write(append(line, '\n'))
	}
	return lines.Bytes()
}

// Erase and prune clean a file in memory that does not grow with it, as backup copies one,
// and where there is no folder for temporary files.
func TestRemovalsInLittleMemory(t *testing.T) {
	const callee = "+19990001"
	i := newImage(t)
	for from := 0; from < 1600; from += 400 {
		i.run(t, heavyNotifications(t, from, from+400, callee), "import")
	}
	file, err := os.Stat(filepath.Join(i.root, "data", "sessiongraph.db"))
	if err != nil {
		t.Fatal(err)
	}
	if file.Size() < 60<<20 {
		t.Errorf("the database has %d bytes: the test tests little", file.Size())
	}

	for _, command := range []struct {
		bound int // MB; rebuilding the file in memory takes 110 to 160
		args  []string
	}{
		{130, []string{"backup", "/data/backup.db"}},
		{100, []string{"erase", "--callee", callee}},
		{100, []string{"prune", "--before", "2025-05-15"}},
		{100, []string{"verify"}},
	} {
		if peak := i.run(t, nil, command.args...) >> 20; peak > command.bound {
			t.Errorf("%s takes %d MB, at most %d are allowed", command.args[0], peak, command.bound)
		}
	}
}
