package tools

import (
	"net/http"
	"runtime"
	"strings"
	"testing"
)

// NoGoroutineLeft fails the test if goroutines that were begun in it outlive it.
func NoGoroutineLeft(t *testing.T) {
	t.Helper()
	before := goroutines()
	t.Cleanup(func() {
		http.DefaultClient.CloseIdleConnections()
		Eventually(t, func() string {
			var left []string
			for id, stack := range goroutines() {
				if before[id] == "" && !endless(stack) {
					left = append(left, stack)
				}
			}
			if len(left) == 0 {
				return ""
			}
			return "goroutines are left:\n" + strings.Join(left, "\n\n")
		})
	})
}

// endless tells goroutines that their library starts once and never ends.
func endless(stack string) bool {
	return strings.Contains(stack, "gorm.io/gorm/internal/lru.") || strings.Contains(stack, "os/signal.loop")
}

// goroutines are the stacks of all others than the caller's, by goroutine id.
func goroutines() map[string]string {
	buffer := make([]byte, 1<<20)
	buffer = buffer[:runtime.Stack(buffer, true)]
	stacks := map[string]string{}
	for _, stack := range strings.Split(string(buffer), "\n\n")[1:] {
		id, _, _ := strings.Cut(stack, " [")
		stacks[id] = stack
	}
	return stacks
}
