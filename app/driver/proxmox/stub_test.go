package proxmox_test

import (
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"time"

	"allotment/app/driver/proxmox"
)

// stub answers requests from a table: method and path (below /api2/json, without query) -> answer.
type stub struct {
	*httptest.Server
	mu       sync.Mutex
	answers  map[string]answer
	requests []string
}

// answer is a raw one: net/http has no say in the reason phrase.
type answer struct {
	status int
	reason string
	body   string
	cut    bool // the connection ends without an answer
}

func data(json string) answer {
	return answer{status: 200, reason: "OK", body: `{"data":` + json + `}`}
}

func newStub(t *testing.T, answers map[string]answer) *stub {
	s := &stub{answers: answers}
	s.Server = httptest.NewServer(http.HandlerFunc(s.serve))
	t.Cleanup(s.Close)
	return s
}

func (s *stub) serve(w http.ResponseWriter, r *http.Request) {
	key := r.Method + " " + r.URL.Path[len("/api2/json"):]
	s.mu.Lock()
	s.requests = append(s.requests, key)
	a, ok := s.answers[key]
	s.mu.Unlock()
	if !ok {
		a = answer{status: 501, reason: "Method '" + key + "' not implemented"}
	}
	conn, _, err := w.(http.Hijacker).Hijack()
	if err != nil {
		return
	}
	defer conn.Close()
	if a.cut {
		_ = conn.(*net.TCPConn).SetLinger(0)
		return
	}
	fmt.Fprintf(conn, "HTTP/1.1 %d %s\r\nContent-Length: %d\r\nConnection: close\r\n\r\n%s", a.status, a.reason, len(a.body), a.body)
}

// count returns how many requests with this method and path came.
func (s *stub) count(key string) (n int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, r := range s.requests {
		if r == key {
			n++
		}
	}
	return n
}

func testConfig(url string) proxmox.Config {
	return proxmox.Config{URL: url, TokenID: "portal@pve!allotment", Secret: "top-secret", Pool: "portal", TemplateStorage: "local",
		DiskStorage: "local", ISOStorage: "local", Bridge: "vmbr0", MinNumber: 5000, MaxNumber: 5999}
}

func newDriver(t testing.TB, c proxmox.Config, claims proxmox.Claims, opts ...proxmox.Option) *proxmox.Driver {
	t.Helper()
	opts = append([]proxmox.Option{proxmox.WithPatience(10*time.Second, 5*time.Second, 200*time.Millisecond)}, opts...)
	d, err := proxmox.New(c, claims, opts...)
	if err != nil {
		t.Fatal(err)
	}
	return d
}
