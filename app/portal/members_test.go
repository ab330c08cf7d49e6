package portal_test

import (
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"allotment/app"
	"allotment/app/portal"
	"allotment/app/portal/portaltest"
)

// tokenTo is the token of the newest invitation to an address.
func tokenTo(t *testing.T, w *portaltest.World, email string) string {
	t.Helper()
	mails := w.Mails(t, email)
	for i := len(mails) - 1; i >= 0; i-- {
		if mails[i].Kind == app.MailInvitation {
			return strings.TrimPrefix(mails[i].Data["path"], "/invitation/")
		}
	}
	t.Fatalf("no invitation to %s", email)
	return ""
}

// invite invites somebody and returns the token of the mail.
func invite(t *testing.T, w *portaltest.World, by app.Actor, email string, role app.Role) (app.Invitation, string) {
	t.Helper()
	i, err := w.Portal.InviteMember(t.Context(), by, portal.Invitee{Email: email, Role: role})
	if err != nil {
		t.Fatalf("invite %s: %v", email, err)
	}
	return i, tokenTo(t, w, i.Email)
}

// joined makes a person a member by an invitation, and returns who that is when they are signed in.
func joined(t *testing.T, w *portaltest.World, by app.Actor, email string, role app.Role) app.Actor {
	t.Helper()
	_, token := invite(t, w, by, email, role)
	in, err := w.Portal.JoinAsNewcomer(t.Context(), token, portal.Newcomer{Name: "Person", Password: portaltest.Password, Address: "192.0.2.7"})
	if err != nil {
		t.Fatalf("join as %s: %v", email, err)
	}
	actor, err := w.Portal.Actor(t.Context(), in.Token)
	if err != nil || actor.Email != email || actor.Role != role || actor.Organization != by.Organization {
		t.Fatalf("%s came in as %+v (%v)", email, actor, err)
	}
	return actor
}

func TestInvitationIsUsedOnce(t *testing.T) {
	t.Parallel()
	w := portaltest.New(t)
	ctx := t.Context()
	_, token := invite(t, w, w.Tenant, "Anna@Example.Test ", app.RoleCustomerDeveloper)
	for field, n := range map[string]portal.Newcomer{
		"name": {Name: " ", Password: portaltest.Password}, "password": {Name: "Anna", Password: "short"},
	} {
		if _, err := w.Portal.JoinAsNewcomer(ctx, token, n); app.FieldsOf(err)[field] == "" || len(app.FieldsOf(err)) != 1 {
			t.Errorf("a wrong %s: %v", field, err)
		}
	}
	if _, err := w.Portal.JoinAsNewcomer(ctx, token, portal.Newcomer{Name: "Anna", Password: "Password1234!"}); app.FieldsOf(err)["password"] == "" {
		t.Errorf("a password that is tried first: %v", err)
	}
	var wins, losses int
	var mu sync.Mutex
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			_, err := w.Portal.JoinAsNewcomer(ctx, token, portal.Newcomer{Name: "Anna", Password: portaltest.Password, Address: "192.0.2.7"})
			mu.Lock()
			defer mu.Unlock()
			switch app.CodeOf(err) {
			case "":
				wins++
			case app.Gone:
				losses++
			default:
				t.Errorf("one of many: %v", err)
			}
		})
	}
	all.Wait()
	if wins != 1 || losses != 7 {
		t.Errorf("%d came in by one invitation, %d were told that it was used", wins, losses)
	}
	before := audited(t, w, w.Tenant.Organization, "invitation.accept", "refused")
	if _, err := w.Portal.Invited(ctx, token, "192.0.2.9"); app.CodeOf(err) != app.Gone || !strings.Contains(app.Words(err), "has been used") {
		t.Errorf("a replayed invitation: %v", err)
	}
	if n := audited(t, w, w.Tenant.Organization, "invitation.accept", "refused"); n != before+1 {
		t.Errorf("the replay has %d rows in the audit log", n-before)
	}
	if n := audited(t, w, w.Tenant.Organization, "invitation.accept", "done"); n != 1 {
		t.Errorf("%d rows say that it was accepted", n)
	}
	page, err := w.Portal.Members(ctx, w.Tenant, portal.MemberFilter{Text: "ANNA@"})
	if err != nil || len(page.Members) != 1 || page.Members[0].Role != app.RoleCustomerDeveloper || page.Members[0].SignedInAt.IsZero() || page.Members[0].TwoFactor {
		t.Errorf("the list shows %+v (%v)", page.Members, err)
	}
	user, err := w.Store.UserByEmail(ctx, "anna@example.test")
	if err != nil || user.VerifiedAt.IsZero() {
		t.Errorf("the address counts as confirmed: %v (%v)", user.VerifiedAt, err)
	}
}

