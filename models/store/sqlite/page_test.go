package sqlite

import (
	"bytes"
	"database/sql"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"testing"

	_ "modernc.org/sqlite"
)

// pagesOf makes a database whose pages were split, joined and emptied, and returns
// its file's pages.
func pagesOf(t testing.TB, pageSize int) [][]byte {
	t.Helper()
	file := filepath.Join(t.TempDir(), "pages.db")
	db, err := sql.Open("sqlite",
		fmt.Sprintf("file:%s?_pragma=page_size(%d)&_pragma=secure_delete(0)", file, pageSize))
	if err != nil {
		t.Fatal(err)
	}
	db.SetMaxOpenConns(1)
	execute := func(statement string, args ...any) {
		if _, err := db.Exec(statement, args...); err != nil {
			t.Fatal(err)
		}
	}
	execute("CREATE TABLE a (id INTEGER PRIMARY KEY, x TEXT, y BLOB)")
	execute("CREATE INDEX a_x ON a (x)")
	execute("CREATE TABLE b (x TEXT, n INTEGER, PRIMARY KEY (x, n)) WITHOUT ROWID")
	execute("BEGIN")
	random := rand.New(rand.NewPCG(1, 2))
	for i := range 1500 {
		text := fmt.Sprintf("%x", random.Uint64()<<random.IntN(60))
		execute("INSERT INTO a VALUES (?, ?, ?)", random.Int64N(1e6)*1000+int64(i), text,
			bytes.Repeat([]byte{byte(i)}, random.IntN(3*pageSize)/(1+9*random.IntN(2))))
		execute("INSERT INTO b VALUES (?, ?)", text, i)
		if i%3 == 0 {
			execute("DELETE FROM a WHERE id IN (SELECT id FROM a ORDER BY x LIMIT 2)")
			execute("DELETE FROM b WHERE n = ?", i/2)
		}
	}
	execute("COMMIT")
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	content, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return slices.Collect(slices.Chunk(content, pageSize))
}

// Pages of each kind are recognised, cleaned once, and are the same to SQLite.
func TestCleanPages(t *testing.T) {
	for _, size := range []int{512, 4096, 65536} {
		t.Run(fmt.Sprint(size), func(t *testing.T) {
			pages := pagesOf(t, size)
			want := readAll(t, pages)
			cleaner := newPageCleaner(size)
			kinds, cleaned := map[byte]int{}, 0
			for i, page := range pages {
				number := int64(i + 1)
				if number > 1 && cleaner.mark(number, page) {
					kinds[page[0]]++
				}
				if cleaner.clean(number, page) {
					cleaned++
				}
				if cleaner.clean(number, page) {
					t.Errorf("page %d is cleaned twice", number)
				}
			}
			if cleaned == 0 || kinds[leafTablePage] == 0 || kinds[leafIndexPage] == 0 {
				t.Errorf("%d pages are cleaned, of kinds %v", cleaned, kinds)
			}
			if size == 512 && (kinds[interiorIndexPage] == 0 || kinds[interiorTablePage] == 0) {
				t.Errorf("kinds are %v", kinds)
			}
			if got := readAll(t, pages); !slices.Equal(got, want) {
				t.Error("what SQLite reads differs")
			}
		})
	}
}

// readAll has SQLite check a database and read it.
func readAll(t *testing.T, pages [][]byte) []string {
	t.Helper()
	file := filepath.Join(t.TempDir(), "read.db")
	if err := os.WriteFile(file, bytes.Join(pages, nil), 0o600); err != nil {
		t.Fatal(err)
	}
	db, err := sql.Open("sqlite", file)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = db.Close() }()
	var lines []string
	for _, query := range []string{"SELECT integrity_check FROM pragma_integrity_check",
		"SELECT id || x || hex(y) FROM a ORDER BY id", "SELECT x || n FROM b ORDER BY x, n"} {
		rows, err := db.Query(query)
		if err != nil {
			t.Fatal(err)
		}
		for rows.Next() {
			var line string
			if err := rows.Scan(&line); err != nil {
				t.Fatal(err)
			}
			lines = append(lines, line)
		}
		if err := rows.Close(); err != nil {
			t.Fatal(err)
		}
	}
	if lines[0] != "ok" {
		t.Fatalf("integrity check: %s", lines[0])
	}
	return lines
}

// Whatever a page holds, it is cleaned without a fault, once, and keeps its cells.
func FuzzCleanPage(f *testing.F) {
	for i, page := range pagesOf(f, 512) {
		if i%20 == 0 {
			f.Add(int64(i+1), page)
		}
	}
	f.Fuzz(func(t *testing.T, number int64, page []byte) {
		cleaner := newPageCleaner(512)
		before := bytes.Clone(page)
		if !cleaner.clean(number, page) {
			if !bytes.Equal(page, before) {
				t.Error("changed, but not said so")
			}
			return
		}
		for i, used := range cleaner.used {
			if used && page[i] != before[i] {
				t.Errorf("byte %d in use was changed", i)
			}
		}
		if cleaner.clean(number, page) {
			t.Error("there was more to clean")
		}
	})
}

// A structure record of FTS5, whole or not, is read without a fault.
func FuzzFTSStructure(f *testing.F) {
	f.Add([]byte{0, 0, 0, 1, 2, 3, 9, 0, 1, 5, 1, 1, 1, 2, 1, 1, 30, 2, 4, 4})
	f.Add([]byte{0, 0, 0, 1, 0xff, 0, 0, 1, 1, 1, 9, 0, 1, 5, 1, 7, 1, 1, 0, 0, 0})
	f.Add([]byte{0, 0, 0, 1, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff})
	f.Fuzz(func(_ *testing.T, record []byte) { _, _ = parseFTSStructure(record) })
}

func TestParseFTSStructure(t *testing.T) {
	for name, record := range map[string][]byte{
		"without tombstones": {0, 0, 0, 1, 2, 2, 9, 0, 1, 5, 1, 1, 1, 1, 2, 4, 7},
		"with tombstones": {0, 0, 0, 1, 0xff, 0, 0, 1, 2, 2, 9, 0, 1, 5, 1, 1, 1, 2, 0, 0, 9, 1, 1, 2,
			4, 7, 1, 2, 0, 0, 9},
	} {
		got, err := parseFTSStructure(record)
		if err != nil || len(got) != 2 || got[ftsSegment{5, 1}] != 1 || got[ftsSegment{2, 7}] != 4 {
			t.Errorf("%s: %v, %v", name, got, err)
		}
	}
	if _, err := parseFTSStructure([]byte{0, 0, 0, 1, 2, 2, 9, 0, 1, 5}); err == nil {
		t.Error("a cut record is taken")
	}
}
