package hydra_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"allotment/app"
	"allotment/app/driver/hydra"
	"allotment/app/provision/drivertest"
	"allotment/e2e/built"
	"allotment/e2e/lab"
)

var program = built.Program{
	Name: "hydra", Folder: "e2e/hydra", Package: "github.com/ory/hydra/v2", Tags: []string{"sqlite", "sqlite_omit_load_extension"},
}

// server is a Hydra, seen without the driver. All tests of the binary share one.
type server struct {
	admin, public string // host:port
	err           error
}

var (
	once   sync.Once
	shared server
	end    = func() {}
)

func TestMain(m *testing.M) {
	code := m.Run()
	end()
	os.Exit(code)
}

// open starts Hydra, once.
func open(t *testing.T) server {
	t.Helper()
	if testing.Short() {
		t.Skip("Hydra is not run in short mode: building it takes minutes")
	}
	path := built.Path(t, program)
	once.Do(func() { shared = start(path) })
	if shared.err != nil {
		t.Fatal(shared.err)
	}
	return shared
}

func start(path string) server {
	public, err1 := lab.AnyPort()
	admin, err2 := lab.AnyPort()
	folder, err3 := os.MkdirTemp("", "hydra-test-")
	if err1 != nil || err2 != nil || err3 != nil {
		return server{err: fmt.Errorf("hydra: %v %v %v", err1, err2, err3)}
	}
	s := server{admin: fmt.Sprintf("127.0.0.1:%d", admin), public: fmt.Sprintf("127.0.0.1:%d", public)}
	log, err := os.Create(filepath.Join(folder, "log"))
	if err != nil {
		return server{err: err}
	}
	command := exec.Command(path, "serve", "all", "--dev")
	command.Dir, command.Stdout, command.Stderr = folder, log, log
	command.Env = []string{
		"DSN=memory", "SECRETS_SYSTEM=" + app.NewID().String(), "URLS_SELF_ISSUER=http://" + s.public, "URLS_LOGIN=http://" + s.public + "/none",
		"URLS_CONSENT=http://" + s.public + "/none", "SERVE_PUBLIC_HOST=127.0.0.1", fmt.Sprintf("SERVE_PUBLIC_PORT=%d", public),
		"SERVE_ADMIN_HOST=127.0.0.1", fmt.Sprintf("SERVE_ADMIN_PORT=%d", admin), "SQA_OPT_OUT=true", "LOG_LEVEL=error", "HOME=" + folder,
	}
	command.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	started, ended := make(chan error), make(chan struct{})
	go func() { // the signal at our death is bound to the thread that starts the child
		runtime.LockOSThread()
		started <- command.Start()
		_ = command.Wait() // how it ended is in its log
		close(ended)
	}()
	if err := <-started; err != nil {
		return server{err: err}
	}
	end = func() {
		_ = command.Process.Kill()
		<-ended
		_ = os.RemoveAll(folder)
	}
	for deadline := time.Now().Add(time.Minute); time.Now().Before(deadline); time.Sleep(50 * time.Millisecond) {
		if answer, err := http.Get("http://" + s.admin + "/health/ready"); err == nil {
			answer.Body.Close()
			if answer.StatusCode == http.StatusOK {
				return s
			}
		}
	}
	said, _ := os.ReadFile(log.Name())
	return server{err: fmt.Errorf("hydra does not answer: %s", said)}
}

func (s server) harness(t *testing.T) drivertest.Harness[app.ClientSpec, app.ClientState] {
	t.Helper()
	proxy := drivertest.NewProxy(t, "tcp", s.admin)
	driver, err := hydra.New(hydra.Config{AdminURL: "http://" + proxy.Addr(), Issuer: "http://" + s.public})
	if err != nil {
		t.Fatal(err)
	}
	place := "p" + strings.ReplaceAll(app.NewID().String(), "-", "") + ".example"
	return drivertest.Harness[app.ClientSpec, app.ClientState]{
		Driver: driver, Place: place, Links: []drivertest.Link{proxy}, Hidden: []string{"127.0.0.1", s.admin, proxy.Addr(), "hydra", "Hydra"},
		Objects: func(t testing.TB) []drivertest.Object { return objects(t, s.clients(t, place)) },
		Version: func(t testing.TB) string { return version(s.clients(t, place)) },
		Foreign: s.foreign,
	}
}

// clients are all clients of a place, as Hydra shows them.
func (s server) clients(t testing.TB, place string) []map[string]any {
	t.Helper()
	var found []map[string]any
	next := "/admin/clients?page_size=500"
	for next != "" {
		var page []map[string]any
		link := s.do(t, http.MethodGet, next, nil, &page)
		for _, c := range page {
			if strings.Contains(fmt.Sprint(c["redirect_uris"]), place) {
				found = append(found, c)
			}
		}
		next = link
	}
	return found
}

func objects(t testing.TB, clients []map[string]any) []drivertest.Object {
	var list []drivertest.Object
	for _, c := range clients {
		object := drivertest.Object{Name: fmt.Sprint(c["client_id"])}
		metadata, _ := c["metadata"].(map[string]any)
		if mark, ok := metadata["allotment"].(map[string]any); ok {
			object.Mark = fmt.Sprint(mark["resource"])
		}
		delete(c, "updated_at")
		delete(c, "created_at")
		content, err := json.Marshal(c)
		if err != nil {
			t.Fatal(err)
		}
		object.Content = string(content)
		list = append(list, object)
	}
	return list
}

func version(clients []map[string]any) string {
	var b strings.Builder
	for _, c := range clients {
		fmt.Fprintln(&b, c["client_id"], c["updated_at"])
	}
	return b.String()
}

// foreign makes a client by hand that has the service's ID.
func (s server) foreign(t testing.TB, ref app.Ref, spec app.ClientSpec) {
	s.do(t, http.MethodPost, "/admin/clients", map[string]any{
		"client_id": ref.Service.String(), "client_name": "Someone else's", "redirect_uris": spec.RedirectURIs,
	}, nil)
}

// do makes a request of the admin API and returns the address of the next page.
func (s server) do(t testing.TB, method, path string, send, into any) (next string) {
	t.Helper()
	body, err := json.Marshal(send)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	for {
		request, err := http.NewRequestWithContext(ctx, method, "http://"+s.admin+path, bytes.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		request.Header.Set("Content-Type", "application/json")
		answer, err := http.DefaultClient.Do(request)
		if err != nil {
			t.Fatal(err)
		}
		defer answer.Body.Close()
		if answer.StatusCode == http.StatusInternalServerError || answer.StatusCode == http.StatusBadRequest && ctx.Err() == nil { // its database is busy
			time.Sleep(20 * time.Millisecond)
			continue
		}
		if answer.StatusCode >= http.StatusBadRequest {
			t.Fatalf("%s %s: %s", method, path, answer.Status)
		}
		if into != nil {
			if err := json.NewDecoder(answer.Body).Decode(into); err != nil {
				t.Fatal(err)
			}
		}
		return nextPage(answer.Header.Get("Link"))
	}
}

// nextPage reads the address of the next page out of a Link header (RFC 8288).
func nextPage(header string) string {
	for _, part := range strings.Split(header, ",") {
		address, rel, _ := strings.Cut(part, ";")
		if strings.Contains(rel, `rel="next"`) {
			if u, err := url.Parse(strings.Trim(strings.TrimSpace(address), "<>")); err == nil {
				return u.RequestURI()
			}
		}
	}
	return ""
}
