package portal_test

import (
	"bytes"
	"fmt"
	"log/slog"
	"slices"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"allotment/app"
	"allotment/app/biller"
	"allotment/app/portal"
	"allotment/app/store"
	"allotment/billing"
	"allotment/billing/billingtest"
)

// parted is a customer that bought from one seller, was invoiced and paid, and moved to another, from whom it bought again.
type parted struct {
	*trade
	t        *testing.T
	conn     *pgx.Conn
	biller   *biller.Biller
	old, new app.ID // invoices
}

func newParted(t *testing.T) *parted {
	t.Helper()
	w := newTrade(t)
	d := &parted{trade: w, t: t, conn: superuser(t, w.World)}
	d.biller = biller.New(w.Store, nil, slog.New(slog.DiscardHandler), time.Now)
	for _, seller := range []app.Actor{w.giver, w.receiver} {
		exec(t, d.conn, `INSERT INTO brands (organization_id, name, light, changed_at) VALUES ($1, $2, '#8a1c1c', now())
			ON CONFLICT (organization_id) DO UPDATE SET light = '#8a1c1c'`, seller.Organization, seller.OrganizationName)
	}
	d.old = d.buys("first")
	err := w.Store.InTenant(t.Context(), w.Operator, func(tx *store.Tx) error {
		return d.biller.Receive(t.Context(), tx, store.Payment{Customer: w.customer.Organization, Seller: w.giver.Organization, Through: "bank", Reference: "one",
			Amount: billingtest.Euro(100), PaidOn: billing.DateIn(time.Now(), time.UTC)})
	})
	if err != nil {
		t.Fatal(err)
	}
	m := w.start(t, w.giver)
	w.agree(t, w.customer, m)
	w.agree(t, w.receiver, m)
	d.new = d.buys("second")
	return d
}

// buys orders, lets it run, and bills it.
func (d *parted) buys(host string) (id app.ID) {
	d.t.Helper()
	placed, err := d.Portal.PlaceOrder(d.t.Context(), d.customer, request(host))
	if err != nil {
		d.t.Fatal(err)
	}
	exec(d.t, d.conn, `UPDATE subscriptions SET starts_at = now() WHERE service_id = $1`, placed.Service)
	if sum, err := d.biller.Bill(d.t.Context(), biller.Run{}); err != nil || sum.Invoices != 1 {
		d.t.Fatalf("%+v, %v", sum, err)
	}
	if err := d.conn.QueryRow(d.t.Context(), `SELECT id FROM invoices WHERE kind = 'invoice' ORDER BY id DESC LIMIT 1`).Scan(&id); err != nil {
		d.t.Fatal(err)
	}
	return id
}

// TestFormerSeller: a seller keeps what it invoiced to a customer that has moved: it reads it, with what was paid, takes it back and pays back;
// it sees nothing else of that customer, and nothing of what came after.
func TestFormerSeller(t *testing.T) {
	t.Parallel()
	d := newParted(t)
	ctx := t.Context()
	list, err := d.Portal.SoldInvoices(ctx, d.giver, portal.InvoiceFilter{Customer: d.customer.Organization})
	if err != nil || len(list.Invoices) != 1 || list.Invoices[0].ID != d.old || list.Invoices[0].Paid.Minor != 100 || list.Customer == "" {
		t.Fatalf("%+v, %v", list, err)
	}
	if _, err := d.Portal.SoldInvoiceFile(ctx, d.giver, d.old, portal.InvoicePDF); err != nil {
		t.Error(err)
	}
	detail, err := d.Portal.SoldInvoice(ctx, d.giver, d.old)
	if err != nil || !detail.Moved || len(detail.Paid) != 1 || detail.Left["1"].Minor != detail.Frozen.Net.Minor {
		t.Fatalf("%+v, %v", detail, err)
	}
	preview, err := d.Portal.PreviewCredit(ctx, d.giver, d.old, portal.CreditRequest{All: true, Reason: "It was not used."})
	if err != nil {
		t.Fatal(err)
	}
	note, err := d.Portal.CreditInvoice(ctx, d.giver, d.old, portal.CreditRequest{All: true, Reason: "It was not used."})
	if err != nil {
		t.Fatal(err)
	}
	seen, err := d.Portal.Invoice(ctx, d.customer, note)
	if err != nil || seen.Gross != preview.Gross || seen.Original != d.old {
		t.Errorf("the customer reads %+v, %v", seen.Document, err)
	}
	if detail, err = d.Portal.SoldInvoice(ctx, d.giver, d.old); err != nil || detail.State != app.InvoiceCredited || detail.Credit.Minor != 100 {
		t.Errorf("%s with %s credit, %v", detail.State, detail.Credit, err)
	}
	refund := portal.RefundRequest{Amount: "1.00", How: portal.RefundByBank, Reference: "back", Reason: "It was not used.", Seen: 100}
	if err := d.Portal.RefundCredit(ctx, d.giver, d.old, refund); err != nil {
		t.Error(err)
	}
	if detail, err = d.Portal.SoldInvoice(ctx, d.giver, d.old); err != nil || !detail.Credit.IsZero() {
		t.Errorf("%s is left, %v", detail.Credit, err)
	}
	log, err := d.Portal.AuditLog(ctx, d.giver, portal.AuditFilter{})
	if err != nil || len(log.Lines) < 2 || log.Lines[0].Action != "invoice.refund" || log.Lines[1].Action != "invoice.credit" {
		t.Errorf("its audit log: %+v, %v", log.Lines, err)
	}
	told := slices.ContainsFunc(d.Mails(t, d.customer.Email), func(m app.Mail) bool { return m.Data["document"] == note.String() })
	if !told {
		t.Error("the customer is not sent the credit note")
	}
	if off, err := d.biller.Verify(ctx); err != nil || len(off) > 0 {
		t.Errorf("the books are off: %v, %v", off, err)
	}
	d.wantNothingElse()
}

