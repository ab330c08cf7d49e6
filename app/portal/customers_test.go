package portal_test

import (
	"archive/zip"
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"

	"allotment/app"
	"allotment/app/portal"
	"allotment/app/portal/portaltest"
)

// village fills a reseller with customers, without owners: for lists.
func village(t *testing.T, w *portaltest.World, seller app.ID, n int) {
	t.Helper()
	_, err := superuser(t, w).Exec(t.Context(), `
		INSERT INTO organizations (id, parent_id, kind, name, slug, created_at)
		SELECT gen_random_uuid(), $1, 'customer', 'Garden ' || lpad(n::text, 4, '0'), 'garden-' || n, now() FROM generate_series(1, $2::int) n`, seller, n)
	if err != nil {
		t.Fatal(err)
	}
}

func TestCustomersPageByPage(t *testing.T) {
	t.Parallel()
	w := portaltest.New(t)
	reseller := w.Reseller(t)
	inner := w.Below(t, reseller, app.Reseller, "inner")
	village(t, w, inner.Organization, 120)
	var seen []string
	f := portal.CustomerFilter{Limit: 50}
	for pages := 0; ; pages++ {
		page, err := w.Portal.Customers(t.Context(), reseller, f)
		if err != nil {
			t.Fatal(err)
		}
		if page.Count != 121 || page.More {
			t.Errorf("counted %d, more: %t, want 121", page.Count, page.More)
		}
		for _, c := range page.Customers {
			seen = append(seen, c.Name)
		}
		if f.After = page.Next; f.After == "" || pages > 5 {
			break
		}
	}
	if len(seen) != 121 || !slices.IsSorted(seen[1:]) || seen[0] != "Demo inner" || len(slices.Compact(slices.Clone(seen))) != 121 {
		t.Errorf("%d customers were listed: %v", len(seen), seen)
	}
}

func TestCustomersAreFound(t *testing.T) {
	t.Parallel()
	w := portaltest.New(t)
	reseller, resold := w.Reseller(t), w.Resold(t)
	village(t, w, reseller.Organization, 30)
	names := func(actor app.Actor, f portal.CustomerFilter) string {
		t.Helper()
		page, err := w.Portal.Customers(t.Context(), actor, f)
		if err != nil {
			t.Fatal(err)
		}
		var names []string
		for _, c := range page.Customers {
			names = append(names, c.Name)
		}
		return strings.Join(names, ", ")
	}
	for _, c := range []struct {
		who  app.Actor
		f    portal.CustomerFilter
		want string
	}{
		{reseller, portal.CustomerFilter{Text: "DEN 0007"}, "Garden 0007"},
		{reseller, portal.CustomerFilter{Text: "garden-12"}, "Garden 0012"},
		{reseller, portal.CustomerFilter{Text: "resold@example"}, "Demo resold"},
		{reseller, portal.CustomerFilter{Text: "Demo"}, "Demo resold"},
		{reseller, portal.CustomerFilter{Text: "%"}, ""},
		{reseller, portal.CustomerFilter{Text: "tenant"}, ""},
		{reseller, portal.CustomerFilter{Top: w.Operator.Organization, Text: "Demo"}, "NotFound"},
		{reseller, portal.CustomerFilter{After: w.Tenant.Organization.String()}, ""},
		{w.Operator, portal.CustomerFilter{Text: "demo", Kind: app.Reseller}, "Demo reseller"},
		{w.Operator, portal.CustomerFilter{Text: "demo", Kind: app.Customer}, "Demo other, Demo resold, Demo tenant"},
		{w.Operator, portal.CustomerFilter{Top: reseller.Organization, Text: "demo"}, "Demo resold"},
		{w.Operator, portal.CustomerFilter{State: app.OrganizationSuspended}, ""},
	} {
		if c.want == "NotFound" {
			if _, err := w.Portal.Customers(t.Context(), c.who, c.f); app.CodeOf(err) != app.NotFound {
				t.Errorf("%+v: %v, want not found", c.f, err)
			}
			continue
		}
		if got := names(c.who, c.f); got != c.want {
			t.Errorf("%+v finds %q, want %q", c.f, got, c.want)
		}
	}
	if err := w.Portal.RenameOrganization(t.Context(), reseller, resold.Organization, "Allotment Keepers"); err != nil {
		t.Fatal(err)
	}
	if got := names(w.Operator, portal.CustomerFilter{Text: "keepers"}); got != "Allotment Keepers" {
		t.Errorf("the new name finds %q", got)
	}
	if _, err := w.Portal.Customers(t.Context(), w.Tenant, portal.CustomerFilter{}); app.CodeOf(err) != app.Forbidden {
		t.Errorf("a customer lists customers: %v", err)
	}
}

