package browser

import (
	"fmt"
	"testing"
	"time"

	"allotment/app"
	"allotment/app/portal"
	"allotment/app/store"
	"allotment/e2e/site"
)

// TestSignInToApps: the portal's account opens the apps that its person was given, by LDAP, by OpenID Connect and in mail, and none that they
// were not; what changes in the portal is felt at the next sign-in.
func TestSignInToApps(t *testing.T) {
	t.Parallel()
	w := theWorld(t)
	tenant := w.customer(t, "Demo Guild", "guild")
	anna, otto := w.member(t, tenant, "Anna Demo", "anna@guild.example"), w.member(t, tenant, "Otto Demo", "otto@guild.example")
	t.Run("OpenID", func(t *testing.T) { w.signInThroughProxy(t, tenant, anna, otto) })
	t.Run("DirectoryAndMail", func(t *testing.T) { w.signInThroughDirectory(t, tenant, anna, otto) })
}

// signInThroughDirectory signs in to a real Redmine and opens mailboxes in a real Roundcube.
func (w *world) signInThroughDirectory(t *testing.T, tenant app.Actor, anna, otto app.User) {
	w.needReal(t, "redmine")
	w.needReal(t, "roundcube")
	plans := w.orders(t, tenant, "redmine", "Plans", "plans", nil)
	letters := w.orders(t, tenant, "roundcube", "Letters", "letters", map[string]string{"mailbox": "office"})
	plans, letters = w.grown(t, tenant, plans.ID), w.grown(t, tenant, letters.ID)
	owner := w.newPerson(t, "the owner", desk).signedIn(tenant.Email)

	owner.gives(plans, anna)
	w.redmine(t, plans, "anna", w.password, true)
	w.redmine(t, plans, "otto", w.password, false)
	owner.gives(letters, anna)
	w.mail(t, letters, "anna", w.password, true)
	w.mail(t, letters, "otto", w.password, false)
	w.startPage(t, anna, plans, letters)

	made, removes := w.appPassword(t, anna)
	owner.settled(letters)
	w.mail(t, letters, "anna", made, true)
	w.mail(t, letters, "anna", w.password, false)
	removes()

	w.setPassword(t, anna, "another long password")
	owner.settled(plans)
	owner.settled(letters)
	w.redmine(t, plans, "anna", w.password, false)
	w.redmine(t, plans, "anna", "another long password", true)
	w.mail(t, letters, "anna", "another long password", true)

	owner.takes(plans, anna)
	w.redmine(t, plans, "anna", "another long password", false)
	w.mail(t, letters, "anna", "another long password", true) // the other app is another matter
	owner.gives(plans, otto)
	w.redmine(t, plans, "otto", w.password, true)
	w.disable(t, otto)
	owner.settled(plans)
	w.redmine(t, plans, "otto", w.password, false)
	owner.takes(letters, anna)
	w.mail(t, letters, "anna", "another long password", false)
}

// member adds a person to an organization, who may look and nothing else.
func (w *world) member(t *testing.T, owner app.Actor, name, email string) app.User {
	t.Helper()
	hash, err := portal.HashPassword(w.password)
	if err != nil {
		t.Fatal(err)
	}
	user := app.User{ID: app.NewID(), Email: email, Name: name, PasswordHash: hash, Language: "en"}
	err = w.program.Store.InTenant(t.Context(), w.operator, func(tx *store.Tx) error {
		if err := tx.InsertUser(t.Context(), user, time.Now()); err != nil {
			return err
		}
		return tx.InsertMembership(t.Context(), owner.Organization, user.ID, app.RoleCustomerViewer, time.Now())
	})
	if err != nil {
		t.Fatal(err)
	}
	return user
}

// setPassword changes somebody's password, as they do on the page of their account.
func (w *world) setPassword(t *testing.T, user app.User, password string) {
	t.Helper()
	if err := w.program.Portal.ChangePassword(t.Context(), w.actor(t, user.Email), password); err != nil {
		t.Fatal(err)
	}
}

// disable closes an account.
func (w *world) disable(t *testing.T, user app.User) {
	t.Helper()
	if _, err := w.program.Store.Pool().Exec(t.Context(), `UPDATE users SET disabled = true WHERE id = $1`, user.ID); err != nil {
		t.Fatal(err)
	}
}

// orders orders an app without a browser.
func (w *world) orders(t *testing.T, actor app.Actor, appID, name, label string, answers map[string]string) app.Service {
	t.Helper()
	placed, err := w.program.Portal.PlaceOrder(t.Context(), actor, portal.OrderRequest{
		App: appID, Plan: "small", Name: name, Host: label + "." + site.Zone, Key: app.NewID().String(), Answers: answers,
	})
	if err != nil {
		t.Fatalf("order of %s: %v", appID, err)
	}
	return app.Service{ID: placed.Service}
}

