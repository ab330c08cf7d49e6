package web_test

import (
	"net/http"
	"regexp"
	"strings"
	"testing"

	"allotment/app"
	"allotment/app/portal/portaltest"
)

// TestSellerInvitesAnOwner walks from the form of a new customer to its owner: the seller sees no password at any step.
func TestSellerInvitesAnOwner(t *testing.T) {
	t.Parallel()
	s := open(t)
	v := s.as(t, s.Reseller(t).Email)
	if got := v.get("/customers/new"); got.status != http.StatusOK || got.has("password\"") || !got.has("link that works once") {
		t.Errorf("the form: %d %s", got.status, got.body)
	}
	for field, sent := range map[string][]string{
		"email": {"kind", "customer", "name", "Demo Library", "slug", "library", "email", "no address", "language", "de"},
		"slug":  {"kind", "customer", "name", "Demo Library", "slug", "a.b", "email", "owner@example.test", "language", "de"},
	} {
		got := v.post("/customers", sent...)
		if got.status != http.StatusUnprocessableEntity || !got.has(`value="Demo Library"`) || !regexp.MustCompile(`id="message-`+field+`"[^>]*data-wrong`).MatchString(got.body) {
			t.Errorf("a wrong %s: %d", field, got.status)
		}
	}
	made := v.post("/customers", "kind", "customer", "name", "Demo Library", "slug", "library", "email", "typo@example.test", "language", "de")
	page := made.header.Get("Location")
	if made.status != http.StatusSeeOther || !strings.HasPrefix(page, "/customers/") {
		t.Fatalf("made: %d %s", made.status, made.body)
	}
	first := s.pathOf(t, app.MailInvitation, "typo@example.test")
	if got := v.get(page); !got.has("Nobody has accepted yet") || !got.has("typo@example.test") || !got.has("You can order for them meanwhile.") || !got.has(page+"/order") {
		t.Errorf("its page: %d %s", got.status, got.body)
	}
	if got := v.get("/customers"); !got.has("nobody yet") {
		t.Errorf("the list: %s", got.body)
	}
	if got := v.post(page + "/resend"); got.header.Get("Location") != page {
		t.Errorf("sent again: %d %s", got.status, got.body)
	}
	if got := s.visitor(t).get(first); got.status != http.StatusGone {
		t.Errorf("the link of the first mail: %d", got.status)
	}
	if got := v.post(page+"/invite", "email", "nobody", "language", "de"); got.status != http.StatusUnprocessableEntity || !got.has(`value="nobody"`) || !got.has(`id="message-invite-email"`) {
		t.Errorf("a wrong address: %d", got.status)
	}
	if got := v.post(page+"/invite", "email", "owner@example.test", "language", "de"); got.header.Get("Location") != page {
		t.Errorf("another address: %d %s", got.status, got.body)
	}
	link := s.pathOf(t, app.MailInvitation, "owner@example.test")
	owner := s.visitor(t)
	if got := owner.get(link); got.status != http.StatusOK || !got.has("Demo Library") || !got.has(`value="de" lang="de" selected`) {
		t.Errorf("the invitation: %d %s", got.status, got.body)
	}
	if got := owner.post(link, "name", "Anna", "password", portaltest.Password, "language", "en"); got.header.Get("Location") != "/" {
		t.Fatalf("joined: %d %s", got.status, got.body)
	}
	if got := owner.get("/organization/members"); got.status != http.StatusOK || !got.has("owner@example.test") || !got.has("Demo Library") {
		t.Errorf("the owner looks at the members: %d", got.status)
	}
	if got := s.visitor(t).post(link, "name", "Eve", "password", portaltest.Password, "language", "en"); got.status != http.StatusGone || !got.has("has been used") {
		t.Errorf("replayed: %d", got.status)
	}
	if got := v.get(page); got.has("Nobody has accepted yet") || !got.has("owner@example.test") {
		t.Errorf("its page afterwards: %s", got.body)
	}
	if got := v.post(page + "/revoke"); got.status != http.StatusConflict || !got.has("was answered or taken back already") {
		t.Errorf("taken back afterwards: %d %s", got.status, got.body)
	}
}