func TestSuspendAndResume(t *testing.T) {
	t.Parallel()
	w := portaltest.New(t)
	reseller, resold := w.Reseller(t), w.Resold(t)
	const reason = "The invoice of March is not paid."
	for name, c := range map[string]struct {
		who    app.Actor
		id     app.ID
		reason string
		want   app.Code
	}{
		"without a reason":   {reseller, resold.Organization, " ", app.Invalid},
		"with a bell":        {reseller, resold.Organization, "\a\a\a\a\a\a", app.Invalid},
		"one's own":          {reseller, reseller.Organization, reason, app.Forbidden},
		"a sibling":          {reseller, w.Tenant.Organization, reason, app.NotFound},
		"one's seller":       {resold, reseller.Organization, reason, app.Forbidden},
		"the operator":       {w.Operator, w.Operator.Organization, reason, app.Forbidden},
		"what does not live": {w.Operator, app.NewID(), reason, app.NotFound},
	} {
		if err := w.Portal.SuspendOrganization(t.Context(), c.who, c.id, c.reason); app.CodeOf(err) != c.want {
			t.Errorf("%s: %v, want %s", name, err, c.want)
		}
	}
	if err := w.Portal.ResumeOrganization(t.Context(), reseller, resold.Organization); app.CodeOf(err) != app.Conflict {
		t.Errorf("an active one is resumed: %v", err)
	}
	if err := w.Portal.SuspendOrganization(t.Context(), reseller, resold.Organization, reason); err != nil {
		t.Fatal(err)
	}
	now := w.SignIn(t, resold.Email)
	if why, err := w.Portal.Suspension(t.Context(), now); err != nil || why != reason {
		t.Errorf("its people read %q (%v)", why, err)
	}
	if _, err := w.Portal.PlaceOrder(t.Context(), now, request("team")); app.CodeOf(err) != app.Forbidden {
		t.Errorf("a suspended customer orders: %v", err)
	}
	forThem := request("team")
	forThem.For = resold.Organization
	if _, err := w.Portal.PlaceOrder(t.Context(), reseller, forThem); app.CodeOf(err) != app.Conflict {
		t.Errorf("its seller orders for it: %v", err)
	}
	if _, err := w.Portal.Services(t.Context(), now, portal.ServiceFilter{}); err != nil {
		t.Errorf("it may not look: %v", err)
	}
	if err := w.Portal.ResumeOrganization(t.Context(), reseller, resold.Organization); err != nil {
		t.Fatal(err)
	}
	if _, err := w.Portal.PlaceOrder(t.Context(), w.SignIn(t, resold.Email), request("team")); err != nil {
		t.Errorf("after it was resumed: %v", err)
	}
}

