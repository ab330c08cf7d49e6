package web_test

import (
	"encoding/json"
	"math/rand/v2"
	"testing"
	"time"

	"allotment/app"
	"allotment/billing"
	"allotment/billing/billingtest"
)

// invoice issues one that the party both sold and bought, so that it is at home on the pages of either side. Its mark stands all over it.
func (e *estate) invoice(t *testing.T, p *party) {
	t.Helper()
	d := billingtest.Invoice(t, rand.New(rand.NewPCG(1, 0)), billingtest.Cases()[0], 1)
	id := app.NewID()
	d.Number, d.Issued, d.Due = "N-"+p.mark, billing.DateIn(time.Now(), time.UTC), billing.DateIn(time.Now(), time.UTC).AddDays(14)
	d.Seller.ID, d.Buyer.ID, d.Buyer.Name, d.Lines[0].Name, d.Payment.Reference = p.id.String(), p.id.String(), "Buyer "+p.mark, "Line "+p.mark, p.mark
	document, err := json.Marshal(d)
	if err != nil {
		t.Fatal(err)
	}
	e.exec(t, `INSERT INTO invoices (id, seller_id, buyer_id, kind, series, sequence, number, currency, issued_on, due_on, net_minor, vat_minor, gross_minor, document, created_at)
		VALUES ($1, $2, $2, 'invoice', $3, 1, $4, 'EUR', $5, $6, $7, $8, $9, $10, now())`,
		id, p.id, "S-"+p.mark, d.Number, d.Issued.UTC(), d.Due.UTC(), d.Net.Minor, d.VAT.Minor, d.Gross.Minor, string(document))
	p.things["invoice"] = id.String()
}
