package web_test

import (
	"net/http"
	"regexp"
	"strings"
	"testing"

	"allotment/app"
	"allotment/app/portal"
	"allotment/app/portal/portaltest"
)

// TestMembersPage walks from an invitation through its link to a member who is changed and removed.
func TestMembersPage(t *testing.T) {
	t.Parallel()
	s := open(t)
	v := s.tenant(t)
	page := v.get("/organization/members")
	if page.status != http.StatusOK || !page.has(s.Tenant.Email) || !page.has("(you)") || !page.has("just now") {
		t.Fatalf("the page: %d %s", page.status, page.body)
	}
	for field, sent := range map[string][]string{
		"email": {"email", "no address", "role", "customer_viewer", "language", "en"}, "role": {"email", "x@example.test", "role", "king", "language", "en"},
		"language": {"email", "x@example.test", "role", "customer_viewer", "language", "xx"},
	} {
		got := v.post("/organization/members", sent...)
		if got.status != http.StatusUnprocessableEntity || !got.has(`value="`+sent[1]+`"`) || !regexp.MustCompile(`id="message-`+field+`"[^>]*data-wrong`).MatchString(got.body) {
			t.Errorf("a wrong %s: %d", field, got.status)
		}
	}
	if got := v.post("/organization/members", "email", "anna@example.test", "role", "customer_developer", "language", "nl"); got.header.Get("Location") != "/organization/members?saved=invited" {
		t.Fatalf("invited: %d %s", got.status, got.body)
	}
	if got := v.post("/organization/members", "email", "anna@example.test", "role", "customer_viewer", "language", "nl"); got.status != http.StatusConflict || !got.has("has an invitation already") {
		t.Errorf("invited twice: %d", got.status)
	}
	link := s.pathOf(t, app.MailInvitation, "anna@example.test")
	anna := s.visitor(t)
	got := anna.get(link)
	if got.status != http.StatusOK || !got.has("Demo tenant") || !got.has(`autocomplete="new-password"`) || got.header.Get("Referrer-Policy") != "no-referrer" {
		t.Fatalf("the invitation: %d %s", got.status, got.body)
	}
	if got := anna.post(link, "name", "Anna <b>", "password", "short", "language", "nl"); got.status != http.StatusUnprocessableEntity || !got.has(`value="Anna &lt;b&gt;"`) {
		t.Errorf("a short password: %d", got.status)
	}
	if got := anna.post(link, "name", "Anna", "password", portaltest.Password, "language", "en"); got.status != http.StatusSeeOther || got.header.Get("Location") != "/" {
		t.Fatalf("joined: %d %s", got.status, got.body)
	}
	if got := anna.get("/services"); got.status != http.StatusOK || !got.has("Demo tenant") {
		t.Errorf("after joining: %d", got.status)
	}
	if got := anna.get("/organization/members"); got.status != http.StatusForbidden {
		t.Errorf("a developer looks at the members: %d", got.status)
	}
	if got := s.visitor(t).get(link); got.status != http.StatusGone || !got.has("has been used") {
		t.Errorf("the link once more: %d", got.status)
	}
	id := s.userID(t, "anna@example.test")
	path := "/organization/members/" + id
	if got := v.post(path+"/role", "role", "operator_admin"); got.status != http.StatusUnprocessableEntity || !got.has("There is no such role") || !got.has(`aria-invalid="true"`) {
		t.Errorf("another house's role: %d", got.status)
	}
	if got := v.post(path+"/role", "role", "customer_admin"); got.status != http.StatusSeeOther {
		t.Errorf("another role: %d", got.status)
	}
	if got := anna.get("/organization/members?q=ANN"); got.status != http.StatusOK || !got.has("anna@example.test") || got.has(s.Tenant.Email+"</span>") {
		t.Errorf("an administrator searches: %d", got.status)
	}
	if got := anna.post("/organization/members/" + s.Tenant.User.String() + "/remove"); got.status != http.StatusForbidden {
		t.Errorf("an administrator removes the owner: %d", got.status)
	}
	if got := v.post("/organization/members/"+s.Tenant.User.String()+"/role", "role", "customer_viewer"); got.status != http.StatusConflict || !got.has("at least one owner") {
		t.Errorf("the last owner steps down: %d", got.status)
	}
	if got := v.post("/account/organizations/leave", "confirm", "tenant"); got.status != http.StatusConflict || !got.has("at least one owner") {
		t.Errorf("the last owner leaves: %d", got.status)
	}
	if got := v.post(path + "/remove"); got.header.Get("Location") != "/organization/members?saved=removed" {
		t.Errorf("removed: %d", got.status)
	}
	if got := anna.get("/services"); got.status != http.StatusSeeOther {
		t.Errorf("after the removal: %d", got.status)
	}
}

