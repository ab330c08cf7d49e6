package portal_test

import (
	"encoding/json"
	"reflect"
	"testing"

	"allotment/app/biller"
	"allotment/app/portal"
	"allotment/billing"
	"allotment/billing/invoice"
)

// TestPreviewEqualsInvoiceOfAChange: what stands before a confirming button is what is issued, whole: at once, and with the next run.
func TestPreviewEqualsInvoiceOfAChange(t *testing.T) {
	t.Parallel()
	change := func(when portal.When) func(*debtor) ([]invoice.Document, *portal.NextInvoice, error) {
		return func(d *debtor) ([]invoice.Document, *portal.NextInvoice, error) {
			preview, err := d.Portal.PreviewPlan(d.t.Context(), d.Tenant, d.order.Service, portal.PlanRequest{Plan: "medium", When: when})
			return preview.Documents, preview.Next, err
		}
	}
	changed := func(when portal.When) func(*debtor) error {
		return func(d *debtor) error {
			_, err := d.Portal.ChangePlan(d.t.Context(), d.Tenant, d.order.Service, portal.PlanRequest{Plan: "medium", When: when})
			return err
		}
	}
	cancel := func(when portal.When) func(*debtor) ([]invoice.Document, *portal.NextInvoice, error) {
		return func(d *debtor) ([]invoice.Document, *portal.NextInvoice, error) {
			preview, err := d.Portal.PreviewCancel(d.t.Context(), d.Tenant, d.order.Service, when)
			return preview.Documents, preview.Next, err
		}
	}
	cancelled := func(when portal.When) func(*debtor) error {
		return func(d *debtor) error {
			_, err := d.Portal.CancelSubscription(d.t.Context(), d.Tenant, d.order.Service,
				portal.CancelRequest{When: when, Confirm: "team.apps.example.test"})
			return err
		}
	}
	const coupon = `UPDATE subscriptions SET coupon = '{"code": "DEMO", "percent": "25", "amount": {"minor": 0, "currency": ""}, "periods": 3}'`
	const off = `UPDATE subscriptions SET coupon = '{"code": "DEMO", "percent": "0", "amount": {"minor": 300, "currency": "EUR"}, "periods": 0}'`
	for _, c := range []struct {
		name    string
		set     string // what is so before
		day     string
		preview func(*debtor) ([]invoice.Document, *portal.NextInvoice, error)
		act     func(*debtor) error
		now     int // documents that are issued at once
		next    bool
	}{
		{"change now", "", "2026-02-10", change(portal.Now), changed(portal.Now), 2, true},
		{"change now on the first day", "", "2026-01-31", change(portal.Now), changed(portal.Now), 2, true},
		{"change now, with a coupon", coupon, "2026-02-10", change(portal.Now), changed(portal.Now), 2, true},
		{"change now, with an amount off", off, "2026-02-10", change(portal.Now), changed(portal.Now), 2, true},
		{"change later", "", "2026-02-10", change(portal.AtPeriodEnd), changed(portal.AtPeriodEnd), 0, true},
		{"change later, with a coupon", coupon, "2026-02-10", change(portal.AtPeriodEnd), changed(portal.AtPeriodEnd), 0, true},
		{"cancel now", "", "2026-02-10", cancel(portal.Now), cancelled(portal.Now), 1, false},
		{"cancel now, bound by a term", `UPDATE subscriptions SET minimum = 3`, "2026-02-10", cancel(portal.Now), cancelled(portal.Now), 0, true},
		{"cancel at the end", "", "2026-02-10", cancel(portal.AtPeriodEnd), cancelled(portal.AtPeriodEnd), 0, false},
		{"cancel at the end, with notice", `UPDATE subscriptions SET notice = 30`, "2026-02-10", cancel(portal.AtPeriodEnd), cancelled(portal.AtPeriodEnd), 0, true},
		{"reactivate", `UPDATE subscriptions SET end_on = '2026-02-28', next_on = NULL`, "2026-02-10",
			func(d *debtor) ([]invoice.Document, *portal.NextInvoice, error) {
				stay, err := d.Portal.PreviewReactivate(d.t.Context(), d.Tenant, d.order.Service)
				return nil, stay.Next, err
			}, func(d *debtor) error { return d.Portal.Reactivate(d.t.Context(), d.Tenant, d.order.Service) }, 0, true},
		{"keep the plan", "", "2026-02-10",
			func(d *debtor) ([]invoice.Document, *portal.NextInvoice, error) {
				if err := changed(portal.AtPeriodEnd)(d); err != nil {
					return nil, nil, err
				}
				stay, err := d.Portal.PreviewKeepPlan(d.t.Context(), d.Tenant, d.order.Service)
				return nil, stay.Next, err
			}, func(d *debtor) error { return d.Portal.KeepPlan(d.t.Context(), d.Tenant, d.order.Service) }, 0, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			d := newDebtor(t)
			d.on(c.day)
			if c.set != "" {
				d.exec(c.set)
			}
			before := d.count(`SELECT count(*) FROM invoices`)
			sum := d.count(`SELECT coalesce(sum(next), 0) FROM invoice_series`)
			foreseen, next, err := c.preview(d)
			if err != nil {
				t.Fatal(err)
			}
			if n := d.count(`SELECT count(*) FROM invoices`); n != before || d.count(`SELECT coalesce(sum(next), 0) FROM invoice_series`) != sum {
				t.Fatal("a preview has issued something, or used a number")
			}
			if err := c.act(d); err != nil {
				t.Fatal(err)
			}
			d.compare(before, foreseen, c.now)
			if (next != nil) != c.next {
				t.Fatalf("the next invoice is foreseen as %+v", next)
			}
			if next != nil {
				d.becomes(*next)
			}
			d.sound()
		})
	}
}

// compare holds documents that were foreseen against those that were issued.
func (d *debtor) compare(before int, foreseen []invoice.Document, want int) {
	d.t.Helper()
	got := d.issued(before)
	if len(got) != want || len(foreseen) != want {
		d.t.Fatalf("foreseen are %d documents, issued %d, want %d", len(foreseen), len(got), want)
	}
	for i := range got {
		d.same(foreseen[i], got[i])
	}
}

func (d *debtor) same(foreseen, issued invoice.Document) {
	d.t.Helper()
	frozen := d.frozen(foreseen)
	if !reflect.DeepEqual(frozen, issued) {
		d.t.Errorf("foreseen is\n%+v\nand issued was\n%+v", frozen, issued)
	}
}

// becomes runs the run of the day that an invoice was foreseen for.
func (d *debtor) becomes(next portal.NextInvoice) {
	d.t.Helper()
	if next.Trouble != nil {
		d.t.Fatal(next.Trouble)
	}
	before := d.count(`SELECT count(*) FROM invoices`)
	d.today = next.Document.Issued.UTC().Add(12 * 3600e9)
	if _, err := d.biller.Bill(d.t.Context(), biller.Run{AsOf: billing.DateIn(d.today, d.today.Location())}); err != nil {
		d.t.Fatal(err)
	}
	got := d.issued(before)
	if len(got) != 1 {
		d.t.Fatalf("%d invoices are issued on %s, want one", len(got), next.Document.Issued)
	}
	d.same(next.Document, got[0])
}

// frozen is a document as a row keeps it.
func (d *debtor) frozen(document invoice.Document) (frozen invoice.Document) {
	d.t.Helper()
	data, err := json.Marshal(document)
	if err == nil {
		err = json.Unmarshal(data, &frozen)
	}
	if err != nil {
		d.t.Fatal(err)
	}
	return frozen
}
