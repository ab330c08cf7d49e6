package biller_test

import (
	"strings"
	"testing"
	"time"

	"allotment/app/biller"
	"allotment/app/biller/billertest"
	"allotment/app/store"
	"allotment/billing"
	"allotment/billing/billingtest"
	"allotment/billing/invoice"
	"allotment/billing/tax"
)

// TestRateChangesInTheMiddleOfAPeriod: the operator adds a rate, and the next run divides the period at its first day, to the cent; what was
// issued before stays as it was.
func TestRateChangesInTheMiddleOfAPeriod(t *testing.T) {
	t.Parallel()
	b := billertest.New(t, 0, 1, 1)
	first := bill(t, b)
	err := b.Store.InTenant(t.Context(), b.Operator, func(tx *store.Tx) error {
		return tx.AddVATRate(t.Context(), tax.Rate{Country: "NL", Percent: billing.MustDecimal("22.5"), From: billingtest.Day(t, "2026-03-14"), Source: "https://example.org/"},
			"Operator", b.Today)
	})
	if err != nil {
		t.Fatal(err)
	}
	b.Today = time.Date(2026, 2, 28, 12, 0, 0, 0, time.UTC)
	second := bill(t, b)
	b.Today = time.Date(2026, 3, 31, 12, 0, 0, 0, time.UTC)
	third := bill(t, b)
	for _, c := range []struct {
		d    invoice.Document
		want string
	}{
		{first, "2026-01-31/2026-02-28 21"},
		{second, "2026-02-28/2026-03-14 21, 2026-03-14/2026-03-31 22.5"},
		{third, "2026-03-31/2026-04-30 22.5"},
	} {
		var said []string
		net := int64(0)
		for _, line := range c.d.Lines {
			said = append(said, line.Period.Start.String()+"/"+line.Period.End.String()+" "+line.Tax.Rate.String())
			net += line.Net.Minor
		}
		if got := strings.Join(said, ", "); got != c.want || net != 1001 {
			t.Errorf("%s with %d net, want %s with 1001", got, net, c.want)
		}
		if err := invoice.Verify(c.d); err != nil {
			t.Error(err)
		}
	}
	if frozen := documents(t, b)[0]; frozen.Number != first.Number || frozen.Gross != first.Gross {
		t.Error("what was issued has changed")
	}
	b.Sound(t)
}

// bill runs, and returns the one document that it issued.
func bill(t *testing.T, b *billertest.Books) invoice.Document {
	t.Helper()
	before := len(documents(t, b))
	if sum, err := b.Biller.Bill(t.Context(), biller.Run{}); err != nil || len(sum.Parked) > 0 {
		t.Fatalf("%+v, %v", sum, err)
	}
	all := documents(t, b)
	if len(all) != before+1 {
		t.Fatalf("%d documents were issued, want one", len(all)-before)
	}
	return all[len(all)-1]
}

func documents(t *testing.T, b *billertest.Books) (all []invoice.Document) {
	t.Helper()
	for _, f := range frozen(t, b) {
		all = append(all, f.Document)
	}
	return all
}

// frozen are all documents as they were issued.
func frozen(t *testing.T, b *billertest.Books) (all []store.Frozen) {
	t.Helper()
	err := b.Store.Read(t.Context(), b.Operator, func(tx *store.Tx) error {
		return tx.EachDocument(t.Context(), func(f store.Frozen) error {
			all = append(all, f)
			return nil
		})
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}
