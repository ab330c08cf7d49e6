package portal_test

import (
	"context"
	"crypto/rand"
	"net/http"
	"net/netip"
	"net/url"
	"strings"
	"testing"
	"time"

	"allotment/app"
	"allotment/app/driver/signin"
	"allotment/app/portal"
	"allotment/app/portal/portaltest"
	"allotment/app/store"
	"allotment/e2e/issuer"
)

var anna = issuer.Person{Subject: "anna-1", Email: "anna@school.example", Name: "Anna Demo", Groups: []string{"staff"}}

// club is a customer with an OpenID provider of its own.
type club struct {
	*portaltest.World
	t        *testing.T
	issuer   *issuer.Issuer
	provider app.Provider
}

var clubRules = app.ProviderRules{Creates: true, Groups: []app.GroupRole{
	{Group: "staff", Role: app.RoleCustomerDeveloper}, {Group: "leads", Role: app.RoleCustomerAdmin}, {Group: "guests", Role: app.RoleCustomerViewer},
}}

// openClub makes a world in which actor's organization has a provider with the rules.
func openClub(t *testing.T, rules app.ProviderRules, actor func(*portaltest.World) app.Actor) *club {
	t.Helper()
	here := signin.Reach{netip.MustParsePrefix("127.0.0.0/8")}
	c := &club{t: t, issuer: issuer.New(t, anna), World: portaltest.New(t, func(cfg *portal.Config) {
		cfg.SignIn.OpenID = signin.NewOpenID(here, time.Now)
	})}
	var err error
	c.provider, err = c.Portal.AddProvider(t.Context(), actor(c.World), portal.ProviderRequest{
		Kind: app.ProviderOpenID, Name: "School login", Secret: issuer.Secret, Rules: rules,
		Settings: app.ProviderSettings{OpenID: app.OpenIDSettings{Issuer: c.issuer.URL, ClientID: issuer.ClientID, Scopes: []string{"groups"}}},
	})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func tenantOf(w *portaltest.World) app.Actor   { return w.Tenant }
func operatorOf(w *portaltest.World) app.Actor { return w.Operator }

// walk goes to the provider and back in a browser, and returns the answer that it brings.
func (c *club) walk(v portal.Visitor, purpose app.SignInPurpose) portal.WayAnswer {
	c.t.Helper()
	address, err := c.Portal.BeginSignIn(c.t.Context(), portal.WayRequest{
		Visitor: v, Provider: c.provider.ID, Purpose: purpose, Redirect: "https://portal.example.test/signin/callback", Back: "/catalog",
	})
	if err != nil {
		c.t.Fatal(err)
	}
	stay := &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	answer, err := stay.Get(address) //nolint:noctx // a test's own server
	if err != nil {
		c.t.Fatal(err)
	}
	answer.Body.Close()
	to, err := answer.Location()
	if err != nil {
		c.t.Fatal(err)
	}
	q := to.Query()
	return portal.WayAnswer{Visitor: v, State: q.Get("state"), Code: q.Get("code"), Issuer: q.Get("iss"), Error: q.Get("error")}
}

func visitor() portal.Visitor {
	return portal.Visitor{Browser: rand.Text(), Address: "192.0.2.77", Agent: "a test"}
}

// enter signs in by the provider.
func (c *club) enter() (portal.Entered, error) {
	c.t.Helper()
	return c.Portal.FinishSignIn(c.t.Context(), c.walk(visitor(), app.ToEnter))
}

// inside signs in by the provider and returns who that is.
func (c *club) inside() app.Actor {
	c.t.Helper()
	in, err := c.enter()
	if err != nil {
		c.t.Fatal(err)
	}
	return c.actor(in)
}

func (c *club) actor(in portal.Entered) app.Actor {
	c.t.Helper()
	actor, err := c.Portal.Actor(c.t.Context(), in.Token)
	if err != nil {
		c.t.Fatal(err)
	}
	return actor
}

// refusedRows counts the refusals of sign-ins by a provider in an organization's audit log.
func (c *club) refusedRows(organization app.ID) int {
	c.t.Helper()
	n := 0
	err := c.Store.Read(c.t.Context(), app.System(organization), func(tx *store.Tx) error {
		rows, err := tx.AuditEntries(c.t.Context(), store.AuditQuery{Organization: organization, Action: "provider.enter", Outcome: "refused", Limit: 100})
		n = len(rows)
		return err
	})
	if err != nil {
		c.t.Fatal(err)
	}
	return n
}

func TestProviderMakesAPerson(t *testing.T) {
	t.Parallel()
	c := openClub(t, clubRules, tenantOf)
	first := c.inside()
	if first.Email != "anna@school.example" || first.Name != "Anna Demo" || first.Organization != c.Tenant.Organization || first.Role != app.RoleCustomerDeveloper {
		t.Errorf("the first sign-in is %+v", first)
	}
	if second := c.inside(); second.User != first.User || second.Session == first.Session {
		t.Errorf("the second sign-in is %+v", second)
	}
	user, err := c.Store.User(t.Context(), first.User)
	if err != nil || user.PasswordHash != "" || !user.VerifiedAt.IsZero() {
		t.Errorf("a customer's provider made %+v (%v)", user, err)
	}
	if time.Since(first.ConfirmedAt) > time.Minute {
		t.Error("a person who has no other proof cannot do what needs a fresh one")
	}
}

// TestRolesFollowGroups walks a person through groups, sign-in by sign-in.
func TestRolesFollowGroups(t *testing.T) {
	t.Parallel()
	c := openClub(t, clubRules, tenantOf)
	open := c.inside()
	for _, step := range []struct {
		groups []string
		want   app.Role
	}{
		{[]string{"leads", "guests"}, app.RoleCustomerAdmin}, {[]string{"guests"}, app.RoleCustomerViewer}, {[]string{"STAFF"}, app.RoleCustomerDeveloper},
		{[]string{"cn=leads,ou=groups,dc=example"}, app.RoleCustomerAdmin}, {nil, ""}, {[]string{"owners"}, ""}, {[]string{"staff"}, app.RoleCustomerDeveloper},
	} {
		person := anna
		person.Groups = step.groups
		c.issuer.Be(person)
		in, err := c.enter()
		if step.want == "" {
			if app.CodeOf(err) != app.Forbidden || !strings.Contains(app.Words(err), "no group") {
				t.Errorf("in %v: %v", step.groups, err)
			}
			continue
		}
		if err != nil {
			t.Fatalf("in %v: %v", step.groups, err)
		}
		if got := c.actor(in); got.Role != step.want || got.User != open.User {
			t.Errorf("in %v: %s, want %s", step.groups, got.Role, step.want)
		}
	}
	if n := c.refusedRows(c.Tenant.Organization); n != 2 {
		t.Errorf("%d refusals stand in the audit log, want 2", n)
	}
}

// TestOwnersStay holds that no group makes an owner, and none takes one away.
func TestOwnersStay(t *testing.T) {
	t.Parallel()
	rules := clubRules
	rules.Groups = append([]app.GroupRole{}, rules.Groups...)
	c := openClub(t, rules, tenantOf)
	if _, err := c.Portal.AddProvider(t.Context(), c.Tenant, portal.ProviderRequest{
		Kind: app.ProviderOpenID, Name: "Another", Settings: app.ProviderSettings{OpenID: app.OpenIDSettings{Issuer: c.issuer.URL, ClientID: "x"}},
		Rules: app.ProviderRules{Groups: []app.GroupRole{{Group: "bosses", Role: app.RoleCustomerOwner}}, DefaultRole: app.RoleOperatorAdmin},
	}); app.FieldsOf(err)["groups"] == "" || app.FieldsOf(err)["default_role"] == "" {
		t.Errorf("a mapping to the owner: %v", err)
	}
	owner := anna
	owner.Email, owner.Groups = c.Tenant.Email, []string{"guests"}
	c.issuer.Be(owner)
	c.link(c.Tenant)
	for _, groups := range [][]string{{"guests"}, nil} {
		owner.Groups = groups
		c.issuer.Be(owner)
		if got := c.inside(); got.User != c.Tenant.User || got.Role != app.RoleCustomerOwner {
			t.Errorf("in %v the owner is %s", groups, got.Role)
		}
	}
}

// link links the provider's person to somebody who is signed in.
func (c *club) link(actor app.Actor) {
	c.t.Helper()
	v := visitor()
	v.Session = actor.Session
	in, err := c.Portal.FinishSignIn(c.t.Context(), c.walk(v, app.ToLink))
	if err != nil {
		c.t.Fatal(err)
	}
	if in.Further == (app.ID{}) || in.Token != "" {
		c.t.Fatalf("linking asks for nothing: %+v", in)
	}
	if err := c.Portal.LinkIdentity(c.t.Context(), actor, in.Further, v.Browser); err != nil {
		c.t.Fatal(err)
	}
}

// TestNeverLinkedByEmail has a provider that says somebody else's e-mail address.
func TestNeverLinkedByEmail(t *testing.T) {
	t.Parallel()
	c := openClub(t, clubRules, tenantOf)
	ctx := t.Context()
	thief := anna
	thief.Email = c.Other.Email
	c.issuer.Be(thief)
	v := visitor()
	in, err := c.Portal.FinishSignIn(ctx, c.walk(v, app.ToEnter))
	if err != nil || in.Token != "" || in.Further == (app.ID{}) {
		t.Fatalf("with another's address: %+v (%v)", in, err)
	}
	waiting, err := c.Portal.WaitingProof(ctx, in.Further, v.Browser)
	if err != nil || waiting.Email != c.Other.Email {
		t.Errorf("what waits: %+v (%v)", waiting, err)
	}
	if _, err := c.Portal.WaitingProof(ctx, in.Further, rand.Text()); app.CodeOf(err) != app.NotFound {
		t.Errorf("what waits, in another browser: %v", err)
	}
	if err := c.Portal.LinkIdentity(ctx, c.Other, in.Further, rand.Text()); app.CodeOf(err) != app.NotFound {
		t.Errorf("linking in another browser: %v", err)
	}
	stale := c.Other
	stale.ConfirmedAt = time.Time{}
	if err := c.Portal.LinkIdentity(ctx, stale, in.Further, v.Browser); app.CodeOf(err) != app.Unconfirmed {
		t.Errorf("linking without a fresh proof: %v", err)
	}
	if err := c.Portal.LinkIdentity(ctx, c.Other, in.Further, v.Browser); err != nil {
		t.Fatal(err)
	}
	if err := c.Portal.LinkIdentity(ctx, c.Other, in.Further, v.Browser); app.CodeOf(err) != app.NotFound {
		t.Errorf("linking twice: %v", err)
	}
	got := c.inside()
	if got.User != c.Other.User || got.Organization != c.Tenant.Organization || got.Role != app.RoleCustomerDeveloper {
		t.Errorf("the linked person is %+v", got)
	}
	if time.Since(got.ConfirmedAt) < 20*time.Minute {
		t.Error("a customer's provider proves enough to change the account of somebody who has a password")
	}
	c.wantNoWayBeyond(got)
}

// wantNoWayBeyond holds that a session that a provider opened cannot act for another of the person's organizations.
func (c *club) wantNoWayBeyond(actor app.Actor) {
	c.t.Helper()
	_, err := c.Store.Pool().Exec(c.t.Context(), `UPDATE sessions SET acting = $1 WHERE id = $2`, c.Other.Organization, actor.Session)
	if err == nil || !strings.Contains(err.Error(), "may not act there") {
		c.t.Errorf("the session goes on to the person's other organization: %v", err)
	}
}

func TestUnlink(t *testing.T) {
	t.Parallel()
	c := openClub(t, clubRules, tenantOf)
	ctx := t.Context()
	linked := func(actor app.Actor) []app.Identity {
		page, err := c.Portal.Identities(ctx, actor)
		if err != nil {
			t.Fatal(err)
		}
		return page.Linked
	}
	made := c.inside()
	if err := c.Portal.UnlinkIdentity(ctx, made, linked(made)[0].ID); app.CodeOf(err) != app.Conflict {
		t.Errorf("the only way in is taken away: %v", err)
	}
	if err := c.Portal.UnlinkIdentity(ctx, c.Tenant, linked(made)[0].ID); app.CodeOf(err) != app.NotFound {
		t.Errorf("somebody else's link: %v", err)
	}
	owner := anna
	owner.Subject, owner.Email = "owner-1", c.Tenant.Email
	c.issuer.Be(owner)
	c.link(c.Tenant)
	if err := c.Portal.UnlinkIdentity(ctx, c.Tenant, linked(c.Tenant)[0].ID); err != nil || len(linked(c.Tenant)) != 0 {
		t.Errorf("unlinking: %v", err)
	}
	if in, err := c.enter(); err != nil || in.Token != "" {
		t.Errorf("after unlinking the provider still lets in: %v", err)
	}
}

// TestAnswersOfOthers brings answers that belong to no open sign-in of the browser.
func TestAnswersOfOthers(t *testing.T) {
	t.Parallel()
	c := openClub(t, clubRules, tenantOf)
	ctx := t.Context()
	good := c.walk(visitor(), app.ToEnter)
	elsewhere := good
	elsewhere.Browser = rand.Text()
	unknown := good
	unknown.State = rand.Text()
	for name, a := range map[string]portal.WayAnswer{"in another browser": elsewhere, "with an unknown state": unknown} {
		if _, err := c.Portal.FinishSignIn(ctx, a); app.CodeOf(err) != app.Forbidden {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := c.Portal.FinishSignIn(ctx, good); err != nil {
		t.Errorf("the right browser afterwards: %v", err)
	}
	if _, err := c.Portal.FinishSignIn(ctx, good); app.CodeOf(err) != app.Forbidden {
		t.Errorf("the same answer again: %v", err)
	}
	declined := c.walk(visitor(), app.ToEnter)
	declined.Code, declined.Error = "", "access_denied"
	if _, err := c.Portal.FinishSignIn(ctx, declined); app.CodeOf(err) != app.Forbidden || !strings.Contains(app.Words(err), "School login") {
		t.Errorf("declined: %v", err)
	}
	linking := c.walk(portal.Visitor{Browser: rand.Text(), Session: c.Tenant.Session}, app.ToLink)
	linking.Session = c.Other.Session
	if _, err := c.Portal.FinishSignIn(ctx, linking); app.CodeOf(err) != app.Forbidden {
		t.Errorf("somebody else's session finishes a link: %v", err)
	}
	if n := c.refusedRows(c.Tenant.Organization); n != 3 {
		t.Errorf("%d refusals stand in the audit log, want 3", n) // not that of the unknown state, which is nobody's; a link that ended is one
	}
}

// TestProviderGoesWrong holds that nothing is left of a sign-in that fails, but its row in the audit log.
func TestProviderGoesWrong(t *testing.T) {
	t.Parallel()
	c := openClub(t, clubRules, tenantOf)
	wrong := map[string]issuer.Ways{
		"another nonce":   {Claims: func(m map[string]any) { m["nonce"] = "another" }},
		"90 s behind":     {Claims: func(m map[string]any) { m["exp"] = time.Now().Add(-90 * time.Second).Unix() }},
		"90 s ahead":      {Claims: func(m map[string]any) { m["iat"] = time.Now().Add(90 * time.Second).Unix() }},
		"another issuer":  {Answer: func(q url.Values) { q.Set("iss", "https://evil.example") }},
		"no e-mail":       {Claims: func(m map[string]any) { m["email"] = "nobody" }},
		"not confirmed":   {Claims: func(m map[string]any) { m["email_verified"] = false }},
		"no subject":      {Claims: func(m map[string]any) { m["sub"] = "" }},
		"an endless name": {Claims: func(m map[string]any) { m["sub"] = strings.Repeat("x", 300) }},
	}
	for name, ways := range wrong {
		c.issuer.Go(ways)
		if _, err := c.enter(); app.CodeOf(err) != app.Forbidden {
			t.Errorf("%s: %v", name, err)
		}
	}
	c.issuer.Go(issuer.Ways{})
	down := c.walk(visitor(), app.ToEnter)
	c.issuer.Go(issuer.Ways{Down: true})
	if _, err := c.Portal.FinishSignIn(t.Context(), down); app.CodeOf(err) != app.Retryable {
		t.Errorf("down in the middle: %v", err)
	}
	if _, err := c.Store.UserByEmail(t.Context(), anna.Email); app.CodeOf(err) != app.NotFound {
		t.Errorf("a failed sign-in left a person: %v", err)
	}
	if n := c.refusedRows(c.Tenant.Organization); n != len(wrong)+1 {
		t.Errorf("%d refusals stand in the audit log, want %d", n, len(wrong)+1)
	}
	c.issuer.Go(issuer.Ways{})
	c.inside()
}

// TestRulesOfAProvider tries who may enter.
func TestRulesOfAProvider(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		rules  app.ProviderRules
		person issuer.Person
		want   app.Role
	}{
		"no account is made": {app.ProviderRules{DefaultRole: app.RoleCustomerViewer}, anna, ""},
		"the default role":   {app.ProviderRules{Creates: true, DefaultRole: app.RoleCustomerViewer}, anna, app.RoleCustomerViewer},
		"no role":            {app.ProviderRules{Creates: true}, anna, ""},
		"another domain":     {app.ProviderRules{Creates: true, DefaultRole: app.RoleCustomerViewer, Domains: []string{"example.org"}}, anna, ""},
		"the domain":         {app.ProviderRules{Creates: true, DefaultRole: app.RoleCustomerViewer, Domains: []string{"School.example"}}, anna, app.RoleCustomerViewer},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			club := openClub(t, c.rules, tenantOf)
			in, err := club.enter()
			if c.want == "" {
				if app.CodeOf(err) != app.Forbidden {
					t.Errorf("%v", err)
				}
				return
			}
			if err != nil || club.actor(in).Role != c.want {
				t.Errorf("%+v (%v)", in, err)
			}
		})
	}
}

