package portal_test

import (
	"encoding/json"
	"log/slog"
	"reflect"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"allotment/app"
	"allotment/app/biller"
	"allotment/app/store"
	"allotment/billing"
	"allotment/billing/billingtest"
	"allotment/billing/invoice"
	"allotment/billing/tax"
)

// books are what an installation needs before it can invoice: who sells and who buys, with a connection as the superuser.
func (s shelf) books(t *testing.T) *pgx.Conn {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), s.Superuser)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close(t.Context()) }) //nolint:errcheck // the test ends
	c := billingtest.Cases()[0]
	exec(t, conn, `INSERT INTO billing_profiles (organization_id, party, business, language, changed_at)
		SELECT id, CASE WHEN kind = 'customer' THEN $2::jsonb ELSE $1::jsonb END, true, 'nl', now() FROM organizations
		ON CONFLICT (organization_id) DO UPDATE SET party = excluded.party, business = true, language = 'nl'`, asJSON(t, c.Seller), asJSON(t, c.Buyer))
	exec(t, conn, `DELETE FROM seller_terms`) // the world's own
	exec(t, conn, `INSERT INTO seller_terms (organization_id, tax, changed_at) SELECT id, $1, now() FROM organizations WHERE kind <> 'customer'`, asJSON(t, c.SellerTax))
	return conn
}

func exec(t *testing.T, conn *pgx.Conn, sql string, args ...any) {
	t.Helper()
	if _, err := conn.Exec(t.Context(), sql, args...); err != nil {
		t.Fatalf("%s: %v", sql, err)
	}
}

func asJSON(t *testing.T, value any) string {
	t.Helper()
	data, err := json.Marshal(value)
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

// today is the sellers' day.
func today(t *testing.T) billing.Date {
	t.Helper()
	zone, err := time.LoadLocation("Europe/Amsterdam")
	if err != nil {
		t.Fatal(err)
	}
	return billing.DateIn(time.Now(), zone)
}

// put puts any price on a seller's list, past all rules of the verbs.
func (s shelf) put(t *testing.T, seller app.Actor, p store.Price) {
	t.Helper()
	p.ID, p.App, p.Plan, p.Currency, p.ValidFrom = app.NewID(), "redmine", "small", "EUR", today(t)
	if p.Setup.Currency == "" {
		p.Setup = billing.Zero("EUR")
	}
	err := s.Store.InTenant(t.Context(), seller, func(tx *store.Tx) error {
		return tx.InsertPrices(t.Context(), seller.Organization, []store.Price{p}, time.Now())
	})
	if err != nil {
		t.Fatal(err)
	}
}

// TestPreviewEqualsInvoice: what the review shows is what the run issues once the service runs, through two levels of resellers, and the books of
// all of them agree: what each reseller has unbilled with its parent is what the parent has with it.
func TestPreviewEqualsInvoice(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		every  billing.Interval
		setup  int64
		trial  int
		coupon store.Coupon
		term   billing.Term
	}{
		"a month":              {every: billing.Month},
		"a quarter with setup": {every: billing.Quarter, setup: 1999},
		"a year with trial":    {every: billing.Year, trial: 14, setup: 500, term: billing.Term{Minimum: 12, Notice: 30}},
		"a coupon":             {every: billing.Month, setup: 999, coupon: store.Coupon{Percent: billing.Int(33), Periods: 2, Amount: billing.Zero("EUR")}},
		"an amount off":        {every: billing.Month, coupon: store.Coupon{Amount: billingtest.Euro(300), Periods: 0}, trial: 3},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newShelf(t)
			conn := s.books(t)
			for seller, cents := range map[*app.Actor]int64{&s.Operator: 700, &s.wholesaler: 1100, &s.shop: 1777} {
				s.put(t, *seller, store.Price{PriceKey: store.PriceKey{Interval: c.every, Audience: store.Everybody}, Amount: billingtest.Euro(cents),
					Setup: billingtest.Euro(c.setup * cents / 1777), Trial: c.trial, Term: c.term})
			}
			r := request("team")
			r.Interval = c.every
			if c.coupon.Amount.Currency != "" {
				c.coupon.ID, c.coupon.Seller, c.coupon.Code, c.coupon.From = app.NewID(), s.shop.Organization, "WELCOME", billingtest.Day(t, "2020-01-01")
				if err := s.Store.InTenant(t.Context(), s.shop, func(tx *store.Tx) error { return tx.InsertCoupon(t.Context(), c.coupon) }); err != nil {
					t.Fatal(err)
				}
				r.Coupon = " wel come"
			}
			preview, err := s.Portal.Preview(t.Context(), s.buyer, r)
			if err != nil {
				t.Fatal(err)
			}
			order, err := s.Portal.PlaceOrder(t.Context(), s.buyer, r)
			if err != nil {
				t.Fatal(err)
			}
			exec(t, conn, `UPDATE subscriptions SET starts_at = now() WHERE service_id = $1`, order.Service)
			b := biller.New(s.Store, tax.Seed(), slog.New(slog.DiscardHandler), func() time.Time { return preview.First.Starts.UTC().Add(12 * time.Hour) })
			sum, err := b.Bill(t.Context(), biller.Run{})
			if err != nil || sum.Invoices != 1 || len(sum.Parked) > 0 {
				t.Fatalf("%+v, %v", sum, err)
			}
			got := onlyInvoice(t, conn, &preview.First.Document)
			if !reflect.DeepEqual(got, preview.First.Document) {
				t.Errorf("the preview was\n%s\nand the invoice is\n%s", asJSON(t, preview.First.Document), asJSON(t, got))
			}
			if got.Seller.ID != s.shop.Organization.String() || !preview.First.Taxed {
				t.Errorf("the seller is %s, taxed: %t", got.Seller.ID, preview.First.Taxed)
			}
			if off, err := b.Verify(t.Context()); err != nil || len(off) > 0 {
				t.Errorf("the books are off: %v, %v", off, err)
			}
			wantLegs(t, conn, s, c.setup)
			checkSnapshot(t, conn, order, c.trial, c.term)
		})
	}
}

