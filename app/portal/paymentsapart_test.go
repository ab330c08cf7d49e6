package portal_test

import (
	"testing"
	"time"

	"allotment/app"
	"allotment/app/portal"
	"allotment/app/store"
	"allotment/billing"
)

// strange puts a payment on the seller's account at the provider that nobody here asked for, two hours ago.
func (d *debtor) strange(source, currency string, minor int64) {
	d.t.Helper()
	d.exec(`INSERT INTO provider_lines (organization_id, id, through, account, reference, source, payment, kind, currency, amount_minor, fee_minor, happened_at)
		VALUES ($1, $2, 'stripe', '', 'txn_' || $3::text, $3, '', 'charge', $4, $5, 25, $6)`, d.Operator.Organization, app.NewID(), source, currency, minor, d.today.Add(-2*time.Hour))
}

// wantWrong wants an error with a code, and where it is Invalid, its words at one field.
func wantWrong(t *testing.T, what string, err error, code app.Code, field string) {
	t.Helper()
	if app.CodeOf(err) != code || field != "" && app.FieldsOf(err)[field] == "" {
		t.Errorf("%s: %v (fields %v), want %s at %q", what, err, app.FieldsOf(err), code, field)
	}
}

// TestBookMoved: money that nobody asked for is booked for an invoice, once; what is wrong is said at the number, and nobody else may.
func TestBookMoved(t *testing.T) {
	t.Parallel()
	d := newDebtor(t)
	ctx, number, p := t.Context(), d.invoiceNumber(), d.Portal
	d.strange("pi_found", "EUR", d.invoice.Minor)
	d.strange("pi_dollars", "USD", 100)
	d.strange("re_left", "EUR", -100)
	wantWrong(t, "a customer", p.BookMoved(ctx, d.Tenant, "pi_found", number), app.Forbidden, "")
	reader := d.Operator
	reader.Role = "nobody"
	wantWrong(t, "staff without the permission", p.BookMoved(ctx, reader, "pi_found", number), app.Forbidden, "")
	wantWrong(t, "no such invoice", p.BookMoved(ctx, d.Operator, "pi_found", "X-9"), app.Invalid, "invoice")
	wantWrong(t, "no number", p.BookMoved(ctx, d.Operator, "pi_found", " "), app.Invalid, "invoice")
	wantWrong(t, "another currency", p.BookMoved(ctx, d.Operator, "pi_dollars", number), app.Invalid, "invoice")
	wantWrong(t, "money that left", p.BookMoved(ctx, d.Operator, "re_left", number), app.Conflict, "")
	wantWrong(t, "nothing", p.BookMoved(ctx, d.Operator, "pi_nowhere", number), app.NotFound, "")
	if n := d.count(`SELECT count(*) FROM payments`); n != 0 {
		t.Fatalf("%d payments were booked by what was refused", n)
	}
	if err := p.BookMoved(ctx, d.Operator, "pi_found", number); err != nil {
		t.Fatal(err)
	}
	wantWrong(t, "a second time", p.BookMoved(ctx, d.Operator, "pi_found", number), app.NotFound, "")
	page, err := p.SoldInvoices(ctx, d.Operator, portal.InvoiceFilter{State: app.InvoicePaid})
	if n := d.count(`SELECT count(*) FROM payments WHERE reference = 'pi_found'`); err != nil || n != 1 || len(page.Invoices) != 1 {
		t.Errorf("%d payments, %d paid invoices (%v), want one of each", n, len(page.Invoices), err)
	}
	if off, err := d.biller.Verify(ctx); err != nil || len(off) > 0 {
		t.Errorf("the books are off: %v, %v", off, err)
	}
}

