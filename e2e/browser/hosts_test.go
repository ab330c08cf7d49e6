package browser

import (
	"fmt"
	"strings"
	"sync"
	"testing"

	"allotment/app"
	"allotment/e2e/site"
)

// TestTwoTenantsOneHost lets two tenants confirm the same address at the same moment: one gets it, the other is told at the field
// and has lost nothing of what was typed.
func TestTwoTenantsOneHost(t *testing.T) {
	t.Parallel()
	w := theWorld(t)
	var tenants [2]app.Actor
	var people [2]*person
	for i, name := range []string{"left", "right"} {
		tenants[i] = w.customer(t, "Demo "+name, name)
		p := w.newPerson(t, "the "+name+" tenant", desk).signedIn(tenants[i].Email)
		p.open("/catalog/nextcloud/order?plan=medium")
		p.fill("#field-name", "Files of the "+name)
		p.fill("#field-host", "files")
		p.fill("#field-question-title", "Title of the "+name)
		p.sees("This address is free.")
		p.press("Continue to the review")
		p.sees("Is this what you want?")
		people[i] = p
	}
	var both sync.WaitGroup
	var errs [2]error
	for i, p := range people {
		both.Go(func() { errs[i] = p.click("Order for", clickable) })
	}
	both.Wait()
	winner := -1
	for i, p := range people {
		if errs[i] != nil {
			t.Fatal(errs[i])
		}
		p.until(patience, "an answer", `location.pathname.startsWith("/operations/") || !!document.querySelector("#message-host[data-wrong]")`)
		if won := p.asks(`location.pathname.startsWith("/operations/")`); won && winner >= 0 {
			t.Fatal("both tenants got the address")
		} else if won {
			winner = i
		}
	}
	if winner < 0 {
		t.Fatal("neither tenant got the address")
	}
	won, lost := tenants[winner], tenants[1-winner]
	if w.count(t, won) != 1 || w.count(t, lost) != 0 {
		t.Errorf("the winner has %d services and the other %d", w.count(t, won), w.count(t, lost))
	}
	w.keepsAndGoesOn(t, people[1-winner], lost)
	w.await(t, won, w.service(t, won, "files."+site.Zone).ID, app.ServiceActive)
}

// keepsAndGoesOn checks the form of the one who came second, who then takes another address.
func (w *world) keepsAndGoesOn(t *testing.T, p *person, who app.Actor) {
	t.Helper()
	p.wantWrong("host", "This address already has a service.")
	name := strings.TrimPrefix(who.OrganizationName, "Demo ")
	for field, want := range map[string]string{"name": "Files of the " + name, "host": "files", "question-title": "Title of the " + name} {
		if got := p.value("#field-" + field); got != want {
			t.Errorf("%s kept %q of the typed %q", field, got, want)
		}
	}
	p.want("the size is still chosen", `document.querySelector("input[name=plan]:checked").value === "medium"`)
	p.heard() // the browser notes the conflict
	p.audit("the form with an error")
	p.fill("#field-host", "files-"+name)
	p.sees("This address is free.")
	p.press("Continue to the review")
	p.press("Order for")
	p.sees(fmt.Sprintf("Files of the %s is growing", name))
}
