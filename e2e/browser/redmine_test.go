package browser

import (
	"strings"
	"testing"
	"time"

	"allotment/app"
	"allotment/e2e/site"
)

// TestOrderRedmine orders Redmine as a newcomer would, works in it, and removes it again.
func TestOrderRedmine(t *testing.T) {
	t.Parallel()
	w := theWorld(t)
	w.needReal(t, "redmine")
	tenant := w.customer(t, "Demo Garden Club", "garden")
	p := w.newPerson(t, "the tenant", desk)
	p.open("/")
	p.sees("Welcome back")
	p.fill("#email", tenant.Email)
	p.fill("#password", w.password)
	p.press("Sign in")
	p.sees("Choose an app from the catalog, and it grows here.")
	p.press("Catalog")
	p.sees("What would you like to grow?")
	p.picture("catalog")
	p.press("Redmine")
	p.sees("A frank look")
	p.press("Choose Medium")

	p.sees("Order Redmine")
	p.fill("#field-name", "Project office")
	p.fill("#field-host", "office")
	p.sees("This address is free.")
	p.fill("#field-question-title", "Plans of the garden")
	p.picture("order")
	p.press("Continue to the review")
	host := "office." + site.Zone
	p.sees("Is this what you want?")
	for _, words := range []string{host, "v=spf1 a:mail." + site.Zone + " -all", "the address of your server", "2 processors, 4 GB of memory, 20 GB of disk", "€16.50"} {
		p.sees(words)
	}
	p.audit("review")
	p.press("Order for €16.50 a month")

	p.sees("Project office is growing")
	p.watch()
	p.until(patience, "a line from the guest", `document.querySelectorAll("#progress li ul li").length > 1`)
	p.picture("progress")
	p.audit("progress")
	took := p.until(4*time.Minute, "a service that is ready", `document.querySelector("#progress-title")?.textContent.includes("Project office is ready") ?? false`)
	t.Logf("ready after %v", took.Round(time.Second))
	p.wantWatched()

	password := p.reveal("admin_password")
	p.sees(`Sign in with the name "admin"`)
	service := w.service(t, tenant, host)
	if service.State != app.ServiceActive {
		t.Errorf("the service is %s", service.State)
	}
	p.useRedmine(password)

	p.open("/services/" + service.ID.String())
	p.sees("It was shown on ")
	p.picture("service")
	p.audit("service")
	p.removes(host)
	p.wantNobody(service.URL)
	p.open("/catalog/redmine/order")
	p.fill("#field-host", "office")
	p.sees("This address is free.")
	if left := w.service(t, tenant, host); left.State != app.ServiceTerminated {
		t.Errorf("the removed service is %s", left.State)
	}
	p.wantNoScript()
}

// useRedmine opens the service, signs in as its administrator and makes a project.
func (p *person) useRedmine(password string) {
	p.t.Helper()
	p.press("Open Project office")
	p.sees("Plans of the garden")
	p.until(patience, "Redmine's sign-in", `location.pathname === "/login" || !!document.querySelector("a.login")`)
	p.tamper(`document.querySelector("#username") || document.querySelector("a.login").click()`)
	p.until(patience, "Redmine's sign-in form", `!!document.querySelector("#username")`)
	p.fill("#username", "admin")
	p.fill("#password", password)
	p.key("\r")
	p.sees("Logged in as")
	p.press("Projects")
	p.press("New project")
	p.until(patience, "the form of a project", `!!document.querySelector("#project_name")`)
	p.fill("#project_name", "Spring planting")
	p.until(patience, "Redmine's own script, which proposes an identifier", `document.querySelector("#project_identifier").value === "spring-planting"`)
	p.press("Create")
	p.sees("Successful creation.")
	p.press("Projects")
	p.until(patience, "the project in the list", `[...document.querySelectorAll("a.project")].some((a) => a.innerText === "Spring planting")`)
}

// removes terminates the service whose page is open, as the page asks for it.
func (p *person) removes(host string) {
	p.t.Helper()
	p.press("Remove this service")
	p.until(patience, "what its end does and costs", `!!document.querySelector("form[action$='/cancel'] #field-confirm")`)
	p.fill("#field-confirm", host)
	p.press("Remove for good")
	p.sees("is being removed")
	p.until(time.Minute, "a removed service", `document.querySelector("#progress-title")?.textContent.includes("is removed") ?? false`)
}

// wantNobody goes to the address of what was removed.
func (p *person) wantNobody(address string) {
	p.t.Helper()
	p.open(address)
	p.sees("Nobody answers at " + strings.TrimPrefix(address, "http://"))
}
