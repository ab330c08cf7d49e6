package store_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"allotment/app"
	"allotment/app/portal"
	"allotment/app/portal/portaltest"
	"allotment/app/store"
)

// ordered places an order of Redmine and returns the service.
func ordered(t *testing.T, w *portaltest.World, label string) app.ID {
	t.Helper()
	order, err := w.Portal.PlaceOrder(t.Context(), w.Tenant, portal.OrderRequest{
		App: "redmine", Plan: "small", Name: "Ours", Host: label + "." + portaltest.Zone, Key: label,
	})
	if err != nil {
		t.Fatal(err)
	}
	return order.Service
}

// member adds a person to the tenant's organization.
func member(t *testing.T, w *portaltest.World, email string) app.ID {
	t.Helper()
	user := app.User{ID: app.NewID(), Email: email, Name: "Member", PasswordHash: "x", Language: "en"}
	err := w.Store.InTenant(t.Context(), w.Operator, func(tx *store.Tx) error {
		if err := tx.InsertUser(t.Context(), user, time.Now()); err != nil {
			return err
		}
		return tx.InsertMembership(t.Context(), w.Tenant.Organization, user.ID, app.RoleCustomerViewer, time.Now())
	})
	if err != nil {
		t.Fatal(err)
	}
	return user.ID
}

func setAccess(t *testing.T, w *portaltest.World, service, user app.ID, level app.AccessLevel) {
	t.Helper()
	err := w.Store.InTenant(t.Context(), w.Tenant, func(tx *store.Tx) error {
		_, err := tx.SetAccess(t.Context(), w.Tenant.Organization, service, user, level, time.Now())
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

func wantAccess(t *testing.T, w *portaltest.World, service, user app.ID, want app.AccessLevel) {
	t.Helper()
	level, ok, err := w.Store.ServiceAccess(t.Context(), service, user)
	if err != nil || level != want || ok != (want != app.AccessNone) {
		t.Errorf("access is %q %t (%v), want %q", level, ok, err, want)
	}
}

// wanted is how often a service's access has changed.
func wanted(t *testing.T, w *portaltest.World, service app.ID) (n int) {
	t.Helper()
	row := connect(t, w.Superuser).QueryRow(t.Context(), `SELECT coalesce(max(wanted), 0) FROM access_versions WHERE service_id = $1`, service)
	if err := row.Scan(&n); err != nil {
		t.Fatal(err)
	}
	return n
}

// TestServiceAccess: access counts from the moment it is given until it is taken, the person is disabled, or the membership ends.
func TestServiceAccess(t *testing.T) {
	t.Parallel()
	w := portaltest.New(t)
	db := connect(t, w.Superuser)
	exec := func(sql string, args ...any) {
		t.Helper()
		if _, err := db.Exec(t.Context(), sql, args...); err != nil {
			t.Fatal(err)
		}
	}
	service, user := ordered(t, w, "team"), member(t, w, "anna@example.test")
	wantAccess(t, w, service, user, app.AccessNone)
	steps := []struct {
		name   string
		do     func()
		want   app.AccessLevel
		counts bool
	}{
		{"given", func() { setAccess(t, w, service, user, app.AccessUser) }, app.AccessUser, true},
		{"given again", func() { setAccess(t, w, service, user, app.AccessUser) }, app.AccessUser, false},
		{"raised", func() { setAccess(t, w, service, user, app.AccessAdmin) }, app.AccessAdmin, true},
		{"person disabled", func() { exec(`UPDATE users SET disabled = true WHERE id = $1`, user) }, app.AccessNone, true},
		{"person enabled", func() { exec(`UPDATE users SET disabled = false WHERE id = $1`, user) }, app.AccessAdmin, true},
		{"password changed", func() { exec(`UPDATE users SET password_hash = 'y' WHERE id = $1`, user) }, app.AccessAdmin, true},
		{"language changed", func() { exec(`UPDATE users SET language = 'nl' WHERE id = $1`, user) }, app.AccessAdmin, false},
		{"service going", func() { exec(`UPDATE services SET state = 'terminating' WHERE id = $1`, service) }, app.AccessNone, false},
		{"service back", func() { exec(`UPDATE services SET state = 'active' WHERE id = $1`, service) }, app.AccessAdmin, false},
		{"taken", func() { setAccess(t, w, service, user, app.AccessNone) }, app.AccessNone, true},
		{"given once more", func() { setAccess(t, w, service, user, app.AccessUser) }, app.AccessUser, true},
		{"membership ended", func() { exec(`DELETE FROM memberships WHERE user_id = $1`, user) }, app.AccessNone, true},
	}
	for _, s := range steps {
		before := wanted(t, w, service)
		s.do()
		wantAccess(t, w, service, user, s.want)
		if after := wanted(t, w, service); (after > before) != s.counts {
			t.Errorf("%s: the count went from %d to %d", s.name, before, after)
		}
	}
}

// TestAccessIsTheTenantsOwn: nobody gives access to another tenant's service, nor to a person who is no member.
func TestAccessIsTheTenantsOwn(t *testing.T) {
	t.Parallel()
	w := portaltest.New(t)
	service := ordered(t, w, "team")
	for name, try := range map[string]struct {
		actor        app.Actor
		organization app.ID
		user         app.ID
	}{
		"no member":              {w.Tenant, w.Tenant.Organization, w.Other.User},
		"another's service":      {w.Other, w.Other.Organization, w.Other.User},
		"another's organization": {w.Other, w.Tenant.Organization, w.Tenant.User},
	} {
		err := w.Store.InTenant(t.Context(), try.actor, func(tx *store.Tx) error {
			_, err := tx.SetAccess(t.Context(), try.organization, service, try.user, app.AccessUser, time.Now())
			return err
		})
		if err == nil {
			t.Errorf("%s was given access", name)
		}
	}
	wantAccess(t, w, service, w.Other.User, app.AccessNone)
}

// TestNamesInApps: names are unique in an organization, stay the same, and the same person has one in each organization.
func TestNamesInApps(t *testing.T) {
	t.Parallel()
	w := portaltest.New(t)
	service := ordered(t, w, "post")
	seen := map[string]bool{}
	for i := range 5 {
		user := member(t, w, fmt.Sprintf("anna@place%d.example.test", i))
		name := func(context.Context) (uid, mailbox string) {
			err := w.Store.InTenant(t.Context(), w.Tenant, func(tx *store.Tx) (err error) {
				if uid, err = tx.NameInApps(t.Context(), w.Tenant.Organization, user, time.Now()); err != nil {
					return err
				}
				mailbox, err = tx.MailboxOf(t.Context(), w.Tenant.Organization, service, user, []string{"anna", "anna3"}, time.Now())
				return err
			})
			if err != nil {
				t.Fatal(err)
			}
			return uid, mailbox
		}
		uid, mailbox := name(t.Context())
		if seen[uid] || seen["box "+mailbox] || mailbox == "anna" || mailbox == "anna3" {
			t.Errorf("the name %q and the mailbox %q are taken", uid, mailbox)
		}
		seen[uid], seen["box "+mailbox] = true, true
		if again, box := name(t.Context()); again != uid || box != mailbox {
			t.Errorf("%q with the mailbox %q became %q with %q", uid, mailbox, again, box)
		}
	}
}
