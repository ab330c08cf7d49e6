package portal_test

import (
	"strings"
	"sync"
	"testing"
	"time"

	"allotment/app"
	"allotment/app/portal"
	"allotment/app/portal/portaltest"
)

// invitedCustomer makes a customer of the seller, and returns it with the token of the mail to its owner.
func invitedCustomer(t *testing.T, w *portaltest.World, seller app.Actor, slug string) (app.Organization, string) {
	t.Helper()
	o, err := w.Portal.CreateOrganization(t.Context(), seller, newOrganization(app.Customer, slug))
	if err != nil {
		t.Fatal(err)
	}
	portaltest.Billable(t, w.Store, o.ID, o.Name, false)
	return o, tokenTo(t, w, slug+"@example.test")
}

// TestOwnerIsInvited walks from a customer that nobody owns through an order for it to its owner.
func TestOwnerIsInvited(t *testing.T) {
	t.Parallel()
	w := portaltest.New(t)
	ctx := t.Context()
	seller := w.Reseller(t)
	o, token := invitedCustomer(t, w, seller, "fresh")
	mail := w.Mails(t, "fresh@example.test")[0]
	if mail.Organization != o.ID || mail.Data["seller"] != seller.OrganizationName || mail.Data["organization"] != "Demo fresh" || mail.Language != "en" {
		t.Errorf("the mail is %+v", mail)
	}
	d, err := w.Portal.Customer(ctx, seller, o.ID)
	if err != nil || len(d.Owners) != 0 || d.Invited == nil || d.Invited.Email != "fresh@example.test" || d.Invited.Role != app.RoleCustomerOwner {
		t.Fatalf("its page before anybody accepted: %+v (%v)", d, err)
	}
	order := request("team")
	order.For = o.ID
	if _, err := w.Portal.PlaceOrder(ctx, seller, order); err != nil {
		t.Errorf("an order before anybody accepted: %v", err)
	}
	if _, err := w.Portal.JoinAsNewcomer(ctx, token, portal.Newcomer{Name: "Anna", Password: portaltest.Password, Address: "192.0.2.7"}); err != nil {
		t.Fatalf("joined: %v", err)
	}
	anna := w.SignIn(t, "fresh@example.test")
	if anna.Organization != o.ID || anna.Role != app.RoleCustomerOwner {
		t.Errorf("came in as %+v", anna)
	}
	if _, err := w.Portal.JoinAsNewcomer(ctx, token, portal.Newcomer{Name: "Eve", Password: portaltest.Password}); app.CodeOf(err) != app.Gone {
		t.Errorf("the link once more: %v", err)
	}
	if d, err = w.Portal.Customer(ctx, seller, o.ID); err != nil || len(d.Owners) != 1 || d.Invited != nil {
		t.Errorf("its page afterwards: %+v (%v)", d, err)
	}
	for name, err := range map[string]error{
		"invited": second(w.Portal.InviteOwner(ctx, seller, o.ID, "another@example.test", "")), "sent again": second(w.Portal.ResendOwner(ctx, seller, o.ID)),
		"taken back": w.Portal.RevokeOwner(ctx, seller, o.ID),
	} {
		if app.CodeOf(err) != app.Conflict {
			t.Errorf("%s although it has an owner: %v", name, err)
		}
	}
	if mails := w.Mails(t, "another@example.test"); len(mails) != 0 {
		t.Errorf("a refused invitation sent %d mails", len(mails))
	}
}

