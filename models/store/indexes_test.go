package store_test

import (
	"strings"
	"testing"

	"sessiongraph/internal/test/testdb"
	"sessiongraph/models"
)

// A text without an index is slow to filter by; one with an index has to be of a bounded length.
func TestIndexedTextsHaveAnIndex(t *testing.T) {
	testdb.Each(t, func(t *testing.T, kind testdb.Kind) {
		db := fresh(t, kind)
		reopen(t, db)
		query := "SELECT sql FROM sqlite_master WHERE tbl_name = 'sessions' AND sql IS NOT NULL"
		if kind.Name == testdb.Postgres.Name {
			query = "SELECT indexdef FROM pg_indexes WHERE tablename = 'sessions'"
		}
		definitions := strings.ReplaceAll(strings.Join(rows(t, db, query), "\n"),
			"call_id TEXT NOT NULL UNIQUE", "(call_id)")
		for _, text := range models.SessionTexts() {
			indexed := strings.Contains(definitions, "("+text.Column+",") ||
				strings.Contains(definitions, "("+text.Column+")")
			if indexed != text.Indexed {
				t.Errorf("%s: Indexed is %t, but the database has an index: %t", text.Column, text.Indexed, indexed)
			}
		}
	})
}
