package portal_test

import (
	"strings"
	"testing"
	"time"

	"github.com/alexedwards/argon2id"

	"allotment/app"
	"allotment/app/portal"
	"allotment/app/portal/portaltest"
	"allotment/app/store"
)

// memberOf adds a person with a role to an organization.
func memberOf(t *testing.T, w *portaltest.World, organization app.ID, email string, role app.Role) app.ID {
	t.Helper()
	user := app.User{ID: app.NewID(), Email: email, Name: "Member " + email, Language: "en"}
	err := w.Store.InTenant(t.Context(), w.Operator, func(tx *store.Tx) error {
		if err := tx.InsertUser(t.Context(), user, time.Now()); err != nil {
			return err
		}
		return tx.InsertMembership(t.Context(), organization, user.ID, role, time.Now())
	})
	if err != nil {
		t.Fatal(err)
	}
	return user.ID
}

// levels are what an access page shows, by e-mail address.
func levels(t *testing.T, w *portaltest.World, service app.ID, f portal.AccessFilter) map[string]app.AccessLevel {
	t.Helper()
	all := map[string]app.AccessLevel{}
	for {
		page, err := w.Portal.Access(t.Context(), w.Tenant, service, f)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range page.Members {
			all[m.Email] = m.Level
		}
		if f.After = page.Next; page.Next == "" {
			return all
		}
	}
}

func TestAccessOfMembers(t *testing.T) {
	t.Parallel()
	w := portaltest.New(t)
	ctx := t.Context()
	order, err := w.Portal.PlaceOrder(ctx, w.Tenant, request("team"))
	if err != nil {
		t.Fatal(err)
	}
	anna := memberOf(t, w, w.Tenant.Organization, "anna@example.test", app.RoleCustomerViewer)
	memberOf(t, w, w.Tenant.Organization, "otto@example.test", app.RoleCustomerDeveloper)
	if err := w.Portal.GrantAccess(ctx, w.Tenant, order.Service, anna, app.AccessUser); err != nil {
		t.Fatal(err)
	}
	if err := w.Portal.ChangeAccess(ctx, w.Tenant, order.Service, anna, app.AccessAdmin); err != nil {
		t.Fatal(err)
	}
	want := map[string]app.AccessLevel{"tenant@example.test": app.AccessAdmin, "anna@example.test": app.AccessAdmin, "otto@example.test": app.AccessNone}
	for _, limit := range []int{0, 1, 2} {
		got := levels(t, w, order.Service, portal.AccessFilter{Limit: limit})
		for email, level := range want {
			if got[email] != level || len(got) != len(want) {
				t.Errorf("in pages of %d: %v, want %v", limit, got, want)
			}
		}
	}
	for _, c := range []struct {
		f    portal.AccessFilter
		want int
	}{
		{portal.AccessFilter{Who: "with"}, 2}, {portal.AccessFilter{Who: "without"}, 1}, {portal.AccessFilter{Text: "OTTO"}, 1},
		{portal.AccessFilter{Text: "%"}, 0}, {portal.AccessFilter{Text: "anna", Who: "without"}, 0},
	} {
		if got := levels(t, w, order.Service, c.f); len(got) != c.want {
			t.Errorf("%+v finds %v, want %d", c.f, got, c.want)
		}
	}
	if err := w.Portal.RevokeAccess(ctx, w.Tenant, order.Service, anna); err != nil {
		t.Fatal(err)
	}
	if _, ok, err := w.Store.ServiceAccess(ctx, order.Service, anna); ok || err != nil {
		t.Errorf("access counts after it was taken away (%v)", err)
	}
}

