package portal_test

import (
	"bytes"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"

	"allotment/app"
	"allotment/app/portal"
	"allotment/app/store"
	"allotment/billing/bank"
	"allotment/billing/billingtest"
)

// mandate gives every customer of the seller a mandate.
func (x *exporting) mandates(seller app.Actor, sequence string) {
	x.t.Helper()
	for i, id := range x.ids(`SELECT id FROM organizations WHERE parent_id = '` + seller.Organization.String() + `' ORDER BY slug`) {
		var slug string
		if err := x.Conn.QueryRow(x.t.Context(), `SELECT slug FROM organizations WHERE id = $1`, id).Scan(&slug); err != nil {
			x.t.Fatal(err)
		}
		_, err := x.Portal.AddMandate(x.t.Context(), seller, portal.MandateRequest{Customer: slug, Reference: "M-" + strconv.Itoa(i), Holder: "Demo customer", IBAN: "NL02 ABNA 0123 4567 89",
			Signed: "2026-01-15", Sequence: sequence})
		if err != nil {
			x.t.Fatal(err)
		}
	}
}

// TestExportDebits: every open invoice of a customer with a mandate is collected once; deleting the file lets them be collected again; a payment
// that the bank took back opens an invoice for another file.
func TestExportDebits(t *testing.T) {
	t.Parallel()
	x := newExporting(t, 1, 8)
	seller := x.seller()
	x.Exec(t, `UPDATE seller_terms SET payment = '{"iban": "NL91ABNA0417164300", "holder": "Demo Seller"}' WHERE organization_id = $1`, seller.Organization)
	r := x.request(app.ExportDebits)
	if _, err := x.Portal.StartExport(t.Context(), seller, r); app.FieldsOf(err)["collect"] == "" || app.FieldsOf(err)["creditor"] == "" {
		t.Errorf("without a day and a creditor: %v", err)
	}
	r.Settings = map[string]string{"collect": "2026-04-10", "creditor": "NL92 ZZZ 123456780000"}
	for check := range 100 {
		if _, err := bank.ParseCreditorID("NL" + strconv.Itoa(check/10) + strconv.Itoa(check%10) + "ZZZ123456780000"); err == nil {
			r.Settings["creditor"] = "NL" + strconv.Itoa(check/10) + strconv.Itoa(check%10) + " ZZZ 123456780000"
		}
	}
	start := func() app.Export {
		e, err := x.Portal.StartExport(t.Context(), seller, r)
		if err != nil {
			t.Fatal(err)
		}
		if err := x.Portal.MakeExport(t.Context(), store.ExportJob{Organization: e.Organization, Export: e.ID}); err != nil {
			t.Fatal(err)
		}
		e, err = x.Portal.Export(t.Context(), x.asStaff(e), e.ID)
		if err != nil {
			t.Fatal(err)
		}
		return e
	}
	if e := start(); e.State != app.ExportFailed || e.Message == "" {
		t.Errorf("without mandates: %s %q", e.State, e.Message)
	}
	x.mandates(seller, "FRST")
	open := int64(x.Count(t, `SELECT coalesce(sum(gross_minor - coalesce((SELECT sum(amount_minor) FROM allocations a WHERE a.invoice_id = i.id), 0)), 0)
		FROM invoices i WHERE kind = 'invoice' AND seller_id = '`+seller.Organization.String()+`'`))
	e := start()
	e, data := x.read(seller, e.ID)
	if err := bank.CheckDebits(bytes.NewReader(data)); err != nil {
		t.Error(err)
	}
	if !strings.Contains(string(data), "<CtrlSum>"+billingtest.Euro(open).Amount()+"</CtrlSum>") || strings.Count(string(data), "<SeqTp>FRST") != 1 || strings.Count(string(data), "<SeqTp>RCUR") != 1 {
		t.Errorf("the file does not collect %d in two sequences", open)
	}
	if schema := "../../../shared/einvoice/xsd/sepa/pain.008.001.08.xsd"; exists(schema) {
		x.valid(schema, data)
	}
	if again := start(); again.State != app.ExportFailed {
		t.Errorf("the same invoices are collected twice: %s", again.State)
	}
	x.now = x.now.AddDate(0, 0, 30)
	seller.ConfirmedAt = x.now
	if err := x.Portal.ExpireExports(t.Context()); err != nil {
		t.Fatal(err)
	}
	if _, err := x.Portal.RetryExport(t.Context(), seller, e.ID); app.CodeOf(err) != app.Conflict {
		t.Errorf("a file that the bank may have is made again: %v", err)
	}
	r.Settings["collect"] = "2026-06-01"
	if err := x.Portal.DeleteExport(t.Context(), seller, e.ID); err != nil {
		t.Fatal(err)
	}
	if again := start(); again.State != app.ExportDone || again.Done != e.Done {
		t.Errorf("after the deletion: %s, %d of %d", again.State, again.Done, e.Done)
	}
	unconfirmed := seller
	unconfirmed.ConfirmedAt = x.now.Add(-time.Hour)
	if _, err := x.Portal.StartExport(t.Context(), unconfirmed, r); app.CodeOf(err) != app.Unconfirmed {
		t.Errorf("money is collected without a confirmation: %v", err)
	}
}

