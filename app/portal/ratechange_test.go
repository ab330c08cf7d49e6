package portal_test

import (
	"testing"

	"allotment/app/portal"
	"allotment/billing"
	"allotment/billing/invoice"
)

// TestChangeAfterAnotherVATRate: who changes the size in a period in which the VAT rate has changed gets back what was invoiced, at the rate at
// which it was, and pays the rest at the rate of now; the preview says so, and the next period has the new rate alone.
func TestChangeAfterAnotherVATRate(t *testing.T) {
	t.Parallel()
	d := newDebtor(t)
	d.exec(`INSERT INTO vat_rates (id, country, percent, valid_from, source, added_by, added_at)
		VALUES (gen_random_uuid(), 'NL', 25, '2026-02-12', 'https://example.org/', 'Operator', now())`)
	d.on("2026-02-14")
	before := d.count(`SELECT count(*) FROM invoices`)
	asked := portal.PlanRequest{Plan: "medium", When: portal.Now}
	preview, err := d.Portal.PreviewPlan(t.Context(), d.Tenant, d.order.Service, asked)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := d.Portal.ChangePlan(t.Context(), d.Tenant, d.order.Service, asked); err != nil {
		t.Fatal(err)
	}
	d.compare(before, preview.Documents, 2)
	for i, want := range []struct {
		kind invoice.Kind
		rate int64
	}{{invoice.CreditNote, 21}, {invoice.Invoice, 25}} {
		got := preview.Documents[i]
		if got.Kind != want.kind || len(got.Groups) != 1 || got.Groups[0].Tax.Rate.Cmp(billing.Int(want.rate)) != 0 {
			t.Errorf("the %s has %+v, want %d percent", got.Kind, got.Groups, want.rate)
		}
	}
	if groups := preview.Next.Document.Groups; len(groups) != 1 || groups[0].Tax.Rate.Cmp(billing.Int(25)) != 0 {
		t.Errorf("the next invoice has %+v", groups)
	}
	d.becomes(*preview.Next)
	d.sound()
}