// TestSetMovedAside: what is no customer's is set aside with a reason, once, and what the books have a part of is not.
func TestSetMovedAside(t *testing.T) {
	t.Parallel()
	d := newDebtor(t)
	ctx, p := t.Context(), d.Portal
	d.strange("pi_tea", "EUR", 4200)
	d.strange("pi_part", "EUR", d.invoice.Minor)
	d.receives("pi_part", d.invoice.Minor-1)
	d.today = d.today.Add(2 * time.Hour) // what is younger than an hour is not off yet
	wantWrong(t, "a customer", p.SetMovedAside(ctx, d.Tenant, "pi_tea", "The tea kitchen."), app.Forbidden, "")
	wantWrong(t, "without a reason", p.SetMovedAside(ctx, d.Operator, "pi_tea", " x "), app.Invalid, "reason")
	wantWrong(t, "what the books have", p.SetMovedAside(ctx, d.Operator, "pi_part", "The tea kitchen."), app.Conflict, "")
	wantWrong(t, "nothing", p.SetMovedAside(ctx, d.Operator, "", "The tea kitchen."), app.NotFound, "")
	if err := p.SetMovedAside(ctx, d.Operator, "pi_tea", " The tea kitchen. "); err != nil {
		t.Fatal(err)
	}
	wantWrong(t, "a second time", p.SetMovedAside(ctx, d.Operator, "pi_tea", "The coffee kitchen."), app.NotFound, "")
	if n := d.count(`SELECT count(*) FROM provider_lines WHERE source = 'pi_tea' AND note = 'The tea kitchen.' AND aside_at IS NOT NULL`); n != 1 {
		t.Errorf("%d lines are aside with their reason, want one", n)
	}
}

// receives brings a payment of the customer's by the provider into the books.
func (d *debtor) receives(reference string, minor int64) {
	d.t.Helper()
	err := d.Store.InTenant(d.t.Context(), d.Operator, func(tx *store.Tx) error {
		return d.biller.Receive(d.t.Context(), tx, store.Payment{Customer: d.Tenant.Organization, Seller: d.Operator.Organization, Through: portal.ThroughStripe,
			Reference: reference, Amount: billing.Money{Minor: minor, Currency: "EUR"}, PaidOn: billing.DateIn(d.today, d.today.Location())})
	})
	if err != nil {
		d.t.Fatal(err)
	}
}

// TestSettleRefund: money that was sent back at the provider itself opens what it paid again, once, by somebody who has just proved who they are.
func TestSettleRefund(t *testing.T) {
	t.Parallel()
	d := newDebtor(t)
	ctx, p := t.Context(), d.Portal
	d.receives("pi_paid", d.invoice.Minor)
	paid, refund := app.NewID(), app.NewID()
	d.exec(`INSERT INTO payment_attempts (organization_id, id, seller_id, through, account, kind, invoice_id, of_id, currency, amount_minor, state, reference, posted,
			created_at, changed_at, checked_at)
		VALUES ($1, $3, $2, 'stripe', '', 'checkout', $5, NULL, 'EUR', $6, 'succeeded', 'pi_paid', true, $7, $7, $7),
			($1, $4, $2, 'stripe', '', 'refund', NULL, $3, 'EUR', $6, 'succeeded', 're_theirs', false, $7, $7, $7)`,
		d.Tenant.Organization, d.Operator.Organization, paid, refund, d.bill(), d.invoice.Minor, d.today)
	wantWrong(t, "a customer", p.SettleRefund(ctx, d.Tenant, refund), app.Forbidden, "")
	old := d.confirmed()
	old.Session, old.ConfirmedAt = app.NewID(), d.today.AddDate(0, 0, -1)
	wantWrong(t, "somebody who proved long ago who they are", p.SettleRefund(ctx, old, refund), app.Unconfirmed, "")
	wantWrong(t, "a payment", p.SettleRefund(ctx, d.confirmed(), paid), app.NotFound, "")
	wantWrong(t, "nothing", p.SettleRefund(ctx, d.confirmed(), app.NewID()), app.NotFound, "")
	page, err := p.PaymentsApart(ctx, d.Operator, portal.ApartFilter{})
	if err != nil || len(page.Refunds) != 1 || page.Refunds[0].ID != refund {
		t.Fatalf("to settle are %+v (%v)", page.Refunds, err)
	}
	if err := p.SettleRefund(ctx, d.confirmed(), refund); err != nil {
		t.Fatal(err)
	}
	wantWrong(t, "a second time", p.SettleRefund(ctx, d.confirmed(), refund), app.Conflict, "")
	list, err := p.SoldInvoices(ctx, d.Operator, portal.InvoiceFilter{})
	if n := d.count(`SELECT count(*) FROM payments WHERE kind = 'refund'`); err != nil || n != 1 || len(list.Invoices) != 1 || list.Invoices[0].Open() != d.invoice {
		t.Errorf("%d refunds are booked, open is %+v (%v)", n, list.Invoices, err)
	}
	if off, err := d.biller.Verify(ctx); err != nil || len(off) > 0 {
		t.Errorf("the books are off: %v, %v", off, err)
	}
}
