package browser

import (
	"strings"
	"testing"
	"time"

	"allotment/app"
	"allotment/app/portal"
	"allotment/e2e/site"
)

// watch notes everything that the progress page shows from now on, and whether it is ever read anew.
func (p *person) watch() {
	p.t.Helper()
	p.tamper(`window.noted = { changes: 0, lines: [] };
new MutationObserver(() => {
  noted.changes++;
  for (const line of document.querySelectorAll("#progress li ul li")) if (!noted.lines.includes(line.innerText)) noted.lines.push(line.innerText);
}).observe(document.querySelector("main"), { childList: true, subtree: true })`)
}

// wantWatched wants that the page changed by itself, without being read anew, and told what the guest reported.
func (p *person) wantWatched() {
	p.t.Helper()
	var noted *struct {
		Changes int
		Lines   []string
	}
	if err := p.eval(`window.noted ?? null`, &noted); err != nil || noted == nil {
		p.t.Errorf("the page was read anew while its order was carried out (%v)", err)
		return
	}
	if noted.Changes < 4 || len(noted.Lines) < 2 {
		p.t.Errorf("the page changed %d times and showed the guest's lines %q; want at least four and two", noted.Changes, noted.Lines)
	}
	p.t.Logf("%d changes; the guest said: %s", noted.Changes, strings.Join(noted.Lines, " | "))
}

// reveal goes on to the service and shows its access data; a second time is refused.
func (p *person) reveal(secret string) string {
	p.t.Helper()
	p.press("Go to your service")
	p.sees("How you get in")
	p.press("Show the access data")
	p.press("Show them now, this once")
	p.sees("Keep this now: it cannot be shown again.")
	value := p.text("#secret-" + secret)
	if len(value) < 16 {
		p.t.Fatalf("the revealed %s is %q", secret, value)
	}
	var again int
	if err := p.eval(`fetch(location.pathname + "/secrets", { method: "POST" }).then((r) => r.status)`, &again); err != nil || again != 410 {
		p.t.Errorf("the access data asked for again: %d %v", again, err)
	}
	p.heard() // the browser notes the refusal
	p.tamper(`location.reload()`)
	p.sees("and cannot be shown again.")
	p.want("the password is gone from the page", `!document.body.textContent.includes("`+value+`")`)
	return value
}

// service finds a service of an organization by its host, a removed one too.
func (w *world) service(t *testing.T, actor app.Actor, host string) app.Service {
	t.Helper()
	for _, state := range []app.ServiceState{"", app.ServiceTerminated} {
		found, err := w.program.Portal.Services(t.Context(), actor, portal.ServiceFilter{Text: host, State: state})
		if err != nil {
			t.Fatal(err)
		}
		if len(found.Services) > 0 {
			return found.Services[0]
		}
	}
	t.Fatalf("there is no service at %s", host)
	return app.Service{}
}

// place orders a simulated app without a browser.
func (w *world) place(t *testing.T, actor app.Actor, name, label string) app.Order {
	t.Helper()
	placed, err := w.program.Portal.PlaceOrder(t.Context(), actor, portal.OrderRequest{
		App: "nextcloud", Plan: "small", Name: name, Host: label + "." + site.Zone, Key: app.NewID().String(),
		Answers: map[string]string{"title": name, "quota": "5 GB"},
	})
	if err != nil {
		t.Fatalf("order at %s: %v", label, err)
	}
	return placed
}

// await waits until a service is in a state.
func (w *world) await(t *testing.T, actor app.Actor, service app.ID, state app.ServiceState) portal.ServiceDetail {
	t.Helper()
	var detail portal.ServiceDetail
	for end := time.Now().Add(time.Minute); time.Now().Before(end); time.Sleep(100 * time.Millisecond) {
		var err error
		if detail, err = w.program.Portal.Service(t.Context(), actor, service); err != nil {
			t.Fatal(err)
		}
		if detail.Service.State == state {
			return detail
		}
	}
	t.Fatalf("%s is %s, want %s; its steps: %+v", detail.Service.Host, detail.Service.State, state, detail.Operation.Steps)
	return detail
}

// count is how many services an organization has ever ordered that are not removed.
func (w *world) count(t *testing.T, actor app.Actor) int {
	t.Helper()
	found, err := w.program.Portal.Services(t.Context(), actor, portal.ServiceFilter{})
	if err != nil {
		t.Fatal(err)
	}
	return len(found.Services)
}
