// Package mirror is a small forward proxy that lets apt reach the Debian mirror of this machine, and nothing else.
//
// The template builder and the guests of the lab fetch their packages through it. What can never change (a file of the
// pool) is kept in a folder, so that it is downloaded once for all templates and guests.
package mirror

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"os"
	"path"
	"path/filepath"
	"strings"
	"time"
)

// Proxy is an HTTP proxy for GET and HEAD of absolute addresses and for CONNECT, limited to Hosts. All else gets 403.
type Proxy struct {
	Hosts []string // host or host:port, as they are spelt in apt's sources
	Cache string   // folder for pool files; blank keeps nothing

	transport http.Transport
}

// Serve answers on l until ctx ends.
func (p *Proxy) Serve(ctx context.Context, l net.Listener) error {
	server := &http.Server{Handler: p, ReadHeaderTimeout: 10 * time.Second}
	stop := context.AfterFunc(ctx, func() { _ = server.Close() })
	defer stop()
	if err := server.Serve(l); !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return nil
}

// Start serves on a free port of 127.0.0.1 until ctx ends and returns the proxy's address (host:port).
func (p *Proxy) Start(ctx context.Context) (string, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	go func() { _ = p.Serve(ctx, l) }()
	return l.Addr().String(), nil
}

// ServeHTTP implements http.Handler.
func (p *Proxy) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	switch {
	case r.Method == http.MethodConnect && p.allowed(r.Host, "443"):
		p.connect(w, r)
	case (r.Method == http.MethodGet || r.Method == http.MethodHead) && r.URL.Scheme == "http" && p.allowed(r.URL.Host, "80"):
		p.forward(w, r)
	default:
		http.Error(w, "This proxy serves the Debian mirror only.", http.StatusForbidden)
	}
}

// allowed tells whether host (with or without the scheme's own port) is one of Hosts.
func (p *Proxy) allowed(host, port string) bool {
	host = strings.TrimSuffix(strings.ToLower(host), ":"+port)
	for _, known := range p.Hosts {
		if host == strings.ToLower(known) {
			return true
		}
	}
	return false
}

func (p *Proxy) forward(w http.ResponseWriter, r *http.Request) {
	name := p.cacheName(r)
	if name != "" {
		if f, err := os.Open(name); err == nil {
			defer f.Close()
			http.ServeContent(w, r, "", time.Time{}, f)
			return
		}
	}
	out := r.Clone(r.Context())
	out.RequestURI = ""
	out.Header.Del("Proxy-Connection")
	out.Header.Del("Proxy-Authorization")
	answer, err := p.transport.RoundTrip(out)
	if err != nil {
		http.Error(w, "The Debian mirror cannot be reached.", http.StatusBadGateway)
		return
	}
	defer answer.Body.Close()
	for key, values := range answer.Header {
		w.Header()[key] = values
	}
	w.WriteHeader(answer.StatusCode)
	if name == "" || r.Method != http.MethodGet || answer.StatusCode != http.StatusOK {
		_, _ = io.Copy(w, answer.Body)
		return
	}
	_ = keep(name, answer.ContentLength, func(file io.Writer) (int64, error) {
		return io.Copy(io.MultiWriter(file, w), answer.Body)
	})
}

// cacheName is where a pool file is kept: its path names its version, so its content never changes. Blank otherwise.
func (p *Proxy) cacheName(r *http.Request) string {
	clean := path.Clean("/" + r.URL.Path)
	if p.Cache == "" || !strings.Contains(clean, "/pool/") || !strings.HasSuffix(clean, ".deb") {
		return ""
	}
	return filepath.Join(p.Cache, filepath.FromSlash(r.URL.Host+clean))
}

// keep writes a file whole or not at all, also when several processes fetch it at once.
func keep(name string, size int64, write func(io.Writer) (int64, error)) error {
	if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
		_, err = write(io.Discard)
		return err
	}
	f, err := os.CreateTemp(filepath.Dir(name), ".part-*")
	if err != nil {
		_, err = write(io.Discard)
		return err
	}
	defer os.Remove(f.Name())
	defer f.Close()
	n, err := write(f)
	if err != nil || size < 0 || n != size {
		return err
	}
	return os.Rename(f.Name(), name)
}

// connect joins the client with the mirror; what flows is theirs.
func (p *Proxy) connect(w http.ResponseWriter, r *http.Request) {
	var dialer net.Dialer
	remote, err := dialer.DialContext(r.Context(), "tcp", r.Host)
	if err != nil {
		http.Error(w, "The Debian mirror cannot be reached.", http.StatusBadGateway)
		return
	}
	defer remote.Close()
	hijacker, ok := w.(http.Hijacker)
	if !ok {
		http.Error(w, "This connection cannot carry CONNECT.", http.StatusInternalServerError)
		return
	}
	local, buffered, err := hijacker.Hijack()
	if err != nil {
		return
	}
	defer local.Close()
	if _, err := io.WriteString(local, "HTTP/1.1 200 Connection established\r\n\r\n"); err != nil {
		return
	}
	go func() {
		_, _ = io.Copy(remote, buffered)
		_ = remote.Close()
	}()
	_, _ = io.Copy(local, remote)
}