// TestOwnerWhoHasAnAccount signs in and accepts; the seller is told nothing of the account.
func TestOwnerWhoHasAnAccount(t *testing.T) {
	t.Parallel()
	s := open(t)
	v := s.as(t, s.Reseller(t).Email)
	made := v.post("/customers", "kind", "customer", "name", "Demo Library", "slug", "library", "email", s.Other.Email, "language", "en")
	page := made.header.Get("Location")
	if made.status != http.StatusSeeOther {
		t.Fatalf("made: %d %s", made.status, made.body)
	}
	link := s.pathOf(t, app.MailInvitation, s.Other.Email)
	if got := s.visitor(t).get(link); !got.has(`href="/signin?back=%2Finvitation%2F`) || got.has("new-password") {
		t.Errorf("who is not signed in: %s", got.body)
	}
	if got := s.tenant(t).post(link); got.status != http.StatusForbidden {
		t.Errorf("somebody else accepts: %d", got.status)
	}
	other := s.as(t, s.Other.Email)
	if got := other.post(link); got.status != http.StatusSeeOther {
		t.Fatalf("accepted: %d %s", got.status, got.body)
	}
	if got := other.get("/services"); !got.has("Demo Library") {
		t.Errorf("acts for: %s", got.body)
	}
	if got := v.get(page); got.has("Nobody has accepted yet") || !got.has(s.Other.Email) {
		t.Errorf("its page: %s", got.body)
	}
}

// TestInvitedAgain: somebody who was removed, and belongs nowhere, comes back by an invitation and the account that they have.
func TestInvitedAgain(t *testing.T) {
	t.Parallel()
	s := open(t)
	v := s.tenant(t)
	const email = "anna@example.test"
	invite := func() string {
		t.Helper()
		if got := v.post("/organization/members", "email", email, "role", "customer_viewer", "language", "en"); got.status != http.StatusSeeOther {
			t.Fatalf("invited: %d %s", got.status, got.body)
		}
		return s.pathOf(t, app.MailInvitation, email)
	}
	if got := s.visitor(t).post(invite(), "name", "Anna", "password", portaltest.Password, "language", "en"); got.status != http.StatusSeeOther {
		t.Fatalf("joined: %d %s", got.status, got.body)
	}
	if got := v.post("/organization/members/" + s.userID(t, email) + "/remove"); got.status != http.StatusSeeOther {
		t.Fatalf("removed: %d", got.status)
	}
	anna := s.visitor(t)
	if got := anna.post("/signin", "email", email, "password", portaltest.Password); got.status != http.StatusForbidden {
		t.Errorf("who belongs nowhere: %d", got.status)
	}
	link := invite()
	if got := anna.get(link); !got.has("has an account here already") {
		t.Errorf("the invitation: %s", got.body)
	}
	if got := anna.post("/signin", "email", email, "password", "wrong wrong wrong", "back", link); got.status != http.StatusUnprocessableEntity {
		t.Errorf("a wrong password: %d", got.status)
	}
	if got := anna.post("/signin", "email", email, "password", portaltest.Password, "back", "/invitation/none"); got.status != http.StatusUnprocessableEntity || !got.has("not known") {
		t.Errorf("no such invitation: %d", got.status)
	}
	if got := s.visitor(t).post("/signin", "email", s.Other.Email, "password", portaltest.Password, "back", link); got.header.Get("Location") != link {
		t.Errorf("somebody else is led to the page: %d %v", got.status, got.header)
	}
	if got := anna.post("/signin", "email", email, "password", portaltest.Password, "back", link); got.header.Get("Location") != "/" {
		t.Fatalf("signed in by it: %d %s", got.status, got.body)
	}
	if got := anna.get("/services"); got.status != http.StatusOK || !got.has("Demo tenant") {
		t.Errorf("after that: %d", got.status)
	}
	if got := s.visitor(t).get(link); got.status != http.StatusGone {
		t.Errorf("the link once more: %d", got.status)
	}
}
