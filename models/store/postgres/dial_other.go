//go:build !linux

package models

import (
	"syscall"
	"time"
)

// setUserTimeout does nothing: this system has no such option.
func setUserTimeout(string, syscall.RawConn, time.Duration) error { return nil }