func TestOperatorsProvider(t *testing.T) {
	t.Parallel()
	c := openClub(t, app.ProviderRules{Creates: true, Groups: []app.GroupRole{{Group: "staff", Role: app.RoleOperator}}}, operatorOf)
	got := c.inside()
	if got.Role != app.RoleOperator || got.Organization != c.Operator.Organization {
		t.Errorf("staff is %+v", got)
	}
	if user, err := c.Store.User(t.Context(), got.User); err != nil || user.VerifiedAt.IsZero() {
		t.Errorf("the operator's own provider is not believed: %+v (%v)", user, err)
	}
	shown, err := c.Portal.SignInProviders(t.Context(), app.ID{})
	if err != nil || len(shown) != 1 || shown[0].Name != "School login" {
		t.Errorf("the sign-in page shows %v (%v)", shown, err)
	}
	if none, err := c.Portal.SignInProvidersOf(t.Context(), "tenant"); err != nil || len(none) != 0 {
		t.Errorf("a customer without providers: %v (%v)", none, err)
	}
	if err := c.Portal.SwitchProvider(t.Context(), c.Operator, c.provider.ID, false); err != nil {
		t.Fatal(err)
	}
	if shown, err := c.Portal.SignInProviders(t.Context(), app.ID{}); err != nil || len(shown) != 0 {
		t.Errorf("switched off, the sign-in page shows %v (%v)", shown, err)
	}
	_, err = c.Portal.BeginSignIn(t.Context(), portal.WayRequest{Visitor: visitor(), Provider: c.provider.ID, Purpose: app.ToEnter})
	if app.CodeOf(err) != app.NotFound {
		t.Errorf("switched off: %v", err)
	}
}

