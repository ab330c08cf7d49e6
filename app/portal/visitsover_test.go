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

// TestVisitsEndsAreWrittenDown: a visit that its own time or a sign-out ended has a row of its end, once, whoever looks how often from how many
// places; one that a person ended has that person's row alone. The export of the customer names them all.
func TestVisitsEndsAreWrittenDown(t *testing.T) {
	t.Parallel()
	w := portaltest.New(t)
	ctx := t.Context()
	resold := w.Resold(t)
	visit := func() string {
		t.Helper()
		in, err := w.Portal.SignIn(ctx, signInRequest(w.Reseller(t).Email))
		if err != nil {
			t.Fatal(err)
		}
		seller, err := w.Portal.Actor(ctx, in.Token)
		if err != nil {
			t.Fatal(err)
		}
		fresh, err := w.Portal.ActAs(ctx, seller, resold.Organization, "The customer asked for help.", 30)
		if err != nil {
			t.Fatal(err)
		}
		return fresh.Token
	}
	ends := func() int { return audited(t, w, resold.Organization, "visit.end", "done") }
	visitor, err := w.Portal.Actor(ctx, visit())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.Portal.EndVisit(ctx, visitor); err != nil {
		t.Fatal(err)
	}
	left := visit()
	if err := w.Portal.SignOut(ctx, left, "192.0.2.7"); err != nil {
		t.Fatal(err)
	}
	visit() // and nobody ends it
	if n, err := w.Portal.NoteVisitsOver(ctx); err != nil || n != 1 || ends() != 2 {
		t.Errorf("after the sign-out: %d noted, %d rows, %v", n, ends(), err)
	}
	if _, err := w.Portal.InviteMember(ctx, resold, portal.Invitee{Email: "new@example.test", Role: app.RoleCustomerViewer}); err != nil {
		t.Fatal(err)
	}
	at := time.Now().Add(31 * time.Minute)
	portal.SetClock(w.Portal, func() time.Time { return at })
	var all sync.WaitGroup
	for range 4 {
		all.Go(func() {
			if _, err := w.Portal.NoteVisitsOver(ctx); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	if n, err := w.Portal.NoteVisitsOver(ctx); err != nil || n != 0 || ends() != 3 {
		t.Errorf("after its time: %d noted, %d rows, %v", n, ends(), err)
	}
	log, err := w.Portal.AuditLog(ctx, resold, portal.AuditFilter{})
	if err != nil || log.Lines[0].Action != "visit.end" || log.Lines[0].Impersonation == (app.ID{}) || !strings.Contains(log.Lines[0].After, "seller") {
		t.Errorf("%+v, %v", log.Lines[0], err)
	}
	files := exported(t, w, resold, resold.Organization)
	if len(files["visits.json"]) != 3 || len(files["invitations.json"]) != 1 || files["invitations.json"][0]["email"] != "new@example.test" ||
		files["visits.json"][0]["reason"] != "The customer asked for help." {
		t.Errorf("the export has %v and %v", files["visits.json"], files["invitations.json"])
	}
	for _, secret := range []string{"token_hash", "user_id"} {
		for _, row := range append(files["visits.json"], files["invitations.json"]...) {
			if _, there := row[secret]; there {
				t.Errorf("the export tells %s", secret)
			}
		}
	}
}

// TestLastOwnerIsNotDisabled: staff takes nobody's last owner away, unless the organization was suspended first; nor an owner of one where another stays.
func TestLastOwnerIsNotDisabled(t *testing.T) {
	t.Parallel()
	w := portaltest.New(t)
	ctx := t.Context()
	if err := w.Portal.DisableUser(ctx, w.Operator, w.Tenant.User); app.CodeOf(err) != app.Conflict {
		t.Fatalf("the only owner: %v", err)
	}
	joined(t, w, w.Tenant, "admin@example.test", app.RoleCustomerAdmin)
	if err := w.Portal.DisableUser(ctx, w.Operator, w.Tenant.User); app.CodeOf(err) != app.Conflict {
		t.Errorf("the only owner, beside an administrator: %v", err)
	}
	second := joined(t, w, w.Tenant, "second@example.test", app.RoleCustomerOwner)
	if err := w.Portal.DisableUser(ctx, w.Operator, w.Tenant.User); err != nil {
		t.Errorf("one of two: %v", err)
	}
	if err := w.Portal.DisableUser(ctx, w.Operator, second.User); app.CodeOf(err) != app.Conflict {
		t.Errorf("the other: %v", err)
	}
	if err := w.Portal.SuspendOrganization(ctx, w.Operator, w.Tenant.Organization, "Somebody else has the account."); err != nil {
		t.Fatal(err)
	}
	if err := w.Portal.DisableUser(ctx, w.Operator, second.User); err != nil {
		t.Errorf("of a suspended one: %v", err)
	}
}
