package biller_test

import (
	"strings"
	"testing"

	"allotment/app/biller"
)

// TestBadInputMeetsTheRun: what is stored as it should not be, or at an edge, is invoiced to the unit or parked with a reason that people
// understand, and the customer beside it is invoiced all the same.
func TestBadInputMeetsTheRun(t *testing.T) {
	t.Parallel()
	cases := map[string]struct {
		spoil string // of the first customer
		gross int    // in minor units of its currency; 0 where it is parked
		why   string
	}{
		"an amount over 32 bits":      {`UPDATE subscriptions SET amount_minor = 9999999999`, 12099999999, ""},
		"an amount at 64 bits":        {`UPDATE subscriptions SET amount_minor = 9223372036854775807`, 0, "large"},
		"a currency without decimals": {`UPDATE subscriptions SET currency = 'JPY', amount_minor = 1500`, 1815, ""},
		"a currency with three":       {`UPDATE subscriptions SET currency = 'KWD', amount_minor = 1005`, 1216, ""},
		"a currency without a rate":   {`UPDATE subscriptions SET currency = 'CHF'`, 0, "exchange rate"},
		"no such currency":            {`UPDATE subscriptions SET currency = 'XXX'`, 0, "XXX"},
		"no address":                  {`UPDATE billing_profiles SET party = party || '{"street": "", "city": ""}'`, 0, "address"},
		"a VAT ID that cannot be checked now": {`UPDATE seller_terms SET policy = '{"hold_unchecked": true}', tax = '{"country": "NL", "oss": true}';
			UPDATE billing_profiles SET evidence = '[{"kind": "address", "country": "DE"}, {"kind": "card", "country": "DE"}]', party = party || '{"country": "DE", "vat_id": "DE123456789"}'`, 0, "VAT"},
		"no country": {`UPDATE billing_profiles SET party = party || '{"country": ""}'`, 0, "country"},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := newBooks(t, 0, 2, 1)
			b.Exec(t, `DELETE FROM billing_accounts`)
			b.Exec(t, c.spoil+` WHERE organization_id = (SELECT id FROM customers WHERE n = 1)`)
			b.Exec(t, `INSERT INTO exchange_rates (id, currency, day, per_euro, source, added_by, added_at)
				SELECT gen_random_uuid(), currency, '2026-01-30', 160.5, 'https://example.org', 'Demo', now() FROM unnest(ARRAY['JPY', 'KWD']) currency`)
			b.Exec(t, `UPDATE subscriptions SET next_on = NULL`)
			b.Exec(t, `UPDATE subscriptions SET next_on = anchor`)
			sum, err := b.Biller.Bill(t.Context(), biller.Run{AsOf: day(t, "2026-01-31")})
			if err != nil {
				t.Fatal(err)
			}
			got := b.Count(t, `SELECT coalesce(max(gross_minor), 0) FROM invoices WHERE buyer_id = (SELECT id FROM customers WHERE n = 1)`)
			if got != c.gross || b.Count(t, `SELECT count(*) FROM invoices WHERE buyer_id = (SELECT id FROM customers WHERE n = 2)`) != 1 {
				t.Errorf("it is invoiced at %d, want %d; %+v", got, c.gross, sum)
			}
			if c.gross == 0 && (len(sum.Parked) != 1 || !strings.Contains(sum.Parked[0].Reason, c.why)) {
				t.Errorf("parked: %+v, want a reason with %q", sum.Parked, c.why)
			}
			b.Sound(t)
		})
	}
}
