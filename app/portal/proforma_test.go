package portal_test

import (
	"os"
	osexec "os/exec"
	"path/filepath"
	"strings"
	"testing"

	"allotment/app"
	"allotment/app/portal"
)

// TestProforma: what comes next can be had as a proforma by its buyer and its seller and by nobody else, in the buyer's language; it takes no
// number and writes nothing down. So can what was ordered and has not begun, and what is about to be ordered.
func TestProforma(t *testing.T) {
	t.Parallel()
	if _, err := osexec.LookPath("pdftotext"); err != nil {
		t.Skip("reading the file needs Debian's poppler-utils:", err)
	}
	d := newDebtor(t)
	d.on("2026-02-10")
	ctx, id := t.Context(), d.order.Service
	again := request("second")
	placed, err := d.Portal.PlaceOrder(ctx, d.Tenant, again)
	if err != nil {
		t.Fatal(err)
	}
	books := func() int {
		return d.count(`SELECT (SELECT count(*) FROM invoices) + (SELECT count(*) FROM ledger_entries) + (SELECT count(*) FROM mails)
			+ (SELECT coalesce(sum(next), 0) FROM invoice_series)`)
	}
	before := books()
	for language, says := range map[string][]string{
		"en": {"Proforma (no tax document)", "This is no invoice"}, "nl": {"Proforma (geen factuur)", "Dit is geen factuur"},
		"de": {"Proforma (keine Rechnung)", "Dies ist keine Rechnung"},
	} {
		d.exec(`UPDATE billing_profiles SET language = $1`, language)
		for name, get := range map[string]func() (app.File, error){
			"its buyer's":       func() (app.File, error) { return d.Portal.Proforma(ctx, d.Tenant, id) },
			"its seller's":      func() (app.File, error) { return d.Portal.Proforma(ctx, d.Operator, id) },
			"what was ordered":  func() (app.File, error) { return d.Portal.Proforma(ctx, d.Tenant, placed.Service) },
			"what is looked at": func() (app.File, error) { return d.Portal.OrderProforma(ctx, d.Tenant, request("third")) },
			"for a customer": func() (app.File, error) {
				r := request("fourth")
				r.For = d.Tenant.Organization
				return d.Portal.OrderProforma(ctx, d.Operator, r)
			},
		} {
			file, err := get()
			if err != nil {
				t.Fatalf("%s: %v", name, err)
			}
			text := readPDF(t, file)
			for _, sentence := range append(says, "Redmine", "Demo customer NL") {
				if !strings.Contains(text, sentence) {
					t.Errorf("%s in %s lacks %q:\n%s", name, language, sentence, text)
				}
			}
			if strings.Contains(text, "2026-000") || !strings.HasPrefix(file.Name, "proforma-") {
				t.Errorf("%s has a number, or is called %s:\n%s", name, file.Name, text)
			}
		}
	}
	next, err := d.Portal.PreviewReactivate(ctx, d.Tenant, id)
	if app.CodeOf(err) != app.Conflict {
		t.Fatalf("%+v, %v", next, err)
	}
	if now := books(); now != before {
		t.Errorf("the books hold %d things, and held %d", now, before)
	}
	d.refusesProforma(placed.Service)
	d.sound()
}

// refusesProforma asks for proformas that nobody gets.
func (d *debtor) refusesProforma(placed app.ID) {
	d.t.Helper()
	ctx, id := d.t.Context(), d.order.Service
	rival := d.Reseller(d.t)
	for name, who := range map[string]app.Actor{"another customer": d.Other, "another seller": rival} {
		if _, err := d.Portal.Proforma(ctx, who, id); app.CodeOf(err) != app.NotFound {
			d.t.Errorf("%s gets it: %v", name, err)
		}
	}
	if _, err := d.Portal.CancelSubscription(ctx, d.Tenant, id, portal.CancelRequest{When: portal.AtPeriodEnd}); err != nil {
		d.t.Fatal(err)
	}
	if _, err := d.Portal.Proforma(ctx, d.Tenant, id); app.CodeOf(err) != app.Conflict {
		d.t.Errorf("nothing comes after the end: %v", err)
	}
	d.exec(`DELETE FROM billing_profiles WHERE organization_id = $1`, d.Tenant.Organization)
	if _, err := d.Portal.Proforma(ctx, d.Tenant, placed); app.CodeOf(err) != app.Conflict {
		d.t.Errorf("its VAT is not known: %v", err)
	}
	if _, err := d.Portal.OrderProforma(ctx, d.Tenant, request("fifth")); app.CodeOf(err) != app.Conflict {
		d.t.Errorf("its VAT is not known: %v", err)
	}
}

func readPDF(t *testing.T, file app.File) string {
	t.Helper()
	name := filepath.Join(t.TempDir(), "file.pdf")
	if err := os.WriteFile(name, file.Data, 0o600); err != nil {
		t.Fatal(err)
	}
	out, err := osexec.CommandContext(t.Context(), "pdftotext", "-layout", name, "-").Output()
	if err != nil {
		t.Fatal(err)
	}
	return string(out)
}
