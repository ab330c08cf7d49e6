package lxc_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/base64"
	"encoding/json"
	"io"
	"math/big"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"allotment/app/template"
	"allotment/e2e/pve"
	"allotment/e2e/pve/lxc"
)

// portal is a stand-in for the portal's enrolment and report addresses, with an authority of its own.
type portal struct {
	url    string // of the enrolment, as a guest reaches it
	der    []byte // the authority
	script string
	server *httptest.Server

	mu      sync.Mutex
	fetched int
	reports []map[string]any
	done    chan struct{}
}

// newPortal is a portal that guests of r reach.
func newPortal(t *testing.T, r *lxc.Runtime, script string) *portal {
	t.Helper()
	p := awayPortal(t, r, script)
	p.open(t, r)
	return p
}

// awayPortal is a portal that nobody reaches before open.
func awayPortal(t *testing.T, r *lxc.Runtime, script string) *portal {
	t.Helper()
	p := &portal{script: script, done: make(chan struct{})}
	cert, der := certificate(t, r.Gateway().AsSlice())
	mux := http.NewServeMux()
	mux.HandleFunc("GET /enrol/one-time", p.enrol)
	mux.HandleFunc("POST /report", p.report)
	server := httptest.NewUnstartedServer(mux)
	server.TLS = &tls.Config{Certificates: []tls.Certificate{cert}}
	server.StartTLS()
	t.Cleanup(server.Close)
	p.server = server
	p.url, p.der = "https://198.18.0.1:8443/enrol/one-time", der
	return p
}

func (p *portal) open(t *testing.T, r *lxc.Runtime) {
	t.Helper()
	if _, err := r.Forward(8443, strings.TrimPrefix(p.server.URL, "https://")); err != nil {
		t.Fatal(err)
	}
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
	if r.Header.Get("Authorization") != "Bearer t0ken" {
		http.Error(w, "who are you?", http.StatusUnauthorized)
		return
	}
	var report map[string]any
	if err := json.NewDecoder(r.Body).Decode(&report); err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.reports = append(p.reports, report)
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

// env is what tells a guest of p.
func (p *portal) env() map[string]string {
	return map[string]string{template.EnvURL: p.url, template.EnvCA: base64.StdEncoding.EncodeToString(p.der)}
}

func (p *portal) fetches() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.fetched
}

// wait returns when g has reported its end; what g says about itself is in the failure otherwise.
func (p *portal) wait(t *testing.T, r *lxc.Runtime, g pve.Guest) {
	t.Helper()
	select {
	case <-p.done:
	case <-time.After(90 * time.Second):
		out, err := r.Command(t.Context(), g, "sh", "-c", "journalctl --no-pager | tail -100; cat /var/log/cloud-init-output.log").CombinedOutput()
		t.Fatalf("%d fetches, reports %s, and no end:\n%s %v", p.fetches(), p.said(), out, err)
	}
}

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
