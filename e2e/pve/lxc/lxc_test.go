package lxc_test

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"math/big"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"allotment/app/template"
	"allotment/e2e/pve"
	"allotment/e2e/pve/lxc"
)

// bench is a lab with the base template, or a skipped test where containers cannot run.
func bench(t *testing.T) (*lxc.Runtime, string) {
	t.Helper()
	r, err := open(t)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := r.Close(); err != nil {
			t.Error("close:", err)
		}
	})
	return r, archive(t)
}

// open starts a lab in a folder of its own.
func open(t *testing.T) (*lxc.Runtime, error) {
	t.Helper()
	if err := lxc.Possible(); err != nil {
		t.Skip(err)
	}
	return lxc.New(lxc.Options{Dir: t.TempDir(), CacheDir: filepath.Join(cacheDir(t), "unpacked")})
}

func cacheDir(t *testing.T) string {
	t.Helper()
	dir, err := template.CacheDir()
	if err != nil {
		t.Fatal(err)
	}
	return dir
}

// archive is the base template, built once per machine.
func archive(t *testing.T) string {
	t.Helper()
	if err := template.Possible(); err != nil {
		t.Skip(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Minute)
	defer cancel()
	name, err := template.Cached(ctx, cacheDir(t), template.Options{Name: "allotment-base"})
	if err != nil {
		t.Fatal(err)
	}
	return name
}

// guest is container vmid at 198.18.1.(vmid mod 256).
func guest(t *testing.T, vmid int) pve.Guest {
	return pve.Guest{
		VMID: vmid, Kind: pve.KindLXC, Hostname: fmt.Sprintf("guest%d", vmid), Cores: 1, MemoryMiB: 512, DiskGiB: 4,
		Address: netip.PrefixFrom(netip.AddrFrom4([4]byte{198, 18, 1, byte(vmid)}), 16),
		Gateway: netip.MustParseAddr("198.18.0.1"), Dir: filepath.Join(t.TempDir(), "guest"),
	}
}

// portal is a stand-in for the portal's enrolment and report addresses, with an authority of its own.
type portal struct {
	server *httptest.Server
	ca     string
	script string

	mu      sync.Mutex
	fetched int
	reports []map[string]any
	tokens  []string
	done    chan struct{}
}

func newPortal(t *testing.T, address net.IP, script string) *portal {
	t.Helper()
	p := &portal{script: script, done: make(chan struct{})}
	cert, ca := certificate(t, address)
	mux := http.NewServeMux()
	mux.HandleFunc("GET /enrol/one-time", p.enrol)
	mux.HandleFunc("POST /report", p.report)
	p.server = httptest.NewUnstartedServer(mux)
	p.server.TLS = &tls.Config{Certificates: []tls.Certificate{cert}}
	p.server.StartTLS()
	t.Cleanup(p.server.Close)
	p.ca = base64.StdEncoding.EncodeToString(ca)
	return p
}

func (p *portal) enrol(w http.ResponseWriter, _ *http.Request) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.fetched++; p.fetched > 1 {
		http.Error(w, "used", http.StatusGone)
		return
	}
	order := `{"portal": {"report_url": "https://198.18.0.1:8443/report", "report_token": "t0ken"}, "domain": "example.org"}`
	files := []map[string]string{
		{"path": "/etc/allotment/order.json", "permissions": "0600", "content": order},
		{"path": "/etc/allotment/setup.sh", "permissions": "0600", "content": p.script},
	}
	raw, _ := json.Marshal(map[string]any{"write_files": files, "runcmd": [][]string{{"allotment-guest", "run"}}})
	_, _ = io.WriteString(w, "#cloud-config\n"+string(raw))
}

func (p *portal) report(w http.ResponseWriter, r *http.Request) {
	var report map[string]any
	if err := json.NewDecoder(r.Body).Decode(&report); err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.reports = append(p.reports, report)
	p.tokens = append(p.tokens, r.Header.Get("Authorization"))
	if report["done"] != nil || report["failed"] != nil {
		close(p.done)
	}
}

func (p *portal) said() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	raw, _ := json.Marshal(p.reports)
	return string(raw)
}

func (p *portal) address() string { return strings.TrimPrefix(p.server.URL, "https://") }

// certificate makes a self-signed certificate for address; ca is its DER form.
func certificate(t *testing.T, address net.IP) (cert tls.Certificate, ca []byte) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	form := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "test portal"}, IPAddresses: []net.IP{address},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour), IsCA: true, BasicConstraintsValid: true,
	}
	der, err := x509.CreateCertificate(rand.Reader, form, form, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}, der
}

func TestGuestEnrolsAndReports(t *testing.T) {
	t.Parallel()
	r, archive := bench(t)
	p := newPortal(t, net.IPv4(198, 18, 0, 1), `
echo ":: Reading the order"
test "$(allotment-guest get .domain)" = example.org
echo ":: Nearly there"
`)
	if _, err := r.Forward(8443, p.address()); err != nil {
		t.Fatal(err)
	}
	g := guest(t, 101)
	g.Env = map[string]string{template.EnvURL: "https://198.18.0.1:8443/enrol/one-time", template.EnvCA: p.ca}
	create(t, r, g, archive)
	start(t, r, g)
	select {
	case <-p.done:
	case <-time.After(90 * time.Second):
		t.Errorf("no end was reported; reports: %s", p.said())
		out, err := r.Command(t.Context(), g, "sh", "-c", "journalctl -b --no-pager | tail -80; ip a; cat /var/log/cloud-init-output.log").CombinedOutput()
		t.Fatalf("%s %v", out, err)
	}
	want := `[{"line":"Reading the order"},{"line":"Nearly there"},{"done":true}]`
	if got := p.said(); got != want {
		t.Errorf("reports are %s, want %s", got, want)
	}
}

func create(t *testing.T, r *lxc.Runtime, g pve.Guest, archive string) {
	t.Helper()
	if err := r.Create(t.Context(), g, archive, func(line string) { t.Log("create:", line) }); err != nil {
		t.Fatal("create:", err)
	}
}

func start(t *testing.T, r *lxc.Runtime, g pve.Guest) {
	t.Helper()
	if err := r.Start(t.Context(), g); err != nil {
		t.Fatal("start:", err)
	}
	if !r.Running(g) {
		t.Fatal("a started guest does not run")
	}
}