// grown waits until a real guest has become a service that answers.
func (w *world) grown(t *testing.T, actor app.Actor, service app.ID) app.Service {
	t.Helper()
	var d portal.ServiceDetail
	for end := time.Now().Add(5 * time.Minute); time.Now().Before(end); time.Sleep(500 * time.Millisecond) {
		var err error
		if d, err = w.program.Portal.Service(t.Context(), actor, service); err != nil {
			t.Fatal(err)
		}
		if d.Service.State == app.ServiceActive {
			return d.Service
		}
	}
	t.Fatalf("%s is %s; its steps: %+v", d.Service.Host, d.Service.State, d.Operation.Steps)
	return d.Service
}

// gives gives a member access on the service's page, and waits until the page says that it has arrived.
func (p *person) gives(service app.Service, to app.User) {
	p.t.Helper()
	p.open("/services/" + service.ID.String())
	p.press("Who may use it")
	p.sees("Who may use " + service.Name)
	p.press("Give access " + to.Name)
	p.marked(to, "May use it")
}

// takes takes a member's access away.
func (p *person) takes(service app.Service, from app.User) {
	p.t.Helper()
	p.open("/services/" + service.ID.String() + "/access")
	p.press("Take away " + from.Name)
	p.marked(from, "No access")
}

// marked waits until the open page marks a member so, without being read anew.
func (p *person) marked(member app.User, mark string) {
	p.t.Helper()
	p.until(patience, fmt.Sprintf("%s marked as %q", member.Name, mark),
		fmt.Sprintf(`document.querySelector("#mark-%s").innerText.trim() === %q`, member.ID, mark))
}

// settled waits until no change is on its way to a service.
func (p *person) settled(service app.Service) {
	p.t.Helper()
	p.open("/services/" + service.ID.String() + "/access")
	p.until(patience, "everything arrived", `!document.querySelector("#lag").innerText.includes("on its way")`)
}

// redmine tries to sign in to a Redmine with a browser that was never there.
func (w *world) redmine(t *testing.T, service app.Service, login, password string, want bool) {
	t.Helper()
	p := w.newPerson(t, login+" at Redmine", desk)
	p.open(service.URL + "/login")
	p.until(patience, "Redmine's sign-in form", `!!document.querySelector("#username")`)
	p.fill("#username", login)
	p.fill("#password", password)
	p.key("\r")
	if want {
		p.sees("Logged in as " + login)
		return
	}
	p.sees("Invalid user or password")
}

// mail tries to open a mailbox in a Roundcube with a browser that was never there.
func (w *world) mail(t *testing.T, service app.Service, login, password string, want bool) {
	t.Helper()
	p := w.newPerson(t, login+" at the webmail", desk)
	p.open(service.URL)
	if address := login + "@" + service.Host; want {
		p.webmail(address, password)
		return
	} else {
		p.until(patience, "the webmail", `!!document.querySelector("#rcmloginuser")`)
		p.fill("#rcmloginuser", address)
		p.fill("#rcmloginpwd", password)
		p.key("\r")
	}
	p.sees("Login failed.")
}

// appPassword makes a password for apps alone on the page of somebody's account, and returns it with what removes it again.
func (w *world) appPassword(t *testing.T, member app.User) (made string, removes func()) {
	t.Helper()
	p := w.newPerson(t, member.Name+" at their account", desk).signedIn(member.Email)
	p.open("/account/apps")
	p.press("Make a password")
	p.sees("Keep this now: it cannot be shown again.")
	p.audit("a password for apps, shown once")
	return p.text("#made-password"), func() {
		p.open("/account/apps")
		p.want("the password is not shown again", `!document.querySelector("#made-password")`)
		p.press("Remove it")
		p.press("Yes, remove it")
		p.sees("Your password there is the one of this portal.")
	}
}

// startPage looks at where a plain member begins.
func (w *world) startPage(t *testing.T, member app.User, services ...app.Service) {
	t.Helper()
	p := w.newPerson(t, member.Name+" at the portal", desk).signedIn(member.Email)
	p.open("/")
	p.sees("Your user name in these apps is")
	p.sees("anna")
	p.sees("Your password there is the one of this portal.")
	for _, s := range services {
		p.sees("Open " + s.Name)
	}
	p.sees("Your address there: anna@" + services[len(services)-1].Host)
	p.audit("the apps of a member")
}
