package postgres

import (
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// setUserTimeout makes the kernel give up a connection on which data stay
// unacknowledged for so long. TCP's keepalive does not run then, and without this
// the kernel tries for a quarter of an hour.
func setUserTimeout(network string, connection syscall.RawConn, timeout time.Duration) error {
	if network != "tcp4" && network != "tcp6" {
		return nil
	}
	var err error
	controlErr := connection.Control(func(descriptor uintptr) {
		err = unix.SetsockoptInt(int(descriptor), unix.IPPROTO_TCP, unix.TCP_USER_TIMEOUT, int(timeout.Milliseconds()))
	})
	if err == nil {
		err = controlErr
	}
	return err
}