// directory is a directory in name only: it knows one person.
type directory struct{ err error }

func (d *directory) Prove(_ context.Context, _ app.LDAPSettings, _, login, password string) (app.Proven, error) {
	if d.err != nil {
		return app.Proven{}, d.err
	}
	if login != "anna" || password != "right" {
		return app.Proven{}, app.Errorf(app.Unauthenticated, "The user name or the password is not right.")
	}
	return app.Proven{Subject: "anna-1", Email: anna.Email, Name: "Anna", Groups: []string{"staff"}}, nil
}

func (d *directory) Check(context.Context, app.LDAPSettings, string) error { return d.err }

// TestDirectoryLimits holds that passwords at a directory are limited as all others are, and that refusals take their time.
func TestDirectoryLimits(t *testing.T) {
	t.Parallel()
	d := &directory{}
	w := portaltest.New(t, func(cfg *portal.Config) { cfg.SignIn.LDAP = d })
	c := &club{World: w, t: t}
	made, err := w.Portal.AddProvider(t.Context(), w.Tenant, portal.ProviderRequest{
		Kind: app.ProviderLDAP, Name: "Directory", Rules: clubRules,
		Settings: app.ProviderSettings{LDAP: app.LDAPSettings{URI: "ldaps://directory.example.test", UserDN: "uid={login},dc=example"}},
	})
	if err != nil {
		t.Fatal(err)
	}
	try := func(login, password string) error {
		_, err := w.Portal.SignInByDirectory(t.Context(), portal.WayRequest{Visitor: visitor(), Provider: made.ID, Purpose: app.ToEnter, Login: login, Password: password})
		return err
	}
	if err := try("anna", "right"); err != nil {
		t.Fatal(err)
	}
	begun := time.Now()
	if err := try("anna", "wrong"); app.CodeOf(err) != app.Unauthenticated || time.Since(begun) < 300*time.Millisecond {
		t.Errorf("a wrong password: %v after %v", err, time.Since(begun))
	}
	refused := 0
	for range 12 {
		if app.CodeOf(try("anna", "wrong")) == app.TooMany {
			refused++
		}
	}
	if refused != 3 {
		t.Errorf("%d of 13 wrong passwords were too many, want 3", refused)
	}
	if err := try("anna", "right"); app.CodeOf(err) != app.TooMany {
		t.Errorf("the right one after too many: %v", err)
	}
	d.err = app.Errorf(app.Retryable, "The directory cannot be reached at the moment. Nothing was changed; please try again in a few minutes.")
	rows := c.refusedRows(w.Tenant.Organization)
	if err := try("bert", "right"); app.CodeOf(err) != app.Retryable || c.refusedRows(w.Tenant.Organization) != rows+1 {
		t.Errorf("a directory that is down: %v", err)
	}
	tested, err := w.Portal.TestProvider(t.Context(), w.Tenant, made.ID)
	if err != nil || tested.Problem == "" || tested.CheckedAt.IsZero() {
		t.Errorf("the test of a directory that is down: %+v (%v)", tested, err)
	}
}
