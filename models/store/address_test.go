package store_test

import (
	"os"
	"strings"
	"testing"

	"sessiongraph/models/store"
)

// The address of another database would otherwise be the name of a new file, and stand in
// the error with its password.
func TestOpenRejectsOtherAddresses(t *testing.T) {
	t.Chdir(t.TempDir())
	for _, address := range []string{"postgress://me:secret@there/x", "mysql://me:secret@there/x",
		"file:///x.db?password=secret"} {
		opened, err := store.Open(t.Context(), address, store.Options{})
		if err == nil {
			_ = opened.Close()
		}
		if err == nil || strings.Contains(err.Error(), "secret") ||
			!strings.Contains(err.Error(), "want a file (SQLite) or a postgres:// URL") {
			t.Errorf("%s: %v", address, err)
		}
	}
	if files, err := os.ReadDir("."); err != nil || len(files) > 0 {
		t.Errorf("files %v, %v", files, err)
	}
}
