package views_test

import (
	"encoding/json"
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/a-h/templ"

	"allotment/app"
	"allotment/app/planner"
	"allotment/app/portal"
	"allotment/billing"
	"allotment/catalog"
	"allotment/views"
)

var now = time.Date(2026, 3, 4, 10, 30, 0, 0, time.UTC)

// id makes IDs that are the same in every run.
func id(n int) app.ID { return app.ID{0: 1, 6: 0x70, 8: 0x80, 14: byte(n >> 8), 15: byte(n)} }

func tenant() app.Actor {
	return app.Actor{User: id(1), Name: "Demo Tenant", Email: "tenant@demo.example", Language: "en", Organization: id(2),
		OrganizationName: "Demo Organization", OrganizationSlug: "demo", Kind: app.Customer, Role: app.RoleCustomerOwner}
}

func operator() app.Actor {
	return app.Actor{User: id(3), Name: "Demo Operator", Email: "operator@demo.example", Language: "en", Organization: id(4),
		OrganizationName: "Demo Hosting", OrganizationSlug: "hosting", Kind: app.Operator, Role: app.RoleOperatorAdmin}
}

func euro(minor int64) billing.Money { return billing.Money{Minor: minor, Currency: "EUR"} }

// offers are the program's own catalog with its list prices.
func offers(t testing.TB) []portal.Offer {
	t.Helper()
	entries, err := catalog.Load(catalog.Embedded)
	if err != nil {
		t.Fatal(err)
	}
	var all []portal.Offer
	for _, entry := range entries.Apps() {
		offer := portal.Offer{App: entry}
		for i, plan := range entry.Plans {
			one := portal.PlanOffer{Plan: plan, Price: euro(950 + int64(i)*700), Setup: euro(int64(i) * 500), Interval: billing.Month}
			for _, use := range plan.Usage {
				one.Usage = append(one.Usage, used(use.Meter, use.Price))
				one.Price, one.Setup = euro(150), euro(0)
			}
			offer.Plans = append(offer.Plans, one)
		}
		all = append(all, offer)
	}
	return all
}

func redmine(t testing.TB) portal.Offer {
	t.Helper()
	all := offers(t)
	return all[slices.IndexFunc(all, func(o portal.Offer) bool { return o.App.ID == "redmine" })]
}

func service(n int, state app.ServiceState) app.Service {
	names := []string{"Project office", "Garden planning", "Shared mailbox", "Archive of the year"}
	s := app.Service{ID: id(100 + n), Organization: id(2), OrganizationName: "Demo Organization", App: "redmine", AppName: "Redmine", Plan: "small",
		Name: names[n%len(names)], Host: fmt.Sprintf("office%d.apps.localhost", n), State: state,
		CreatedAt: now.Add(-time.Duration(n*n+1) * 7 * time.Hour)}
	s.URL = "http://" + s.Host
	if state == app.ServiceActive {
		s.ActiveAt = s.CreatedAt.Add(time.Minute)
	}
	return s
}

func resources() []app.Resource {
	spec := func(v any) []byte { data, _ := json.Marshal(v); return data }
	return []app.Resource{
		{Ref: app.Ref{Resource: id(200), Name: "office"}, Kind: app.KindSecret, Role: "secret", State: app.ResourcePresent},
		{Ref: app.Ref{Resource: id(201), Name: "office", ExternalID: "192.0.2.17"}, Kind: app.KindAddress, Role: "address", State: app.ResourcePresent},
		{Ref: app.Ref{Resource: id(202), Name: "demo"}, Kind: app.KindDirectory, Role: "directory", State: app.ResourcePresent},
		{Ref: app.Ref{Resource: id(203), Name: "office0.apps.localhost"}, Kind: app.KindMail, Role: "mail", State: app.ResourcePresent,
			Spec: spec(app.MailSpec{Domain: "office0.apps.localhost", Relay: true})},
		{Ref: app.Ref{Resource: id(204), Name: "office0.apps.localhost"}, Kind: app.KindRecords, Role: "records", State: app.ResourceMaking,
			Spec: spec(app.RecordsSpec{Zone: "apps.localhost", Records: []app.Record{{Name: "office0.apps.localhost", Type: "A", TTL: 300, Values: []string{"192.0.2.17"}}}})},
		{Ref: app.Ref{Resource: id(205), Name: "office-12ab34cd"}, Kind: app.KindGuest, Role: "guest", State: app.ResourceWanted,
			Spec: spec(app.GuestSpec{VCPU: 2, MemoryMiB: 2048, DiskGiB: 20})},
	}
}

