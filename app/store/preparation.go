package store

import (
	"context"

	"allotment/app"
)

// Preparation is what a seller has of what comes before its first sale.
type Preparation struct {
	Terms     bool // it has said how it sells: until then nothing that costs money is ordered
	Bank      bool // an account of its own to which customers transfer
	Online    bool // an account of its own at a payment provider
	Priced    bool // it has a price of its own
	Customers bool // there is somebody below it
	Sold      bool // it has issued a document
}

// Preparation returns how far a seller has come.
func (t *Tx) Preparation(ctx context.Context, seller app.ID) (p Preparation, err error) {
	err = t.tx.QueryRow(ctx, `
		SELECT z.organization_id IS NOT NULL, coalesce(z.payment ->> 'iban', '') <> '',
			EXISTS (SELECT FROM payment_accounts WHERE organization_id = o.id),
			EXISTS (SELECT FROM prices WHERE organization_id = o.id),
			EXISTS (SELECT FROM organizations WHERE parent_id = o.id),
			EXISTS (SELECT FROM invoices WHERE seller_id = o.id)
		FROM organizations o LEFT JOIN seller_terms z ON z.organization_id = o.id WHERE o.id = $1`, seller).
		Scan(&p.Terms, &p.Bank, &p.Online, &p.Priced, &p.Customers, &p.Sold)
	return p, classify(err)
}
