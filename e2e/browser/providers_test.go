package browser

import (
	"fmt"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"
	"github.com/go-ldap/ldap/v3"

	"allotment/app"
	"allotment/app/store"
	"allotment/e2e/lab"
)

// TestOIDCWithDex has an owner set up a real Dex as the provider of their organization, and people sign in by it.
func TestOIDCWithDex(t *testing.T) {
	t.Parallel()
	w := theWorld(t)
	s := w.school(t, "anna", "bert", "carl")
	d := w.dexOf(t, s)
	owner := w.customer(t, "Demo Dex Club", "dexclub")
	w.addDexOnThePage(t, owner, s, d)
	w.signInByDex(t, owner, s)
	w.linkByDex(t, owner, s)
	w.answerInAnotherBrowser(t, s)
	d.stop()
	p := w.newPerson(t, "anna without Dex", desk)
	p.byOrganization("dexclub", "Demo Dex")
	p.sees("The provider cannot be reached at the moment.")
	p.heard() // the browser notes the refusal
	p.audit("a provider that is down")
	w.wantRefusals(t, owner, "cannot be reached", 1)
}

// addDexOnThePage fills in the form of a provider as its owner does.
func (w *world) addDexOnThePage(t *testing.T, owner app.Actor, s *school, d *dex) {
	t.Helper()
	p := w.newPerson(t, "owner", desk).signedIn(owner.Email)
	p.open("/organization/providers")
	p.press("Add an OpenID provider")
	p.sees("The provider must know this address")
	p.fill("#field-name", "Demo Dex")
	p.fill("#field-issuer", "ftp://dex")
	p.fill("#field-client_id", d.client)
	p.press("Add the provider")
	p.sees("Please give the address as the provider writes it")
	p.heard()
	p.audit("a provider that is refused")
	p.fill("#field-issuer", d.issuer)
	p.fill("#field-secret", d.secret)
	p.fill("#field-scopes", "groups")
	p.fill("input[name='group.0']", s.name+"staff")
	p.choose("select[name='role.0']", string(app.RoleCustomerDeveloper))
	p.fill("input[name='group.1']", s.name+"leads")
	p.choose("select[name='role.1']", string(app.RoleCustomerAdmin))
	p.press("Add the provider")
	p.sees("Not tested yet")
	p.press("Test the connection")
	p.sees("The connection works.")
	p.want("the secret is not on the page", fmt.Sprintf(`!document.documentElement.outerHTML.includes(%q)`, d.secret))
}

// choose selects an option, as the keyboard would.
func (p *person) choose(selector, value string) {
	p.t.Helper()
	p.do("choose "+value, chromedp.SetValue(selector, value, chromedp.ByQuery))
}

// byOrganization goes to the sign-in page of an organization and on to its provider.
func (p *person) byOrganization(slug, provider string) {
	p.t.Helper()
	p.open("/signin")
	p.press("Sign in with your organization")
	p.fill("#name", slug)
	p.press("Go on")
	p.press("Sign in with " + provider)
}

// atDex fills in Dex's own form.
func (p *person) atDex(login, password string) {
	p.t.Helper()
	p.until(patience, "Dex's form", `document.readyState === "complete" && document.querySelector("input[name=login]") !== null && document.querySelector("input[name=password]") !== null`)
	p.fill("input[name=login]", login)
	p.fill("input[name=password]", password)
	p.key("\r")
}

// signInByDex walks anna through her groups.
func (w *world) signInByDex(t *testing.T, owner app.Actor, s *school) {
	t.Helper()
	anna := w.newPerson(t, "anna", desk)
	enter := func() {
		anna.byOrganization("dexclub", "Demo Dex")
		anna.atDex("anna", s.password)
	}
	enter()
	anna.sees("You are in no group that may enter Demo Dex Club.")
	anna.heard()
	anna.audit("somebody who may not enter")
	w.wantNobody(t, s.mail("anna"))
	s.into("staff", "anna")
	enter()
	anna.sees("My services")
	first := w.wantMember(t, owner, s.mail("anna"), app.RoleCustomerDeveloper)
	anna.signsOut()
	s.into("leads", "anna")
	enter()
	anna.sees("My services")
	if again := w.wantMember(t, owner, s.mail("anna"), app.RoleCustomerAdmin); again != first {
		t.Errorf("the second sign-in made another person: %v, was %v", again, first)
	}
	anna.signsOut()
	s.into("leads", "")
	s.into("staff", "")
	enter()
	anna.sees("You are in no group that may enter Demo Dex Club.")
	anna.heard()
	w.wantMember(t, owner, s.mail("anna"), "")
	w.wantRefusals(t, owner, "no group", 2)
}

