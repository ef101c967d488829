package sqlite

import (
	"context"
	"fmt"
	"path/filepath"
	"testing"

	"sessiongraph/models/store/body"
	"sessiongraph/models/store/dialect"
)

// Statements are compiled once, and yet more of them than are kept may be read from at the same time, also one twice.
func TestStatementsAreReadSideBySide(t *testing.T) {
	codec, err := body.NewCodec(1 << 20)
	if err != nil {
		t.Fatal(err)
	}
	database, err := Open(filepath.Join(t.TempDir(), "statements.db"), codec, dialect.Config{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = database.Close() })
	pool, err := database.Pools().Queries.DB()
	if err != nil {
		t.Fatal(err)
	}
	conn, err := pool.Conn(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })

	const numbers = "SELECT value FROM json_each('[1,2,3]') WHERE value >= ?"
	for round := range 3 {
		outer, err := conn.QueryContext(t.Context(), numbers, 1)
		if err != nil {
			t.Fatal(err)
		}
		sum := 0
		for outer.Next() {
			var n int
			if err := outer.Scan(&n); err != nil {
				t.Fatal(err)
			}
			inner, err := conn.QueryContext(t.Context(), numbers, n)
			if err != nil {
				t.Fatal(err)
			}
			for inner.Next() {
				var m int
				if err := inner.Scan(&m); err != nil {
					t.Fatal(err)
				}
				sum += m
			}
			if err := inner.Close(); err != nil {
				t.Fatal(err)
			}
			for i := range cachedStmts {
				var got int
				if err := conn.QueryRowContext(t.Context(), fmt.Sprintf("SELECT %d + ?", 1000*round+i),
					n).Scan(&got); err != nil || got != 1000*round+i+n {
					t.Fatalf("%d, %v", got, err)
				}
			}
		}
		if err := outer.Close(); err != nil || sum != 6+5+3 {
			t.Errorf("round %d: sum %d, %v", round, sum, err)
		}
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if rows, err := conn.QueryContext(ctx, numbers, 1); err == nil {
		_ = rows.Close()
		t.Error("a query ran whose context had ended")
	}
}