// TestOwnersInvitationChanges: sent again, to another address, taken back, too old.
func TestOwnersInvitationChanges(t *testing.T) {
	t.Parallel()
	w := portaltest.New(t)
	ctx := t.Context()
	seller := w.Reseller(t)
	o, first := invitedCustomer(t, w, seller, "fresh")
	if i, err := w.Portal.ResendOwner(ctx, seller, o.ID); err != nil || i.Mails != 2 {
		t.Fatalf("sent again: %+v (%v)", i, err)
	}
	renewed := tokenTo(t, w, "fresh@example.test")
	for name, email := range map[string]string{"no address": "nobody", "nothing": " "} {
		if _, err := w.Portal.InviteOwner(ctx, seller, o.ID, email, ""); app.FieldsOf(err)["email"] == "" {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := w.Portal.Invited(ctx, renewed, ""); err != nil {
		t.Errorf("a wrong address took the invitation back: %v", err)
	}
	if i, err := w.Portal.InviteOwner(ctx, seller, o.ID, "Right@Example.Test", "nl"); err != nil || i.Email != "right@example.test" || i.Language != "nl" {
		t.Fatalf("another address: %+v (%v)", i, err)
	}
	for name, token := range map[string]string{"the first": first, "the one sent again": renewed} {
		if _, err := w.Portal.Invited(ctx, token, ""); app.CodeOf(err) != app.Gone {
			t.Errorf("%s link afterwards: %v", name, err)
		}
	}
	right := tokenTo(t, w, "right@example.test")
	if i, err := w.Portal.Invited(ctx, right, ""); err != nil || i.Role != app.RoleCustomerOwner {
		t.Errorf("the new link: %+v (%v)", i, err)
	}
	if err := w.Portal.RevokeOwner(ctx, seller, o.ID); err != nil {
		t.Fatalf("taken back: %v", err)
	}
	if _, err := w.Portal.Invited(ctx, right, ""); app.CodeOf(err) != app.Gone || !strings.Contains(app.Words(err), "taken back") {
		t.Errorf("a link that was taken back: %v", err)
	}
	if _, err := w.Portal.ResendOwner(ctx, seller, o.ID); app.CodeOf(err) != app.Conflict {
		t.Errorf("sent again after that: %v", err)
	}
	if _, err := w.Portal.InviteOwner(ctx, seller, o.ID, "right@example.test", ""); err != nil {
		t.Errorf("invited anew: %v", err)
	}
	late := func() time.Time { return time.Now().Add(8 * 24 * time.Hour) }
	portal.SetClock(w.Portal, late)
	last := tokenTo(t, w, "right@example.test")
	if _, err := w.Portal.Invited(ctx, last, ""); app.CodeOf(err) != app.Gone || !strings.Contains(app.Words(err), "too old") {
		t.Errorf("after eight days: %v", err)
	}
	if _, err := w.Portal.ResendOwner(ctx, seller, o.ID); err != nil {
		t.Errorf("one that is too old, sent again: %v", err)
	}
	if _, err := w.Portal.Invited(ctx, tokenTo(t, w, "right@example.test"), ""); err != nil {
		t.Errorf("its link: %v", err)
	}
	if n := audited(t, w, o.ID, "invitation.send", "done"); n != 2 {
		t.Errorf("%d rows say who was invited, want 2", n)
	}
}

// TestOnlySellersInviteOwners: nobody else finds the organization, and what needs a confirmation asks for it.
func TestOnlySellersInviteOwners(t *testing.T) {
	t.Parallel()
	w := portaltest.New(t)
	ctx := t.Context()
	seller := w.Reseller(t)
	o, token := invitedCustomer(t, w, seller, "fresh")
	inner := w.Below(t, w.Operator, app.Reseller, "sibling")
	stale := seller
	stale.ConfirmedAt = time.Now().Add(-time.Hour)
	for name, c := range map[string]struct {
		actor app.Actor
		at    app.ID
		want  app.Code
	}{
		"another reseller": {inner, o.ID, app.NotFound}, "a customer": {w.Tenant, o.ID, app.Forbidden}, "its own": {seller, seller.Organization, app.Forbidden},
		"without a confirmation": {stale, o.ID, app.Unconfirmed},
	} {
		if _, err := w.Portal.InviteOwner(ctx, c.actor, c.at, "eve@example.test", ""); app.CodeOf(err) != c.want {
			t.Errorf("%s invites: %v, want %s", name, err, c.want)
		}
	}
	if _, err := w.Portal.ResendOwner(ctx, inner, o.ID); app.CodeOf(err) != app.NotFound {
		t.Errorf("another reseller sends it again: %v", err)
	}
	if err := w.Portal.RevokeOwner(ctx, inner, o.ID); app.CodeOf(err) != app.NotFound {
		t.Errorf("another reseller takes it back: %v", err)
	}
	if _, err := w.Portal.Invited(ctx, token, ""); err != nil {
		t.Errorf("the link after all that: %v", err)
	}
	if err := w.Portal.SuspendOrganization(ctx, seller, o.ID, "An invoice is open."); err != nil {
		t.Fatal(err)
	}
	if _, err := w.Portal.ResendOwner(ctx, seller, o.ID); app.CodeOf(err) != app.Conflict {
		t.Errorf("sent again to a suspended one: %v", err)
	}
	if _, err := w.Portal.InviteOwner(ctx, w.Operator, o.ID, "eve@example.test", ""); app.CodeOf(err) != app.Conflict {
		t.Errorf("invited to a suspended one: %v", err)
	}
}

// TestOwnerWithAnAccount: the seller is not told, and the person joins with the account that they have.
func TestOwnerWithAnAccount(t *testing.T) {
	t.Parallel()
	w := portaltest.New(t)
	ctx := t.Context()
	n := newOrganization(app.Customer, "fresh")
	n.Owner.Email = w.Other.Email
	o, err := w.Portal.CreateOrganization(ctx, w.Reseller(t), n)
	if err != nil {
		t.Fatalf("an address with an account: %v", err)
	}
	token := tokenTo(t, w, w.Other.Email)
	if _, err := w.Portal.JoinAsNewcomer(ctx, token, portal.Newcomer{Name: "Eve", Password: portaltest.Password}); app.CodeOf(err) != app.Conflict {
		t.Errorf("a second account: %v", err)
	}
	if _, err := w.Portal.AcceptInvitation(ctx, w.Tenant, token); app.CodeOf(err) != app.Forbidden {
		t.Errorf("somebody else accepts: %v", err)
	}
	if _, err := w.Portal.AcceptInvitation(ctx, w.Other, token); err != nil {
		t.Fatalf("accepted: %v", err)
	}
	if d, err := w.Portal.Customer(ctx, w.Reseller(t), o.ID); err != nil || len(d.Owners) != 1 || d.Owners[0].Email != w.Other.Email {
		t.Errorf("its owner is %+v (%v)", d.Owners, err)
	}
}

// TestOneOwnerOfManyInvited changes the address while it is accepted: whichever comes first, there is never a second owner.
func TestOneOwnerOfManyInvited(t *testing.T) {
	t.Parallel()
	w := portaltest.New(t)
	ctx := t.Context()
	seller := w.Reseller(t)
	o, token := invitedCustomer(t, w, seller, "fresh")
	var all sync.WaitGroup
	for _, name := range []string{"a", "b", "c", "d"} {
		all.Go(func() {
			if _, err := w.Portal.InviteOwner(ctx, seller, o.ID, name+"@example.test", ""); err != nil && app.CodeOf(err) != app.Conflict {
				t.Errorf("invite %s: %v", name, err)
			}
		})
	}
	all.Go(func() {
		if _, err := w.Portal.JoinAsNewcomer(ctx, token, portal.Newcomer{Name: "Anna", Password: portaltest.Password}); err != nil && app.CodeOf(err) != app.Gone {
			t.Errorf("join: %v", err)
		}
	})
	all.Wait()
	var open, owners int
	err := superuser(t, w).QueryRow(ctx, `
		SELECT (SELECT count(*) FROM invitations WHERE organization_id = $1 AND state = 'open'), (SELECT count(*) FROM memberships WHERE organization_id = $1)`, o.ID).Scan(&open, &owners)
	if err != nil || open+owners != 1 {
		t.Errorf("%d invitations are open and %d people own it, want one of either (%v)", open, owners, err)
	}
}

// TestInvitedAtASellersHost: the mail leads to the seller's own host, which lets in nobody else's people but those who are invited there.
func TestInvitedAtASellersHost(t *testing.T) {
	t.Parallel()
	w := portaltest.New(t)
	ctx := t.Context()
	seller := w.Reseller(t)
	const host = "portal.red.example"
	saveBrand(t, w, seller, portal.BrandRequest{Name: "Red Hosting", Host: host})
	if err := w.Portal.ConfirmBrand(ctx, w.Operator, seller.Organization, host, ""); err != nil {
		t.Fatal(err)
	}
	there := signInRequest(w.Other.Email)
	there.Host = host
	refused := func(when string) {
		t.Helper()
		if _, err := w.Portal.SignIn(ctx, there); app.CodeOf(err) != app.Unauthenticated {
			t.Errorf("%s: %v", when, err)
		}
	}
	refused("before anybody invites")
	n := newOrganization(app.Customer, "fresh")
	n.Owner.Email = w.Other.Email
	o, err := w.Portal.CreateOrganization(ctx, seller, n)
	if err != nil {
		t.Fatal(err)
	}
	if err := w.Portal.RevokeOwner(ctx, seller, o.ID); err != nil {
		t.Fatal(err)
	}
	refused("after the invitation was taken back")
	if _, err := w.Portal.InviteOwner(ctx, seller, o.ID, w.Other.Email, ""); err != nil {
		t.Fatal(err)
	}
	in, err := w.Portal.SignIn(ctx, there)
	if err != nil {
		t.Fatalf("who is invited there: %v", err)
	}
	actor, err := w.Portal.Actor(ctx, in.Token)
	if err != nil || actor.Organization != w.Other.Organization {
		t.Fatalf("came in as %+v (%v)", actor, err)
	}
	if _, err := w.Portal.AcceptInvitation(ctx, actor, tokenTo(t, w, w.Other.Email)); err != nil {
		t.Errorf("accepted: %v", err)
	}
	if in, err = w.Portal.SignIn(ctx, there); err != nil {
		t.Fatalf("the next sign-in: %v", err)
	}
	if actor, err = w.Portal.Actor(ctx, in.Token); err != nil || actor.Organization != o.ID {
		t.Errorf("the next sign-in acts for %+v (%v)", actor, err)
	}
}
