package site

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"html"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"gopkg.in/yaml.v3"

	"allotment/catalog"
	"allotment/e2e/lab"
	"allotment/e2e/pve"
)

// pretend runs guests that exist in memory only. Each fetches its configuration and reports, as a real one does, and then answers
// visitors with a page that says plainly that it is simulated.
type pretend struct {
	entries *catalog.Catalog
	client  *http.Client // trusts the enrolment endpoint
	server  *http.Server
	listen  net.Listener

	mu     sync.Mutex
	guests map[int]*pretended
}

type pretended struct {
	address string
	order   catalog.Order // empty until it has fetched its configuration
}

// orderFile keeps, in a guest's folder, what it was told, so that it answers again after a restart.
const orderFile = "order.json"

func startPretend(entries *catalog.Catalog, ca string) (*pretend, error) {
	data, err := os.ReadFile(ca)
	if err != nil {
		return nil, err
	}
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(data)
	l, err := net.Listen("tcp", loopback(0))
	if err != nil {
		return nil, err
	}
	p := &pretend{entries: entries, listen: l, guests: map[int]*pretended{}}
	p.client = &http.Client{Timeout: 10 * time.Second, Transport: &http.Transport{
		TLSClientConfig: &tls.Config{RootCAs: roots, MinVersion: tls.VersionTLS12}, DialContext: dialHome,
	}}
	p.server = &http.Server{Handler: http.HandlerFunc(p.visit), ReadHeaderTimeout: 10 * time.Second}
	go p.server.Serve(l) //nolint:errcheck // ends with close
	return p, nil
}

// dialHome takes connections to the guests' gateway to this machine itself.
func dialHome(ctx context.Context, network, address string) (net.Conn, error) {
	address = strings.Replace(address, lab.GatewayAddress, "127.0.0.1", 1)
	return (&net.Dialer{Timeout: 5 * time.Second}).DialContext(ctx, network, address)
}

// Create needs no more than the guest's folder.
func (p *pretend) Create(_ context.Context, g pve.Guest, _ string, _ func(string)) error {
	return os.MkdirAll(g.Dir, 0o755)
}

// Start lets the guest boot: at the first time it enrols.
func (p *pretend) Start(_ context.Context, g pve.Guest) error {
	guest := &pretended{address: g.Address.Addr().String()}
	data, err := os.ReadFile(filepath.Join(g.Dir, orderFile))
	if err == nil {
		err = json.Unmarshal(data, &guest.order)
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.guests[g.VMID] != nil {
		return nil
	}
	p.guests[g.VMID] = guest
	if enrol := g.Env["ALLOTMENT_ENROL_URL"]; err != nil && enrol != "" {
		go p.enrol(g, enrol)
	}
	return nil
}

// Stop ends the guest.
func (p *pretend) Stop(_ context.Context, g pve.Guest, _ bool) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	delete(p.guests, g.VMID)
	return nil
}

// Running tells whether the guest runs.
func (p *pretend) Running(g pve.Guest) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.guests[g.VMID] != nil
}

// Destroy forgets the guest.
func (p *pretend) Destroy(ctx context.Context, g pve.Guest) error {
	if err := p.Stop(ctx, g, false); err != nil {
		return err
	}
	return os.RemoveAll(filepath.Join(g.Dir, orderFile))
}

// enrol does what cloud-init and allotment-guest do in a real guest. Like theirs, its failure shows in the portal as silence.
func (p *pretend) enrol(g pve.Guest, address string) {
	data, err := p.fetch(address)
	if err != nil {
		return
	}
	order, raw, err := orderIn(data)
	if err != nil || os.WriteFile(filepath.Join(g.Dir, orderFile), raw, 0o600) != nil {
		return
	}
	p.report(order.Portal, `{"line":"This guest is simulated: nothing is installed."}`)
	p.mu.Lock()
	if guest := p.guests[g.VMID]; guest != nil {
		guest.order = order
	}
	p.mu.Unlock()
	p.report(order.Portal, `{"done":true}`)
}

// fetch tries for a minute, since the portal may be starting.
func (p *pretend) fetch(address string) ([]byte, error) {
	var last error
	for range 60 {
		response, err := p.client.Get(address)
		if err == nil {
			defer response.Body.Close()
			if response.StatusCode != http.StatusOK {
				return nil, fmt.Errorf("enrolment: %s", response.Status)
			}
			return io.ReadAll(response.Body)
		}
		last = err
		time.Sleep(time.Second)
	}
	return nil, last
}

// report tries as allotment-guest does: the portal may be down for a moment.
func (p *pretend) report(portal catalog.OrderPortal, body string) {
	for range 60 {
		request, err := http.NewRequest(http.MethodPost, portal.ReportURL, bytes.NewBufferString(body))
		if err != nil {
			return
		}
		request.Header.Set("Authorization", "Bearer "+portal.ReportToken)
		request.Header.Set("Content-Type", "application/json")
		response, err := p.client.Do(request)
		if err == nil {
			response.Body.Close()
			if response.StatusCode < 500 {
				return
			}
		}
		time.Sleep(500 * time.Millisecond)
	}
}

// orderIn takes the order out of a guest's user-data.
func orderIn(data []byte) (order catalog.Order, raw []byte, err error) {
	var config struct {
		Files []struct {
			Path    string `yaml:"path"`
			Content string `yaml:"content"`
		} `yaml:"write_files"`
	}
	if err := yaml.Unmarshal(data, &config); err != nil {
		return order, nil, err
	}
	for _, file := range config.Files {
		if filepath.Base(file.Path) == orderFile {
			if raw, err = base64.StdEncoding.DecodeString(file.Content); err != nil {
				return order, nil, err
			}
			return order, raw, json.Unmarshal(raw, &order)
		}
	}
	return order, nil, fmt.Errorf("the user-data holds no %s", orderFile)
}

func (p *pretend) has(address string) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, g := range p.guests {
		if g.address == address {
			return true
		}
	}
	return false
}

// dial connects to the guest at an address, if one runs there.
func (p *pretend) dial(ctx context.Context, address string) (net.Conn, error) {
	if !p.has(address) {
		return nil, fmt.Errorf("dial %s: connection refused", address)
	}
	return (&net.Dialer{}).DialContext(ctx, "tcp", p.listen.Addr().String())
}

// visit answers a visitor in the place of the app.
func (p *pretend) visit(w http.ResponseWriter, r *http.Request) {
	host := (&url.URL{Host: r.Host}).Hostname()
	p.mu.Lock()
	var order catalog.Order
	for _, g := range p.guests {
		if g.order.Host == host {
			order = g.order
		}
	}
	p.mu.Unlock()
	entry, ok := p.entries.App(order.App)
	if !ok {
		http.Error(w, "This guest is still starting.", http.StatusServiceUnavailable)
		return
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.WriteHeader(entry.Health.Status)
	fmt.Fprintf(w, `<!doctype html><title>%[1]s, simulated</title><h1>%[1]s is simulated</h1>
<p>This machine cannot run real guests, so nothing was installed. Everything else was done for real.</p><!-- %[2]s -->`,
		html.EscapeString(entry.Name), entry.Health.Body)
}

func (p *pretend) close() error { return p.server.Close() }
