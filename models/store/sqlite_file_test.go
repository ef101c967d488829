package store_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"sessiongraph/ingest"
	"sessiongraph/internal/test/testdb"
	"sessiongraph/internal/test/tools"
	"sessiongraph/models/store"
	"sessiongraph/models/store/dialect"
)

func saveOne(database *store.Store, body []byte) error {
	return database.Save(context.Background(),
		[]store.PreparedDelivery{database.Prepare(ingest.NewDelivery(body, "", epoch))})
}

// What would be stored in a file that is gone, or in the place of which another is, is refused.
func TestAFileThatIsGone(t *testing.T) {
	for name, replace := range map[string]func(file string) error{
		"deleted": os.Remove,
		"replaced": func(file string) error {
			other := file + ".other"
			content, err := os.ReadFile(file)
			return errors.Join(err, os.WriteFile(other, content, 0o600), os.Rename(other, file))
		},
	} {
		t.Run(name, func(t *testing.T) {
			database, file := openOnSQLite(t)
			save(t, database, [][]byte{note{}.body()})
			if err := errors.Join(database.Ping(t.Context()), replace(file)); err != nil {
				t.Fatal(err)
			}
			err := saveOne(database, note{"call_id": "later"}.body())
			if !errors.Is(err, dialect.ErrUnavailable) || !strings.Contains(err.Error(), name) {
				t.Errorf("saved: %v", err)
			}
			if err := database.Ping(t.Context()); !errors.Is(err, dialect.ErrUnavailable) {
				t.Errorf("pinged: %v", err)
			}
		})
	}
}

// The files of a database, and a backup, have personal data: whatever the umask, they
// are their owner's alone.
func TestFilesAreTheOwnersAlone(t *testing.T) {
	before := syscall.Umask(0)
	defer syscall.Umask(before)
	database, file := openOnSQLite(t)
	save(t, database, [][]byte{note{}.body()})
	copied := filepath.Join(t.TempDir(), "copy.db")
	if err := database.Backup(t.Context(), copied, noProgress); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{file, file + "-wal", file + "-shm", copied} {
		if info, err := os.Stat(name); err != nil || info.Mode().Perm() != 0o600 {
			t.Errorf("%s: mode %v, %v", filepath.Base(name), info.Mode(), err)
		}
	}
}

// A backup that fails leaves nothing in the way of the next.
func TestAnInterruptedBackup(t *testing.T) {
	database, _ := openOnSQLite(t)
	save(t, database, many(300))
	folder := t.TempDir()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := database.Backup(ctx, filepath.Join(folder, "copy.db"), noProgress); err == nil {
		t.Fatal("backed up all the same")
	}
	left, err := os.ReadDir(folder)
	if err != nil || len(left) > 0 {
		t.Errorf("left %v, %v", left, err)
	}
	if err := database.Backup(t.Context(), filepath.Join(folder, "copy.db"), noProgress); err != nil {
		t.Error(err)
	}
	if left, err = os.ReadDir(folder); err != nil || len(left) != 1 {
		t.Errorf("left %v, %v", left, err)
	}
}

// The log does not keep the length that a reader made it.
func TestTheLogIsCut(t *testing.T) {
	database, file := openOnSQLite(t)
	reader := holdSnapshotOf(t, database, file)
	large := func(n int) []byte {
		words := make([]byte, 1<<20)
		for i := range words {
			words[i] = byte('a' + (i*i+n*i)%26)
		}
		return note{"call_id": string(rune('a' + n)), "variables": note{"v": string(words)}}.body()
	}
	for n := range 33 {
		save(t, database, [][]byte{large(n)})
	}
	longest, err := os.Stat(file + "-wal")
	if err != nil || longest.Size() < 70<<20 {
		t.Fatalf("the log has %d bytes, %v: too few", longest.Size(), err)
	}
	reader()
	for n := range 3 {
		save(t, database, [][]byte{note{"call_id": string(rune('A' + n))}.body()})
	}
	if now, err := os.Stat(file + "-wal"); err != nil || now.Size() > 64<<20 {
		t.Errorf("the log has %d bytes, %v", now.Size(), err)
	}
}

func holdSnapshotOf(t *testing.T, database *store.Store, file string) (end func()) {
	t.Helper()
	save(t, database, [][]byte{note{}.body()})
	return holdSnapshot(t, file)
}

// A log that grows without end is in the log of the program, once a minute.
func TestALargeLogIsWarnedOf(t *testing.T) {
	var logged bytes.Buffer
	file := testdb.SQLite.Fresh(t)
	for range 2 {
		database, err := store.Open(t.Context(), file, store.Options{Log: slog.New(slog.NewTextHandler(&logged, nil))})
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = database.Close() }()
		if strings.Contains(logged.String(), "write-ahead log is large") {
			t.Error(logged.String())
		}
		if err := os.Truncate(file+"-wal", 256<<20); err != nil { // SQLite ignores what is behind its last frame
			t.Fatal(err)
		}
		for n := range 2 {
			if err := saveOne(database, note{"call_id": fmt.Sprint(n, logged.Len())}.body()); err != nil {
				t.Fatal(err)
			}
		}
		if got := strings.Count(logged.String(), "write-ahead log is large"); got != 1 {
			t.Errorf("warned %d times: %s", got, logged.String())
		}
		logged.Reset()
	}
}

// Replay goes on beside a server that stores all the time.
func TestReplayBesideAServer(t *testing.T) {
	file := filepath.Join(t.TempDir(), "test.db")
	server, tool := reopen(t, onSQLite(file)), reopen(t, backend{testdb.SQLite, file})
	count := 400
	if tools.UnderRace() {
		count = 60
	}
	save(t, server, many(count))
	var stop atomic.Bool
	var stored, busy int
	var writer sync.WaitGroup
	writer.Go(func() {
		for n := 0; !stop.Load(); n++ {
			body := note{"call_id": "new-" + time.Now().String(), "messages": texts("meanwhile")}.body()
			switch err := saveOne(server, body); {
			case err == nil:
				stored++
			case errors.Is(err, dialect.ErrUnavailable):
				busy++
			default:
				t.Error(err)
			}
			time.Sleep(5 * time.Millisecond)
		}
	})
	steps := 0
	err := tool.Replay(t.Context(), ingest.Project, func(int, int) { steps++ })
	stop.Store(true)
	writer.Wait()
	if err != nil || !tools.UnderRace() && (busy > 0 || stored < steps) || stored == 0 {
		t.Errorf("replayed in %d steps, %v; meanwhile %d were stored, %d were not", steps, err, stored, busy)
	}
	verified(t, server)
}
