package clients_test

import (
	"io"
	"net"
	"sync"
	"testing"
)

// relay stands between clients and a server, and can break their connections.
type relay struct {
	listener net.Listener
	server   *server

	mu    sync.Mutex
	pairs map[[2]*net.TCPConn]bool
}

func startRelay(t *testing.T, server *server) *relay {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	r := &relay{listener: listener, server: server, pairs: map[[2]*net.TCPConn]bool{}}
	go r.accept()
	t.Cleanup(func() {
		_ = listener.Close()
		r.cut()
	})
	return r
}

func (r *relay) query() string { return "http://" + r.listener.Addr().String() + "/query" }

func (r *relay) accept() {
	for {
		client, err := r.listener.Accept()
		if err != nil {
			return
		}
		server, err := net.Dial("tcp", r.server.address)
		if err != nil {
			_ = client.Close()
			continue
		}
		r.join([2]*net.TCPConn{client.(*net.TCPConn), server.(*net.TCPConn)})
	}
}

// join carries what each says to the other, until either ends.
func (r *relay) join(pair [2]*net.TCPConn) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.pairs[pair] = true
	for i := range pair {
		go func() {
			_, _ = io.Copy(pair[i], pair[1-i])
			r.mu.Lock()
			defer r.mu.Unlock()
			delete(r.pairs, pair)
			for _, side := range pair {
				_ = side.Close()
			}
		}()
	}
}

// cut resets all connections, without a goodbye to either side.
func (r *relay) cut() {
	r.mu.Lock()
	defer r.mu.Unlock()
	for pair := range r.pairs {
		for _, side := range pair {
			_ = side.SetLinger(0)
			_ = side.Close()
		}
	}
}
