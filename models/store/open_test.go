package store_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"sessiongraph/internal/test/testdb"
	"sessiongraph/internal/test/tools"
	"sessiongraph/models/store"
)

func TestReopeningKeepsAll(t *testing.T) {
	testdb.EachAndPooled(t, func(t *testing.T, kind testdb.Kind) {
		database, db := openStore(t, kind)
		bodies := append(many(30), []byte("\x00\xff no JSON"), []byte(`{ "call_id" : "x" }`))
		save(t, database, bodies)
		before := dump(t, db)
		if err := database.Close(); err != nil {
			t.Fatal(err)
		}
		database = reopen(t, db)
		if after := dump(t, db); after != before {
			t.Error("reading the database again gives something else")
		}
		for i, body := range bodies {
			checkBody(t, database, int64(i+1), body)
		}
		save(t, database, bodies[:1], [][]byte{note{}.body()})
		if s := session(t, database, "call-1"); s == nil || s.ID != int64(len(bodies)+1) {
			t.Errorf("the next notification is %+v", s)
		}
		checkSearchIndex(t, db)
	})
}

// The names of what a database has.
var tables = map[string]string{
	testdb.SQLite.Name:   "SELECT name, sql FROM sqlite_master WHERE name",
	testdb.Postgres.Name: "SELECT relname FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relname",
}

// shownAddress is the part of an address that an error has to name.
func shownAddress(db backend) string {
	name, _, _ := strings.Cut(db.address, "?")
	return name
}

func TestADatabaseOfANewerVersionIsRefused(t *testing.T) {
	testdb.Each(t, func(t *testing.T, kind testdb.Kind) {
		db := fresh(t, kind)
		if err := reopen(t, db).Close(); err != nil {
			t.Fatal(err)
		}
		execute(t, db, "INSERT INTO migrations (id) VALUES ('9999_from_the_future')")
		before := rows(t, db, tables[kind.Name]+" LIKE '%'")
		database, err := store.Open(t.Context(), db.address, store.Options{})
		if !errors.Is(err, store.ErrNewer) {
			t.Fatalf("Open gives %v, %v, want ErrNewer", database, err)
		}
		checkOneLine(t, err, shownAddress(db))
		if after := rows(t, db, tables[kind.Name]+" LIKE '%'"); !slices.Equal(after, before) {
			t.Error("it was changed all the same")
		}
	})
}

func TestAFailingMigrationStopsOpenAndLeavesNothingBehind(t *testing.T) {
	testdb.Each(t, func(t *testing.T, kind testdb.Kind) {
		tools.NoGoroutineLeft(t)
		db := fresh(t, kind)
		execute(t, db, "CREATE TABLE sessions (mine TEXT)", "INSERT INTO sessions VALUES ('kept')")
		_, err := store.Open(t.Context(), db.address, store.Options{})
		if err == nil {
			t.Fatal("opened a database that has another's table")
		}
		checkOneLine(t, err, shownAddress(db))
		if got := rows(t, db, "SELECT mine FROM sessions"); len(got) != 1 {
			t.Errorf("the other's table has %s", got)
		}
		if got := rows(t, db, tables[kind.Name]+" LIKE 'notifications%'"); len(got) > 0 {
			t.Errorf("half of the tables were made: %s", got)
		}
		execute(t, db, "DROP TABLE sessions")
		save(t, reopen(t, db), [][]byte{note{}.body()})
	})
}

// A command that makes no database leaves another program's as it is.
func TestADatabaseOfAnotherProgramIsRefused(t *testing.T) {
	testdb.Each(t, func(t *testing.T, kind testdb.Kind) {
		tools.NoGoroutineLeft(t)
		db := fresh(t, kind)
		execute(t, db, "CREATE TABLE letters (text TEXT)")
		_, err := store.Open(t.Context(), db.address, store.Options{MustExist: true})
		if err == nil {
			t.Fatal("opened")
		}
		checkOneLine(t, err, "no tables of sessiongraph")
		if got := rows(t, db, tables[kind.Name]+" LIKE '%notifications%'"); len(got) > 0 {
			t.Errorf("tables were made: %s", got)
		}
	})
}

func TestOpenSaysWhatIsWrong(t *testing.T) {
	folder := t.TempDir()
	text := filepath.Join(folder, "letter.txt")
	if err := os.WriteFile(text, []byte(strings.Repeat("Dear all, ", 1000)), 0o600); err != nil {
		t.Fatal(err)
	}
	damaged := filepath.Join(folder, "damaged.db")
	if err := reopen(t, backend{testdb.SQLite, damaged}).Close(); err != nil {
		t.Fatal(err)
	}
	file, err := os.OpenFile(damaged, os.O_WRONLY, 0)
	if err == nil {
		_, err = file.WriteAt(make([]byte, 1000), 100) // the first page, behind SQLite's header
		err = errors.Join(err, file.Close())
	}
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct{ address, says string }{
		"a damaged file":       {damaged, "the file is damaged: use"},
		"a folder":             {folder, "folder"},
		"in no folder":         {filepath.Join(folder, "missing", "test.db"), "missing"},
		"below a file":         {filepath.Join(text, "test.db"), "letter.txt"},
		"another kind of file": {text, "not a database"},
		"in memory":            {":memory:", "memory"},
		"in shared memory":     {"file::memory:?cache=shared", "memory"},
	} {
		t.Run(name, func(t *testing.T) {
			tools.NoGoroutineLeft(t)
			_, err := store.Open(t.Context(), c.address, store.Options{})
			if err == nil {
				t.Fatal("opened")
			}
			checkOneLine(t, err, c.says)
			checkOneLine(t, err, c.address)
		})
	}
}

// A name is a name, whatever characters it has.
func TestOpenTakesAnyFileName(t *testing.T) {
	for _, name := range []string{"a b.db", "q?x=1#y.db", "100%41.db", "semi;colon&.db", "é你.db", "no-ending"} {
		t.Run(name, func(t *testing.T) {
			file := filepath.Join(t.TempDir(), name)
			reopen(t, backend{testdb.SQLite, file})
			if _, err := os.Stat(file); err != nil {
				t.Errorf("the database is in another file: %v", err)
			}
		})
	}
}

// A stop while the database is opened is an error like any other.
func TestOpenEndsWithItsContext(t *testing.T) {
	testdb.Each(t, func(t *testing.T, kind testdb.Kind) {
		defer func() {
			if cause := recover(); cause != nil {
				t.Errorf("Open panics: %v", cause)
			}
		}()
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		if _, err := store.Open(ctx, kind.Fresh(t), store.Options{}); !errors.Is(err, context.Canceled) {
			t.Errorf("error is %v, want context.Canceled", err)
		}
	})
}
