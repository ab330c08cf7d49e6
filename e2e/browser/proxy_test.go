package browser

import (
	"crypto/rand"
	"fmt"
	"html"
	"net/http"
	"net/http/httptest"
	"os/exec"
	"runtime"
	"slices"
	"syscall"
	"testing"
	"time"

	"allotment/app"
	"allotment/app/driver/openid"
	"allotment/app/portal"
	"allotment/app/store"
	"allotment/e2e/built"
	"allotment/e2e/lab"
)

var oauth2Proxy = built.Program{Name: "oauth2-proxy", Folder: "e2e/oauth2proxy", Package: "github.com/oauth2-proxy/oauth2-proxy/v7"}

// signInThroughProxy signs in to an app that knows nothing of accounts: a real oauth2-proxy stands before it.
func (w *world) signInThroughProxy(t *testing.T, tenant app.Actor, anna, otto app.User) {
	order := w.place(t, tenant, "Guild board", "board")
	board := w.await(t, tenant, order.Service, app.ServiceActive)
	at := w.behindProxy(t, board)
	owner := w.newPerson(t, "the owner", desk).signedIn(tenant.Email)
	owner.gives(board.Service, anna)

	p := w.newPerson(t, "anna at the app", desk)
	p.arrives(at, anna)
	p.sees("Welcome, " + anna.Email + ", known as anna, of the groups users.")
	p.open(w.url + "/apps")
	p.sees("Open Guild board") // one sign-in was for both

	q := w.newPerson(t, "otto at the app", desk)
	q.arrives(at, otto)
	q.sees("No access to Guild board")
	q.want("the app is not reached", `!document.body.innerText.includes("Welcome, ")`)
	q.heard() // the browser notes the refusal
	q.audit("the page that refuses an app")

	owner.takes(board.Service, anna)
	r := w.newPerson(t, "anna once more", desk)
	r.arrives(at, anna)
	r.sees("No access to Guild board")
	owner.open("/services/" + board.Service.ID.String() + "/access")
	owner.press("Give access Otto Demo")
	owner.marked(otto, "May use it")
	q.open(at)
	q.sees("Welcome, " + otto.Email) // whom the portal knows already is not asked again
}

// arrives opens an app and signs in where it sends them.
func (p *person) arrives(at string, who app.User) {
	p.t.Helper()
	p.open(at)
	p.until(patience, "the sign-in page", `!!document.querySelector("#email")`)
	p.fill("#email", who.Email)
	p.fill("#password", p.world.password)
	p.press("Sign in")
}

// behindProxy starts a small app and an oauth2-proxy before it, which is the client of a service, and returns where people find them.
func (w *world) behindProxy(t *testing.T, service portal.ServiceDetail) string {
	t.Helper()
	behind := httptest.NewServer(http.HandlerFunc(func(out http.ResponseWriter, r *http.Request) {
		out.Header().Set("Content-Type", "text/html; charset=utf-8")
		h := func(name string) string { return html.EscapeString(r.Header.Get("X-Forwarded-" + name)) }
		fmt.Fprintf(out, "<!doctype html><html lang=en><title>Board</title><p>Welcome, %s, known as %s, of the groups %s.", h("Email"), h("Preferred-Username"), h("Groups"))
	}))
	t.Cleanup(behind.Close)
	port, err := lab.AnyPort()
	if err != nil {
		t.Fatal(err)
	}
	at, secret := fmt.Sprintf("http://127.0.0.1:%d", port), rand.Text()
	w.client(t, service, app.ClientSpec{
		Name: service.Service.Name, RedirectURIs: []string{at + "/oauth2/callback"}, Scopes: app.Scopes(), Secret: secret,
	})
	run(t, at+"/ping", built.Path(t, oauth2Proxy), "--provider=oidc", "--oidc-issuer-url="+w.url, "--client-id="+service.Service.ID.String(), "--client-secret="+secret,
		"--redirect-url="+at+"/oauth2/callback", "--upstream="+behind.URL, fmt.Sprintf("--http-address=127.0.0.1:%d", port), "--email-domain=*",
		"--cookie-secret="+rand.Text()[:16], "--cookie-secure=false", "--code-challenge-method=S256", "--scope=openid profile email groups",
		"--skip-provider-button=true", "--insecure-oidc-allow-unverified-email=true")
	return at + "/"
}

// client makes a service's client at the portal's provider, as the engine does for an app whose catalog entry asks for one.
func (w *world) client(t *testing.T, service portal.ServiceDetail, spec app.ClientSpec) {
	t.Helper()
	i := slices.IndexFunc(service.Resources, func(r app.Resource) bool { return r.Kind == app.KindDirectory })
	driver := openid.New(store.Clients{Store: w.program.Store}, w.url)
	if _, _, err := driver.Ensure(t.Context(), service.Resources[i].Ref, spec); err != nil {
		t.Fatal(err)
	}
}

// run runs a program until t ends, and returns when it answers.
func run(t *testing.T, ready, path string, args ...string) {
	t.Helper()
	command := exec.Command(path, args...)
	var said locked
	command.Stdout, command.Stderr = &said, &said
	command.Env = []string{"PATH=/usr/bin:/bin"}
	command.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	started, ended := make(chan error), make(chan struct{})
	go func() { // the signal at our death is bound to the thread that starts the child
		runtime.LockOSThread()
		started <- command.Start()
		_ = command.Wait() // how it ended is in what it said
		close(ended)
	}()
	if err := <-started; err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = command.Process.Kill()
		<-ended
		if t.Failed() {
			t.Logf("%s said:\n%s", path, &said)
		}
	})
	for end := time.Now().Add(patience); time.Now().Before(end); time.Sleep(50 * time.Millisecond) {
		if answer, err := http.Get(ready); err == nil {
			answer.Body.Close()
			if answer.StatusCode == http.StatusOK {
				return
			}
		}
	}
	t.Fatalf("%s does not answer", path)
}