// userID is the ID of a person.
func (s *site) userID(t *testing.T, email string) string {
	t.Helper()
	user, err := s.Store.UserByEmail(t.Context(), email)
	if err != nil {
		t.Fatal(err)
	}
	return user.ID.String()
}

// TestSwitchingOrganizations: somebody with an account accepts, acts for the new organization, goes back, and leaves.
func TestSwitchingOrganizations(t *testing.T) {
	t.Parallel()
	s := open(t)
	v := s.tenant(t)
	if got := v.post("/organization/members", "email", s.Other.Email, "role", "customer_viewer", "language", "en"); got.status != http.StatusSeeOther {
		t.Fatalf("invited: %d", got.status)
	}
	link := s.pathOf(t, app.MailInvitation, s.Other.Email)
	if got := s.visitor(t).get(link); !got.has(`href="/signin?back=%2Finvitation%2F`) || got.has("new-password") {
		t.Errorf("somebody with an account who is not signed in: %s", got.body)
	}
	if got := v.get(link); got.status != http.StatusOK || !got.has("you are signed in as") || got.has("Accept the invitation") {
		t.Errorf("somebody else: %d", got.status)
	}
	if got := v.post(link); got.status != http.StatusForbidden {
		t.Errorf("somebody else accepts: %d", got.status)
	}
	other := s.as(t, s.Other.Email)
	if got := other.get("/services"); got.has("/account/organizations/switch") {
		t.Error("who has one organization is offered to switch")
	}
	if got := other.post(link); got.status != http.StatusSeeOther || got.header.Get("Location") != "/" {
		t.Fatalf("accepted: %d %s", got.status, got.body)
	}
	page := other.get("/services")
	if !page.has("Demo tenant") || !page.has("/account/organizations/switch") || !page.has(s.Other.Organization.String()) {
		t.Fatalf("after accepting: %d", page.status)
	}
	if got := other.post("/account/organizations/switch", "organization", s.Other.Organization.String()); got.header.Get("Location") != "/" {
		t.Fatalf("switched: %d %s", got.status, got.body)
	}
	if got := other.get("/organization"); !got.has("Demo other") {
		t.Errorf("back: %d", got.status)
	}
	if got := other.post("/account/organizations/switch", "organization", s.Resold(t).Organization.String()); got.status != http.StatusNotFound {
		t.Errorf("a foreign organization: %d", got.status)
	}
	list := other.get("/account/organizations?q=tenant")
	if list.status != http.StatusOK || !list.has("Act for it") || strings.Count(list.body, `class="font-semibold"`) < 1 {
		t.Errorf("the list: %d", list.status)
	}
	if got := other.post("/account/organizations/switch", "organization", s.Tenant.Organization.String()); got.status != http.StatusSeeOther {
		t.Errorf("switched again: %d", got.status)
	}
	if got := other.post("/account/organizations/leave", "confirm", "other"); got.status != http.StatusUnprocessableEntity {
		t.Errorf("leaving without its name: %d", got.status)
	}
	if got := other.post("/account/organizations/leave", "confirm", "tenant"); got.header.Get("Location") != "/signin" {
		t.Errorf("left: %d", got.status)
	}
	if again := s.as(t, s.Other.Email).get("/organization"); !again.has("Demo other") {
		t.Errorf("the next sign-in: %d", again.status)
	}
}

