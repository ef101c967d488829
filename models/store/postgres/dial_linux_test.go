package postgres

import (
	"net"
	"testing"

	"golang.org/x/sys/unix"
)

// The kernel is told how long to wait for acknowledgements.
func TestConnectionsToPostgresHaveAUserTimeout(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = listener.Close() }()
	config, err := parseAddress("postgres://postgres@" + listener.Addr().String() + "/x")
	if err != nil {
		t.Fatal(err)
	}
	connection, err := config.DialFunc(t.Context(), "tcp", listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = connection.Close() }()
	raw, err := connection.(*net.TCPConn).SyscallConn()
	if err != nil {
		t.Fatal(err)
	}
	var got int
	if err := raw.Control(func(descriptor uintptr) {
		got, err = unix.GetsockoptInt(int(descriptor), unix.IPPROTO_TCP, unix.TCP_USER_TIMEOUT)
	}); err != nil {
		t.Fatal(err)
	}
	if err != nil || got != int(userTimeout.Milliseconds()) {
		t.Errorf("TCP_USER_TIMEOUT is %d ms, %v, want %v", got, err, userTimeout)
	}
}
