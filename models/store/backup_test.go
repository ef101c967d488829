package store_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"

	"sessiongraph/ingest"
	"sessiongraph/models/store"
	"sessiongraph/models/store/dialect"
)

// A copy that is made while others write is that of one moment.
func TestBackupOfALiveDatabase(t *testing.T) {
	file := filepath.Join(t.TempDir(), "test.db")
	server, tool := reopen(t, onSQLite(file)), reopen(t, onSQLite(file))
	bodies := many(600)
	save(t, server, bodies[:100])
	begun, done := make(chan struct{}), make(chan struct{})
	var stop atomic.Bool
	var stored atomic.Int64
	stored.Store(100)
	go func() {
		defer close(done)
		for i, body := range bodies[100:] {
			if stop.Load() {
				return
			}
			for {
				err := server.Save(context.Background(),
					[]store.PreparedDelivery{server.Prepare(ingest.NewDelivery(body, "", epoch))})
				if err == nil {
					break
				}
				if !errors.Is(err, dialect.ErrUnavailable) {
					t.Errorf("save: %v", err)
					return
				}
			}
			stored.Add(1)
			if i == 20 {
				close(begun)
			}
		}
	}()
	<-begun
	least := stored.Load()
	copied := filepath.Join(t.TempDir(), "copy.db")
	err := tool.Backup(t.Context(), copied, noProgress)
	most := stored.Load() + 1
	stop.Store(true)
	<-done
	if err != nil {
		t.Fatal(err)
	}
	database := reopen(t, onSQLite(copied))
	checkWhole(t, database, copied)
	count := int64(len(rows(t, onSQLite(copied), "SELECT id FROM notifications")))
	if count < least || count > most {
		t.Errorf("the copy has %d notifications, want %d to %d", count, least, most)
	}
	for id := range count {
		checkBody(t, database, id+1, bodies[id])
	}
	checkSame(t, copied, bodies[:count])
	save(t, database, bodies[count:count+1]) // and it is a database like any other
	verified(t, database)
}

func TestBackupDoesNotOverwrite(t *testing.T) {
	database, file := openOnSQLite(t)
	save(t, database, [][]byte{note{}.body()})
	precious := filepath.Join(t.TempDir(), "precious")
	if err := os.WriteFile(precious, []byte("precious"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, target := range []string{precious, file} {
		err := database.Backup(t.Context(), target, noProgress)
		if err == nil || !strings.Contains(err.Error(), "already") {
			t.Errorf("onto %s: %v", target, err)
		}
	}
	if err := database.Backup(t.Context(), filepath.Join(t.TempDir(), "missing", "copy.db"), noProgress); err == nil {
		t.Error("backed up into a missing folder")
	}
	if content, err := os.ReadFile(precious); err != nil || string(content) != "precious" {
		t.Errorf("the file now has %q, %v", content, err)
	}
	verified(t, database)
	for _, name := range []string{"it's.db", "a b?c#d%41.db", "é你.db"} {
		target := filepath.Join(t.TempDir(), name)
		if err := database.Backup(t.Context(), target, noProgress); err != nil {
			t.Errorf("%s: %v", name, err)
		} else if session(t, reopen(t, onSQLite(target)), "call-1") == nil {
			t.Errorf("%s: the copy is empty", name)
		}
	}
}
