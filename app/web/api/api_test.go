package api_test

import (
	"bytes"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"

	"github.com/prometheus/client_golang/prometheus"

	"allotment/app"
	"allotment/app/portal"
	"allotment/app/portal/portaltest"
	"allotment/app/web"
)

// site is a small installation with its API on a port.
type site struct {
	*portaltest.World
	server   *web.Server
	url      string
	document *document
	log      *record
}

// record keeps what was logged.
type record struct {
	mu  sync.Mutex
	all bytes.Buffer
}

func (r *record) Write(data []byte) (int, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.all.Write(data)
}

func (r *record) String() string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.all.String()
}

func open(t *testing.T, change ...func(*web.Config)) *site {
	t.Helper()
	return serve(t, portaltest.New(t), change...)
}

// serve starts a site over a world.
func serve(t *testing.T, world *portaltest.World, change ...func(*web.Config)) *site {
	t.Helper()
	s := &site{World: world, log: &record{}}
	log := slog.New(slog.NewTextHandler(s.log, &slog.HandlerOptions{Level: slog.LevelDebug}))
	cfg := web.Config{BaseURL: "http://portal.example.test"}
	for _, c := range change {
		c(&cfg)
	}
	var err error
	if s.server, err = web.New(cfg, s.Portal, s.Store, log, prometheus.NewRegistry()); err != nil {
		t.Fatal(err)
	}
	server := httptest.NewUnstartedServer(nil)
	server.Config = web.HTTPServer(s.server.Handler(), log)
	server.Start()
	t.Cleanup(func() { s.server.Shutdown(); server.Close() })
	s.url = server.URL
	s.document = readDocument(t, s.url)
	return s
}

// program is a program that works with a key.
type program struct {
	t        *testing.T
	site     *site
	token    string
	language string
}

// program makes a key for an organization, and a program that uses it.
func (s *site) program(t *testing.T, owner app.Actor, role app.Role) *program {
	t.Helper()
	_, token, err := s.Portal.CreateKey(t.Context(), owner, portal.KeyRequest{Name: "robot " + app.NewID().String(), Role: role})
	if err != nil {
		t.Fatal(err)
	}
	return &program{t: t, site: s, token: token}
}

// answer is what the API said.
type answer struct {
	status int
	header http.Header
	body   []byte
	json   map[string]any
}

func (a answer) text(name string) string {
	text, _ := a.json[name].(string)
	return text
}

func (p *program) get(path string) answer {
	p.t.Helper()
	return p.do(http.MethodGet, path, "")
}

// post sends a body with a fresh Idempotency-Key.
func (p *program) post(path string, body any) answer {
	p.t.Helper()
	return p.postAs(app.NewID().String(), path, body)
}

// postAs sends a body, with an Idempotency-Key where there is one.
func (p *program) postAs(name, path string, body any) answer {
	p.t.Helper()
	text, ok := body.(string)
	if !ok && body != nil {
		data, err := json.Marshal(body)
		if err != nil {
			p.t.Fatal(err)
		}
		text = string(data)
	}
	headers := []string{"Content-Type", "application/json"}
	if name != "" {
		headers = append(headers, "Idempotency-Key", name)
	}
	return p.do(http.MethodPost, path, text, headers...)
}

// do sends one request and holds the answer against the document.
func (p *program) do(method, path, body string, headers ...string) answer {
	p.t.Helper()
	r, err := http.NewRequestWithContext(p.t.Context(), method, p.site.url+"/api/v1"+path, bytes.NewBufferString(body))
	if err != nil {
		p.t.Fatal(err)
	}
	if p.token != "" {
		r.Header.Set("Authorization", "Bearer "+p.token)
	}
	if p.language != "" {
		r.Header.Set("Accept-Language", p.language)
	}
	for i := 0; i+1 < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	got, err := http.DefaultClient.Do(r)
	if err != nil {
		p.t.Fatalf("%s %s: %v", method, path, err)
	}
	defer got.Body.Close()
	a := answer{status: got.StatusCode, header: got.Header}
	if a.body, err = io.ReadAll(got.Body); err != nil {
		p.t.Fatalf("%s %s: %v", method, path, err)
	}
	if len(a.body) > 0 && a.body[0] == '{' {
		if err := json.Unmarshal(a.body, &a.json); err != nil {
			p.t.Errorf("%s %s: %v", method, path, err)
		}
	}
	p.site.document.check(p.t, r, a)
	return a
}

// order is a good order of Redmine.
func order(host string) map[string]any {
	return map[string]any{"app": "redmine", "plan": "small", "name": "Project office", "host": host + "." + portaltest.Zone,
		"answers": map[string]string{"title": "Office", "visibility": "members"}}
}
