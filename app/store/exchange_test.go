package store_test

import (
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"allotment/app"
	"allotment/app/portal/portaltest"
	"allotment/app/store"
	"allotment/billing"
	"allotment/billing/billingtest"
)

func euros(t *testing.T, currency, day, per string) app.ExchangeRate {
	t.Helper()
	return app.ExchangeRate{Currency: currency, Day: billingtest.Day(t, day), PerEuro: billing.MustDecimal(per), Source: "https://example.org/"}
}

// learn keeps rates as what was read where they are published, and returns how many were new.
func learn(t *testing.T, w *portaltest.World, at time.Time, rates ...app.ExchangeRate) (added int) {
	t.Helper()
	err := w.Store.InTenant(t.Context(), w.Operator, func(tx *store.Tx) (err error) {
		added, err = tx.LearnExchangeRates(t.Context(), rates, at)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return added
}

// exchanged asks for a rate as a customer's transaction sees it.
func exchanged(t *testing.T, w *portaltest.World, from, to, on string) (text string) {
	t.Helper()
	err := w.Store.Read(t.Context(), w.Tenant, func(tx *store.Tx) error {
		table, err := tx.ExchangeRates(t.Context(), billingtest.Day(t, on))
		if err != nil {
			return err
		}
		rate, day, err := table.Rate(from, to)
		if app.CodeOf(err) == app.NotFound {
			text = "none"
			return nil
		}
		text = rate.String() + " of " + day.String()
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return text
}

// TestExchangeRateOfTheDay: the newest rate not after a day counts, for a month, through the euro, and a later row takes the place of the one
// before it.
func TestExchangeRateOfTheDay(t *testing.T) {
	t.Parallel()
	w := portaltest.New(t)
	now := time.Now()
	if got := exchanged(t, w, "CHF", "EUR", "2026-11-20"); got != "none" {
		t.Errorf("before there is any rate: %s", got)
	}
	learn(t, w, now, euros(t, "CHF", "2026-11-20", "0.9324"), euros(t, "CHF", "2026-11-23", "0.93"), euros(t, "PLN", "2026-11-20", "4.662"), euros(t, "USD", "2026-10-01", "1.1"))
	for _, c := range []struct{ from, to, on, want string }{
		{"CHF", "EUR", "2026-11-19", "none"}, {"CHF", "EUR", "2026-11-20", "0.9324 of 2026-11-20"}, {"CHF", "EUR", "2026-11-22", "0.9324 of 2026-11-20"},
		{"CHF", "EUR", "2026-11-23", "0.93 of 2026-11-23"}, {"CHF", "EUR", "2026-12-24", "0.93 of 2026-11-23"}, {"CHF", "EUR", "2026-12-25", "none"},
		{"CHF", "PLN", "2026-11-23", "0.2 of 2026-11-20"}, {"PLN", "CHF", "2026-11-23", "5 of 2026-11-20"}, // the day that both have
		{"CHF", "PLN", "2026-12-21", "0.2 of 2026-11-20"}, {"CHF", "PLN", "2026-12-22", "none"},
		{"CHF", "USD", "2026-11-01", "none"}, {"EUR", "USD", "2026-11-01", "0.909091 of 2026-10-01"}, {"EUR", "USD", "2026-11-02", "none"},
		{"EUR", "EUR", "2026-11-02", "1 of 2026-11-02"},
	} {
		if got := exchanged(t, w, c.from, c.to, c.on); got != c.want {
			t.Errorf("%s for one %s on %s: %s, want %s", c.from, c.to, c.on, got, c.want)
		}
	}
}

// TestExchangeRatesAreOnlyAdded: what was read already adds nothing, what a person says takes the place of it and stays, and nobody but the
// operator adds, and nobody changes or removes.
func TestExchangeRatesAreOnlyAdded(t *testing.T) {
	t.Parallel()
	w := portaltest.New(t)
	now := time.Now()
	read := []app.ExchangeRate{euros(t, "CHF", "2026-11-20", "0.9324"), euros(t, "PLN", "2026-11-20", "4.2"), euros(t, "PLN", "2026-11-20", "4.2")}
	if got := learn(t, w, now, read...); got != 2 {
		t.Errorf("%d rates were new, want 2", got)
	}
	add := func(actor app.Actor, per string, at time.Time) error {
		return w.Store.InTenant(t.Context(), actor, func(tx *store.Tx) error {
			return tx.AddExchangeRate(t.Context(), euros(t, "CHF", "2026-11-20", per), "Olga Operator", at)
		})
	}
	if add(w.Tenant, "2", now) == nil || add(w.Reseller(t), "2", now) == nil {
		t.Error("somebody who is not the operator adds a rate")
	}
	for i, per := range []string{"0.9", "0.9", "0.91", "0.9"} {
		if err := add(w.Operator, per, now.Add(time.Duration(i+1)*time.Second)); err != nil {
			t.Fatal(err)
		}
	}
	if got := learn(t, w, now.Add(time.Minute), read...); got != 0 {
		t.Errorf("%d rates were new on the second reading, want none", got)
	}
	if got := exchanged(t, w, "CHF", "EUR", "2026-11-20"); got != "0.9 of 2026-11-20" {
		t.Errorf("what a person said: %s", got)
	}
	if got := learn(t, w, now.Add(time.Minute), euros(t, "CHF", "2026-11-20", "0.95")); got != 1 || exchanged(t, w, "CHF", "EUR", "2026-11-20") != "0.95 of 2026-11-20" {
		t.Errorf("%d rates were new where the source corrects itself, want 1", got)
	}
	historyIs(t, w, "CHF", "0.95", "0.9", "0.91", "0.9", "0.9324")
	conn := connect(t, w.Superuser) // even the owner's rights do not help
	for _, sql := range []string{`UPDATE exchange_rates SET per_euro = 1`, `DELETE FROM exchange_rates`, `TRUNCATE exchange_rates`} {
		if _, err := conn.Exec(t.Context(), sql); err == nil {
			t.Errorf("somebody may: %s", sql)
		}
	}
}

// historyIs reads all rows of a currency: the newest day first, and of a day the row that counts before those whose place it took.
func historyIs(t *testing.T, w *portaltest.World, currency string, want ...string) {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), w.Superuser)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(t.Context()) //nolint:errcheck // the test ends
	rows, err := conn.Query(t.Context(), `
		SELECT trim_scale(per_euro)::text FROM exchange_rates WHERE currency = $1 ORDER BY day DESC, added_at DESC, id DESC`, currency)
	if err != nil {
		t.Fatal(err)
	}
	got, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil || len(got) != len(want) {
		t.Fatalf("%s: %v (%v), want %v", currency, got, err, want)
	}
	for i := range want {
		if got[i] != want[i] {
			t.Errorf("%s: %v, want %v", currency, got, want)
		}
	}
}

// TestNewestExchangeRates: each currency's newest row, however old.
func TestNewestExchangeRates(t *testing.T) {
	t.Parallel()
	w := portaltest.New(t)
	learn(t, w, time.Now(), euros(t, "CHF", "2026-11-20", "0.9324"), euros(t, "CHF", "2026-11-19", "1"), euros(t, "USD", "1999-01-04", "1.1789"))
	err := w.Store.Read(t.Context(), w.Tenant, func(tx *store.Tx) error {
		all, err := tx.NewestExchangeRates(t.Context())
		if err == nil && (len(all) != 2 || all[0].PerEuro.String() != "0.9324" || all[1].Day != billingtest.Day(t, "1999-01-04") || all[1].AddedBy != store.LearntBy) {
			t.Errorf("%+v", all)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}