// operation makes a create in one of five situations: "running", "waiting", "failed", "done", "undone".
func operation(n int, situation string, actor app.Actor) app.Operation {
	kind := app.OperationCreate
	if situation == "undone" {
		kind = app.OperationUndo
	}
	op := planner.Operation(kind, service(n, app.ServiceCreating), resources(), now.Add(-83*time.Second))
	op.ID = id(300 + n)
	for i := range op.Steps {
		op.Steps[i].State, op.Steps[i].Attempts = app.StepPending, 1
		if i < 5 || situation == "done" || situation == "undone" {
			op.Steps[i].State = app.StepDone
		}
	}
	switch situation {
	case "running":
		op.Steps[5].State = app.StepDone
		op.Steps[6].State, op.Steps[6].Message = app.StepRunning, "The server has started and sets itself up."
		op.Steps[6].Progress = []string{"The server has started and fetched its configuration.", "Preparing the database", "Writing the configuration", "Creating the first administrator"}
	case "waiting":
		op.Steps[5].State, op.Steps[5].Message, op.Steps[5].NextAt = app.StepWaiting, "The hypervisor does not answer at the moment.", now.Add(25*time.Second)
	case "failed":
		op.State = app.OperationFailed
		op.Steps[5].State, op.Steps[5].Message = app.StepFailed, "The app did not come up inside its server."
	case "done", "undone":
		op.State, op.EndedAt = app.OperationDone, now.Add(-5*time.Second)
	}
	if actor.Staff() {
		op.Steps[5].RawError = "POST /nodes/pve1/lxc: 595 No route to host (attempt 3 of 3, claim 9001)"
	}
	return op
}

func detail(state app.ServiceState, op app.Operation, secrets []app.Secret) portal.ServiceDetail {
	event := func(n int, words, actor string) app.Event {
		return app.Event{ID: id(400 + n), At: now.Add(-time.Duration(n*n*13) * time.Minute), Actor: actor, Message: words}
	}
	return portal.ServiceDetail{Service: service(0, state), Resources: resources(), Operation: &op, Secrets: secrets,
		Subscription: app.Subscription{Price: euro(950), Interval: billing.Month},
		Events:       []app.Event{event(0, "It answers from outside.", "Allotment"), event(1, "The server is set up.", "Allotment"), event(2, "It was ordered.", "Demo Tenant")}}
}

func orderForm(t testing.TB, problems map[string]string) views.OrderForm {
	offer := redmine(t)
	form := views.OrderForm{Offer: offer, Zone: "apps.localhost", Plan: offer.Plans[0].Plan.ID, Answers: map[string]string{}, Errors: problems}
	for _, q := range offer.App.Questions {
		form.Answers[q.ID] = q.Default
	}
	if problems != nil {
		form.Name, form.Host = strings.Repeat("Office ", 12), "-office-"
	}
	return form
}

func preview(t testing.TB) portal.Preview {
	offer := redmine(t)
	s := service(0, app.ServiceCreating)
	p := portal.Preview{Offer: offer, Plan: offer.Plans[0], URL: s.URL,
		Request: portal.OrderRequest{App: offer.App.ID, Plan: offer.Plans[0].Plan.ID, Name: s.Name, Host: s.Host, Key: "key", Answers: orderForm(t, nil).Answers},
		Records: planner.Records(offer.App, s.Host, netip.Addr{}, planner.MailSite{Host: "mail.example.test", Port: 587})}
	for _, w := range planner.Want(offer.App, &offer.Plans[0].Plan, s, "demo", planner.Site{Zone: "apps.localhost"}) {
		p.Resources = append(p.Resources, portal.PreviewResource{Kind: w.Kind, Name: w.Name, Spec: w.Spec})
	}
	return p
}

func serviceList(all bool, states ...app.ServiceState) views.ServiceList {
	list := views.ServiceList{Base: "/services", All: all, Page: portal.ServicePage{Counts: map[app.ServiceState]int{}}}
	for i, state := range states {
		list.Page.Services = append(list.Page.Services, service(i, state))
		list.Page.Counts[state]++
		list.Page.Next = "next"
	}
	return list
}