func TestInvitationsEnd(t *testing.T) {
	t.Parallel()
	w := portaltest.New(t)
	ctx := t.Context()
	first, old := invite(t, w, w.Tenant, "bert@example.test", app.RoleCustomerViewer)
	if _, err := w.Portal.InviteMember(ctx, w.Tenant, portal.Invitee{Email: "bert@example.test", Role: app.RoleCustomerViewer}); app.CodeOf(err) != app.Conflict || app.FieldsOf(err)["email"] == "" {
		t.Errorf("invited twice: %v", err)
	}
	again, err := w.Portal.ResendInvitation(ctx, w.Tenant, first.ID)
	if err != nil || again.Mails != 2 {
		t.Fatalf("sent again: %+v (%v)", again, err)
	}
	fresh := tokenTo(t, w, "bert@example.test")
	if _, err := w.Portal.Invited(ctx, old, ""); app.CodeOf(err) != app.Gone {
		t.Errorf("the link of the mail before: %v", err)
	}
	if i, err := w.Portal.Invited(ctx, fresh, ""); err != nil || i.Known || i.Organization.Name != "Demo tenant" {
		t.Errorf("the newest link: %+v (%v)", i, err)
	}
	portal.SetClock(w.Portal, func() time.Time { return time.Now().Add(8 * 24 * time.Hour) })
	if _, err := w.Portal.Invited(ctx, fresh, ""); app.CodeOf(err) != app.Gone || !strings.Contains(app.Words(err), "too old") {
		t.Errorf("after eight days: %v", err)
	}
	w.Tenant.ConfirmedAt = time.Now().Add(8 * 24 * time.Hour)
	second, err := w.Portal.InviteMember(ctx, w.Tenant, portal.Invitee{Email: "bert@example.test", Role: app.RoleCustomerViewer})
	if err != nil {
		t.Errorf("invited anew after the time: %v", err)
	}
	if err := w.Portal.RevokeInvitation(ctx, w.Other, second.ID); app.CodeOf(err) != app.NotFound {
		t.Errorf("another organization takes it back: %v", err)
	}
	if err := w.Portal.RevokeInvitation(ctx, w.Tenant, second.ID); err != nil {
		t.Errorf("taken back: %v", err)
	}
	if _, err := w.Portal.Invited(ctx, tokenTo(t, w, "bert@example.test"), ""); app.CodeOf(err) != app.Gone || !strings.Contains(app.Words(err), "taken back") {
		t.Errorf("after it was taken back: %v", err)
	}
	if _, err := w.Portal.ResendInvitation(ctx, w.Tenant, second.ID); app.CodeOf(err) != app.Conflict {
		t.Errorf("sent again after that: %v", err)
	}
	page, err := w.Portal.Invitations(ctx, w.Tenant, true, "", 1)
	if err != nil || len(page.Invitations) != 1 || page.Next == "" || page.Invitations[0].State != app.InvitationRevoked {
		t.Errorf("the list shows %+v (%v)", page, err)
	}
}