// onlyInvoice returns the one that was issued, with what a preview cannot know left out of it.
func onlyInvoice(t *testing.T, conn *pgx.Conn, preview *invoice.Document) (d invoice.Document) {
	t.Helper()
	var text []byte
	if err := conn.QueryRow(t.Context(), `SELECT document FROM invoices`).Scan(&text); err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(text, &d); err != nil {
		t.Fatal(err)
	}
	var plain invoice.Document // the preview as JSON gives it back
	if err := json.Unmarshal([]byte(asJSON(t, preview)), &plain); err != nil {
		t.Fatal(err)
	}
	*preview = plain
	d.Number, d.Payment.Reference = preview.Number, preview.Payment.Reference
	for i := range d.Lines {
		d.Lines[i].Source = "preview"
	}
	return d
}

// wantLegs checks what the operator earned of the wholesaler and the wholesaler of the shop, and that both sides of each leg add up to nothing.
func wantLegs(t *testing.T, conn *pgx.Conn, s shelf, setup int64) {
	t.Helper()
	for _, leg := range []struct {
		parent, reseller app.Actor
		cents            int64
	}{
		{s.Operator, s.wholesaler, 700 + setup*700/1777},
		{s.wholesaler, s.shop, 1100 + setup*1100/1777},
	} {
		var earned, owed int64
		err := conn.QueryRow(t.Context(), `
			SELECT coalesce((SELECT sum(amount_minor) FROM ledger_postings WHERE account = 'unbilled' AND organization_id = $1::uuid AND party = $2::uuid::text), 0)::bigint,
				coalesce((SELECT sum(amount_minor) FROM ledger_postings WHERE account = 'unbilled' AND organization_id = $2::uuid AND party = $1::uuid::text), 0)::bigint`,
			leg.parent.Organization, leg.reseller.Organization).Scan(&earned, &owed)
		if err != nil || earned != leg.cents || earned+owed != 0 {
			t.Errorf("%s has %d of %s, which has %d, want %d (%v)", leg.parent.OrganizationName, earned, leg.reseller.OrganizationName, owed, leg.cents, err)
		}
	}
}

func checkSnapshot(t *testing.T, conn *pgx.Conn, order app.Order, trial int, term billing.Term) {
	t.Helper()
	var days int
	var got billing.Term
	err := conn.QueryRow(t.Context(), `SELECT i.trial_days, i.minimum, i.notice FROM order_items i JOIN subscriptions s ON s.service_id = i.service_id
		WHERE i.order_id = $1 AND (i.trial_days, i.minimum, i.notice) = (s.trial_days, s.minimum, s.notice)`, order.ID).Scan(&days, &got.Minimum, &got.Notice)
	if err != nil || days != trial || got != term {
		t.Errorf("the order keeps %d free days and %+v, want %d and %+v (%v)", days, got, trial, term, err)
	}
}
