package tools

import (
	"net/http"
	"testing"

	"go.uber.org/goleak"
)

// NoGoroutineLeft fails the test if goroutines that were begun in it outlive it, but for
// those that package gorm starts once and never ends.
func NoGoroutineLeft(t testing.TB) {
	t.Helper()
	options := []goleak.Option{
		goleak.IgnoreCurrent(),
		goleak.IgnoreAnyFunction("gorm.io/gorm/internal/lru.NewLRU[...].func1"),
	}
	t.Cleanup(func() {
		http.DefaultClient.CloseIdleConnections()
		Eventually(t, func() string {
			if err := goleak.Find(options...); err != nil {
				return err.Error()
			}
			return ""
		})
	})
}