// TestInvitationOfSomebodyWithAnAccount: they sign in and accept; somebody else cannot.
func TestInvitationOfSomebodyWithAnAccount(t *testing.T) {
	t.Parallel()
	w := portaltest.New(t)
	ctx := t.Context()
	_, token := invite(t, w, w.Tenant, w.Other.Email, app.RoleCustomerAdmin)
	if i, err := w.Portal.Invited(ctx, token, ""); err != nil || !i.Known {
		t.Errorf("the address has an account: %+v (%v)", i, err)
	}
	if _, err := w.Portal.JoinAsNewcomer(ctx, token, portal.Newcomer{Name: "Thief", Password: portaltest.Password}); app.CodeOf(err) != app.Conflict {
		t.Errorf("a second account for the address: %v", err)
	}
	resold := w.Resold(t)
	if _, err := w.Portal.AcceptInvitation(ctx, resold, token); app.CodeOf(err) != app.Forbidden {
		t.Errorf("somebody else accepts: %v", err)
	}
	if o, err := w.Portal.AcceptInvitation(ctx, w.Other, token); err != nil || o.ID != w.Tenant.Organization {
		t.Fatalf("accepted: %v (%v)", o, err)
	}
	if _, err := w.Portal.AcceptInvitation(ctx, w.Other, token); app.CodeOf(err) != app.Gone {
		t.Errorf("accepted twice: %v", err)
	}
	in, err := w.Portal.SignIn(ctx, signInRequest(w.Other.Email))
	if err != nil {
		t.Fatal(err)
	}
	actor, err := w.Portal.Actor(ctx, in.Token)
	if err != nil || !actor.Several || actor.Organization != w.Other.Organization {
		t.Fatalf("signed in as %+v (%v)", actor, err)
	}
	fresh, err := w.Portal.SwitchOrganization(ctx, actor, w.Tenant.Organization, "")
	if err != nil || fresh.Token == "" || fresh.Token == in.Token {
		t.Fatalf("switched: %v", err)
	}
	if _, err := w.Portal.Actor(ctx, in.Token); app.CodeOf(err) != app.Unauthenticated {
		t.Errorf("the token of before: %v", err)
	}
	actor, err = w.Portal.Actor(ctx, fresh.Token)
	if err != nil || actor.Organization != w.Tenant.Organization || actor.Role != app.RoleCustomerAdmin {
		t.Errorf("after the switch: %+v (%v)", actor, err)
	}
	if _, err := w.Portal.SwitchOrganization(ctx, actor, resold.Organization, ""); app.CodeOf(err) != app.NotFound {
		t.Errorf("switched to a foreign organization: %v", err)
	}
	if again := w.SignIn(t, w.Other.Email); again.Organization != w.Tenant.Organization {
		t.Errorf("the next sign-in acts for %s, want the one that was chosen last", again.OrganizationName)
	}
	own, err := w.Portal.OwnOrganizations(ctx, actor, "demo TEN", "", 0)
	if err != nil || len(own.Memberships) != 1 || own.Memberships[0].Role != app.RoleCustomerAdmin {
		t.Errorf("found: %+v (%v)", own, err)
	}
	if first, err := w.Portal.OwnOrganizations(ctx, actor, "", "", 1); err != nil || first.Next == "" {
		t.Errorf("the first page: %+v (%v)", first, err)
	} else if second, err := w.Portal.OwnOrganizations(ctx, actor, "", first.Next, 1); err != nil || len(second.Memberships) != 1 || second.Next != "" {
		t.Errorf("the second page: %+v (%v)", second, err)
	}
}

// TestNobodyGivesMoreThanTheyHave walks the roles that do not fit.
func TestNobodyGivesMoreThanTheyHave(t *testing.T) {
	t.Parallel()
	w := portaltest.New(t)
	ctx := t.Context()
	admin := joined(t, w, w.Tenant, "admin@example.test", app.RoleCustomerAdmin)
	viewer := joined(t, w, admin, "viewer@example.test", app.RoleCustomerViewer)
	for _, role := range []app.Role{"", "king", app.RoleOperatorAdmin, app.RoleResellerOwner, app.RoleCustomerOwner, app.RoleCustomerBilling} {
		if _, err := w.Portal.InviteMember(ctx, admin, portal.Invitee{Email: "x@example.test", Role: role}); app.FieldsOf(err)["role"] == "" {
			t.Errorf("an administrator invites a %q: %v", role, err)
		}
		if err := w.Portal.ChangeRole(ctx, admin, viewer.User, role); app.FieldsOf(err)["role"] == "" {
			t.Errorf("an administrator makes a %q: %v", role, err)
		}
	}
	for name, err := range map[string]error{
		"demotes the owner":            w.Portal.ChangeRole(ctx, admin, w.Tenant.User, app.RoleCustomerViewer),
		"removes the owner":            w.Portal.RemoveMember(ctx, admin, w.Tenant.User),
		"disables the owner":           w.Portal.DisableUser(ctx, admin, w.Tenant.User),
		"(a viewer) invites":           second(w.Portal.InviteMember(ctx, viewer, portal.Invitee{Email: "x@example.test", Role: app.RoleCustomerViewer})),
		"(a viewer) removes":           w.Portal.RemoveMember(ctx, viewer, admin.User),
		"(a viewer) looks at the list": second(w.Portal.Members(ctx, viewer, portal.MemberFilter{})),
	} {
		if app.CodeOf(err) != app.Forbidden {
			t.Errorf("an administrator %s: %v, want Forbidden", name, err)
		}
	}
	for name, err := range map[string]error{
		"changes": w.Portal.ChangeRole(ctx, w.Other, viewer.User, app.RoleCustomerViewer), "removes": w.Portal.RemoveMember(ctx, w.Other, viewer.User),
		"disables": w.Portal.DisableUser(ctx, w.Other, viewer.User),
	} {
		if app.CodeOf(err) != app.NotFound {
			t.Errorf("another organization %s: %v, want NotFound", name, err)
		}
	}
	if err := w.Portal.ChangeRole(ctx, admin, viewer.User, app.RoleCustomerDeveloper); err != nil {
		t.Errorf("a role of the list: %v", err)
	}
	stale := w.Tenant
	stale.ConfirmedAt = time.Now().Add(-time.Hour)
	if err := w.Portal.ChangeRole(ctx, stale, viewer.User, app.RoleCustomerOwner); app.CodeOf(err) != app.Unconfirmed {
		t.Errorf("an hour after the proof: %v", err)
	}
}

