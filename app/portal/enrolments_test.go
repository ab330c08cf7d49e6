package portal_test

import (
	"strings"
	"testing"
	"time"

	"allotment/app"
	"allotment/app/portal"
	"allotment/app/portal/portaltest"
	"allotment/app/store"
	"allotment/app/vault"
)

// enrolment writes what the engine writes when it makes a guest, and returns the guest's two tokens.
func enrolment(t *testing.T, w *portaltest.World, order app.Order, expires time.Time) (fetch, report string) {
	t.Helper()
	id := app.NewID()
	fetch, report = w.Vault.Token("enrol", id), w.Vault.Token("report", id)
	err := w.Store.InTenant(t.Context(), app.System(order.Organization), func(tx *store.Tx) error {
		resources, err := tx.Resources(t.Context(), order.Service)
		if err != nil {
			return err
		}
		for _, r := range resources {
			if r.Kind == app.KindMail || r.Kind == app.KindDirectory {
				r.Observed, r.State = []byte(`{"relay_user":"relay-1","bind_dn":"cn=app"}`), app.ResourcePresent
				if err := tx.SaveResource(t.Context(), r, time.Now()); err != nil {
					return err
				}
			}
			if r.Kind == app.KindGuest {
				err = tx.InsertEnrolment(t.Context(), store.Enrolment{
					Organization: order.Organization, ID: id, Service: order.Service, Resource: r.Resource, CreatedAt: time.Now(), ExpiresAt: expires,
				}, vault.Hash(fetch), vault.Hash(report))
			}
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return fetch, report
}

func TestEnrolmentWorksOnce(t *testing.T) {
	t.Parallel()
	w := portaltest.New(t)
	order, err := w.Portal.PlaceOrder(t.Context(), w.Tenant, request("team"))
	if err != nil {
		t.Fatal(err)
	}
	fetch, report := enrolment(t, w, order, time.Now().Add(time.Hour))
	for name, token := range map[string]string{"the report's token": report, "a made-up one": "x", "a long one": strings.Repeat("x", 10_000)} {
		if _, err := w.Portal.Enrol(t.Context(), token); app.CodeOf(err) != app.NotFound {
			t.Errorf("%s fetches a configuration: %v", name, err)
		}
	}
	data, err := w.Portal.Enrol(t.Context(), fetch)
	if err != nil || !strings.HasPrefix(string(data), "#cloud-config") {
		t.Fatalf("user-data: %.60q (%v)", data, err)
	}
	if _, err := w.Portal.Enrol(t.Context(), fetch); app.CodeOf(err) != app.Gone {
		t.Errorf("a replayed token: %v, want gone", err)
	}
	if err := w.Portal.Report(t.Context(), fetch, portal.Report{Done: true}); app.CodeOf(err) != app.NotFound {
		t.Errorf("the enrolment's token reports: %v", err)
	}
	if err := w.Portal.Report(t.Context(), report, portal.Report{}); app.CodeOf(err) != app.Invalid {
		t.Errorf("an empty report: %v", err)
	}
	if err := w.Portal.Report(t.Context(), report, portal.Report{Line: "Setting up\x00 <b>the database\n"}); err != nil {
		t.Fatal(err)
	}
	d, err := w.Portal.Service(t.Context(), w.Tenant, order.Service)
	if err != nil {
		t.Fatal(err)
	}
	var lines []string
	for _, s := range d.Operation.Steps {
		lines = append(lines, s.Progress...)
	}
	if len(lines) != 2 || lines[1] != "Setting up <b>the database" {
		t.Errorf("the tenant reads %q", lines)
	}
}

func TestEnrolmentExpires(t *testing.T) {
	t.Parallel()
	w := portaltest.New(t)
	order, err := w.Portal.PlaceOrder(t.Context(), w.Tenant, request("team"))
	if err != nil {
		t.Fatal(err)
	}
	fetch, report := enrolment(t, w, order, time.Now().Add(-time.Second))
	if _, err := w.Portal.Enrol(t.Context(), fetch); app.CodeOf(err) != app.Gone {
		t.Errorf("an expired token: %v, want gone", err)
	}
	if err := w.Portal.Report(t.Context(), report, portal.Report{Done: true}); app.CodeOf(err) != app.Gone {
		t.Errorf("an expired report: %v, want gone", err)
	}
}