func TestClose(t *testing.T) {
	t.Parallel()
	w := portaltest.New(t)
	reseller, resold := w.Reseller(t), w.Resold(t)
	order, err := w.Portal.PlaceOrder(t.Context(), resold, request("team"))
	if err != nil {
		t.Fatal(err)
	}
	refuse := func(name string, who app.Actor, id app.ID, confirm string, want app.Code) {
		t.Helper()
		if err := w.Portal.CloseOrganization(t.Context(), who, id, confirm); app.CodeOf(err) != want {
			t.Errorf("%s: %v, want %s", name, err, want)
		}
	}
	refuse("the operator", w.Operator, w.Operator.Organization, "operator", app.Conflict)
	refuse("without its name", reseller, resold.Organization, "", app.Invalid)
	refuse("with services", reseller, resold.Organization, "resold", app.Conflict)
	refuse("with customers", reseller, reseller.Organization, "reseller", app.Conflict)
	refuse("a sibling", reseller, w.Tenant.Organization, "tenant", app.NotFound)
	if _, err := w.Portal.TerminateServices(t.Context(), reseller, resold.Organization, "wrong"); app.FieldsOf(err)["confirm"] == "" {
		t.Errorf("all services are removed without the short name: %v", err)
	}
	if n, err := w.Portal.TerminateServices(t.Context(), reseller, resold.Organization, "resold"); n != 1 || err != nil {
		t.Errorf("%d services are being removed (%v), want 1", n, err)
	}
	refuse("while services are removed", reseller, resold.Organization, "resold", app.Conflict)
	end(t, w, order)
	before := exported(t, w, resold, resold.Organization)
	if err := w.Portal.CloseOrganization(t.Context(), resold, resold.Organization, "resold"); err != nil {
		t.Fatal(err)
	}
	if _, err := w.Portal.SignIn(t.Context(), portal.SignInRequest{Email: resold.Email, Password: portaltest.Password, Address: "192.0.2.7"}); err == nil {
		t.Error("people sign in to a closed organization")
	}
	if err := w.Portal.ResumeOrganization(t.Context(), reseller, resold.Organization); app.CodeOf(err) != app.Conflict {
		t.Errorf("a closed organization is opened: %v", err)
	}
	after := exported(t, w, reseller, resold.Organization)
	for _, file := range []string{"members.json", "services.json", "orders.json", "operations.json"} {
		if len(before[file]) == 0 || len(after[file]) != len(before[file]) {
			t.Errorf("%s: %d rows before and %d after closing", file, len(before[file]), len(after[file]))
		}
	}
	if len(after["audit.json"]) <= len(before["audit.json"]) || fmt.Sprint(after["organization.json"][0]["state"]) != "closed" {
		t.Errorf("the export after closing: %v", after["organization.json"])
	}
	if err := w.Portal.CloseOrganization(t.Context(), reseller, reseller.Organization, "reseller"); err != nil {
		t.Errorf("a reseller without open customers: %v", err)
	}
}

// exported reads an export, file by file.
func exported(t *testing.T, w *portaltest.World, actor app.Actor, id app.ID) map[string][]map[string]any {
	t.Helper()
	var out bytes.Buffer
	if err := w.Portal.ExportOrganization(t.Context(), actor, id, &out); err != nil {
		t.Fatal(err)
	}
	archive, err := zip.NewReader(bytes.NewReader(out.Bytes()), int64(out.Len()))
	if err != nil {
		t.Fatal(err)
	}
	files := map[string][]map[string]any{}
	for _, f := range archive.File {
		r, err := f.Open()
		if err != nil {
			t.Fatal(err)
		}
		var rows []map[string]any
		if err := json.NewDecoder(r).Decode(&rows); err != nil {
			t.Errorf("%s: %v", f.Name, err)
		}
		files[f.Name] = rows
	}
	return files
}

func TestExportHoldsNothingOfOthers(t *testing.T) {
	t.Parallel()
	w := portaltest.New(t)
	reseller, resold := w.Reseller(t), w.Resold(t)
	if _, err := w.Portal.PlaceOrder(t.Context(), resold, request("team")); err != nil {
		t.Fatal(err)
	}
	files := exported(t, w, reseller, reseller.Organization)
	if len(files) < 9 || len(files["services.json"]) != 0 || len(files["members.json"]) != 1 {
		t.Errorf("the reseller's own export: %v", files)
	}
	if err := w.Portal.ExportOrganization(t.Context(), reseller, w.Tenant.Organization, &bytes.Buffer{}); app.CodeOf(err) != app.NotFound {
		t.Errorf("a sibling is exported: %v", err)
	}
	if err := w.Portal.ExportOrganization(t.Context(), resold, reseller.Organization, &bytes.Buffer{}); app.CodeOf(err) != app.Forbidden {
		t.Errorf("a seller is exported by its customer: %v", err)
	}
}