// second is the error of two results.
func second[T any](_ T, err error) error { return err }

// TestLastOwnerStays sends away many owners at once, each in another way: one stays.
func TestLastOwnerStays(t *testing.T) {
	t.Parallel()
	w := portaltest.New(t)
	ctx := t.Context()
	for name, err := range map[string]error{
		"leaves": w.Portal.LeaveOrganization(ctx, w.Tenant, w.Tenant.OrganizationSlug), "steps down": w.Portal.ChangeRole(ctx, w.Tenant, w.Tenant.User, app.RoleCustomerViewer),
		"the operator's disables themselves": w.Portal.DisableUser(ctx, w.Operator, w.Operator.User),
	} {
		if app.CodeOf(err) != app.Conflict {
			t.Errorf("the last owner %s: %v, want Conflict", name, err)
		}
	}
	owners := []app.Actor{w.Tenant}
	for i := range 11 {
		owners = append(owners, joined(t, w, w.Tenant, fmt.Sprintf("owner%d@example.test", i), app.RoleCustomerOwner))
	}
	var all sync.WaitGroup
	var mu sync.Mutex
	stayed := 0
	for i, owner := range owners {
		all.Go(func() {
			var err error
			switch i % 3 {
			case 0:
				err = w.Portal.LeaveOrganization(ctx, owner, owner.OrganizationSlug)
			case 1:
				err = w.Portal.ChangeRole(ctx, owner, owner.User, app.RoleCustomerViewer)
			case 2:
				err = w.Portal.RemoveMember(ctx, owners[(i+1)%len(owners)], owner.User)
			}
			switch app.CodeOf(err) {
			case "":
			case app.Conflict:
				mu.Lock()
				stayed++
				mu.Unlock()
			default:
				t.Errorf("owner %d: %v", i, err)
			}
		})
	}
	all.Wait()
	var left int
	if err := superuser(t, w).QueryRow(ctx, `SELECT count(*) FROM memberships WHERE organization_id = $1 AND role = 'customer_owner'`, w.Tenant.Organization).Scan(&left); err != nil {
		t.Fatal(err)
	}
	if left != 1 || stayed != 1 {
		t.Errorf("%d owners are left and %d were told to stay, want one", left, stayed)
	}
}