// linkByDex has bert, who has an account already, prove both.
func (w *world) linkByDex(t *testing.T, owner app.Actor, s *school) {
	t.Helper()
	mine := w.customer(t, "Demo Linker", "linker")
	change := ldap.NewModifyRequest(s.person("bert"), nil)
	change.Replace("mail", []string{mine.Email})
	if err := s.conn.Modify(change); err != nil {
		t.Fatal(err)
	}
	s.into("staff", "bert")
	bert := w.newPerson(t, "bert", desk)
	bert.byOrganization("dexclub", "Demo Dex")
	bert.atDex("bert", s.password)
	bert.sees("You have an account already")
	bert.audit("an account that is there already")
	w.wantMember(t, owner, mine.Email, "")
	bert.fill("#password", s.password) // Dex's, not ours
	bert.press("Go on")
	bert.sees("This is not the password of your account here.")
	bert.heard()
	w.wantMember(t, owner, mine.Email, "")
	bert.fill("#password", w.password)
	bert.press("Go on")
	bert.sees("Link Demo Dex to your account?")
	bert.audit("the question whether to link")
	w.wantMember(t, owner, mine.Email, "")
	bert.press("Link them")
	bert.sees("Linked. From now on you can sign in with it.")
	bert.audit("a link")
	if user := w.wantMember(t, owner, mine.Email, app.RoleCustomerDeveloper); user != mine.User {
		t.Errorf("the link made another person: %v, want %v", user, mine.User)
	}
	bert.signsOut()
	bert.byOrganization("dexclub", "Demo Dex")
	bert.atDex("bert", s.password)
	bert.sees("My services")
	bert.open("/account/identities")
	bert.sees("Demo Dex")
}

// answerInAnotherBrowser begins in one browser and brings the answer in another one, as somebody does who wants another person to be
// signed in as them.
func (w *world) answerInAnotherBrowser(t *testing.T, s *school) {
	t.Helper()
	s.into("staff", "carl")
	carl, victim := w.newPerson(t, "carl", desk), w.newPerson(t, "victim", desk)
	carl.byOrganization("dexclub", "Demo Dex")
	carl.until(patience, "Dex's form", `document.querySelector("input[name=login]") !== null`)
	var address string
	if err := carl.eval(`location.href`, &address); err != nil {
		t.Fatal(err)
	}
	victim.open(address)
	victim.atDex("carl", s.password)
	victim.sees("This sign-in was begun in another browser")
	victim.heard()
	victim.open("/services")
	victim.sees("Welcome back")
	w.wantNobody(t, s.mail("carl"))
}

// TestLDAPSignIn has people sign in with the password of a directory of their organization.
func TestLDAPSignIn(t *testing.T) {
	t.Parallel()
	w := theWorld(t)
	s := w.school(t, "dora", "emil")
	s.into("staff", "dora")
	owner := w.customer(t, "Demo Directory Club", "ldapclub")
	w.directoryOf(t, owner, "Demo directory", app.ProviderRules{Creates: true, Groups: []app.GroupRole{
		{Group: s.name + "staff", Role: app.RoleCustomerDeveloper}, {Group: s.name + "guests", Role: app.RoleCustomerViewer},
	}})
	dora := w.newPerson(t, "dora", desk)
	enter := func(p *person, login, password string) {
		p.byOrganization("ldapclub", "Demo directory")
		p.fill("#login", login)
		p.fill("#password", password)
		p.press("Sign in")
	}
	enter(dora, "dora", "not the password")
	dora.sees("The user name or the password is not right.")
	dora.heard()
	dora.audit("a wrong password")
	enter(dora, "nobody", s.password)
	dora.sees("The user name or the password is not right.")
	w.wantNobody(t, s.mail("dora"))
	enter(dora, "dora", s.password)
	dora.sees("My services")
	user := w.wantMember(t, owner, s.mail("dora"), app.RoleCustomerDeveloper)
	dora.signsOut()
	s.into("staff", "")
	s.into("guests", "dora")
	enter(dora, s.mail("dora"), s.password) // by e-mail address
	dora.sees("My services")
	if again := w.wantMember(t, owner, s.mail("dora"), app.RoleCustomerViewer); again != user {
		t.Errorf("the e-mail address made another person: %v, want %v", again, user)
	}
	dora.signsOut()
	lock := ldap.NewModifyRequest(s.person("dora"), nil)
	lock.Replace("pwdAccountLockedTime", []string{"000001010000Z"})
	if err := s.conn.Modify(lock); err != nil {
		t.Fatal(err)
	}
	enter(dora, "dora", s.password)
	dora.sees("The user name or the password is not right.")
	dora.heard()
	emil := w.newPerson(t, "emil", desk)
	enter(emil, "emil", s.password)
	emil.sees("You are in no group that may enter Demo Directory Club.")
	emil.heard()
	w.wantNobody(t, s.mail("emil"))
	w.wantRefusals(t, owner, "no group", 1)
	w.wantRefusals(t, owner, "not right", 3)
}

