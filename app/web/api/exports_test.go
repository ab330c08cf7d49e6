package api_test

import (
	"bytes"
	"net/http"
	"strings"
	"testing"
	"time"

	"allotment/app"
	"allotment/app/store"
)

// TestExports has a file made, asks how far it is, fetches it and deletes it.
func TestExports(t *testing.T) {
	t.Parallel()
	s := open(t)
	robot := s.program(t, s.Tenant, app.RoleCustomerBilling)
	wanted := map[string]any{"side": "bought", "kind": "invoices", "from": "2026-01-01", "until": "2026-03-31"}
	made := robot.post("/exports", wanted)
	if made.status != http.StatusAccepted || made.text("state") != "queued" || made.text("file_name") != "invoices-2026-01-01-2026-03-31.csv" {
		t.Fatalf("%d %s", made.status, made.body)
	}
	path := strings.TrimPrefix(made.header.Get("Location"), "/api/v1")
	if got := robot.get(path + "/file"); got.status != http.StatusConflict {
		t.Errorf("before it is made: %d", got.status)
	}
	id, err := app.ParseID(made.text("id"))
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Portal.MakeExport(t.Context(), store.ExportJob{Organization: s.Tenant.Organization, Export: id}); err != nil {
		t.Fatal(err)
	}
	if got := robot.get(path); got.status != http.StatusOK || got.text("state") != "done" || got.json["size"].(float64) == 0 {
		t.Errorf("afterwards: %d %s", got.status, got.body)
	}
	file := robot.get(path + "/file")
	if file.status != http.StatusOK || !bytes.HasPrefix(file.body, []byte("kind,number,date,")) || !strings.Contains(file.header.Get("Content-Disposition"), ".csv") {
		t.Errorf("the file: %d %s", file.status, file.body)
	}
	if got := robot.get("/exports?side=bought"); got.status != http.StatusOK || len(got.json["items"].([]any)) != 1 {
		t.Errorf("the list: %d %s", got.status, got.body)
	}
	other := s.program(t, s.Other, app.RoleCustomerBilling)
	for _, path := range []string{path, path + "/file"} {
		if got := other.get(path); got.status != http.StatusNotFound {
			t.Errorf("another organization's %s: %d", path, got.status)
		}
	}
	if got := robot.post(path+"/cancel", nil); got.status != http.StatusConflict {
		t.Errorf("cancelled when it is done: %d", got.status)
	}
	if got := robot.do(http.MethodDelete, path, ""); got.status != http.StatusNoContent {
		t.Errorf("deleted: %d %s", got.status, got.body)
	}
	if got := robot.get(path); got.status != http.StatusNotFound {
		t.Errorf("after the deletion: %d", got.status)
	}
	for field, spoil := range map[string]map[string]any{"from": {"from": "2026-04-01"}, "kind": {"kind": "ledger"}} {
		bad := map[string]any{}
		for _, values := range []map[string]any{wanted, spoil} {
			for name, value := range values {
				bad[name] = value
			}
		}
		if got := robot.post("/exports", bad); got.status != http.StatusUnprocessableEntity || !bytes.Contains(got.body, []byte(field)) {
			t.Errorf("%s: %d %s", field, got.status, got.body)
		}
	}
	wanted["side"] = "sold"
	if got := robot.post("/exports", wanted); got.status != http.StatusForbidden {
		t.Errorf("a customer exports what was sold: %d", got.status)
	}
	if got := s.program(t, s.Tenant, app.RoleCustomerViewer).get("/exports"); got.status != http.StatusForbidden {
		t.Errorf("a viewer: %d", got.status)
	}
}

// TestEveryExportThroughTheAPI has a file of each kind asked for with a key of the operator's and of a reseller's bookkeeper. Who may only look gets no
// direct debits, which take money.
func TestEveryExportThroughTheAPI(t *testing.T) {
	t.Parallel()
	s := open(t)
	settings := map[app.ExportKind]map[string]string{
		app.ExportDebits: {"collect": time.Now().AddDate(0, 0, 10).Format(time.DateOnly), "creditor": "NL79ZZZ999999990000"},
		app.ExportDATEV:  {"advisor": "1001", "client": "1", "digits": "4", "year": "2026-01-01", "chart": "03"},
	}
	for _, seller := range []struct {
		actor         app.Actor
		writes, reads app.Role
	}{{s.Operator, app.RoleOperatorBilling, app.RoleOperatorViewer}, {s.Reseller(t), app.RoleResellerBilling, ""}} {
		s.exec(t, `UPDATE seller_terms SET payment = '{"iban": "NL91ABNA0417164300", "holder": "Demo Seller"}' WHERE organization_id = $1`, seller.actor.Organization)
		robot := s.program(t, seller.actor, seller.writes)
		for _, kind := range app.ExportKinds(app.Sold) {
			wanted := map[string]any{"side": "sold", "kind": kind, "from": "2026-01-01", "until": "2026-03-31", "settings": settings[kind]}
			if kind == app.ExportXAF {
				wanted["until"] = "2026-12-31"
			}
			got := robot.post("/exports", wanted)
			switch {
			case kind == app.ExportDATEV && got.status == http.StatusUnprocessableEntity && bytes.Contains(got.body, []byte("Germany")): // these sell elsewhere
			case got.status != http.StatusAccepted || got.text("kind") != string(kind):
				t.Errorf("%s asks for %s: %d %s", seller.writes, kind, got.status, got.body)
			}
			if seller.reads == "" || kind != app.ExportDebits {
				continue
			}
			if got := s.program(t, seller.actor, seller.reads).post("/exports", wanted); got.status != http.StatusForbidden {
				t.Errorf("%s asks for %s: %d", seller.reads, kind, got.status)
			}
		}
	}
}