// TestRemovalIsFeltAtOnce: sessions end, access to services is gone, and a mail says so.
func TestRemovalIsFeltAtOnce(t *testing.T) {
	t.Parallel()
	for name, end := range map[string]func(*portaltest.World, app.Actor) error{
		"removed": func(w *portaltest.World, a app.Actor) error {
			return w.Portal.RemoveMember(t.Context(), w.Tenant, a.User)
		},
		"left": func(w *portaltest.World, a app.Actor) error {
			return w.Portal.LeaveOrganization(t.Context(), a, a.OrganizationSlug)
		},
		"disabled": func(w *portaltest.World, a app.Actor) error {
			return w.Portal.DisableUser(t.Context(), w.Tenant, a.User)
		},
		"disabled by staff": func(w *portaltest.World, a app.Actor) error {
			return w.Portal.DisableUser(t.Context(), w.Operator, a.User)
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := portaltest.New(t)
			ctx := t.Context()
			order, err := w.Portal.PlaceOrder(ctx, w.Tenant, request("team"))
			if err != nil {
				t.Fatal(err)
			}
			joined(t, w, w.Tenant, "anna@example.test", app.RoleCustomerViewer)
			in, err := w.Portal.SignIn(ctx, signInRequest("anna@example.test"))
			if err != nil {
				t.Fatal(err)
			}
			anna, err := w.Portal.Actor(ctx, in.Token)
			if err != nil {
				t.Fatal(err)
			}
			if err := w.Portal.GrantAccess(ctx, w.Tenant, order.Service, anna.User, app.AccessUser); err != nil {
				t.Fatal(err)
			}
			if _, ok, err := w.Store.ServiceAccess(ctx, order.Service, anna.User); err != nil || !ok {
				t.Fatalf("access before: %t (%v)", ok, err)
			}
			if err := end(w, anna); err != nil {
				t.Fatal(err)
			}
			if _, err := w.Portal.Actor(ctx, in.Token); app.CodeOf(err) != app.Unauthenticated {
				t.Errorf("the session: %v", err)
			}
			if _, ok, err := w.Store.ServiceAccess(ctx, order.Service, anna.User); err != nil || ok {
				t.Errorf("access to the service afterwards: %t (%v)", ok, err)
			}
			if _, err := w.Portal.SignIn(ctx, signInRequest("anna@example.test")); err == nil {
				t.Error("they sign in afterwards")
			}
			told := false
			for _, m := range w.Mails(t, "anna@example.test") {
				told = told || m.Kind == app.MailRemoved
			}
			if told != (name == "removed") {
				t.Errorf("a mail says so: %t", told)
			}
		})
	}
}

func TestDisabledPeopleComeBack(t *testing.T) {
	t.Parallel()
	w := portaltest.New(t)
	ctx := t.Context()
	anna := joined(t, w, w.Tenant, "anna@example.test", app.RoleCustomerViewer)
	if err := w.Portal.DisableUser(ctx, w.Tenant, anna.User); err != nil {
		t.Fatal(err)
	}
	if people, err := w.Portal.People(ctx, w.Operator, portal.PersonFilter{Disabled: true}); err != nil || len(people.People) != 1 || !people.People[0].Disabled || people.People[0].Organizations[0] != "Demo tenant" {
		t.Errorf("the disabled: %+v (%v)", people, err)
	}
	if _, err := w.Portal.People(ctx, w.Tenant, portal.PersonFilter{}); app.CodeOf(err) != app.Forbidden {
		t.Errorf("a tenant looks at all people: %v", err)
	}
	if err := w.Portal.EnableUser(ctx, w.Tenant, anna.User); err != nil {
		t.Fatal(err)
	}
	w.SignIn(t, "anna@example.test")
	_, token := invite(t, w, w.Other, "anna@example.test", app.RoleCustomerViewer)
	if _, err := w.Portal.AcceptInvitation(ctx, anna, token); err != nil {
		t.Fatal(err)
	}
	if err := w.Portal.DisableUser(ctx, w.Tenant, anna.User); app.CodeOf(err) != app.Forbidden {
		t.Errorf("one of two organizations disables: %v", err)
	}
	if err := w.Portal.DisableUser(ctx, w.Operator, anna.User); err != nil {
		t.Errorf("staff disables: %v", err)
	}
	for _, o := range []app.ID{w.Tenant.Organization, w.Other.Organization, w.Operator.Organization} {
		if n := audited(t, w, o, "person.disable", "done"); n == 0 {
			t.Errorf("an organization of the person has no row of it")
		}
	}
}

