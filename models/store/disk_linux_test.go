package store_test

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"sessiongraph/internal/test/tools"
	"sessiongraph/models/store"
)

// On a nearly full disk nothing is begun that would fill it.
func TestNoRoom(t *testing.T) {
	folder := t.TempDir()
	err := syscall.Mount("tmpfs", folder, "tmpfs", 0, "size=20m")
	if errors.Is(err, syscall.EPERM) || errors.Is(err, syscall.EACCES) {
		tools.Missing(t, "NOT TESTED: a nearly full disk; a small file system cannot be mounted: "+err.Error())
	}
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = syscall.Unmount(folder, syscall.MNT_DETACH) }()
	database, file := openOnSQLite(t)
	large := make([][]byte, 9)
	for i := range large {
		large[i] = note{"call_id": fmt.Sprint("large-", i),
			"variables": note{"v": strings.Repeat(fmt.Sprint(i), 1<<20)}}.body()
	}
	save(t, database, many(1800), large, secretBodies())
	if info, err := os.Stat(file); err != nil || info.Size() < 21<<20 {
		t.Fatalf("%v, %v: too small to be too large", info.Size(), err)
	}
	copied := filepath.Join(folder, "copy.db")
	if err := database.Backup(t.Context(), copied, noProgress); err == nil ||
		!strings.Contains(err.Error(), "not enough free space") {
		t.Errorf("backed up: %v", err)
	}
	if _, err := os.Stat(copied); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("a torn copy is left: %v", err)
	}

	small := reopen(t, onSQLite(filepath.Join(folder, "small.db")))
	save(t, small, secretBodies())
	if removed, err := small.Erase(t.Context(), erasedCallee, store.RemovalProgress{}); err == nil ||
		!strings.Contains(err.Error(), "not enough free space") ||
		removed != (store.Removed{}) {
		t.Errorf("erased %+v: %v", removed, err)
	}
	save(t, small, [][]byte{note{}.body()})
}
