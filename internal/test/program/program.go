// Package program runs sessiongraph for tests. Run and Serve run it in the process of the
// test, where leaked goroutines and data races are found; Start runs the binary in a process
// of its own, which can be killed.
package program

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
)

// root is the folder of the module. Tests change their working directory.
var root = findRoot()

func findRoot() string {
	folder, err := os.Getwd()
	for err == nil {
		if _, err := os.Stat(filepath.Join(folder, "go.mod")); err == nil {
			return folder
		}
		if folder == filepath.Dir(folder) {
			err = errors.New("no go.mod above the working directory")
		}
		folder = filepath.Dir(folder)
	}
	return "." // of a program that is not a test
}

// File returns the path of a file of the module.
func File(name string) string { return filepath.Join(root, name) }

// Example is the file of AIRudder's example of a notification.
var Example = File("testdata/airudder-example.json")

// RunTests runs the tests of a package without the program's settings in the environment,
// and returns the exit status. It is for TestMain.
func RunTests(m *testing.M) int {
	for _, setting := range os.Environ() {
		if name, _, _ := strings.Cut(setting, "="); isSetting(name) {
			_ = os.Unsetenv(name)
		}
	}
	defer func() {
		if built.folder != "" {
			_ = os.RemoveAll(built.folder)
		}
	}()
	return m.Run()
}

func isSetting(variable string) bool { return strings.HasPrefix(variable, "SESSIONGRAPH_") }

// environment is that of the process without the program's settings.
func environment() []string {
	var others []string
	for _, setting := range os.Environ() {
		if !isSetting(setting) {
			others = append(others, setting)
		}
	}
	return others
}

// built is the binary of this module, once a test needs it.
var built struct {
	sync.Once
	folder string
	err    error
}

// Binary returns the file of the program, which the first call builds. TestMain has to
// call RunTests, which removes it.
func Binary(t testing.TB) string {
	t.Helper()
	built.Do(func() {
		// Files that a test reads are part of what go test caches a result by. The packages
		// that the program imports are, too, because this package imports them.
		for _, source := range []string{"server.go", "schema.graphqls", "go.mod", "go.sum"} {
			if _, built.err = os.ReadFile(File(source)); built.err != nil {
				return
			}
		}
		if built.folder, built.err = os.MkdirTemp("", "sessiongraph-test-"); built.err != nil {
			return
		}
		built.err = build(filepath.Join(built.folder, "sessiongraph"))
	})
	if built.err != nil {
		t.Fatal(built.err)
	}
	return filepath.Join(built.folder, "sessiongraph")
}

func build(file string) error {
	command := exec.Command("go", "build", "-o", file, "sessiongraph")
	command.Env = append(environment(), "CGO_ENABLED=0")
	if output, err := command.CombinedOutput(); err != nil {
		return fmt.Errorf("build the program: %w\n%s", err, output)
	}
	return nil
}
