package portal_test

import (
	"testing"
	"time"

	"allotment/app"
	"allotment/app/biller"
	"allotment/app/biller/billertest"
	"allotment/app/portal"
	"allotment/app/store"
	"allotment/billing"
	"allotment/billing/billingtest"
)

// TestBillingOverview: what the page says is what the engine issues, and what the books hold.
func TestBillingOverview(t *testing.T) {
	t.Parallel()
	b := billertest.New(t, 1, 2, 2)
	var customer, seller app.ID
	if err := b.Conn.QueryRow(t.Context(), `SELECT id, parent_id FROM organizations WHERE slug = 'customer-1'`).Scan(&customer, &seller); err != nil {
		t.Fatal(err)
	}
	portal.SetClock(b.Portal, func() time.Time { return b.Today })
	payer := app.Actor{Organization: customer, Kind: app.Customer, Role: app.RoleCustomerBilling, State: app.OrganizationActive, User: app.NewID()}
	look := func() portal.BillingOverview {
		t.Helper()
		o, err := b.Portal.BillingOverview(t.Context(), payer)
		if err != nil {
			t.Fatal(err)
		}
		return o
	}
	o := look()
	if o.Gap != portal.NoGap || len(o.Running) != 2 || len(o.Monthly) != 1 || o.Monthly[0].Minor != 1001+1002 || len(o.Next) != 1 || o.EverBilled || len(o.Months) != 12 {
		t.Fatalf("%+v", o)
	}
	want := o.Next[0].Document.Gross
	if _, err := b.Biller.Bill(t.Context(), biller.Run{}); err != nil {
		t.Fatal(err)
	}
	if o = look(); len(o.Open) != 1 || o.Owed[0] != want || len(o.Overdue) != 0 || o.Open[0].Left != want {
		t.Errorf("issued: %+v; the page said %s", o.Open, want)
	}
	net := int64(0)
	for _, s := range o.Spent {
		net += s.Net.Minor
	}
	if net != 1001+1002+500 || len(o.Spent) != 2 {
		t.Errorf("the chart has %+v", o.Spent)
	}
	overpaid := billing.Money{Minor: want.Minor + 250, Currency: "EUR"}
	err := b.Store.InTenant(t.Context(), b.Operator, func(tx *store.Tx) error {
		return b.Biller.Receive(t.Context(), tx, store.Payment{Customer: customer, Seller: seller, Through: "bank", Reference: "1", Amount: overpaid, PaidOn: billingtest.Day(t, "2026-02-01")})
	})
	if err != nil {
		t.Fatal(err)
	}
	if o = look(); len(o.Open) != 0 || len(o.Credit) != 1 || o.Credit[0].Minor != 250 {
		t.Errorf("paid: %+v, credit %v", o.Open, o.Credit)
	}
	page, err := b.Portal.CreditHistory(t.Context(), payer, "", 1)
	if err != nil || len(page.Moves) != 1 || page.Next == "" || page.Moves[0].Kind != "allocated" || page.Moves[0].Amount.Minor != -want.Minor || page.Moves[0].Left.Minor != 250 || page.Moves[0].Number == "" {
		t.Fatalf("%+v, %v", page, err)
	}
	if page, err = b.Portal.CreditHistory(t.Context(), payer, page.Next, 1); err != nil || len(page.Moves) != 1 || page.Next != "" || page.Moves[0].Kind != "received" || page.Moves[0].Amount != overpaid {
		t.Errorf("%+v, %v", page, err)
	}
	stranger := payer
	stranger.Organization = b.Tenant.Organization
	if page, err = b.Portal.CreditHistory(t.Context(), stranger, "", 0); err != nil || len(page.Moves) != 0 {
		t.Errorf("a stranger reads %+v, %v", page, err)
	}
	b.Today = b.Today.AddDate(0, 0, 40)
	b.Exec(t, `UPDATE billing_profiles SET party = party || '{"street": ""}' WHERE organization_id = $1`, customer)
	if o = look(); o.Gap != portal.NoDetails {
		t.Errorf("without a street: %q", o.Gap)
	}
	b.Exec(t, `DELETE FROM seller_terms WHERE organization_id = $1`, seller)
	if o = look(); o.Gap != portal.NoTerms || len(o.Next) != 1 || o.Next[0].Problem == "" {
		t.Errorf("without terms: %+v", o)
	}
}

// TestFrozenDocumentsKeepTheirDetails: who moves changes no document that was issued, and the next one has the new address.
func TestFrozenDocumentsKeepTheirDetails(t *testing.T) {
	t.Parallel()
	b := billertest.New(t, 0, 1, 1)
	if _, err := b.Biller.Bill(t.Context(), biller.Run{}); err != nil {
		t.Fatal(err)
	}
	var customer app.ID
	var before, after string
	if err := b.Conn.QueryRow(t.Context(), `SELECT buyer_id, document::text FROM invoices`).Scan(&customer, &before); err != nil {
		t.Fatal(err)
	}
	r := german()
	r.Organization, r.Country, r.VATID, r.Street = customer, "NL", "", "New Street 9"
	if err := b.Portal.SaveBillingDetails(t.Context(), b.Operator, r); err != nil {
		t.Fatal(err)
	}
	b.Today = b.Today.AddDate(0, 1, 0)
	if _, err := b.Biller.Bill(t.Context(), biller.Run{}); err != nil {
		t.Fatal(err)
	}
	if err := b.Conn.QueryRow(t.Context(), `SELECT document::text FROM invoices ORDER BY sequence LIMIT 1`).Scan(&after); err != nil || after != before {
		t.Errorf("the issued document has changed (%v)", err)
	}
	if n := b.Count(t, `SELECT count(*) FROM invoices WHERE document->'buyer'->>'street' = 'New Street 9' AND document->>'buyer_reference' = 'Cost centre 7'`); n != 1 {
		t.Errorf("%d documents have the new address", n)
	}
}