func (x *exporting) asStaff(e app.Export) app.Actor {
	actor := x.Operator
	actor.Organization = e.Organization
	return actor
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}

// TestMandates holds what a mandate must have.
func TestMandates(t *testing.T) {
	t.Parallel()
	x := newExporting(t, 1, 2)
	seller := x.seller()
	var slug string
	if err := x.Conn.QueryRow(t.Context(), `SELECT slug FROM organizations WHERE parent_id = $1 LIMIT 1`, seller.Organization).Scan(&slug); err != nil {
		t.Fatal(err)
	}
	good := portal.MandateRequest{Customer: slug, Reference: "M-1", Holder: "Demo", IBAN: "nl02 abna 0123 4567 89", BIC: "abnanl2a", Signed: "2026-01-15", Sequence: "RCUR"}
	for field, spoil := range map[string]func(*portal.MandateRequest){
		"customer":  func(r *portal.MandateRequest) { r.Customer = "customer-none" },
		"reference": func(r *portal.MandateRequest) { r.Reference = "//" },
		"holder":    func(r *portal.MandateRequest) { r.Holder = " " },
		"iban":      func(r *portal.MandateRequest) { r.IBAN = "NL03ABNA0123456789" },
		"bic":       func(r *portal.MandateRequest) { r.BIC = "1" },
		"signed":    func(r *portal.MandateRequest) { r.Signed = "2030-01-01" },
		"sequence":  func(r *portal.MandateRequest) { r.Sequence = "FNAL" },
	} {
		bad := good
		spoil(&bad)
		if _, err := x.Portal.AddMandate(t.Context(), seller, bad); app.FieldsOf(err)[field] == "" || len(app.FieldsOf(err)) != 1 {
			t.Errorf("%s: %v", field, err)
		}
	}
	m, err := x.Portal.AddMandate(t.Context(), seller, good)
	if err != nil || m.IBAN != "NL02ABNA0123456789" {
		t.Fatalf("%+v, %v", m, err)
	}
	second := good
	second.Reference = "M-2"
	if _, err := x.Portal.AddMandate(t.Context(), seller, second); app.CodeOf(err) != app.Conflict {
		t.Errorf("a second mandate of a customer: %v", err)
	}
	for range 2 {
		if err := x.Portal.RevokeMandate(t.Context(), seller, m.ID); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := x.Portal.AddMandate(t.Context(), seller, second); err != nil {
		t.Errorf("after the first was revoked: %v", err)
	}
	page, err := x.Portal.Mandates(t.Context(), seller, "m-1", "", 0)
	if err != nil || len(page.Mandates) != 1 || page.Mandates[0].RevokedAt.IsZero() || page.Mandates[0].CustomerSlug != slug {
		t.Errorf("%+v, %v", page, err)
	}
	other := x.Operator
	if page, err := x.Portal.Mandates(t.Context(), other, "", "", 0); err != nil || len(page.Mandates) != 0 {
		t.Errorf("another seller sees %d mandates, %v", len(page.Mandates), err)
	}
	var audit string
	if err := x.Conn.QueryRow(t.Context(), `SELECT string_agg(after, ' ') FROM audit WHERE action = 'mandate.add'`).Scan(&audit); err != nil || strings.Contains(audit, "NL02ABNA") {
		t.Errorf("the audit log has the whole account: %v", err)
	}
}