// TestImpersonationKeepsItsLimits: with a reason, for a time, by a person of the seller; and some things never.
func TestImpersonationKeepsItsLimits(t *testing.T) {
	t.Parallel()
	w := portaltest.New(t)
	ctx := t.Context()
	seller, resold := w.Reseller(t), w.Resold(t)
	billing := joined(t, w, seller, "billing@example.test", app.RoleResellerBilling)
	const reason = "The customer asked for help."
	for name, err := range map[string]error{
		"no reason": second(w.Portal.ActAs(ctx, seller, resold.Organization, "  ", 30)), "no end": second(w.Portal.ActAs(ctx, seller, resold.Organization, reason, 0)),
		"too long": second(w.Portal.ActAs(ctx, seller, resold.Organization, reason, 100000)),
	} {
		if app.CodeOf(err) != app.Invalid || len(app.FieldsOf(err)) != 1 {
			t.Errorf("%s: %v, want Invalid at a field", name, err)
		}
	}
	if _, err := w.Portal.ActAs(ctx, seller, w.Tenant.Organization, reason, 30); app.CodeOf(err) != app.NotFound {
		t.Errorf("another seller's customer: %v", err)
	}
	program := seller
	program.Key, program.Session = app.NewID(), app.ID{}
	for name, who := range map[string]app.Actor{"a role without it": billing, "a customer": w.Tenant, "a program": program} {
		if _, err := w.Portal.ActAs(ctx, who, resold.Organization, reason, 30); app.CodeOf(err) != app.Forbidden {
			t.Errorf("%s: %v", name, err)
		}
	}
	in, err := w.Portal.SignIn(ctx, signInRequest(seller.Email))
	if err != nil {
		t.Fatal(err)
	}
	if seller, err = w.Portal.Actor(ctx, in.Token); err != nil {
		t.Fatal(err)
	}
	fresh, err := w.Portal.ActAs(ctx, seller, resold.Organization, reason, 30)
	if err != nil {
		t.Fatal(err)
	}
	visitor, err := w.Portal.Actor(ctx, fresh.Token)
	if err != nil || visitor.Impersonation == nil || visitor.Organization != resold.Organization || visitor.Role != app.RoleCustomerAdmin || visitor.Kind != app.Customer {
		t.Fatalf("acts as %+v (%v)", visitor, err)
	}
	order, err := w.Portal.PlaceOrder(ctx, visitor, request("team"))
	if err != nil {
		t.Fatal(err)
	}
	for name, err := range map[string]error{
		"password": w.Portal.ChangePassword(ctx, visitor, "another good one"), "factor": w.Portal.BeginTOTP(ctx, visitor),
		"owner's role": w.Portal.ChangeRole(ctx, visitor, resold.User, app.RoleCustomerViewer), "owner": w.Portal.RemoveMember(ctx, visitor, resold.User),
		"owner's end": w.Portal.DisableUser(ctx, visitor, resold.User), "secrets": second(w.Portal.RevealSecrets(ctx, visitor, order.Service)),
		"next visit": second(w.Portal.ActAs(ctx, visitor, resold.Organization, reason, 30)), "switch": second(w.Portal.SwitchOrganization(ctx, visitor, seller.Organization, "")),
		"leave": w.Portal.LeaveOrganization(ctx, visitor, visitor.OrganizationSlug), "keys": second(w.Portal.Keys(ctx, visitor, "", 0)),
	} {
		if app.CodeOf(err) != app.Forbidden {
			t.Errorf("%s in the customer's name: %v, want Forbidden", name, err)
		}
	}
	if _, err := w.Portal.InviteMember(ctx, visitor, portal.Invitee{Email: "y@example.test", Role: app.RoleCustomerOwner}); app.FieldsOf(err)["role"] == "" {
		t.Errorf("an owner is invited in the customer's name: %v", err)
	}
	portal.SetClock(w.Portal, func() time.Time { return time.Now().Add(31 * time.Minute) })
	if _, err := w.Portal.Actor(ctx, fresh.Token); app.CodeOf(err) != app.Gone {
		t.Errorf("the first call after the time: %v, want Gone", err)
	}
	if own, err := w.Portal.Actor(ctx, fresh.Token); err != nil || own.Impersonation != nil || own.Organization != seller.Organization {
		t.Errorf("the next call acts as %+v (%v)", own, err)
	}
}