// wantNothingElse looks for the customer with the giver's eyes, in every table.
func (d *parted) wantNothingElse() {
	d.t.Helper()
	ctx := d.t.Context()
	for what, err := range map[string]error{
		"the new invoice": second(d.Portal.SoldInvoice(ctx, d.giver, d.new)), "the new invoice's file": second(d.Portal.SoldInvoiceFile(ctx, d.giver, d.new, portal.InvoicePDF)),
		"a credit note for it": second(d.Portal.CreditInvoice(ctx, d.giver, d.new, portal.CreditRequest{All: true, Reason: "Because."})),
		"its billing details":  second(d.Portal.BillingDetails(ctx, d.giver, d.customer.Organization)),
		"the other's old one":  second(d.Portal.SoldInvoice(ctx, d.receiver, d.old)),
	} {
		if app.CodeOf(err) != app.NotFound {
			d.t.Errorf("%s: %v", what, err)
		}
	}
	rows, err := d.conn.Query(ctx, `SELECT c.relname::text FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attname = 'organization_id'
		WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p', 'v') AND has_table_privilege('allotment_program', c.oid, 'SELECT')`)
	if err != nil {
		d.t.Fatal(err)
	}
	tables, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil || len(tables) < 30 {
		d.t.Fatalf("%d tables, %v", len(tables), err)
	}
	exec(d.t, d.conn, `SET ROLE allotment_program`)
	exec(d.t, d.conn, `SELECT set_config('allotment.organization', '`+d.giver.Organization.String()+`', false)`)
	defer exec(d.t, d.conn, `RESET ROLE`)
	for table, own := range map[string]string{"payments": `seller_id`, "allocations": `(SELECT seller_id FROM invoices i WHERE i.id = invoice_id)`} {
		var all, foreign int
		err := d.conn.QueryRow(ctx, fmt.Sprintf(`SELECT count(*), count(*) FILTER (WHERE %s IS DISTINCT FROM $2) FROM %s WHERE organization_id = $1`, own, table),
			d.customer.Organization, d.giver.Organization).Scan(&all, &foreign)
		if err != nil || all == 0 || foreign > 0 {
			d.t.Errorf("%s: %d rows, %d of others (%v)", table, all, foreign, err)
		}
	}
	for _, table := range tables {
		if table == "payments" || table == "allocations" || table == "transfers" { // the last is of both
			continue
		}
		var n int
		if err := d.conn.QueryRow(ctx, `SELECT count(*) FROM `+table+` WHERE organization_id = $1`, d.customer.Organization).Scan(&n); err != nil || n != 0 {
			d.t.Errorf("%s: %d rows of the customer are seen (%v)", table, n, err)
		}
	}
}

// TestInvoicesKeepTheirSellersBrand: what was issued by one seller looks like that seller's for ever, also to a customer that has moved.
func TestInvoicesKeepTheirSellersBrand(t *testing.T) {
	t.Parallel()
	d := newParted(t)
	at := time.Now()
	portal.SetClock(d.Portal, func() time.Time { return at })
	draw := func() []byte {
		t.Helper()
		file, err := d.Portal.InvoiceFile(t.Context(), d.customer, d.old, portal.InvoicePDF)
		if err != nil {
			t.Fatal(err)
		}
		at = at.Add(time.Hour) // what is remembered of brands is over
		return file.Data
	}
	first := draw()
	if !bytes.Equal(first, draw()) {
		t.Fatal("the same document is drawn in two ways")
	}
	exec(t, d.conn, `UPDATE brands SET light = '#1c8a3d' WHERE organization_id = $1`, d.receiver.Organization)
	if !bytes.Equal(first, draw()) {
		t.Error("the new seller's colour is on the old seller's invoice")
	}
	exec(t, d.conn, `UPDATE brands SET light = '#1c8a3d' WHERE organization_id = $1`, d.giver.Organization)
	if bytes.Equal(first, draw()) {
		t.Error("the old seller's colour is not on its invoice")
	}
}
