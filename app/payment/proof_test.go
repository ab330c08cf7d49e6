package payment_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"allotment/app"
	"allotment/app/payment"
	"allotment/app/store"
	"allotment/billing/tax"
	pretend "allotment/e2e/stripe"
)

// TestPaymentsProveThePlace: where a card was issued or a bank account is stands beside the address, of each kind the newest.
func TestPaymentsProveThePlace(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		how  string // on the page on which it is saved
		kind string
		want string
	}{
		"a card":              {pretend.GoodCard, "card", "NL"},
		"a direct debit":      {pretend.GoodIBAN, "bank", "AT"},
		"saved through iDEAL": {"ideal", "bank", "AT"}, // of the direct debit that it makes
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, 0, 1)
			d := w.debts()[0]
			w.saved(d, "", c.how)
			w.wantProof(d, c.kind, c.want)
			w.prove(d, tax.Evidence{Kind: c.kind, Country: "FR"}) // it was another one before
			w.later(14)
			w.collect()
			w.later(8)
			if err := w.engine.Sweep(t.Context()); err != nil {
				t.Fatal(err)
			}
			if left := w.open(d); left != 0 {
				t.Fatalf("%d is left to pay", left)
			}
			w.wantProof(d, c.kind, c.want)
		})
	}
}

// TestProofComesWithItsPayment: both are there, or neither, whatever breaks between them; and what failed proves nothing.
func TestProofComesWithItsPayment(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 0, 2)
	paid, fails := w.debts()[0], w.debts()[1]
	w.saved(paid, "", pretend.GoodCard)
	w.saved(fails, "", "4000000000000341")
	for _, d := range []debt{paid, fails} {
		w.prove(d, tax.Evidence{Kind: "card", Country: "FR"})
	}
	w.later(14)
	if _, err := w.engine.Collect(t.Context()); err != nil {
		t.Fatal(err)
	}
	broken := payment.New(payment.Config{
		Store: w.Store, Biller: w.Biller, Provider: otherCurrency{w.driver}, Source: w.driver, Desk: w, Log: w.quiet(), Now: func() time.Time { return w.Today },
	})
	for _, a := range w.attempts(`kind = 'charge' AND invoice_id = '` + paid.invoice.String() + `'`) {
		if _, err := broken.Carry(t.Context(), store.PaymentJob{Organization: a.Customer, Attempt: a.ID}); err == nil {
			t.Fatal("a payment of another currency is taken")
		}
	}
	w.wantProof(paid, "card", "FR")
	w.work()
	w.wantProof(paid, "card", "NL")
	w.wantProof(fails, "card", "FR")
	w.Sound(t)
}

// otherCurrency is a provider whose answer cannot be booked.
type otherCurrency struct{ payment.Provider }

func (o otherCurrency) Charge(ctx context.Context, c app.Collection) (app.Seen, error) {
	seen, err := o.Provider.Charge(ctx, c)
	seen.Amount.Currency = "USD"
	return seen, err
}

func (w *world) prove(d debt, e tax.Evidence) {
	w.t.Helper()
	w.house(func(tx *store.Tx) error { return tx.AddProof(w.t.Context(), d.customer, e) })
}

// wantProof wants one proof of a kind of where a customer is.
func (w *world) wantProof(d debt, kind, country string) {
	w.t.Helper()
	w.house(func(tx *store.Tx) error {
		profile, err := tx.Profile(w.t.Context(), d.customer)
		var got []string
		for _, e := range profile.Evidence {
			if e.Kind == kind {
				got = append(got, e.Country)
			}
		}
		if len(got) != 1 || got[0] != country {
			return errors.Join(err, errors.New("the proofs of the kind "+kind+" are "+strings.Join(got, " ")+", want "+country))
		}
		return err
	})
}
