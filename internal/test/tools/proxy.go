package tools

import (
	"io"
	"net"
	"sync"
	"testing"
)

// Proxy forwards TCP connections to a server. Frozen, it forwards nothing and closes
// nothing: what a cut link or a server that hangs looks like from afar.
type Proxy struct {
	Address  string
	listener net.Listener
	dial     func() (net.Conn, error)

	mu     sync.Mutex
	thawed *sync.Cond
	frozen bool
	closed bool
	conns  []net.Conn
}

// NewProxy starts a proxy that ends with the test.
func NewProxy(t testing.TB, network, address string) *Proxy {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	dial := func() (net.Conn, error) { return net.Dial(network, address) }
	p := &Proxy{Address: listener.Addr().String(), listener: listener, dial: dial}
	p.thawed = sync.NewCond(&p.mu)
	go p.accept()
	t.Cleanup(p.close)
	return p
}

// Freeze stops forwarding, or goes on with it.
func (p *Proxy) Freeze(frozen bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.frozen = frozen
	p.thawed.Broadcast()
}

func (p *Proxy) close() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.closed = true
	p.thawed.Broadcast()
	_ = p.listener.Close()
	for _, conn := range p.conns {
		_ = conn.Close()
	}
}

func (p *Proxy) accept() {
	for {
		client, err := p.listener.Accept()
		if err != nil {
			return
		}
		go p.forward(client)
	}
}

func (p *Proxy) forward(client net.Conn) {
	if !p.keep(client) || !p.pass() {
		return
	}
	server, err := p.dial()
	if err != nil || !p.keep(server) {
		_ = client.Close()
		return
	}
	go p.copy(server, client)
	p.copy(client, server)
}

func (p *Proxy) keep(conn net.Conn) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.closed {
		_ = conn.Close()
		return false
	}
	p.conns = append(p.conns, conn)
	return true
}

// pass returns once the proxy forwards; false where it ended.
func (p *Proxy) pass() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	for p.frozen && !p.closed {
		p.thawed.Wait()
	}
	return !p.closed
}

func (p *Proxy) copy(to, from net.Conn) {
	_, _ = io.Copy(passing{to, p}, from)
	if p.pass() {
		_ = to.Close()
	}
}

type passing struct {
	to net.Conn
	p  *Proxy
}

func (w passing) Write(data []byte) (int, error) {
	if !w.p.pass() {
		return 0, io.ErrClosedPipe
	}
	return w.to.Write(data)
}
