package portal_test

import (
	"strings"
	"sync"
	"testing"

	"allotment/app"
	"allotment/app/portal"
	"allotment/app/portal/portaltest"
)

func request(host string) portal.OrderRequest {
	return portal.OrderRequest{
		App: "redmine", Plan: "small", Name: "Our projects", Host: host + "." + portaltest.Zone, Answers: map[string]string{}, Key: "key-" + host,
	}
}

func TestPlaceOrder(t *testing.T) {
	t.Parallel()
	w := portaltest.New(t)
	order, err := w.Portal.PlaceOrder(t.Context(), w.Tenant, request("team"))
	if err != nil {
		t.Fatal(err)
	}
	d, err := w.Portal.Service(t.Context(), w.Tenant, order.Service)
	if err != nil {
		t.Fatal(err)
	}
	if d.Service.State != app.ServiceCreating || d.Service.URL != "http://team."+portaltest.Zone || len(d.Resources) < 4 {
		t.Errorf("service: %+v with %d resources", d.Service, len(d.Resources))
	}
	if !d.Subscription.StartsAt.IsZero() {
		t.Error("billing has begun before the service is active")
	}
	if d.Operation.State != app.OperationRunning || len(d.Operation.Steps) < 6 {
		t.Errorf("operation: %+v", d.Operation)
	}
	again, err := w.Portal.PlaceOrder(t.Context(), w.Tenant, request("team"))
	if err != nil || again.ID != order.ID {
		t.Errorf("the same key twice: order %v, error %v; want the first order %v", again.ID, err, order.ID)
	}
	page, err := w.Portal.Services(t.Context(), w.Tenant, portal.ServiceFilter{})
	if err != nil || len(page.Services) != 1 {
		t.Errorf("services: %d, %v; want one", len(page.Services), err)
	}
}

func TestOtherTenantSeesNothing(t *testing.T) {
	t.Parallel()
	w := portaltest.New(t)
	ctx := t.Context()
	order, err := w.Portal.PlaceOrder(ctx, w.Tenant, request("team"))
	if err != nil {
		t.Fatal(err)
	}
	verbs := map[string]func(app.Actor) error{
		"Service":       func(a app.Actor) error { _, err := w.Portal.Service(ctx, a, order.Service); return err },
		"Operation":     func(a app.Actor) error { _, err := w.Portal.Operation(ctx, a, order.Operation); return err },
		"RevealSecrets": func(a app.Actor) error { _, err := w.Portal.RevealSecrets(ctx, a, order.Service); return err },
		"TerminateService": func(a app.Actor) error {
			_, err := w.Portal.TerminateService(ctx, a, order.Service, "team."+portaltest.Zone)
			return err
		},
		"RetryOperation":  func(a app.Actor) error { _, err := w.Portal.RetryOperation(ctx, a, order.Operation); return err },
		"CancelOperation": func(a app.Actor) error { _, err := w.Portal.CancelOperation(ctx, a, order.Operation); return err },
	}
	for name, verb := range verbs {
		if code := app.CodeOf(verb(w.Other)); code != app.NotFound {
			t.Errorf("%s of another tenant's: %q, want not_found", name, code)
		}
	}
	page, err := w.Portal.Services(ctx, w.Other, portal.ServiceFilter{})
	if err != nil || len(page.Services) != 0 {
		t.Errorf("the other tenant lists %d services (%v), want none", len(page.Services), err)
	}
	page, err = w.Portal.Services(ctx, w.Operator, portal.ServiceFilter{})
	if err != nil || len(page.Services) != 1 || page.Services[0].OrganizationName != "Demo tenant" {
		t.Errorf("the operator lists %+v (%v), want the tenant's one", page.Services, err)
	}
}

func TestOneHostOneService(t *testing.T) {
	t.Parallel()
	w := portaltest.New(t)
	const each = 8
	errs := make([]error, 2*each)
	var all sync.WaitGroup
	for i := range errs {
		actor := w.Tenant
		if i%2 == 1 {
			actor = w.Other
		}
		all.Go(func() {
			r := request("same")
			r.Key += strings.Repeat("x", i)
			_, errs[i] = w.Portal.PlaceOrder(t.Context(), actor, r)
		})
	}
	all.Wait()
	won := 0
	for _, err := range errs {
		switch {
		case err == nil:
			won++
		case app.CodeOf(err) != app.Conflict || app.FieldsOf(err)["host"] == "":
			t.Errorf("a loser was told %v, want a conflict at the field host", err)
		}
	}
	if won != 1 {
		t.Errorf("%d orders of one host were placed, want exactly one", won)
	}
}

func TestWrongAnswers(t *testing.T) {
	t.Parallel()
	w := portaltest.New(t)
	if _, err := w.Portal.PlaceOrder(t.Context(), w.Other, request("theirs")); err != nil {
		t.Fatal(err)
	}
	cases := map[string]struct {
		field  string
		change func(*portal.OrderRequest)
	}{
		"no plan":          {"plan", func(r *portal.OrderRequest) { r.Plan = "" }},
		"unknown plan":     {"plan", func(r *portal.OrderRequest) { r.Plan = "enormous" }},
		"no name":          {"name", func(r *portal.OrderRequest) { r.Name = "  " }},
		"long name":        {"name", func(r *portal.OrderRequest) { r.Name = strings.Repeat("x", 61) }},
		"control in name":  {"name", func(r *portal.OrderRequest) { r.Name = "a\x00b" }},
		"no host":          {"host", func(r *portal.OrderRequest) { r.Host = "" }},
		"zone as host":     {"host", func(r *portal.OrderRequest) { r.Host = portaltest.Zone }},
		"foreign zone":     {"host", func(r *portal.OrderRequest) { r.Host = "a.example.org" }},
		"two labels":       {"host", func(r *portal.OrderRequest) { r.Host = "a.b." + portaltest.Zone }},
		"script as host":   {"host", func(r *portal.OrderRequest) { r.Host = "<script>." + portaltest.Zone }},
		"hyphen first":     {"host", func(r *portal.OrderRequest) { r.Host = "-a." + portaltest.Zone }},
		"reserved":         {"host", func(r *portal.OrderRequest) { r.Host = "www." + portaltest.Zone }},
		"too long":         {"host", func(r *portal.OrderRequest) { r.Host = strings.Repeat("a", 41) + "." + portaltest.Zone }},
		"taken":            {"host", func(r *portal.OrderRequest) { r.Host = "theirs." + portaltest.Zone }},
		"unknown question": {"question.nonsense", func(r *portal.OrderRequest) { r.Answers = map[string]string{"nonsense": "1"} }},
		"no key":           {"key", func(r *portal.OrderRequest) { r.Key = "" }},
	}
	for name, c := range cases {
		r := request("mine")
		c.change(&r)
		_, err := w.Portal.PlaceOrder(t.Context(), w.Tenant, r)
		if app.FieldsOf(err)[c.field] == "" {
			t.Errorf("%s: %v, want a message at the field %s", name, err, c.field)
		}
	}
	page, err := w.Portal.Services(t.Context(), w.Tenant, portal.ServiceFilter{})
	if err != nil || len(page.Services) != 0 {
		t.Errorf("%d services were made by wrong orders (%v)", len(page.Services), err)
	}
}