// TestAccessRefused holds what is wrong with a change of access, in words, and that nothing of it is written.
func TestAccessRefused(t *testing.T) {
	t.Parallel()
	w := portaltest.New(t)
	ctx := t.Context()
	order, err := w.Portal.PlaceOrder(ctx, w.Tenant, request("team"))
	if err != nil {
		t.Fatal(err)
	}
	anna := memberOf(t, w, w.Tenant.Organization, "anna@example.test", app.RoleCustomerViewer)
	stale := w.Tenant
	stale.Session, stale.ConfirmedAt = app.NewID(), time.Now().Add(-time.Hour)
	for name, c := range map[string]struct {
		actor  app.Actor
		member app.ID
		level  app.AccessLevel
		want   app.Code
	}{
		"a level that does not exist": {w.Tenant, anna, "owner", app.Invalid},
		"no level":                    {w.Tenant, anna, "", app.Invalid},
		"none as a level":             {w.Tenant, anna, app.AccessNone, app.Invalid},
		"another tenant's member":     {w.Tenant, w.Other.User, app.AccessUser, app.NotFound},
		"nobody":                      {w.Tenant, app.NewID(), app.AccessUser, app.NotFound},
		"another tenant's service":    {w.Other, w.Other.User, app.AccessUser, app.NotFound},
		"without a fresh proof":       {stale, anna, app.AccessUser, app.Unconfirmed},
	} {
		if err := w.Portal.GrantAccess(ctx, c.actor, order.Service, c.member, c.level); app.CodeOf(err) != c.want {
			t.Errorf("%s: %v, want %s", name, err, c.want)
		}
	}
	if err := w.Portal.RevokeAccess(ctx, stale, order.Service, w.Tenant.User); err != nil {
		t.Errorf("taking access away waits for a proof: %v", err)
	}
	if got := levels(t, w, order.Service, portal.AccessFilter{Who: "with"}); len(got) != 0 {
		t.Errorf("access was written: %v", got)
	}
	if _, err := w.Portal.TerminateService(ctx, w.Tenant, order.Service, "team."+portaltest.Zone); err != nil {
		t.Fatal(err)
	}
	if err := w.Portal.GrantAccess(ctx, w.Tenant, order.Service, anna, app.AccessUser); app.CodeOf(err) != app.Conflict {
		t.Errorf("access to a service that is going away: %v", err)
	}
}

// TestAppPassword: it is shown once, kept as a hash, the person's own alone, and takes the place of the portal's.
func TestAppPassword(t *testing.T) {
	t.Parallel()
	w := portaltest.New(t)
	ctx := t.Context()
	order, err := w.Portal.PlaceOrder(ctx, w.Tenant, request("team"))
	if err != nil {
		t.Fatal(err)
	}
	hash := func() string {
		t.Helper()
		var members []store.ServiceMember
		err := w.Store.InTenant(ctx, w.Tenant, func(tx *store.Tx) (err error) {
			members, err = tx.ServiceMembers(ctx, order.Service)
			return err
		})
		if err != nil || len(members) != 1 {
			t.Fatalf("the service has %d members (%v), want who ordered it", len(members), err)
		}
		return members[0].Hash
	}
	matches := func(password string) bool {
		t.Helper()
		match, err := argon2id.ComparePasswordAndHash(password, hash())
		if err != nil {
			t.Fatal(err)
		}
		return match
	}
	if !matches(portaltest.Password) {
		t.Error("apps do not take the portal's password")
	}
	made, err := w.Portal.SetAppPassword(ctx, w.Tenant)
	if err != nil || len(strings.ReplaceAll(made, "-", "")) != 20 {
		t.Fatalf("the password is %q (%v)", made, err)
	}
	if !matches(made) || matches(portaltest.Password) {
		t.Error("apps do not take the password for apps alone")
	}
	page, err := w.Portal.Apps(ctx, w.Tenant, portal.AppsFilter{})
	if err != nil || page.Account.AppPasswordAt.IsZero() || len(page.Apps) != 1 || page.Apps[0].Level != app.AccessAdmin {
		t.Errorf("the page shows %+v (%v)", page, err)
	}
	if _, err := w.Portal.SignIn(ctx, portal.SignInRequest{Email: w.Tenant.Email, Password: made, Address: "192.0.2.1"}); app.CodeOf(err) != app.Unauthenticated {
		t.Errorf("the password for apps opens the portal: %v", err)
	}
	program, seller := w.Tenant, w.Tenant
	program.Key, seller.Impersonation = app.NewID(), &app.Impersonation{}
	for name, other := range map[string]app.Actor{"a key": program, "somebody in their name": seller} {
		if _, err := w.Portal.SetAppPassword(ctx, other); app.CodeOf(err) != app.Forbidden {
			t.Errorf("%s sets the password for apps: %v", name, err)
		}
	}
	if err := w.Portal.RemoveAppPassword(ctx, w.Tenant); err != nil {
		t.Fatal(err)
	}
	if !matches(portaltest.Password) {
		t.Error("apps do not take the portal's password again")
	}
}
