package pve

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"sync"
	"time"
)

// Server is one emulated node. All state is behind mu and mirrored in Options.Dir.
type Server struct {
	opts  Options
	disk  disk
	began time.Time

	mu      sync.Mutex
	guests  map[int]*guest
	volumes map[string]*volume
	access  access
	sdn     sdn
	ha      map[string]string // "vm:100" -> wanted state
	view    resourcesView

	tasks  tasks
	locks  guestLocks
	faults faults
	agents agents

	listener    net.Listener
	http        *http.Server
	fingerprint string
}

// New reads the state in o.Dir, or makes a fresh node there, and starts the guests that were running. The server
// answers through ServeHTTP; Start also listens.
func New(ctx context.Context, o Options) (*Server, error) {
	o.defaults()
	if o.Dir == "" {
		return nil, errors.New("pve: no folder for the state was given")
	}
	dir, err := filepath.Abs(o.Dir)
	if err != nil {
		return nil, err
	}
	o.Dir = dir
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, err
	}
	s := &Server{opts: o, disk: disk{dir}, began: time.Now(), guests: map[int]*guest{}, ha: map[string]string{}}
	s.tasks.init(s)
	if err := s.load(); err != nil {
		return nil, fmt.Errorf("pve: %w", err)
	}
	s.resume(ctx)
	return s, nil
}

// Start makes a Server and listens until ctx ends or Close is called.
func Start(ctx context.Context, o Options) (*Server, error) {
	s, err := New(ctx, o)
	if err != nil {
		return nil, err
	}
	if err := s.listen(); err != nil {
		return nil, fmt.Errorf("pve: %w", err)
	}
	context.AfterFunc(ctx, func() { _ = s.Close() })
	return s, nil
}

// load reads every part of the state.
func (s *Server) load() error {
	return errors.Join(s.loadAccess(), s.loadGuests(), s.loadStorage(), s.loadTasks(),
		s.disk.load("sdn", &s.sdn), s.disk.load("ha", &s.ha))
}

// save mirrors one part of the state. A folder that cannot be written is a broken machine: it is logged, and the
// answer stays what a real node would have said.
func (s *Server) save(name string, v any) {
	if err := s.disk.save(name, v); err != nil {
		s.opts.Log.Error("pve: state not saved", "name", name, "error", err)
	}
}

// listen opens the port and serves it. HTTP/2 is off, as on a real node: it has no reason phrases.
func (s *Server) listen() error {
	cert, fingerprint, err := s.certificate() // consoles show it, too, so plain HTTP needs one as well
	if err != nil {
		return err
	}
	s.fingerprint = fingerprint
	l, err := net.Listen("tcp", s.opts.Listen)
	if err != nil {
		return err
	}
	if !s.opts.Plain {
		l = tls.NewListener(l, &tls.Config{Certificates: []tls.Certificate{cert}, MinVersion: tls.VersionTLS12})
	}
	s.listener = l
	s.http = &http.Server{Handler: s, ReadHeaderTimeout: 30 * time.Second}
	go func() { _ = s.http.Serve(l) }()
	return nil
}

// Close stops listening, gives running tasks Options.Grace to end and kills the rest. Guests keep what their
// runtime does at the end of the program; those that were running start again with the next New on the same folder.
func (s *Server) Close() error {
	s.tasks.close(s.opts.Grace)
	if s.http == nil {
		return nil
	}
	return s.http.Close()
}

// URL is the base of the API as clients want it, for example https://127.0.0.1:8006/api2/json.
func (s *Server) URL() string {
	scheme := "https"
	if s.opts.Plain {
		scheme = "http"
	}
	return scheme + "://" + s.Addr() + "/api2/json"
}

// Addr is the address that the server listens on.
func (s *Server) Addr() string {
	if s.listener == nil {
		return ""
	}
	return s.listener.Addr().String()
}

// Fingerprint is the SHA-256 of the certificate as Proxmox prints it: AA:BB:….
func (s *Server) Fingerprint() string { return s.fingerprint }

// Node is the node's name.
func (s *Server) Node() string { return s.opts.Node }

// TokenID and TokenSecret are root's API token: the header is "Authorization: PVEAPIToken=<ID>=<secret>".
func (s *Server) TokenID() string { return "root@pam!" + s.opts.TokenName }

// TokenSecret is the secret part of root's API token.
func (s *Server) TokenSecret() string { return s.opts.TokenValue }

// Password is root@pam's password.
func (s *Server) Password() string { return s.opts.Password }

// runtime is the Runtime for a kind of guest.
func (s *Server) runtime(kind string) Runtime {
	if kind == KindLXC {
		return s.opts.LXC
	}
	return s.opts.QEMU
}
