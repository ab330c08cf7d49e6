package portal_test

import (
	"context"
	"errors"
	"sync/atomic"
	"testing"
	"time"

	"allotment/app"
	"allotment/app/portal"
	"allotment/app/portal/portaltest"
	"allotment/app/store"
	"allotment/billing"
	"allotment/billing/billingtest"
)

// centralBank stands in for the European Central Bank: it publishes what it is given, or nothing.
type centralBank struct {
	newest, recent []app.ExchangeRate
	away           bool
	asked, whole   int
}

func (b *centralBank) Newest(context.Context) ([]app.ExchangeRate, error) {
	b.asked++
	return b.answer(b.newest)
}
func (b *centralBank) Recent(context.Context) ([]app.ExchangeRate, error) {
	b.whole++
	return b.answer(b.recent)
}

func (b *centralBank) answer(rates []app.ExchangeRate) ([]app.ExchangeRate, error) {
	if b.away {
		return nil, errors.New("the bank is away")
	}
	return rates, nil
}

func published(t *testing.T, day, chf string) app.ExchangeRate {
	t.Helper()
	return app.ExchangeRate{Currency: "CHF", Day: billingtest.Day(t, day), PerEuro: billing.MustDecimal(chf), Source: "https://example.org/rates.xml"}
}

// TestLearnRates: the bank is asked once its rates should be there, not again before three hours are over, and for all days that were missed.
func TestLearnRates(t *testing.T) {
	t.Parallel()
	var now atomic.Pointer[time.Time]
	tell := func(text string) {
		at, err := time.Parse("2006-01-02 15:04", text)
		if err != nil {
			t.Fatal(err)
		}
		now.Store(&at)
	}
	tell("2026-11-27 14:00") // a Friday; it is 15:00 in Frankfurt
	b := &centralBank{}
	w := portaltest.New(t, func(c *portal.Config) {
		c.Currencies, c.Exchange, c.Now = []string{"CHF"}, b, func() time.Time { return *now.Load() }
	})
	for _, c := range []struct {
		at            string
		newest        string // the bank's day
		away          bool
		added         int
		asked, recent int // so far
	}{
		{"2026-11-27 14:00", "2026-11-26", true, 0, 0, 1},  // there is nothing yet: all of it is asked for
		{"2026-11-27 15:30", "2026-11-26", false, 0, 0, 1}, // not so soon again
		{"2026-11-27 17:30", "2026-11-26", false, 1, 0, 2}, // the bank is late
		{"2026-11-27 20:40", "2026-11-27", false, 1, 1, 2},
		{"2026-11-28 20:00", "2026-11-27", false, 0, 1, 2}, // a Saturday and a Monday at 15:59
		{"2026-11-30 14:59", "2026-11-27", false, 0, 1, 2},
		{"2026-11-30 15:00", "2026-11-30", false, 1, 2, 2}, // 16:00
		{"2026-11-30 19:00", "2026-11-30", false, 0, 2, 2},
		{"2026-12-04 19:00", "2026-12-04", false, 1, 2, 3}, // days were missed
	} {
		tell(c.at)
		b.away, b.newest, b.recent = c.away, []app.ExchangeRate{published(t, c.newest, "0.9324")}, []app.ExchangeRate{published(t, c.newest, "0.9324")}
		added, err := w.Portal.LearnRates(t.Context())
		if (err != nil) != c.away || added != c.added || b.asked != c.asked || b.whole != c.recent {
			t.Errorf("%s: %d added, asked %d and %d times (%v), want %+v", c.at, added, b.asked, b.whole, err, c)
		}
	}
}

// TestNobodyIsAskedForRates: where one currency is sold in, or there is no bank, nothing is looked at.
func TestNobodyIsAskedForRates(t *testing.T) {
	t.Parallel()
	b := &centralBank{}
	for _, change := range []func(*portal.Config){
		func(c *portal.Config) { c.Exchange = b },
		func(c *portal.Config) { c.Currencies = []string{"CHF"} },
	} {
		w := portaltest.New(t, change)
		if added, err := w.Portal.LearnRates(t.Context()); added != 0 || err != nil || b.whole+b.asked > 0 {
			t.Errorf("%d added (%v), asked %d times", added, err, b.whole+b.asked)
		}
	}
}