// TestImpersonationIsVisible: whoever acts in a customer's name has a banner on every page, and so have the customer's people while it lasts; it
// stands in their audit log, and their owner gets a mail. It ends by its button, and no page of theirs has it any more.
func TestImpersonationIsVisible(t *testing.T) {
	t.Parallel()
	s := open(t)
	seller, customer := s.Reseller(t), s.Resold(t)
	staff, theirs, sibling := s.as(t, seller.Email), s.as(t, customer.Email), s.as(t, s.Below(t, seller, app.Customer, "sibling").Email)
	path := "/customers/" + customer.Organization.String()
	if got := staff.get(path); !got.has(`action="` + path + `/act"`) {
		t.Fatalf("the customer's page offers nothing: %d", got.status)
	}
	if got := staff.post(path+"/act", "reason", "  ", "minutes", "30"); got.status != http.StatusUnprocessableEntity || !got.has("Please give a reason") {
		t.Errorf("without a reason: %d", got.status)
	}
	const reason = "Asked for help on the phone."
	if got := staff.post(path+"/act", "reason", reason, "minutes", "30"); got.header.Get("Location") != "/services" {
		t.Fatalf("begun: %d %s", got.status, got.body)
	}
	for _, page := range []string{"/services", "/catalog", "/organization", "/organization/audit", "/organization/members", "/account", "/apps", "/services/" + app.NewID().String()} {
		if got := staff.get(page); !got.has("You act in the name of Demo resold") || !got.has(reason) || !got.has(`action="/visit/end"`) {
			t.Errorf("the actor's page %s has no banner (%d)", page, got.status)
		}
		if got := theirs.get(page); !got.has("Owner of reseller of Demo reseller acts in the name of Demo resold") || !got.has(reason) {
			t.Errorf("the customer's page %s has no notice (%d)", page, got.status)
		}
		if got := sibling.get(page); got.has(reason) {
			t.Errorf("another customer reads of it on %s", page)
		}
	}
	for what, got := range map[string]page{
		"password": staff.post("/account/password", "password", "another good password"), "factor": staff.post("/account/totp/begin"),
		"owner": staff.post("/organization/members/" + customer.User.String() + "/remove"), "keys": staff.get("/organization/keys"),
		"close": staff.post("/organization/close", "confirm", "resold"), "another customer": staff.get("/customers"),
		"stop": staff.post("/organization/visits/" + app.NewID().String() + "/stop"),
	} {
		if got.status != http.StatusForbidden {
			t.Errorf("%s in the customer's name: %d, want 403", what, got.status)
		}
	}
	placed, err := s.Portal.PlaceOrder(t.Context(), customer, portal.OrderRequest{App: "redmine", Plan: "small", Name: "Ours", Host: "team." + portaltest.Zone, Key: "x",
		Answers: map[string]string{"title": "Office", "visibility": "members"}})
	if err != nil {
		t.Fatal(err)
	}
	if got := staff.post("/services/" + placed.Service.String() + "/secrets"); got.status != http.StatusForbidden {
		t.Errorf("secrets in the customer's name: %d", got.status)
	}
	log := theirs.get("/organization/audit")
	if !log.has("Seller&#39;s staff began to act") || !log.has("Demo reseller") || !log.has(reason) {
		t.Error("the customer's audit log does not say so")
	}
	if path := s.pathOf(t, app.MailVisit, customer.Email); !strings.HasPrefix(path, "/organization/audit") {
		t.Errorf("the mail to the owner leads to %s", path)
	}
	if got := staff.post("/visit/end"); got.header.Get("Location") != path {
		t.Errorf("ended: %d %v", got.status, got.header)
	}
	if got := staff.get("/customers"); got.status != http.StatusOK || got.has("You act in the name of") {
		t.Errorf("the actor's page afterwards: %d", got.status)
	}
	if got := theirs.get("/services"); got.has("acts in the name of") {
		t.Error("the notice stays when it is over")
	}
	staff.post(path+"/act", "reason", reason, "minutes", "15")
	stop := regexp.MustCompile(`/organization/visits/[0-9a-f-]{36}/stop`).FindString(theirs.get("/services").body)
	if got := theirs.post(stop); got.status != http.StatusSeeOther {
		t.Errorf("the customer ends it: %d", got.status)
	}
	if got := staff.get("/services"); got.status != http.StatusGone || !got.has("is over") {
		t.Errorf("the actor's next page: %d", got.status)
	}
	if got := staff.get("/customers"); got.status != http.StatusOK {
		t.Errorf("the one after that: %d", got.status)
	}
}