// TestLDAPKilled has slapd killed while somebody signs in.
func TestLDAPKilled(t *testing.T) {
	t.Parallel()
	w := theWorld(t)
	own, err := lab.Start(t.Context(), lab.Options{Directory: true})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := own.Close(); err != nil {
			t.Error(err)
		}
	})
	s := openSchoolOf(t, own.Directory, "fred")
	s.into("staff", "fred")
	owner := w.customer(t, "Demo Killed Club", "killedclub")
	provideDirectory(t, w, owner, own.Directory, "Frail directory", app.ProviderRules{Creates: true, DefaultRole: app.RoleCustomerViewer})
	fred := w.newPerson(t, "fred", desk)
	fred.byOrganization("killedclub", "Frail directory")
	fred.fill("#login", "fred")
	fred.fill("#password", s.password)
	up, err := own.Down(lab.ServerDirectory)
	if err != nil {
		t.Fatal(err)
	}
	fred.press("Sign in")
	fred.sees("The directory cannot be reached at the moment. Nothing was changed")
	fred.heard()
	fred.audit("a directory that is down")
	w.wantNobody(t, s.mail("fred"))
	w.wantRefusals(t, owner, "cannot be reached", 1)
	if got := fred.value("#login"); got != "fred" {
		t.Errorf("the form kept %q", got)
	}
	if err := up(t.Context()); err != nil {
		t.Fatal(err)
	}
	fred.fill("#password", s.password)
	fred.press("Sign in")
	fred.sees("My services")
	w.wantMember(t, owner, s.mail("fred"), app.RoleCustomerViewer)
}

// signsOut ends the session on the page.
func (p *person) signsOut() {
	p.t.Helper()
	p.tamper(`const form = document.createElement("form"); form.method = "post"; form.action = "/signout"; document.body.append(form); form.submit()`)
	p.sees("Welcome back")
}

// wantMember wants a person of an e-mail address to have a role in the actor's organization, "" for none, and returns who it is.
func (w *world) wantMember(t *testing.T, owner app.Actor, email string, want app.Role) app.ID {
	t.Helper()
	user, err := w.program.Store.UserByEmail(t.Context(), email)
	if err != nil {
		t.Fatal(err)
	}
	memberships, err := w.program.Store.Memberships(t.Context(), user.ID)
	if err != nil {
		t.Fatal(err)
	}
	var have app.Role
	for _, m := range memberships {
		if m.Organization.ID == owner.Organization {
			have = m.Role
		}
	}
	if have != want {
		t.Errorf("%s is %q, want %q", email, have, want)
	}
	return user.ID
}

func (w *world) wantNobody(t *testing.T, email string) {
	t.Helper()
	if _, err := w.program.Store.UserByEmail(t.Context(), email); app.CodeOf(err) != app.NotFound {
		t.Errorf("there is an account of %s (%v)", email, err)
	}
}

// wantRefusals counts the refused sign-ins by a provider in the audit log whose reason holds the words.
func (w *world) wantRefusals(t *testing.T, owner app.Actor, words string, want int) {
	t.Helper()
	n := 0
	err := w.program.Store.Read(t.Context(), app.System(owner.Organization), func(tx *store.Tx) error {
		rows, err := tx.AuditEntries(t.Context(), store.AuditQuery{Organization: owner.Organization, Action: "provider.enter", Outcome: "refused", Limit: 100})
		for _, row := range rows {
			if strings.Contains(row.After, words) {
				n++
			}
		}
		return err
	})
	if err != nil || n != want {
		t.Errorf("%d refusals in the audit log say %q, want %d (%v)", n, words, want, err)
	}
}
