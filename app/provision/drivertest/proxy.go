package drivertest

import (
	"context"
	"net"
	"strconv"
	"sync"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"
)

// Proxy is a Link: a TCP port on 127.0.0.1 that passes everything on to a server until it is told otherwise.
type Proxy struct {
	network, target string
	address         string

	mu       sync.Mutex
	listener net.Listener
	conns    map[net.Conn]bool
	hanging  bool
	cutAt    int // the reply to cut, counted down; 0: none
	cut      bool
}

// NewProxy starts a proxy to a server on "tcp" or "unix"; it ends with the test.
func NewProxy(t testing.TB, network, target string) *Proxy {
	t.Helper()
	address, free := reservePort(t)
	p := &Proxy{network: network, target: target, address: address, conns: map[net.Conn]bool{}}
	if err := p.listen(); err != nil {
		t.Fatalf("proxy: %v", err)
	}
	t.Cleanup(func() { p.Refuse(); free() })
	return p
}

// Addr is the proxy's host and port.
func (p *Proxy) Addr() string { return p.address }

// Port is the proxy's port on 127.0.0.1.
func (p *Proxy) Port() int { return portOf(p.address) }

// Mend implements Link.
func (p *Proxy) Mend() {
	p.mu.Lock()
	wasHanging := p.hanging
	p.hanging, p.cutAt, p.cut = false, 0, false
	p.mu.Unlock()
	if wasHanging {
		p.closeAll()
	}
	if err := p.listen(); err != nil {
		panic("drivertest: the proxy's reserved port is gone: " + err.Error())
	}
}

// Refuse implements Link.
func (p *Proxy) Refuse() {
	p.mu.Lock()
	if p.listener != nil {
		p.listener.Close()
		p.listener = nil
	}
	p.mu.Unlock()
	p.closeAll()
}

// Hang implements Link. Connections that are open hang too.
func (p *Proxy) Hang() {
	p.mu.Lock()
	p.hanging = true
	p.mu.Unlock()
}

// CutReply implements Link. A reply is what the server sends in one piece, on whatever connection.
func (p *Proxy) CutReply(nth int) {
	p.mu.Lock()
	p.cutAt, p.cut = nth, false
	p.mu.Unlock()
}

// WasReplyCut implements Link.
func (p *Proxy) WasReplyCut() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.cut
}

func (p *Proxy) listen() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.listener != nil {
		return nil
	}
	config := net.ListenConfig{Control: func(_, _ string, c syscall.RawConn) error {
		var failed error
		err := c.Control(func(fd uintptr) { failed = unix.SetsockoptInt(int(fd), unix.SOL_SOCKET, unix.SO_REUSEPORT, 1) })
		return firstError(err, failed)
	}}
	listener, err := config.Listen(context.Background(), "tcp4", p.address)
	if err != nil {
		return err
	}
	p.listener = listener
	go p.accept(listener)
	return nil
}

func (p *Proxy) accept(listener net.Listener) {
	for {
		client, err := listener.Accept()
		if err != nil {
			return
		}
		go p.serve(client)
	}
}

func (p *Proxy) serve(client net.Conn) {
	server, err := net.Dial(p.network, p.target)
	if err != nil {
		client.Close()
		return
	}
	p.mu.Lock()
	p.conns[client], p.conns[server] = true, true
	refusing := p.listener == nil
	p.mu.Unlock()
	if refusing {
		p.closeAll()
	}
	go p.copy(server, client, func() bool { return !p.isHanging() })
	p.copy(client, server, p.passReply)
}

// copy passes on what pass lets through and closes both ends when it is over.
func (p *Proxy) copy(to, from net.Conn, pass func() bool) {
	buffer := make([]byte, 64<<10)
	for {
		n, err := from.Read(buffer)
		if n > 0 {
			if !pass() {
				if p.isHanging() {
					continue
				}
				break
			}
			if _, err := to.Write(buffer[:n]); err != nil {
				break
			}
		}
		if err != nil {
			break
		}
	}
	from.Close()
	to.Close()
	p.mu.Lock()
	delete(p.conns, from)
	delete(p.conns, to)
	p.mu.Unlock()
}

func (p *Proxy) isHanging() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.hanging
}

// passReply counts a reply and says whether it goes through.
func (p *Proxy) passReply() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.cutAt > 0 {
		p.cutAt--
		if p.cutAt == 0 {
			p.cut = true
			return false
		}
	}
	return !p.hanging
}

func (p *Proxy) closeAll() {
	p.mu.Lock()
	defer p.mu.Unlock()
	for conn := range p.conns {
		conn.Close()
	}
}

// reservePort binds a free port without listening on it, so that nobody else gets it while the proxy refuses connections.
func reservePort(t testing.TB) (address string, free func()) {
	t.Helper()
	fd, err := unix.Socket(unix.AF_INET, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		t.Fatalf("socket: %v", err)
	}
	bound := unix.SetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_REUSEPORT, 1)
	bound = firstError(bound, unix.Bind(fd, &unix.SockaddrInet4{Addr: [4]byte{127, 0, 0, 1}}))
	name, err := unix.Getsockname(fd)
	if err := firstError(bound, err); err != nil {
		t.Fatalf("reserve a port: %v", err)
	}
	port := name.(*unix.SockaddrInet4).Port
	return net.JoinHostPort("127.0.0.1", strconv.Itoa(port)), func() { unix.Close(fd) }
}

func portOf(address string) int {
	_, port, _ := net.SplitHostPort(address)
	n, _ := strconv.Atoi(port)
	return n
}

func firstError(errs ...error) error {
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}