// TestOperatorsPages: the mails and the people of the installation.
func TestOperatorsPages(t *testing.T) {
	t.Parallel()
	s := open(t)
	staff, tenant := s.as(t, s.Operator.Email), s.tenant(t)
	if got := tenant.post("/organization/members", "email", "anna@example.test", "role", "customer_viewer", "language", "en"); got.status != http.StatusSeeOther {
		t.Fatalf("invited: %d", got.status)
	}
	link := s.pathOf(t, app.MailInvitation, "anna@example.test")
	token := link[strings.LastIndex(link, "/")+1:]
	page := staff.get("/operator/mails?q=anna")
	if page.status != http.StatusOK || !page.has("anna@example.test") || !page.has("Invitation") || page.has(token) {
		t.Errorf("the mails: %d", page.status)
	}
	for _, path := range []string{"/operator/mails", "/operator/people"} {
		if got := tenant.get(path); got.status != http.StatusForbidden {
			t.Errorf("a tenant at %s: %d", path, got.status)
		}
	}
	people := "/operator/people/" + s.Tenant.User.String()
	if got := staff.post(people + "/disable"); got.status != http.StatusConflict || !got.has("at least one owner") {
		t.Errorf("the last owner disabled: %d", got.status)
	}
	s.secondOwner(t)
	if got := staff.post(people + "/disable"); got.status != http.StatusSeeOther {
		t.Errorf("disabled: %d %s", got.status, got.body)
	}
	if got := tenant.get("/services"); got.status != http.StatusSeeOther {
		t.Errorf("the person's next page: %d", got.status)
	}
	if got := staff.get("/operator/people?disabled=only"); !got.has(s.Tenant.Email) || got.has(s.Other.Email) {
		t.Errorf("the disabled: %d", got.status)
	}
	if got := staff.post("/operator/people/" + s.Operator.User.String() + "/disable"); got.status != http.StatusConflict {
		t.Errorf("disabling oneself: %d", got.status)
	}
	if got := staff.post(people + "/enable"); got.status != http.StatusSeeOther {
		t.Errorf("enabled: %d", got.status)
	}
	s.tenant(t)
}

// TestRolesPage holds the page against the table: every role of the reader's organization, and a mark for every permission.
func TestRolesPage(t *testing.T) {
	t.Parallel()
	s := open(t)
	body := s.tenant(t).get("/organization/roles").body
	want, allowed := 0, 0
	for _, permission := range app.Permissions() {
		any := 0
		for _, role := range app.RolesOf(app.Customer) {
			if role.Allows(permission) {
				any++
			}
		}
		if any > 0 {
			want += len(app.RolesOf(app.Customer))
			allowed += any
		}
	}
	yes, no := strings.Count(body, `<span class="sr-only">yes</span>`), strings.Count(body, `<span class="sr-only">no</span>`)
	if yes != allowed || yes+no != want {
		t.Errorf("%d marks and %d gaps, want %d of %d", yes, no, allowed, want)
	}
	if sellers := s.as(t, s.Reseller(t).Email).get("/organization/roles").body; strings.Count(sellers, "<table") != 2 {
		t.Error("a seller does not see its customers' roles")
	}
}
