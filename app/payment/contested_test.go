package payment_test

import (
	"testing"

	"allotment/app"
	"allotment/app/payment"
	"allotment/app/store"
	pretend "allotment/e2e/stripe"
)

// TestContestedIsNotCollected: what somebody paid on the provider's page and then contested is theirs to pay: their saved card is not charged for it on
// the due day, nor later. Whoever does not contest is not charged twice either.
func TestContestedIsNotCollected(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 0, 2)
	contested, fine := w.debts()[0], w.debts()[1]
	for _, d := range w.debts() {
		w.saved(d, "", pretend.GoodCard)
	}
	for d, number := range map[debt]string{contested: "4000000000000259", fine: pretend.GoodCard} {
		a := app.Attempt{ID: app.NewID(), Customer: d.customer, Seller: d.seller, Through: payment.Stripe, Kind: app.AttemptCheckout, State: app.AttemptCreated,
			Amount: d.amount, Invoice: d.invoice, CreatedAt: w.Today}
		w.house(func(tx *store.Tx) error { return tx.InsertAttempt(t.Context(), a) })
		if _, err := w.engine.Open(t.Context(), a, "nl", "", payment.Places{Done: "https://portal.example.test/done", Back: "https://portal.example.test/"}); err != nil {
			t.Fatal(err)
		}
		if !w.stripe.Complete(w.attempt(a.ID).Page, number) {
			t.Fatal("it cannot be paid")
		}
	}
	w.stripe.Release(t.Context(), pretend.Weather{})
	w.apply()
	if n := w.Count(t, `SELECT count(*) FROM payments WHERE kind = 'chargeback'`); n != 1 {
		t.Fatalf("%d payments were contested, want 1", n)
	}
	if w.open(contested) != contested.amount.Minor || w.open(fine) != 0 {
		t.Fatalf("%d and %d are open, want what was contested", w.open(contested), w.open(fine))
	}
	w.later(14)
	for range 30 {
		if n := w.collect(); n != 0 {
			t.Fatalf("%d charges were begun for what was contested", n)
		}
		w.later(1)
	}
	w.Sound(t)
}