// housePages are all pages with fixture data, by name.
func housePages(t testing.TB) map[string]templ.Component {
	page := func(title, path string, actor app.Actor) views.Page {
		return views.Page{Title: title, Path: path, Actor: actor, Now: now}
	}
	tenantAt := func(title, path string) views.Page { return page(title, path, tenant()) }
	all, planning := offers(t), redmine(t)
	categories := []catalog.Category{"projects", "mail"}
	secrets := []app.Secret{{Name: "admin_password", Label: "Password of the first administrator"}}
	open := []app.Secret{{Name: "admin_password", Label: "Password of the first administrator", Value: "kEuZpQh7mN3vRtYw8xCd"}}
	queue := views.OperationList{Page: portal.OperationPage{Next: "next", Counts: map[app.OperationState]int{app.OperationFailed: 1, app.OperationRunning: 2, app.OperationDone: 41},
		Operations: []app.Operation{operation(0, "failed", operator()), operation(1, "waiting", operator()), operation(2, "running", operator()), operation(3, "done", operator())}}}
	problems := map[string]string{"name": "Please use at most 60 characters.", "host": "Only letters, digits and hyphens can be used, and no hyphen at either end.", "plan": "Please choose one of the sizes."}
	keys := views.KeyList{Page: portal.KeyPage{Next: "next", Keys: []app.Key{
		{ID: id(500), Name: "Deployment of the website", Prefix: "k3J9x2PqR0", Role: app.RoleCustomerDeveloper, CreatedByName: "Demo Tenant", CreatedAt: now.Add(-40 * 24 * time.Hour), ExpiresAt: now.Add(50 * 24 * time.Hour), LastUsedAt: now.Add(-4 * time.Minute)},
		{ID: id(501), Name: "Monitoring", Prefix: "A8c2Lm4TzY", Role: app.RoleCustomerViewer, CreatedByName: "Demo Tenant", CreatedAt: now.Add(-400 * 24 * time.Hour), ExpiresAt: now.Add(-35 * 24 * time.Hour)},
		{ID: id(502), Name: "Old robot", Prefix: "p0OeR5wXv1", Role: app.RoleCustomerAdmin, CreatedByName: "Demo Tenant", CreatedAt: now.Add(-500 * 24 * time.Hour), RevokedAt: now.Add(-90 * 24 * time.Hour)},
	}}}
	field := views.ReferenceField{Name: "host", Type: views.ReferenceType{Text: "string"}, Required: true, About: "The full name under the provider's zone."}
	reference := views.Reference{About: "The same verbs as the pages.\n\n**Keys.** Send `Authorization: Bearer allot_…`.", Base: "https://portal.example.test",
		Groups: []views.ReferenceGroup{{Name: "Orders", About: "What was bought.", Operations: []views.ReferenceOperation{{ID: "placeOrder", Method: "POST",
			Path: "/api/v1/orders", Summary: "Order an app", About: "It is made in the background.\n\nRoles: `customer_admin`.", Body: []views.ReferenceField{field},
			Parameters: []views.ReferenceField{{Name: "Idempotency-Key", In: "header", Type: views.ReferenceType{Text: "string"}, Required: true}},
			Status:     "201 Created", Answer: views.ReferenceType{Schema: "Order"}, Example: "curl -X POST https://portal.example.test/api/v1/orders \\\n  -d '" + strings.Repeat("x", 120) + "'"}}}},
		Schemas:  []views.ReferenceSchema{{Name: "Order", Fields: []views.ReferenceField{field}}},
		Problems: []views.ReferenceProblem{{ID: "problem-gone", Status: 410, Code: "gone", About: "It existed and can be used no more."}}}
	made := keys
	made.Made, made.Token = &keys.Page.Keys[0], "allot_k3J9x2PqR0_"+strings.Repeat("x", 49)
	made.Form = views.KeyForm{Name: "Monitoring", Errors: map[string]string{"name": "Another key has this name. Please choose one that tells them apart."}}
	withPassword, withoutPassword := app.AppAccount{UID: "gardener", HasPassword: true, AppPasswordAt: now.Add(-72 * time.Hour)}, app.AppAccount{UID: "gardener"}
	return map[string]templ.Component{
		"access":           views.Access(tenantAt("Who may use it", "/services/1"), accessList(false)),
		"access-pending":   views.Access(tenantAt("Who may use it", "/services/1"), accessList(true)),
		"access-stuck":     views.Access(tenantAt("Who may use it", "/services/1"), stuckAccess()),
		"access-none":      views.Access(tenantAt("Who may use it", "/services/1"), noAccess()),
		"apps":             views.Apps(tenantAt("Your apps", "/apps"), views.AppList{Page: myApps(planning.App, withoutPassword)}),
		"apps-none":        views.Apps(tenantAt("Your apps", "/apps"), views.AppList{}),
		"app-account":      views.AppAccount(tenantAt("Apps and mail", "/account/apps"), myApps(planning.App, withPassword), ""),
		"app-account-made": views.AppAccount(tenantAt("Apps and mail", "/account/apps"), myApps(planning.App, withoutPassword), "k3j9x-2pqr0-a8c2l-m4tzy"),
		"reference":        views.APIReference(page("How the API works", "/api/docs", app.Actor{}), reference),
		"keys":             views.Keys(tenantAt("API keys", "/organization/keys"), keys),
		"keys-made":        views.Keys(tenantAt("API keys", "/organization/keys"), made),
		"keys-none":        views.Keys(tenantAt("API keys", "/organization/keys"), views.KeyList{}),
		"signin":           views.SignIn(page("Sign in", "/signin", app.Actor{}), views.SignInForm{}, &views.Demo{Email: "tenant@demo.example", Password: "allotment"}),
		"signin-wrong":     views.SignIn(page("Sign in", "/signin", app.Actor{}), views.SignInForm{Email: "x@example.test", Problem: "The e-mail address or the password is not right."}, nil),
		"catalog":          views.Catalog(tenantAt("Catalog", "/catalog"), views.CatalogFilter{}, categories, all),
		"catalog-empty":    views.Catalog(tenantAt("Catalog", "/catalog"), views.CatalogFilter{Text: "zzz"}, categories, nil),
		"app":              views.App(tenantAt("Redmine", "/catalog/redmine"), planning),
		"order":            views.Order(tenantAt("Order", "/catalog/redmine/order"), orderForm(t, nil)),
		"order-wrong":      views.Order(tenantAt("Order", "/catalog/redmine/order"), orderForm(t, problems)),
		"review":           views.Review(tenantAt("Review", "/catalog/redmine/review"), preview(t)),
		"progress":         views.Operation(tenantAt("Progress", "/operations/1"), operation(0, "running", tenant())),
		"progress-waiting": views.Operation(tenantAt("Progress", "/operations/1"), operation(0, "waiting", tenant())),
		"progress-failed":  views.Operation(page("Progress", "/operations/1", operator()), operation(0, "failed", operator())),
		"progress-undone":  views.Operation(tenantAt("Progress", "/operations/1"), operation(0, "undone", tenant())),
		"progress-done":    views.Operation(tenantAt("Progress", "/operations/1"), operation(0, "done", tenant())),
		"service":          views.Service(tenantAt("Project office", "/services/1"), detail(app.ServiceActive, operation(0, "done", tenant()), secrets), &planning, views.TerminateForm{}),
		"service-secrets":  views.Service(tenantAt("Project office", "/services/1"), detail(app.ServiceActive, operation(0, "done", tenant()), open), &planning, views.TerminateForm{Confirm: "x", Problem: "Please type the address exactly as it stands above."}),
		"service-creating": views.Service(tenantAt("Project office", "/services/1"), detail(app.ServiceCreating, operation(0, "running", tenant()), secrets), &planning, views.TerminateForm{}),
		"services": views.Services(tenantAt("My services", "/services"),
			serviceList(false, app.ServiceCreating, app.ServiceActive, app.ServiceActive, app.ServiceFailed, app.ServiceSuspended, app.ServiceTerminating)),
		"services-none":  views.Services(tenantAt("My services", "/services"), serviceList(false)),
		"services-all":   views.Services(page("All services", "/operator/services", operator()), serviceList(true, app.ServiceActive, app.ServiceFailed, app.ServiceTerminated)),
		"operations-new": views.Operations(page("Operations", "/operator/operations", operator()), views.OperationList{}),
		"operations":     views.Operations(page("Operations", "/operator/operations", operator()), queue),
		"error-403":      views.Error(tenantAt("Error", "/x"), views.Problem{Status: 403, Message: "Your role does not allow this.", Reference: "a1b2c3d4e5"}),
		"error-404":      views.Error(page("Error", "/x", app.Actor{}), views.Problem{Status: 404, Message: "There is nothing at this address.", Reference: "a1b2c3d4e5"}),
		"error-500":      views.Error(tenantAt("Error", "/x"), views.Problem{Status: 500, Message: "Something broke on our side.", Reference: "a1b2c3d4e5"}),
	}
}
