package browser

import (
	"context"
	"testing"
	"time"

	"github.com/chromedp/chromedp/kb"

	"allotment/app"
	"allotment/e2e/lab"
	"allotment/e2e/site"
)

// TestServerDownInWords orders while the name server and the directory are down: the open page says what is waited for, in plain
// words, and goes on by itself when they are back. It runs alone, before the tests that run side by side.
func TestServerDownInWords(t *testing.T) {
	w := theWorld(t)
	tenant := w.customer(t, "Demo Patience", "patience")
	p := w.newPerson(t, "the tenant", desk).signedIn(tenant.Email)
	upDNS := w.down(t, lab.ServerDNS)
	upDirectory := w.down(t, lab.ServerDirectory)
	p.open("/catalog/nextcloud/order")
	p.fill("#field-name", "Patient files")
	p.fill("#field-host", "patient")
	p.sees("This address is free.")
	p.press("Continue to the review")
	p.press("Order for")
	p.sees("Patient files is growing")
	p.watch()
	p.sees("The name servers cannot be reached at the moment.")
	p.sees("The directory cannot be reached at the moment.")
	p.sees("It goes on by itself. Next attempt:")
	p.want("no technical word is shown", `!/refused|dial|127\.0\.0\.1|LDAP|PowerDNS|http:/i.test(document.querySelector("#progress").innerText)`)
	p.audit("the progress that waits")
	p.undisturbed()
	host := "patient." + site.Zone
	if service := w.service(t, tenant, host); service.State != app.ServiceCreating {
		t.Errorf("while it waits the service is %s", service.State)
	}
	o := w.newPerson(t, "the operator", desk).signedIn(w.operatorEmail)
	o.open("/operator/operations")
	o.press("Patient files")
	o.press("Technical reason")
	o.sees("refused")
	o.audit("the technical reason")

	upDNS()
	p.until(patience, "the name servers' step", `!document.querySelector("#progress").innerText.includes("The name servers cannot be reached")`)
	upDirectory()
	took := p.until(time.Minute, "a service that is ready", `document.querySelector("#progress-title").innerText.includes("Patient files is ready")`)
	t.Logf("ready %v after the last server was back", took.Round(100*time.Millisecond))
	p.want("the page was never read anew", `!!window.noted`)
	w.await(t, tenant, w.service(t, tenant, host).ID, app.ServiceActive)
}

// undisturbed asks for the removal, and is still being asked to confirm it after the page has changed under the cursor.
func (p *person) undisturbed() {
	p.t.Helper()
	p.press("Cancel and remove")
	p.sees("Yes, cancel and remove it")
	p.key(kb.Tab)
	const asked = `document.activeElement.innerText === "Yes, cancel and remove it" && document.activeElement.checkVisibility()`
	p.want("the cursor is on the button that confirms", asked)
	p.tamper(`noted.before = noted.changes`)
	p.until(patience, "two more changes", `noted.changes >= noted.before + 2`)
	p.want("the cursor is still there", asked)
	p.press("Cancel and remove") // folds it again
}

// down ends a server until up is called, or t is over.
func (w *world) down(t *testing.T, s lab.Server) (up func()) {
	t.Helper()
	again, err := w.site.Lab.Down(s)
	if err != nil {
		t.Fatal(err)
	}
	isUp := false
	up = func() {
		if isUp {
			return
		}
		isUp = true
		ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
		defer cancel()
		if err := again(ctx); err != nil {
			t.Errorf("%s does not come back: %v", s, err)
		}
	}
	t.Cleanup(up)
	return up
}
