package lab

import (
	"errors"
	"math/rand/v2"
	"net"
	"strconv"
	"strings"
)

// loopback is the only address that a lab's servers listen on.
const loopback = "127.0.0.1"

// port returns a port that is free for TCP and UDP: the one remembered under name when nobody has taken it, else a fresh one.
func (f *folder) port(name string) (int, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if p := f.state.Ports[name]; p != 0 && free(p) {
		return p, nil
	}
	for {
		p, err := AnyPort()
		if err != nil {
			return 0, err
		}
		if free(p) && !f.promised(p) {
			f.state.Ports[name] = p
			return p, f.save()
		}
	}
}

// promised tells whether p is kept for another of this lab's servers, which may not listen yet.
func (f *folder) promised(p int) bool {
	for _, other := range f.state.Ports {
		if other == p {
			return true
		}
	}
	return false
}

// forget drops the remembered ports of these names: someone else was faster.
func (f *folder) forget(names ...string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, name := range names {
		delete(f.state.Ports, name)
	}
}

// AnyPort returns a port that nobody listens on. It lies below those that the kernel gives to outgoing connections (from 32768 on,
// see ip(7), ip_local_port_range), so that none of them takes it before its server listens.
func AnyPort() (int, error) {
	for range 1000 {
		p := 10_000 + rand.IntN(22_000)
		if l, err := net.Listen("tcp", address(p)); err == nil {
			return p, l.Close()
		}
	}
	return 0, errors.New("no port between 10000 and 32000 is free")
}

func free(port int) bool {
	addr := address(port)
	tcp, err := net.Listen("tcp", addr)
	if err != nil {
		return false
	}
	defer tcp.Close()
	udp, err := net.ListenPacket("udp", addr)
	if err != nil {
		return false
	}
	udp.Close()
	return true
}

// address is "127.0.0.1:port".
func address(port int) string { return net.JoinHostPort(loopback, strconv.Itoa(port)) }

// portTries is how often a server is started with fresh ports.
const portTries = 3

// withPorts runs start, which listens on the ports of these names. A port is promised before the server takes it, so
// somebody else may be faster; then start runs again with other ports.
func (f *folder) withPorts(start func() error, names ...string) error {
	for try := 1; ; try++ {
		err := start()
		if err == nil || try == portTries || !strings.Contains(strings.ToLower(err.Error()), "address already in use") {
			return err
		}
		f.forget(names...)
	}
}
