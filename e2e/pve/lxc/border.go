package lxc

import (
	"context"
	"fmt"
	"io"
	"net"
	"os"
	"runtime"
	"strconv"
	"sync"
	"time"

	"golang.org/x/sys/unix"
)

// Dial opens a connection from inside the lab, so addr (an IP address and port) may be a guest's. Its signature is
// net.Dialer.DialContext's, for http.Transport and the like.
func (r *Runtime) Dial(ctx context.Context, network, addr string) (net.Conn, error) {
	var conn net.Conn
	err := r.lab.inside(func() (err error) {
		var d net.Dialer
		conn, err = d.DialContext(ctx, network, addr)
		return err
	})
	return conn, err
}

// Forward makes port of the gateway lead to target (host:port in the machine's own network), for TCP, until the lab is
// closed or the returned closer is.
func (r *Runtime) Forward(port int, target string) (io.Closer, error) {
	l, err := r.Listen(port)
	if err != nil {
		return nil, err
	}
	go func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			go pipe(conn, target)
		}
	}()
	return l, nil
}

// Listen opens a TCP port of the gateway, which guests reach and the machine itself does not.
func (r *Runtime) Listen(port int) (net.Listener, error) {
	var l net.Listener
	err := r.lab.inside(func() (err error) {
		l, err = net.Listen("tcp", r.at(port))
		return err
	})
	if err != nil {
		return nil, err
	}
	r.lab.closeAtEnd(l)
	return l, nil
}

// ForwardUDP is Forward for datagrams, such as questions to a name server: each guest's socket gets one of its own
// towards target, which is dropped after half a minute of silence.
func (r *Runtime) ForwardUDP(port int, target string) (io.Closer, error) {
	var inner net.PacketConn
	err := r.lab.inside(func() (err error) {
		inner, err = net.ListenPacket("udp", r.at(port))
		return err
	})
	if err != nil {
		return nil, err
	}
	r.lab.closeAtEnd(inner)
	go relay(inner, target)
	return inner, nil
}

func (r *Runtime) at(port int) string {
	return net.JoinHostPort(r.network.Addr().String(), strconv.Itoa(port))
}

// closeAtEnd closes c when the keeper has ended.
func (l *lab) closeAtEnd(c io.Closer) {
	go func() { <-l.gone; _ = c.Close() }()
}

// inside runs f on a thread that is in the lab's network: a socket belongs to the network in which it was made, whoever
// uses it later. f must make it on its own goroutine, so it may not resolve names.
func (l *lab) inside(f func() error) error {
	result := make(chan error, 1)
	go func() {
		runtime.LockOSThread()
		home, err := os.Open(fmt.Sprintf("/proc/self/task/%d/ns/net", unix.Gettid()))
		if err != nil {
			runtime.UnlockOSThread()
			result <- err
			return
		}
		defer home.Close()
		if err := unix.Setns(int(l.netns.Fd()), unix.CLONE_NEWNET); err != nil {
			runtime.UnlockOSThread()
			result <- fmt.Errorf("entering the lab's network: %w", err)
			return
		}
		err = f()
		// A thread that cannot go home stays locked, and so ends with this goroutine.
		if unix.Setns(int(home.Fd()), unix.CLONE_NEWNET) == nil {
			runtime.UnlockOSThread()
		}
		result <- err
	}()
	return <-result
}

// pipe joins a guest's connection with target until both have said all.
func pipe(inner net.Conn, target string) {
	defer inner.Close()
	outer, err := net.DialTimeout("tcp", target, 10*time.Second)
	if err != nil {
		return
	}
	defer outer.Close()
	var both sync.WaitGroup
	both.Go(func() { half(outer, inner) })
	both.Go(func() { half(inner, outer) })
	both.Wait()
}

// half copies one direction, and passes its end on.
func half(to, from net.Conn) {
	_, _ = io.Copy(to, from)
	if t, ok := to.(*net.TCPConn); ok {
		_ = t.CloseWrite()
	}
}

// relay carries datagrams between the guests at inner and target.
func relay(inner net.PacketConn, target string) {
	var mu sync.Mutex
	sockets := map[string]net.Conn{}
	packet := make([]byte, 64<<10)
	for {
		n, guest, err := inner.ReadFrom(packet)
		if err != nil {
			return
		}
		mu.Lock()
		outer := sockets[guest.String()]
		if outer == nil {
			if outer, err = net.Dial("udp", target); err != nil {
				mu.Unlock()
				continue
			}
			sockets[guest.String()] = outer
			go func() {
				answers(inner, outer, guest)
				mu.Lock()
				delete(sockets, guest.String())
				mu.Unlock()
			}()
		}
		mu.Unlock()
		_, _ = outer.Write(packet[:n])
	}
}

// answers sends what comes from outer to the guest, until nothing came for half a minute.
func answers(inner net.PacketConn, outer net.Conn, guest net.Addr) {
	defer outer.Close()
	packet := make([]byte, 64<<10)
	for {
		_ = outer.SetReadDeadline(time.Now().Add(30 * time.Second))
		n, err := outer.Read(packet)
		if err != nil {
			return
		}
		if _, err := inner.WriteTo(packet[:n], guest); err != nil {
			return
		}
	}
}