func TestAddExchangeRate(t *testing.T) {
	t.Parallel()
	w := portaltest.New(t, func(c *portal.Config) { c.Currencies = []string{"CHF", "USD"} })
	today := time.Now().UTC()
	good := portal.NewExchangeRate{Currency: " chf ", Day: today.Format(time.DateOnly), PerEuro: "0,9324", Source: "https://example.org/rates"}
	for _, other := range []app.Actor{w.Reseller(t), w.Tenant} {
		if err := w.Portal.AddExchangeRate(t.Context(), other, good); app.CodeOf(err) != app.Forbidden {
			t.Errorf("%s: %v", other.Kind, err)
		}
	}
	for _, c := range []struct {
		field, value string
		set          func(*portal.NewExchangeRate, string)
	}{
		{"currency", "EUR", func(n *portal.NewExchangeRate, v string) { n.Currency = v }},
		{"currency", "ZZZ", func(n *portal.NewExchangeRate, v string) { n.Currency = v }},
		{"currency", "", func(n *portal.NewExchangeRate, v string) { n.Currency = v }},
		{"per_euro", "0", func(n *portal.NewExchangeRate, v string) { n.PerEuro = v }},
		{"per_euro", "-1", func(n *portal.NewExchangeRate, v string) { n.PerEuro = v }},
		{"per_euro", "0.1234567", func(n *portal.NewExchangeRate, v string) { n.PerEuro = v }},
		{"per_euro", "one", func(n *portal.NewExchangeRate, v string) { n.PerEuro = v }},
		{"day", "", func(n *portal.NewExchangeRate, v string) { n.Day = v }},
		{"day", today.AddDate(0, 0, 2).Format(time.DateOnly), func(n *portal.NewExchangeRate, v string) { n.Day = v }},
		{"day", today.AddDate(-1, 0, -3).Format(time.DateOnly), func(n *portal.NewExchangeRate, v string) { n.Day = v }},
		{"published", "http://example.org", func(n *portal.NewExchangeRate, v string) { n.Source = v }},
	} {
		bad := good
		c.set(&bad, c.value)
		if err := w.Portal.AddExchangeRate(t.Context(), w.Operator, bad); app.FieldsOf(err)[c.field] == "" {
			t.Errorf("%s %q: %v", c.field, c.value, err)
		}
	}
	if err := w.Portal.AddExchangeRate(t.Context(), w.Operator, good); err != nil {
		t.Fatal(err)
	}
	old := good
	old.Currency, old.Day, old.PerEuro = "PLN", today.AddDate(0, 0, -40).Format(time.DateOnly), "4.25"
	if err := w.Portal.AddExchangeRate(t.Context(), w.Operator, old); err != nil {
		t.Fatal(err)
	}
	overviewIs(t, w)
}

// overviewIs looks at what a customer sees after CHF of today and PLN of long ago were added, where CHF and USD are sold in.
func overviewIs(t *testing.T, w *portaltest.World) {
	t.Helper()
	o, err := w.Portal.ExchangeRates(t.Context(), w.Tenant)
	if err != nil || !o.Shown || len(o.Sold) != 2 || len(o.Others) != 1 {
		t.Fatalf("%+v (%v)", o, err)
	}
	chf, usd := o.Sold[0], o.Sold[1]
	if chf.Currency != "CHF" || chf.Late || chf.Rate.PerEuro.String() != "0.9324" || chf.Rate.AddedBy != w.Operator.Name || usd.Currency != "USD" || !usd.Late || !usd.Rate.Day.IsZero() {
		t.Errorf("%+v", o.Sold)
	}
	if o.Others[0].Currency != "PLN" || o.Others[0].PerEuro.String() != "4.25" {
		t.Errorf("%+v", o.Others)
	}
	err = w.Store.Read(t.Context(), w.Tenant, func(tx *store.Tx) error {
		table, err := tx.ExchangeRates(t.Context(), billing.DateIn(time.Now(), time.UTC))
		if err != nil {
			return err
		}
		rate, _, err := table.Rate("EUR", "CHF")
		if rate.String() != "1.072501" {
			t.Errorf("a franc is %s euros", rate)
		}
		return err
	})
	if err != nil {
		t.Error(err)
	}
}
