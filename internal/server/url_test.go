package server

import (
	"net"
	"testing"
)

func TestOpenableURL(t *testing.T) {
	for _, test := range []struct {
		ip        net.IP
		encrypted bool
		want      string
	}{
		{net.IPv4zero, false, "http://localhost:8080"},
		{net.IPv6unspecified, true, "https://localhost:8080"},
		{net.IPv4(127, 0, 0, 1), false, "http://127.0.0.1:8080"},
		{net.IPv6loopback, true, "https://[::1]:8080"},
	} {
		if got := openableURL(&net.TCPAddr{IP: test.ip, Port: 8080}, test.encrypted); got != test.want {
			t.Errorf("%v: %s, want %s", test.ip, got, test.want)
		}
	}
}
