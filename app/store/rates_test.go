package store_test

import (
	"testing"
	"time"

	"allotment/app"
	"allotment/app/portal/portaltest"
	"allotment/app/store"
	"allotment/billing"
	"allotment/billing/billingtest"
	"allotment/billing/tax"
)

// ratesOf reads the table as a customer's transaction sees it.
func ratesOf(t *testing.T, w *portaltest.World, actor app.Actor) (table tax.Table) {
	t.Helper()
	err := w.Store.Read(t.Context(), actor, func(tx *store.Tx) (err error) {
		table, err = tx.VATRates(t.Context())
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return table
}

// TestRatesAreThoseOfTheProgram: a fresh installation knows what the program knows, to the day, and everybody reads the same.
func TestRatesAreThoseOfTheProgram(t *testing.T) {
	t.Parallel()
	w := portaltest.New(t)
	for _, actor := range []app.Actor{w.Operator, w.Tenant} {
		got := ratesOf(t, w, actor)
		if len(got) != len(tax.Seed()) {
			t.Fatalf("%d rates, want %d", len(got), len(tax.Seed()))
		}
		for i, want := range tax.Seed() {
			if got[i] != want {
				t.Errorf("%+v, want %+v", got[i], want)
			}
		}
	}
}

// TestRatesAreOnlyAdded: a new row ends the one before it, one for the same day replaces it, one that changes nothing is as if it were not
// there, and nobody changes or removes a row.
func TestRatesAreOnlyAdded(t *testing.T) {
	t.Parallel()
	w := portaltest.New(t)
	add := func(actor app.Actor, percent, from string, at time.Time) error {
		return w.Store.InTenant(t.Context(), actor, func(tx *store.Tx) error {
			return tx.AddVATRate(t.Context(), tax.Rate{Country: "NL", Percent: billing.MustDecimal(percent), From: billingtest.Day(t, from), Source: "https://example.org/"}, "Operator", at)
		})
	}
	now := time.Now()
	if add(w.Tenant, "0", "2027-01-01", now) == nil || add(w.Reseller(t), "0", "2027-01-01", now) == nil {
		t.Error("somebody who is not the operator adds a rate")
	}
	for i, row := range []struct{ percent, from string }{{"23", "2027-01-01"}, {"22.5", "2027-01-01"}, {"22.5", "2027-06-01"}, {"20", "2028-01-01"}} {
		if err := add(w.Operator, row.percent, row.from, now.Add(time.Duration(i)*time.Second)); err != nil {
			t.Fatal(err)
		}
	}
	table := ratesOf(t, w, w.Tenant)
	if err := table.Check(); err != nil {
		t.Error(err)
	}
	for day, want := range map[string]string{"2026-12-31": "21", "2027-01-01": "22.5", "2027-12-31": "22.5", "2028-01-01": "20"} {
		if rate, err := table.On("NL", billingtest.Day(t, day)); err != nil || rate.Percent.String() != want {
			t.Errorf("on %s: %s (%v), want %s", day, rate.Percent, err, want)
		}
	}
	year := billing.Period{Start: billingtest.Day(t, "2027-01-01"), End: billingtest.Day(t, "2028-01-01")}
	if parts := table.Cut("NL", year); len(parts) != 1 {
		t.Errorf("a row that changes nothing cuts a year into %v", parts)
	}
	conn := connect(t, w.Superuser) // even the owner's rights do not help
	for _, sql := range []string{`UPDATE vat_rates SET percent = 0`, `DELETE FROM vat_rates`, `TRUNCATE vat_rates`} {
		if _, err := conn.Exec(t.Context(), sql); err == nil {
			t.Errorf("somebody may: %s", sql)
		}
	}
	if err := store.Migrate(t.Context(), w.Superuser); err != nil {
		t.Fatal(err)
	}
	if again := ratesOf(t, w, w.Tenant); len(again) != len(table) {
		t.Errorf("another start of the program leaves %d rates, want %d", len(again), len(table))
	}
}
