package web_test

import (
	"testing"

	"allotment/app"
)

// refunds gives a party a refund and a payment that were made at the provider itself, and that nobody has settled.
func (e *estate) refunds(t *testing.T, p *party) {
	t.Helper()
	of, refund := app.NewID(), app.NewID()
	moved := "ch_" + app.NewID().String() // without the party's mark: pages say again what was typed
	e.exec(t, `INSERT INTO payment_attempts (organization_id, id, seller_id, through, account, kind, of_id, currency, amount_minor, state, reference, created_at, changed_at, checked_at)
		VALUES ($1, $2, $1, 'stripe', '', 'setup', NULL, 'EUR', 0, 'succeeded', 'seti_' || $4, now(), now(), now()),
			($1, $3, $1, 'stripe', '', 'refund', $2, 'EUR', 100, 'succeeded', 're_' || $4, now(), now(), now())`, p.id, of, refund, p.mark)
	e.exec(t, `INSERT INTO provider_lines (organization_id, id, through, account, reference, source, payment, kind, currency, amount_minor, fee_minor, happened_at)
		VALUES ($1, $2, 'stripe', '', 'txn_' || $3, $4, '', 'charge', 'EUR', 100, 0, now() - interval '1 day')`, p.id, app.NewID(), p.mark, moved)
	p.things["refund"], p.things["moved"] = refund.String(), moved
}
