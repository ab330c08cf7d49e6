package browser

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"allotment/e2e/built"
	"allotment/e2e/lab"
)

// dex is a real OpenID provider (https://dexidp.io) that asks the site's directory who people are.
type dex struct {
	issuer string
	client string
	secret string
	stop   func()
}

// dexOf starts a Dex for the people of a school. It ends with t.
func (w *world) dexOf(t *testing.T, s *school) *dex {
	t.Helper()
	program := built.Path(t, built.Program{Name: "dex", Folder: "e2e/dex", Package: "github.com/dexidp/dex/cmd/dex"})
	port, err := lab.AnyPort()
	if err != nil {
		t.Fatal(err)
	}
	d := &dex{issuer: fmt.Sprintf("http://127.0.0.1:%d/dex", port), client: "allotment", secret: rand.Text()}
	path := filepath.Join(t.TempDir(), "dex.yaml")
	data, err := json.Marshal(d.config(w, s, fmt.Sprintf("127.0.0.1:%d", port))) // JSON is YAML
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, data, 0o600); err != nil {
		t.Fatal(err)
	}
	var log locked
	command := exec.Command(program, "serve", path)
	command.Stdout, command.Stderr = &log, &log
	command.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	if err := command.Start(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan struct{})
	go func() { _ = command.Wait(); close(ended) }()
	d.stop = func() {
		_ = command.Process.Kill()
		<-ended
	}
	t.Cleanup(func() {
		d.stop()
		if t.Failed() {
			t.Logf("Dex said:\n%s", &log)
		}
	})
	d.ready(t)
	return d
}

func (d *dex) config(w *world, s *school, listen string) map[string]any {
	directory := w.site.Lab.Directory
	return map[string]any{
		"issuer": d.issuer, "storage": map[string]any{"type": "memory"}, "web": map[string]any{"http": listen},
		"oauth2": map[string]any{"skipApprovalScreen": true, "responseTypes": []string{"code"}},
		"staticClients": []any{map[string]any{
			"id": d.client, "secret": d.secret, "name": "Allotment", "redirectURIs": []string{w.url + "/signin/callback"},
		}},
		"connectors": []any{map[string]any{"type": "ldap", "id": "ldap", "name": "LDAP", "config": map[string]any{
			"host": directory.URI[len("ldap://"):], "startTLS": true, "rootCA": directory.CAFile, "bindDN": directory.AdminDN, "bindPW": directory.AdminPassword,
			"userSearch": map[string]any{
				"baseDN": "ou=people," + s.top, "filter": "(objectClass=inetOrgPerson)", "username": "uid", "idAttr": "uid", "emailAttr": "mail", "nameAttr": "cn",
			},
			"groupSearch": map[string]any{
				"baseDN": "ou=services," + s.top, "filter": "(objectClass=groupOfNames)", "nameAttr": "cn",
				"userMatchers": []any{map[string]any{"userAttr": "DN", "groupAttr": "member"}},
			},
		}}},
	}
}

// ready waits until Dex describes itself.
func (d *dex) ready(t *testing.T) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	for ctx.Err() == nil {
		request, err := http.NewRequestWithContext(ctx, http.MethodGet, d.issuer+"/.well-known/openid-configuration", nil)
		if err != nil {
			t.Fatal(err)
		}
		if answer, err := http.DefaultClient.Do(request); err == nil {
			answer.Body.Close()
			if answer.StatusCode == http.StatusOK {
				return
			}
		}
		time.Sleep(50 * time.Millisecond)
	}
	t.Fatal("Dex does not answer")
}
