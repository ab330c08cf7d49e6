package portaltest

import (
	"testing"
	"time"

	"allotment/app"
	"allotment/app/store"
	"allotment/billing/invoice"
	"allotment/billing/ledger"
	"allotment/billing/tax"
)

// Billable gives an organization details with which it can be invoiced, and terms to one that sells.
func Billable(t testing.TB, st *store.Store, organization app.ID, name string, sells bool) {
	t.Helper()
	party := invoice.Party{Name: name, Street: "Example Street 1", PostCode: "1234 AB", City: "Example City", Country: "NL"}
	if sells {
		party.VATID, party.LegalID, party.LegalScheme = "NL123456789B01", "12345678", "0106"
	}
	profile := store.Profile{
		Party: party, Buyer: tax.Buyer{Country: "NL", Business: true, ID: party.VATID}, Evidence: []tax.Evidence{{Kind: "address", Country: "NL"}}, Language: "en",
	}
	terms := store.Terms{
		Seller: organization, Party: party, Tax: tax.Seller{Country: "NL", OSS: true, ExportAs: tax.OutOfScope}, Policy: tax.Policy{HoldUnchecked: true},
		Zone: "Europe/Amsterdam", DueDays: 14, Dunning: ledger.Policy{First: 3, Warn: 7, Hold: 7, Grace: 14, End: 30},
	}
	err := st.InTenant(t.Context(), app.System(organization), func(tx *store.Tx) error {
		if err := tx.SaveProfile(t.Context(), organization, profile, time.Now()); err != nil || !sells {
			return err
		}
		return tx.SaveTerms(t.Context(), terms, time.Now())
	})
	if err != nil {
		t.Fatalf("billing details of %s: %v", name, err)
	}
}
