package web_test

import (
	"bytes"
	"context"
	"io"
	"log/slog"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"

	"github.com/prometheus/client_golang/prometheus"

	"allotment/app"
	"allotment/app/portal"
	"allotment/app/portal/portaltest"
	"allotment/app/web"
)

// site is a running server over a small installation.
type site struct {
	*portaltest.World
	server *web.Server
	URL    string
	log    *record
}

// record is a log that a test can read while the server writes.
type record struct {
	mu  sync.Mutex
	out bytes.Buffer
}

func (r *record) Write(p []byte) (int, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.out.Write(p)
}

func (r *record) String() string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.out.String()
}

// open starts a site of t's own; change may alter its configuration.
func open(t *testing.T, change ...func(*web.Config)) *site {
	t.Helper()
	return serve(t, portaltest.New(t), change...)
}

// serve starts a site over a world.
func serve(t *testing.T, world *portaltest.World, change ...func(*web.Config)) *site {
	t.Helper()
	s := &site{World: world, log: &record{}}
	cfg := web.Config{BaseURL: "http://portal.example.test", Ready: func(context.Context) error { return nil }}
	for _, c := range change {
		c(&cfg)
	}
	log := slog.New(slog.NewTextHandler(s.log, &slog.HandlerOptions{Level: slog.LevelDebug}))
	var err error
	if s.server, err = web.New(cfg, s.Portal, s.Store, log, prometheus.NewRegistry()); err != nil {
		t.Fatal(err)
	}
	http := httptest.NewUnstartedServer(nil)
	http.Config = web.HTTPServer(s.server.Handler(), log)
	http.Start()
	s.URL = http.URL
	t.Cleanup(func() { s.server.Shutdown(); http.Close() })
	return s
}

// visitor is a browser: it keeps cookies and does not follow redirects.
type visitor struct {
	t      *testing.T
	base   string
	client *http.Client
}

func (s *site) visitor(t *testing.T) *visitor {
	t.Helper()
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	stay := func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	return &visitor{t, s.URL, &http.Client{Jar: jar, CheckRedirect: stay}}
}

// as returns a visitor who is signed in.
func (s *site) as(t *testing.T, email string) *visitor {
	t.Helper()
	v := s.visitor(t)
	page := v.post("/signin", "email", email, "password", portaltest.Password)
	if page.status != http.StatusSeeOther {
		t.Fatalf("sign in as %s: %d\n%s", email, page.status, page.body)
	}
	return v
}

func (s *site) tenant(t *testing.T) *visitor { t.Helper(); return s.as(t, s.Tenant.Email) }

// page is an answer that was read.
type page struct {
	status int
	header http.Header
	body   string
}

func (p page) has(words string) bool { return strings.Contains(p.body, words) }

func (v *visitor) get(path string, headers ...string) page {
	v.t.Helper()
	return v.do(http.MethodGet, path, "", headers...)
}

// post sends a form of the pairs.
func (v *visitor) post(path string, pairs ...string) page {
	v.t.Helper()
	return v.do(http.MethodPost, path, form(pairs...).Encode())
}

func form(pairs ...string) url.Values {
	values := url.Values{}
	for i := 0; i+1 < len(pairs); i += 2 {
		values.Set(pairs[i], pairs[i+1])
	}
	return values
}

func (v *visitor) do(method, path, body string, headers ...string) page {
	v.t.Helper()
	r, err := http.NewRequestWithContext(v.t.Context(), method, v.base+path, strings.NewReader(body))
	if err != nil {
		v.t.Fatal(err)
	}
	if method == http.MethodPost {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	for i := 0; i+1 < len(headers); i += 2 {
		if headers[i] == "Host" {
			r.Host = headers[i+1]
			continue
		}
		r.Header.Set(headers[i], headers[i+1])
	}
	answer, err := v.client.Do(r)
	if err != nil {
		v.t.Fatalf("%s %s: %v", method, path, err)
	}
	defer answer.Body.Close()
	data, err := io.ReadAll(answer.Body)
	if err != nil {
		v.t.Fatalf("%s %s: %v", method, path, err)
	}
	return page{answer.StatusCode, answer.Header, string(data)}
}

// order is a good order of Redmine, as pairs of a form.
func order(host string) []string {
	return []string{"app", "redmine", "plan", "small", "name", "Project office", "host", host, "question.title", "Office", "question.visibility", "members"}
}

// place orders through the portal itself.
func (s *site) place(t *testing.T, actor app.Actor, host string) app.Order {
	t.Helper()
	placed, err := s.Portal.PlaceOrder(t.Context(), actor, portal.OrderRequest{
		App: "redmine", Plan: "small", Name: "Project office", Host: host + "." + portaltest.Zone, Key: app.NewID().String(),
		Answers: map[string]string{"title": "Office", "visibility": "members"},
	})
	if err != nil {
		t.Fatal(err)
	}
	return placed
}
