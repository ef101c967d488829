package server

import (
	"net"
	"testing"
)

func TestServesHost(t *testing.T) {
	loopback := &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: 8080}
	loopback6 := &net.TCPAddr{IP: net.IPv6loopback, Port: 8080}
	all := &net.TCPAddr{IP: net.IPv4zero, Port: 8080}
	named := []string{"sessions.example.com", "2001:db8::1"}
	for _, test := range []struct {
		address net.Addr
		names   []string
		host    string
		want    bool
	}{
		{loopback, nil, "localhost", true},
		{loopback, nil, "LocalHost:8080", true},
		{loopback, nil, "localhost:1", true},
		{loopback, nil, "127.0.0.1:8080", true},
		{loopback, nil, "[::1]", true},
		{loopback, nil, "[::1]:8080", true},
		{loopback6, nil, "[::1]:8080", true},
		{loopback6, nil, "evil.example:8080", false},
		{loopback, nil, "", false},
		{loopback, nil, "evil.example", false},
		{loopback, nil, "evil.example:8080", false},
		{loopback, nil, "localhost.evil.example", false},
		{loopback, nil, "localhost:evil.example", false},
		{loopback, nil, "127.0.0.1.evil.example", false},
		{loopback, nil, "evil.example:127.0.0.1", false},
		{loopback, nil, "127.0.0.2", false},
		{loopback, nil, "[::1]evil.example", false},
		{loopback, nil, "0.0.0.0:8080", false},
		{loopback, named, "sessions.example.com", true},
		{loopback, named, "SESSIONS.example.com:443", true},
		{loopback, named, "[2001:db8::1]:443", true},
		{loopback, named, "localhost", true},
		{loopback, named, "other.example.com", false},
		{all, nil, "anything.example", true},
		{all, nil, "", true},
		{all, named, "sessions.example.com:443", true},
		{all, named, "localhost:8080", true},
		{all, named, "anything.example", false},
	} {
		if got := servesHost(servedHosts(test.address, test.names), test.host); got != test.want {
			t.Errorf("%s with %q serves Host %q: %v", test.address, test.names, test.host, got)
		}
	}
}