// TestImpersonationEndsWithItsReason: it is over when the person may no more, when the session ends, and when the customer says so.
func TestImpersonationEndsWithItsReason(t *testing.T) {
	t.Parallel()
	w := portaltest.New(t)
	ctx := t.Context()
	resold := w.Resold(t)
	begin := func(email string) (app.Session, app.Actor) {
		t.Helper()
		in, err := w.Portal.SignIn(ctx, signInRequest(email))
		if err != nil {
			t.Fatal(err)
		}
		actor, err := w.Portal.Actor(ctx, in.Token)
		if err != nil {
			t.Fatal(err)
		}
		fresh, err := w.Portal.ActAs(ctx, actor, resold.Organization, "The customer asked for help.", 60)
		if err != nil {
			t.Fatal(err)
		}
		return fresh, actor
	}
	visits := func() int {
		t.Helper()
		all, err := w.Portal.Visits(ctx, resold)
		if err != nil {
			t.Fatal(err)
		}
		return len(all)
	}
	manager := joined(t, w, w.Reseller(t), "manager@example.test", app.RoleResellerManager)
	for name, end := range map[string]func(app.Session){
		"by its button": func(s app.Session) {
			visitor, err := w.Portal.Actor(ctx, s.Token)
			if err != nil {
				t.Fatal(err)
			}
			if _, err := w.Portal.EndVisit(ctx, visitor); err != nil {
				t.Fatal(err)
			}
		},
		"by signing out": func(s app.Session) {
			if err := w.Portal.SignOut(ctx, s.Token, ""); err != nil {
				t.Fatal(err)
			}
		},
		"by the customer": func(app.Session) {
			all, err := w.Portal.Visits(ctx, resold)
			if err != nil {
				t.Fatal(err)
			}
			if err := w.Portal.StopVisit(ctx, resold, all[0].ID); err != nil {
				t.Fatal(err)
			}
			if err := w.Portal.StopVisit(ctx, resold, all[0].ID); app.CodeOf(err) != app.NotFound {
				t.Errorf("stopped twice: %v", err)
			}
		},
	} {
		session, _ := begin(manager.Email)
		if visits() != 1 {
			t.Errorf("%s: %d visits before", name, visits())
		}
		end(session)
		if visits() != 0 {
			t.Errorf("%s: it goes on", name)
		}
		if actor, err := w.Portal.Actor(ctx, session.Token); err == nil && actor.Impersonation != nil {
			t.Errorf("%s: the session still acts in the customer's name", name)
		}
	}
	session, _ := begin(manager.Email)
	if err := w.Portal.ChangeRole(ctx, w.Reseller(t), manager.User, app.RoleResellerBilling); err != nil {
		t.Fatal(err)
	}
	if _, err := w.Portal.Actor(ctx, session.Token); app.CodeOf(err) != app.Gone {
		t.Errorf("after the role was lost: %v, want Gone", err)
	}
}

// TestMembersPageByPage reads a long list by its keys.
func TestMembersPageByPage(t *testing.T) {
	t.Parallel()
	w := portaltest.New(t)
	_, err := superuser(t, w).Exec(t.Context(), `
		WITH made AS (
			INSERT INTO users (id, email, name, created_at)
			SELECT gen_random_uuid(), 'person' || n || '@example.test', CASE WHEN n % 2 = 0 THEN 'Same name' ELSE 'Name ' || n END, now() FROM generate_series(1, 119) n
			RETURNING id)
		INSERT INTO memberships (organization_id, user_id, role, created_at) SELECT $1, id, 'customer_viewer', now() FROM made`, w.Tenant.Organization)
	if err != nil {
		t.Fatal(err)
	}
	seen := map[app.ID]bool{}
	f := portal.MemberFilter{Limit: 50}
	for range 4 {
		page, err := w.Portal.Members(t.Context(), w.Tenant, f)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range page.Members {
			seen[m.User] = true
		}
		if page.Counts[app.RoleCustomerViewer] != 119 || page.Counts[app.RoleCustomerOwner] != 1 {
			t.Errorf("counted %v", page.Counts)
		}
		if f.After = page.Next; f.After == "" {
			break
		}
	}
	if len(seen) != 120 || f.After != "" {
		t.Errorf("%d members were listed", len(seen))
	}
	if page, err := w.Portal.Members(t.Context(), w.Tenant, portal.MemberFilter{Role: app.RoleCustomerOwner}); err != nil || len(page.Members) != 1 {
		t.Errorf("the owners: %+v (%v)", page.Members, err)
	}
}

func signInRequest(email string) portal.SignInRequest {
	return portal.SignInRequest{Email: email, Password: portaltest.Password, Address: "192.0.2.1"}
}
