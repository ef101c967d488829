package e2e

import (
	"fmt"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"sessiongraph/internal/test/program"
	"sessiongraph/internal/test/tools"
)

// TestContinuousBackup restores what Litestream has copied of a server that goes on storing.
func TestContinuousBackup(t *testing.T) {
	litestream := findTool(t, "litestream")
	folder := t.TempDir()
	db, config := filepath.Join(folder, "data.db"), filepath.Join(folder, "litestream.yml")
	write(t, config, fmt.Sprintf("dbs:\n  - path: %s\n    replica: {type: file, path: %s/replica}\n", db, folder))
	s := startServer(t, db)
	mustPost(t, s, simulated(3)...)

	replicate := exec.Command(litestream, "replicate", "-config", config)
	if err := replicate.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = replicate.Process.Signal(syscall.SIGTERM)
		_ = replicate.Wait()
	})
	mustPost(t, s, simulated(20)...)

	attempt := 0
	tools.Eventually(t, func() string {
		time.Sleep(time.Second)
		attempt++
		copied := filepath.Join(folder, fmt.Sprintf("copied-%d.db", attempt))
		restore := exec.Command(litestream, "restore", "-config", config, "-o", copied, db)
		if out, err := restore.CombinedOutput(); err != nil {
			return fmt.Sprintf("%v: %s", err, out)
		}
		restored := filepath.Join(folder, fmt.Sprintf("restored-%d.db", attempt))
		if ended := program.Run(t, "", "restore", "--db", restored, copied); ended.Code != 0 {
			t.Fatalf("%+v", ended)
		}
		ended := program.Run(t, "", "verify", "--db", restored)
		if ended.Code != 0 {
			t.Fatalf("%+v", ended)
		}
		return strings.TrimPrefix(ended.Out, "20 notifications verified, no difference\n")
	})
}
