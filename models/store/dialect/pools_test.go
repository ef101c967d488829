package dialect_test

import (
	"database/sql"
	"errors"
	"testing"

	gormsqlite "gorm.io/driver/sqlite"
	"gorm.io/gorm"
	_ "modernc.org/sqlite" // the driver of the pools

	"sessiongraph/models/store/dialect"
)

func TestOpenPoolsLeavesNoneOpen(t *testing.T) {
	refused := errors.New("refused")
	for failing := range 5 {
		var opened []*sql.DB
		open := func() (*gorm.DB, error) {
			if len(opened) == failing {
				return nil, refused
			}
			pool, err := sql.Open("sqlite", ":memory:")
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { _ = pool.Close() })
			opened = append(opened, pool)
			return gorm.Open(&gormsqlite.Dialector{Conn: pool}, &gorm.Config{})
		}

		pools, err := dialect.OpenPools(open, open, open, open)
		if failed := failing < 4; errors.Is(err, refused) != failed || (pools == dialect.Pools{}) != failed {
			t.Errorf("of the pool %d: %v, %v", failing, pools, err)
		}
		for i, pool := range opened {
			if open := pool.PingContext(t.Context()) == nil; open != (failing == 4) {
				t.Errorf("pool %d fails: pool %d is open: %t", failing, i, open)
			}
		}
	}
}
