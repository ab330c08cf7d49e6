package crash

import (
	"bytes"
	"crypto/sha256"
	"crypto/tls"
	"encoding/json"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strings"
	"sync"

	"allotment/e2e/pve"
)

// gate stands before the emulated hypervisor. It notes the changing calls of each order, and lets the emulator do what a strike
// says to exactly the call that it names.
type gate struct {
	pve    *pve.Server
	client *http.Transport
	addr   string

	alone sync.RWMutex // held for writing while one call is disturbed

	mu      sync.Mutex
	server  *httptest.Server    // nil while the gate is shut
	labels  map[string]string   // number of a guest -> label of its host
	seen    map[string][]change // label -> what was called, in order
	strikes map[string]*strike  // label -> what is to happen
}

// change is one changing call.
type change struct {
	Name string // method and path, without node and number
	Task bool   // it was answered with a task
}

// strike is a fault at the nth call of that name.
type strike struct {
	name   string
	nth    int
	fault  pve.Fault
	struck bool
}

func newGate(s *pve.Server) *gate {
	g := &gate{
		pve: s, labels: map[string]string{}, seen: map[string][]change{}, strikes: map[string]*strike{},
		client: &http.Transport{TLSClientConfig: &tls.Config{InsecureSkipVerify: true}, DisableKeepAlives: true}, // both ends are ours
	}
	g.up()
	return g
}

func (g *gate) url() string { return "https://" + g.addr + "/api2/json" }

func (g *gate) fingerprint() string {
	sum := sha256.Sum256(g.server.Certificate().Raw)
	return strings.ToUpper(strings.Join(strings.Fields(fmt.Sprintf("% x", sum)), ":"))
}

// down refuses every connection from now on, as a machine that is off.
func (g *gate) down() {
	g.mu.Lock()
	s := g.server
	g.server = nil
	g.mu.Unlock()
	if s != nil {
		s.Listener.Close()
		s.CloseClientConnections()
		s.Close()
	}
}

// up opens the gate, at the same address each time.
func (g *gate) up() {
	s := httptest.NewUnstartedServer(g)
	s.Config.ErrorLog = log.New(io.Discard, "", 0) // killed workers break their connections
	if g.addr != "" {
		s.Listener.Close()
		l, err := net.Listen("tcp", g.addr)
		if err != nil {
			panic("the gate's port is gone: " + err.Error())
		}
		s.Listener = l
	}
	s.StartTLS()
	g.mu.Lock()
	defer g.mu.Unlock()
	g.server, g.addr = s, s.Listener.Addr().String()
}

// strikeAt arms one strike for the order with the label.
func (g *gate) strikeAt(label string, s *strike) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.strikes[label] = s
}

// struck tells whether the last strike of a label has happened.
func (g *gate) struck(label string) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.strikes[label].struck
}

// changes returns the calls of a label so far.
func (g *gate) changes(label string) []change {
	g.mu.Lock()
	defer g.mu.Unlock()
	return append([]change(nil), g.seen[label]...)
}

// ServeHTTP passes a call on, with its reason phrase, which net/http's own proxy would lose.
func (g *gate) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		panic(http.ErrAbortHandler)
	}
	name, label := g.know(r, body)
	var hit *strike
	if name != "" {
		hit = g.hit(label, name)
	}
	if hit == nil {
		g.alone.RLock()
		defer g.alone.RUnlock()
	} else {
		g.alone.Lock()
		defer g.alone.Unlock()
		fault := hit.fault
		fault.Method, fault.Nth = r.Method, 1 // everything else that changes waits meanwhile
		if err := g.pve.Inject(fault); err != nil {
			panic(err)
		}
		defer g.pve.ClearFaults()
	}
	answer, err := g.forward(r, body)
	if err != nil {
		panic(http.ErrAbortHandler) // the connection was cut behind us, so it is cut before us
	}
	if name != "" {
		g.note(label, name, answer)
	}
	send(w, answer)
}

var guestPath = regexp.MustCompile(`/nodes/[^/]+/(?:lxc|qemu)(?:/(\d+))?(/.*)?$`)

// know returns a changing call's name and the label of the order that it is for; "" for any other call.
func (g *gate) know(r *http.Request, body []byte) (name, label string) {
	m := guestPath.FindStringSubmatch(r.URL.Path)
	if m == nil || r.Method == http.MethodGet {
		return "", ""
	}
	number := m[1]
	g.mu.Lock()
	defer g.mu.Unlock()
	if number == "" {
		var form struct {
			Number   json.Number `json:"vmid"`
			Hostname string      `json:"hostname"`
		}
		if err := json.Unmarshal(body, &form); err != nil {
			panic(http.ErrAbortHandler) // not what our driver sends
		}
		number = form.Number.String()
		g.labels[number] = form.Hostname[:max(0, strings.LastIndex(form.Hostname, "-"))]
		return r.Method + " guest", g.labels[number]
	}
	return r.Method + " guest/{number}" + m[2], g.labels[number]
}

// hit returns the strike that is due at this call, and counts the call.
func (g *gate) hit(label, name string) *strike {
	g.mu.Lock()
	defer g.mu.Unlock()
	s := g.strikes[label]
	if s == nil || s.struck || s.name != name {
		return nil
	}
	if s.nth--; s.nth > 0 {
		return nil
	}
	s.struck = true
	return s
}

func (g *gate) note(label, name string, answer *http.Response) {
	body, err := io.ReadAll(answer.Body)
	if err != nil {
		return
	}
	answer.Body = io.NopCloser(bytes.NewReader(body))
	g.mu.Lock()
	defer g.mu.Unlock()
	g.seen[label] = append(g.seen[label], change{name, bytes.Contains(body, []byte(`"UPID:`))})
}

func (g *gate) forward(r *http.Request, body []byte) (*http.Response, error) {
	target, err := url.Parse(g.pve.URL())
	if err != nil {
		return nil, err
	}
	out := r.Clone(r.Context())
	out.RequestURI, out.Host = "", target.Host
	out.URL.Scheme, out.URL.Host = target.Scheme, target.Host
	out.Body, out.ContentLength = io.NopCloser(bytes.NewReader(body)), int64(len(body))
	return g.client.RoundTrip(out)
}

func send(w http.ResponseWriter, answer *http.Response) {
	defer answer.Body.Close()
	conn, _, err := w.(http.Hijacker).Hijack()
	if err != nil {
		panic(http.ErrAbortHandler)
	}
	defer conn.Close()
	answer.Close = true
	_ = answer.Write(conn) // whoever has hung up needs no answer
}
