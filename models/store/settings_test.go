package store_test

import (
	"bytes"
	"path/filepath"
	"testing"

	"sessiongraph/internal/test/testdb"
	"sessiongraph/models/store"
)

// Every instance of a database has the same key of cursors, and so has a backup;
// another database has another.
func TestCursorKeyIsOfItsDatabase(t *testing.T) {
	testdb.Each(t, func(t *testing.T, kind testdb.Kind) {
		database, db := openStore(t, kind)
		key := database.CursorKey()
		if other := reopen(t, db).CursorKey(); len(key) != 32 || !bytes.Equal(other, key) {
			t.Errorf("keys of two instances are %x and %x", key, other)
		}
		if other, _ := openStore(t, kind); bytes.Equal(other.CursorKey(), key) {
			t.Error("two databases have one key")
		}
		if kind.Name != "sqlite" {
			return
		}
		file := filepath.Join(t.TempDir(), "backup.db")
		if err := database.Backup(t.Context(), file, noProgress); err != nil {
			t.Fatal(err)
		}
		copied, err := store.Open(t.Context(), file, store.Options{})
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = copied.Close() }()
		if !bytes.Equal(copied.CursorKey(), key) {
			t.Error("a backup has another key")
		}
	})
}
