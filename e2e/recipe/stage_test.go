package recipe

import (
	"context"
	"encoding/json"
	"io"
	"net"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/netip"
	"net/url"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"allotment/app/template"
	"allotment/catalog"
	"allotment/e2e/pve"
	"allotment/e2e/pve/lxc"
)

// How guests and the stage know each other.
const (
	gateway   = "198.18.0.1"
	guestHost = "198.18.1.7"
)

// stage is one guest that was booted from an app's baked template with an order, and a browser that reaches it.
type stage struct {
	t       *testing.T
	app     *catalog.App
	runtime *lxc.Runtime
	guest   pve.Guest
	portal  *portal
	browser *http.Client
}

// newStage bakes the app's template (or takes it from the machine's cache) and opens a lab for one guest.
func newStage(t *testing.T, id string) *stage {
	t.Helper()
	for _, possible := range []func() error{lxc.Possible, template.Possible} {
		if err := possible(); err != nil {
			t.Skip(err)
		}
	}
	entries, err := catalog.Load(catalog.Embedded)
	if err != nil {
		t.Fatal(err)
	}
	entry, ok := entries.App(id)
	if !ok {
		t.Fatalf("the catalog has no app %q", id)
	}
	cache, err := template.CacheDir()
	if err != nil {
		t.Fatal(err)
	}
	r, err := lxc.New(lxc.Options{Dir: t.TempDir(), CacheDir: filepath.Join(cache, "unpacked")})
	if err != nil {
		t.Skip(err)
	}
	s := &stage{t: t, app: entry, runtime: r}
	t.Cleanup(func() { _ = r.Close() })
	s.guest = s.newGuest()
	s.create(cache)
	jar, _ := cookiejar.New(nil)
	s.browser = &http.Client{Jar: jar, Timeout: 30 * time.Second, Transport: &http.Transport{DialContext: s.dial}}
	return s
}

func (s *stage) newGuest() pve.Guest {
	plan := s.app.Plans[0]
	return pve.Guest{
		VMID: 107, Kind: pve.KindLXC, Hostname: s.app.ID, Cores: plan.VCPU, MemoryMiB: plan.MemoryMiB, DiskGiB: plan.DiskGiB,
		Address: netip.PrefixFrom(netip.MustParseAddr(guestHost), 16), Gateway: netip.MustParseAddr(gateway),
		Dir: filepath.Join(s.t.TempDir(), "guest"),
	}
}

func (s *stage) create(cache string) {
	s.t.Helper()
	bake, _ := s.app.File(s.app.Guest.Bake)
	ctx, cancel := context.WithTimeout(s.t.Context(), 10*time.Minute)
	defer cancel()
	began := time.Now()
	archive, err := template.Cached(ctx, cache, template.Options{
		Name: s.app.Guest.Template, Packages: s.app.Guest.Packages, Bake: string(bake),
	})
	if err != nil {
		s.t.Fatal(err)
	}
	s.t.Logf("the template was ready after %.1f s", time.Since(began).Seconds())
	began = time.Now()
	if err := s.runtime.Create(ctx, s.guest, archive, func(string) {}); err != nil {
		s.t.Fatal("create:", err)
	}
	s.t.Logf("the container was made in %.1f s", time.Since(began).Seconds())
}

// dial reaches the guest whatever name a page names.
func (s *stage) dial(ctx context.Context, network, _ string) (net.Conn, error) {
	return s.runtime.Dial(ctx, network, guestHost+":80")
}

// forward makes a server of the machine reachable for the guest, and returns its port there.
func (s *stage) forward(port int, target string) int {
	s.t.Helper()
	if _, err := s.runtime.Forward(port, target); err != nil {
		s.t.Fatal(err)
	}
	return port
}

// run boots the guest with an order and waits until it says that it is done.
func (s *stage) run(order catalog.Order) {
	s.t.Helper()
	s.portal = newPortal(s.t)
	s.forward(8443, strings.TrimPrefix(s.portal.server.URL, "https://"))
	order.Portal = catalog.OrderPortal{ReportURL: "https://" + gateway + ":8443/report", ReportToken: "token"}
	data, err := catalog.UserData(s.app, order)
	if err != nil {
		s.t.Fatal(err)
	}
	s.portal.userData = data
	s.guest.Env = map[string]string{template.EnvURL: "https://" + gateway + ":8443/enrol", template.EnvCA: s.portal.ca}
	began := time.Now()
	if err := s.runtime.Start(s.t.Context(), s.guest); err != nil {
		s.t.Fatal("start:", err)
	}
	s.await(began)
	s.healthy()
	s.t.Logf("%s answers %.1f s after its start", s.app.ID, time.Since(began).Seconds())
}

