package web_test

import (
	"testing"

	"allotment/app"
)

// payments gives a party a saved way to pay, a line of its bank, and a payment of its invoice that came by the provider.
func (e *estate) payments(t *testing.T, p *party) {
	t.Helper()
	method, line := app.NewID(), app.NewID()
	seller := p.id
	if p.above != nil {
		seller = p.above.id
	}
	e.exec(t, `INSERT INTO payment_methods (organization_id, id, seller_id, through, account, reference, kind, brand, last4, standard, created_at)
		VALUES ($1, $2, $3, 'stripe', '', $4, 'card', 'visa', right($4, 4), false, now())`, p.id, method, seller, "pm_"+p.mark)
	e.exec(t, `INSERT INTO bank_lines (organization_id, id, iban, reference, statement, booked_on, currency, amount_minor, party, party_iban, remittance, state, imported_at)
		VALUES ($1, $2, 'IBAN', $3, $3, '2026-01-02', 'EUR', 1, $3, '', $3, 'open', now())`, p.id, line, p.mark)
	attempt := app.NewID()
	e.exec(t, `INSERT INTO payment_attempts (organization_id, id, seller_id, through, account, kind, invoice_id, currency, amount_minor, state, reference, why, keep, posted,
			created_at, changed_at, checked_at)
		VALUES ($1, $2, $1, 'stripe', '', 'checkout', $3, 'EUR', 100, 'succeeded', $4, $4, false, true, now(), now(), now())`, p.id, attempt, p.things["invoice"], "pi_"+p.mark)
	p.things["method"], p.things["line"], p.things["attempt"] = method.String(), line.String(), attempt.String()
}
