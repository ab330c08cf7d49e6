package browser

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"allotment/app"
	"allotment/e2e/site"
)

const script = `"><script>alert(1)</script>`

var tooLong = strings.Repeat("long ", 600) + "long"

// TestWrongAnswers gives every form what it must not take. Each says so at the field, keeps what was typed, and makes nothing.
func TestWrongAnswers(t *testing.T) {
	t.Parallel()
	w := theWorld(t)
	tenant := w.customer(t, "Demo Mistakes", "mistakes")
	other := w.customer(t, "Demo Neighbour", "neighbour")
	theirs := w.place(t, other, "Their files", "theirs")
	w.await(t, other, theirs.Service, app.ServiceActive)

	p := w.newPerson(t, "the tenant", desk)
	p.wrongSignIns(tenant.Email)
	p.signedIn(tenant.Email)
	p.wrongOrders()
	p.tampers()
	if n := w.count(t, tenant); n != 0 {
		t.Errorf("refused orders made %d services", n)
	}
	p.wrongSearches()
	p.foreign(theirs)

	mine := w.place(t, tenant, "My files", "mine")
	w.await(t, tenant, mine.Service, app.ServiceActive)
	p.wrongConfirmations(mine, theirs)
	if n := w.count(t, tenant); n != 1 {
		t.Errorf("the tenant has %d services, want 1", n)
	}
	w.await(t, tenant, mine.Service, app.ServiceActive)
	w.await(t, other, theirs.Service, app.ServiceActive)
	p.wantNoScript()
}

// wrongSignIns are refused by the browser where they are empty, and by the portal where they are wrong.
func (p *person) wrongSignIns(email string) {
	p.t.Helper()
	p.open("/signin")
	p.press("Sign in")
	p.want("an empty form stays", `location.pathname === "/signin" && document.querySelector("#email").matches(":invalid")`)
	for _, c := range []struct{ email, password string }{
		{"", ""}, {"nobody at all", "x"}, {script, script}, {email, "wrong"}, {email, tooLong}, {"nobody@demo.example", p.world.password}, {tooLong, "x"},
	} {
		p.open("/signin")
		p.tamper(`document.querySelector("form[action='/signin']").noValidate = true;
for (const field of document.querySelectorAll("#email, #password")) { field.removeAttribute("maxlength"); field.type = "text" }`)
		p.fill("#email", c.email)
		p.fill("#password", c.password)
		p.press("Sign in")
		p.until(patience, "a refusal", `document.querySelector("[role=alert]")?.innerText.includes("The e-mail address or the password is not right.") ?? false`)
		if got := p.value("#email"); got != c.email {
			p.t.Errorf("the sign-in form kept %.60q of the typed %.60q", got, c.email)
		}
		p.want("the password is not sent back", `document.querySelector("#password").value === ""`)
		p.want("the cursor waits for the password", `document.activeElement.id === "password"`)
	}
}

// answers are what an order of Roundcube asks for, by the field's part of an id.
func answers() map[string]string {
	return map[string]string{"name": "Wrong mail", "host": "wrong", "question-mailbox": "anna", "question-title": "Webmail"}
}

// wrongOrders fills in the order form with one field wrong at a time.
func (p *person) wrongOrders() {
	p.t.Helper()
	for _, c := range []struct{ field, value, words string }{
		{"plan", "", "Please choose one of the sizes."},
		{"plan", "huge", "Please choose one of the sizes."},
		{"name", "", "Please give it a name."},
		{"name", tooLong, "Please use at most 60 characters."},
		{"name", "turned \u202e round", "Please use ordinary characters only."},
		{"host", "", "Please choose an address."},
		{"host", strings.Repeat("x", 41), "Please choose at most 40 characters."},
		{"host", tooLong, ""},
		{"host", "two words", "Only letters, digits and hyphens can be used, and no hyphen at either end."},
		{"host", script, ""},
		{"host", "www", "This address is kept for the provider. Please choose another one."},
		{"host", "wrong.example.org", ""},
		{"host", "theirs", "This address already has a service."},
		{"question-mailbox", "", ""},
		{"question-mailbox", "Anna Demo", ""},
		{"question-mailbox", strings.Repeat("a", 41), ""},
		{"question-mailbox", script, ""},
		{"question-title", tooLong, ""},
	} {
		p.wrongOrder(c.field, c.value, c.words)
	}
	p.heard() // the browser notes each refusal
	p.audit("the form with an error")
	p.harmlessScripts()
}

func (p *person) wrongOrder(field, value, words string) {
	p.t.Helper()
	typed := answers()
	p.open("/catalog/roundcube/order")
	if field == "plan" {
		p.tamper(fmt.Sprintf(`for (const plan of document.querySelectorAll("[name=plan]")) { plan.value = %q; plan.checked = %t }`, value, value != ""))
	} else {
		typed[field] = value
	}
	for _, id := range slices.Sorted(maps.Keys(typed)) {
		p.fill("#field-"+id, typed[id])
	}
	p.press("Continue to the review")
	p.sees("Please look at this again")
	p.wantWrong(field, words)
	p.want("the whole is said at once", `!!document.querySelector("[role=alert]")`)
	for id, want := range typed {
		if got := p.value("#field-" + id); got != want {
			p.t.Errorf("with %s %.40q: %s kept %.40q of the typed %.40q", field, value, id, got, want)
		}
	}
	if field != "plan" {
		p.want("the field is marked and has the cursor", fmt.Sprintf(`document.activeElement.id === "field-%s" && document.activeElement.getAttribute("aria-invalid") === "true"`, field))
	}
}

// harmlessScripts types scripts where any text is right, and sees them as text.
func (p *person) harmlessScripts() {
	p.t.Helper()
	typed := answers()
	typed["name"], typed["question-title"] = "<script>alert(1)</script>", script
	p.open("/catalog/roundcube/order")
	for _, id := range slices.Sorted(maps.Keys(typed)) {
		p.fill("#field-"+id, typed[id])
	}
	p.press("Continue to the review")
	p.sees("Is this what you want?")
	p.sees(typed["name"])
	p.sees(script)
	p.press("Change something")
	p.sees("Order Roundcube")
	for id, want := range typed {
		if got := p.value("#field-" + id); got != want {
			p.t.Errorf("a change of mind keeps %q of %s %q", got, id, want)
		}
	}
}

// tampers changes what the review sends, as a person with developer tools would.
func (p *person) tampers() {
	p.t.Helper()
	for _, c := range []struct{ input, value, field string }{
		{"host", "theirs." + site.Zone, "host"}, {"host", "", "host"}, {"plan", "huge", "plan"}, {"name", tooLong, "name"},
		{"question.mailbox", "<b>", "question-mailbox"}, {"key", "", ""}, {"key", tooLong, ""}, {"app", "none", ""}, {"app", script, ""},
	} {
		p.open("/catalog/roundcube/order")
		for id, value := range answers() {
			p.fill("#field-"+id, value)
		}
		p.press("Continue to the review")
		p.sees("Is this what you want?")
		p.tamper(fmt.Sprintf(`document.querySelector("form[action='/orders'] [name='%s']").value = %q`, c.input, c.value))
		p.press("Order for")
		switch {
		case c.input == "app":
			p.sees("There is nothing here")
		case c.field == "":
			p.sees("Please look at this again")
		default:
			p.wantWrong(c.field, "")
		}
	}
}