// await waits for the guest's last report and fails with what the guest says of itself when it is not "done".
func (s *stage) await(began time.Time) {
	s.t.Helper()
	for {
		select {
		case report := <-s.portal.reports:
			s.t.Logf("%5.1f s  %s", time.Since(began).Seconds(), report)
			if strings.Contains(report, `"done"`) {
				return
			}
			if strings.Contains(report, `"failed"`) {
				s.t.Fatalf("the setup failed; the guest says:\n%s", s.inside("journalctl", "-b", "--no-pager", "-n", "60"))
			}
		case <-time.After(2 * time.Minute):
			s.t.Fatalf("no report for two minutes; the guest says:\n%s", s.inside("journalctl", "-b", "--no-pager", "-n", "60"))
		}
	}
}

// inside runs a command in the guest and returns what it said.
func (s *stage) inside(argv ...string) string {
	s.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Minute)
	defer cancel()
	out, err := s.runtime.Command(ctx, s.guest, argv...).CombinedOutput()
	if err != nil {
		s.t.Errorf("%v: %v\n%s", argv, err, out)
	}
	return string(out)
}

// again runs setup.sh a second time.
func (s *stage) again() {
	s.t.Helper()
	began := time.Now()
	s.inside("env", "PATH=/usr/local/sbin:/usr/sbin:/usr/bin:/sbin:/bin", "HOME=/root", "LC_ALL=C.UTF-8", "bash", "/etc/allotment/setup.sh")
	s.t.Logf("a second run of setup.sh took %.1f s", time.Since(began).Seconds())
	s.healthy()
}

// healthy asks what the manifest's health check asks.
func (s *stage) healthy() {
	s.t.Helper()
	jar := s.browser.Jar
	s.freshBrowser()
	defer func() { s.browser.Jar = jar }()
	health := s.app.Health
	status, body := s.get(health.Path)
	if status != health.Status || !strings.Contains(body, health.Body) {
		s.t.Fatalf("%s answers %d, want %d with %q:\n%.600s", health.Path, status, health.Status, health.Body, body)
	}
}

// get opens a page as a browser behind the operator's edge does.
func (s *stage) get(path string) (status int, body string) {
	s.t.Helper()
	request, err := http.NewRequestWithContext(s.t.Context(), http.MethodGet, "http://app.example.org"+path, nil)
	if err != nil {
		s.t.Fatal(err)
	}
	return s.do(request)
}

// post sends a form.
func (s *stage) post(path string, form url.Values) (status int, body string) {
	s.t.Helper()
	request, err := http.NewRequestWithContext(s.t.Context(), http.MethodPost, "http://app.example.org"+path, strings.NewReader(form.Encode()))
	if err != nil {
		s.t.Fatal(err)
	}
	request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	return s.do(request)
}

func (s *stage) do(request *http.Request) (status int, body string) {
	s.t.Helper()
	answer, err := s.browser.Do(request)
	if err != nil {
		s.t.Fatal(err)
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	if err != nil {
		s.t.Fatal(err)
	}
	return answer.StatusCode, string(text)
}

// freshBrowser forgets every cookie.
func (s *stage) freshBrowser() { s.browser.Jar, _ = cookiejar.New(nil) }

// portal stands in for the portal's enrolment and report addresses, with an authority of its own.
type portal struct {
	server   *httptest.Server
	ca       string // base64 of DER
	userData []byte
	reports  chan string

	mu   sync.Mutex
	used bool
}

func (p *portal) enrol(w http.ResponseWriter, _ *http.Request) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.used {
		http.Error(w, "used", http.StatusGone)
		return
	}
	p.used = true
	_, _ = w.Write(p.userData)
}

func (p *portal) report(w http.ResponseWriter, r *http.Request) {
	var report map[string]any
	if err := json.NewDecoder(r.Body).Decode(&report); err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	text, _ := json.Marshal(report)
	p.reports <- string(text)
}
