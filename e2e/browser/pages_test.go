package browser

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"

	"allotment/app"
	"allotment/app/portal"
	"allotment/app/web"
	"allotment/e2e/site"
)

// stop is one page of the walk: who sees it, and what it says. An address without a service's or operation's ID has them put in.
type stop struct {
	who, address, says string
}

// walk is every page by its line in the route table.
var walk = map[string][]stop{
	"/":                   {{"tenant", "/", "My services"}},
	"/signin":             {{"nobody", "/signin", "Welcome back"}},
	"/catalog":            {{"tenant", "/catalog", "3 apps"}, {"tenant", "/catalog?q=nothing", "No app fits"}},
	"/catalog/:app":       {{"tenant", "/catalog/redmine", "A frank look"}, {"operator", "/catalog/nextcloud", "A frank look"}},
	"/catalog/:app/order": {{"tenant", "/catalog/redmine/order", "Order Redmine"}, {"tenant", "/catalog/roundcube/order", "It can never be changed afterwards."}},
	"/services": {{"tenant", "/services", "Garden files"}, {"tenant", "/services?state=terminated", "Old files"},
		{"tenant", "/services?q=nothing", "No service fits"}, {"newcomer", "/services", "There is nothing here yet."}},
	"/services/:id": {{"tenant", "/services/{active}", "How you get in"}, {"tenant", "/services/{failed}", "needs your attention"}, {"operator", "/services/{terminated}", "Removed"}},
	"/services/:id/access": {{"tenant", "/services/{active}/access", "Who may use Garden files"}, {"tenant", "/services/{active}/access?q=nothing", "Nobody fits"},
		{"operator", "/services/{active}/access?who=with", "Those with access"}},
	"/apps":                {{"tenant", "/apps", "Your user name in these apps is"}, {"tenant", "/apps?q=nothing", "No app fits"}, {"newcomer", "/apps", "You may use no app yet"}},
	"/account/apps":        {{"tenant", "/account/apps", "A password for apps and mail"}},
	"/operations/:id":      {{"tenant", "/operations/{active}", "is ready"}, {"operator", "/operations/{failed}", "in use by someone else"}},
	"/operator/operations": {{"operator", "/operator/operations", "Blocked files"}},
	"/operator/services":   {{"operator", "/operator/services", "Garden files"}},
	"/api/docs":            {{"nobody", "/api/docs", "Every POST"}, {"tenant", "/api/docs", "Every POST"}},
	"/organization/keys":   {{"tenant", "/organization/keys", "There are no keys yet"}, {"operator", "/organization/keys", "There are no keys yet"}},
	"/organization/audit":  {{"tenant", "/organization/audit", "Service ordered"}, {"operator", "/organization/audit?outcome=refused", "Audit log"}, {"tenant", "/organization/audit?q=nothing", "Nothing fits"}},
	"/organization/brand":  {{"operator", "/organization/brand", "This is what your customers see"}},
	"/signin/organization": {{"nobody", "/signin/organization", "Short name"}, {"nobody", "/signin/organization?name=nothing", "No organization with this short name"},
		{"nobody", "/signin/organization?name=walk", "Sign in with Walk directory"}},
	"/signin/with/:id":             {{"nobody", "/signin/with/{directory}", "User name or e-mail address"}},
	"/account/identities":          {{"tenant", "/account/identities", "Nothing is linked yet"}},
	"/account/identities/with/:id": {{"tenant", "/account/identities/with/{directory}", "User name or e-mail address"}},
	"/organization/providers":      {{"tenant", "/organization/providers", "Walk directory"}, {"newcomer", "/organization/providers", "No provider yet"}},
	"/organization/providers/new":  {{"tenant", "/organization/providers/new?kind=oidc", "Client secret"}, {"operator", "/organization/providers/new?kind=ldap", "Account that searches"}},
	"/organization/providers/:id":  {{"tenant", "/organization/providers/{directory}", "The connection works."}},
}

// noPages are the lines of the table that answer with something else than a page.
var noPages = []string{"/catalog/:app/icon.svg", "/organization/audit/export", "/signin/callback", "/signin/link/:id", "/account/identities/link/:id", "/brand/colours/:name", "/brand/logo/:name", "/brand/icon/:name", "/operations/:id/stream", "/exports/:id/stream", "/exports/:id/file", "/services/:id/proforma", "/billing/invoices/:id/pdf", "/billing/invoices/:id/ubl", "/sales/invoices/:id/pdf", "/sales/invoices/:id/ubl", "/sales/ageing/export", "/sales/vat/export", "/static/*", "/healthz", "/readyz", "/enrol/:token", "/.well-known/openid-configuration", "/oauth/keys", "/oauth/userinfo", "/api/v1/openapi.json", "/api/v1/openapi.yaml"}

// TestPages walks every page of the route table, light and dark, wide and narrow: axe finds nothing serious, nothing scrolls
// sideways, and the browser has nothing to complain of.
func TestPages(t *testing.T) {
	t.Parallel()
	w := theWorld(t)
	wantEveryPage(t)
	v := w.village(t)
	for _, l := range []look{{1280, "light"}, {1280, "dark"}, {390, "light"}, {390, "dark"}} {
		t.Run(fmt.Sprintf("%d-%s", l.width, l.scheme), func(t *testing.T) {
			t.Parallel()
			people := map[string]*person{"nobody": w.newPerson(t, "nobody", l)}
			for who, email := range v.emails {
				people[who] = w.newPerson(t, who, l).signedIn(email)
			}
			for _, stops := range wholeWalk() {
				for _, s := range stops {
					people[s.who].visits(s, v)
				}
			}
			people["tenant"].lost()
		})
	}
}

