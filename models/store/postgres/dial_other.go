//go:build !linux

package postgres

import (
	"syscall"
	"time"
)

// setUserTimeout does nothing: this system has no such option.
func setUserTimeout(string, syscall.RawConn, time.Duration) error { return nil }
