package web_test

import (
	"testing"

	"allotment/app"
)

// payments gives a party a saved way to pay, and a line of its bank.
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
	p.things["method"], p.things["line"] = method.String(), line.String()
}