// wantEveryPage fails when the route table has a page that the walk does not know, or the walk one that is gone.
func wantEveryPage(t *testing.T) {
	t.Helper()
	known := map[string]bool{}
	for _, path := range slices.Concat(noPages, doorPages) {
		known[path] = false
	}
	for path := range wholeWalk() {
		known[path] = false
	}
	for _, r := range new(web.Server).Routes() {
		if r.Method != http.MethodGet {
			continue
		}
		if _, ok := known[r.Path]; !ok {
			t.Errorf("the walk does not know GET %s: add it to walk, or to noPages", r.Path)
		}
		known[r.Path] = true
	}
	for path, there := range known {
		if !there {
			t.Errorf("the walk knows %s, which is not in the route table", path)
		}
	}
}

// village is an installation with something to show on every page.
type village struct {
	emails map[string]string    // who -> the address they sign in with
	orders map[string]app.Order // state -> an order that has come to it
	others map[string]app.ID    // whatever else an address names
}

func (w *world) village(t *testing.T) village {
	t.Helper()
	tenant, newcomer := w.customer(t, "Demo Walk", "walk"), w.customer(t, "Demo Newcomer", "newcomer")
	w.squat(t, "blocked")
	v := village{
		emails: map[string]string{"tenant": tenant.Email, "newcomer": newcomer.Email, "operator": w.operatorEmail},
		orders: map[string]app.Order{
			"active": w.place(t, tenant, "Garden files", "walk"), "failed": w.place(t, tenant, "Blocked files", "blocked"),
			"terminated": w.place(t, tenant, "Old files", "walk-old"),
		},
	}
	v.others = map[string]app.ID{
		"directory": w.directoryOf(t, tenant, "Walk directory", app.ProviderRules{}).ID, "customer": tenant.Organization, "transfer": w.moving(t, tenant),
	}
	w.await(t, tenant, v.orders["active"].Service, app.ServiceActive)
	w.await(t, tenant, v.orders["terminated"].Service, app.ServiceActive)
	if _, err := w.program.Portal.TerminateService(t.Context(), tenant, v.orders["terminated"].Service, "walk-old."+site.Zone); err != nil {
		t.Fatal(err)
	}
	w.await(t, tenant, v.orders["terminated"].Service, app.ServiceTerminated)
	bill := w.bill(t, tenant)
	v.others["invoice"], v.others["paid"] = bill.ID, w.paidOnline(t, bill)
	w.await(t, tenant, v.orders["failed"].Service, app.ServiceFailed)
	return v
}

// moving begins a customer's move to a reseller, which nobody agrees to.
func (w *world) moving(t *testing.T, customer app.Actor) app.ID {
	t.Helper()
	owner := portal.NewMember{Name: "Owner of Demo Reseller", Email: "reseller@demo.example", Password: w.password}
	_, err := w.program.Portal.CreateOrganization(t.Context(), w.operator, portal.NewOrganization{Kind: app.Reseller, Name: "Demo Reseller", Slug: "walkreseller", Owner: owner})
	if err != nil {
		t.Fatal(err)
	}
	transfer, err := w.program.Portal.StartTransfer(t.Context(), customer, customer.Organization, "walkreseller", "")
	if err != nil {
		t.Fatal(err)
	}
	return transfer.ID
}

// squat publishes a name that is not ours, so that the step which publishes the same one cannot be done.
func (w *world) squat(t *testing.T, label string) {
	t.Helper()
	d, name := w.site.Lab.DNS, label+"."+site.Zone+"."
	body := fmt.Sprintf(`{"rrsets":[{"name":%q,"type":"A","ttl":60,"changetype":"REPLACE","records":[{"content":"192.0.2.1"}]}]}`, name)
	request, err := http.NewRequestWithContext(t.Context(), http.MethodPatch, d.APIURL+"/api/v1/servers/"+d.ServerID+"/zones/"+site.Zone+".", strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("X-API-Key", d.APIKey)
	answer, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	if answer.StatusCode != http.StatusNoContent {
		t.Fatalf("the name server: %s", answer.Status)
	}
}

// visits looks at one page with everything on it unfolded.
func (p *person) visits(s stop, v village) {
	p.t.Helper()
	address := s.address
	for state, order := range v.orders {
		id := order.Service
		if strings.HasPrefix(address, "/operations/") {
			id = order.Operation
		}
		address = strings.ReplaceAll(address, "{"+state+"}", id.String())
	}
	for name, id := range v.others {
		address = strings.ReplaceAll(address, "{"+name+"}", id.String())
	}
	p.open(address)
	if p.heading(); s.says != "" {
		p.sees(s.says)
	}
	p.tamper(`document.querySelectorAll("details").forEach((d) => { d.open = true })`)
	p.audit(s.address)
}

// heading waits for the page's own, and wants none of an error.
func (p *person) heading() {
	p.t.Helper()
	p.until(patience, "a heading", `document.querySelector("h1") !== null`)
	p.want("the page is no error", `document.querySelector("[data-error]") === null`)
}

// lost looks at the page for what does not exist.
func (p *person) lost() {
	p.t.Helper()
	p.open("/nothing")
	p.sees("There is nothing here")
	p.heard() // the browser notes that
	p.audit("the page for what does not exist")
}
