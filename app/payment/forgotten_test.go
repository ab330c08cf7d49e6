package payment_test

import (
	"testing"
	"time"

	"allotment/app"
	"allotment/app/driver/stripe"
	"allotment/app/payment"
	"allotment/app/store"
	"allotment/billing"
	pretend "allotment/e2e/stripe"
)

// forget lets the provider lose everything, as the pretend one does when it starts again. Its new IDs are others.
func (w *world) forget() {
	w.t.Helper()
	var err error
	if w.stripe, err = pretend.Start(pretend.Options{Key: key, Now: func() time.Time { return w.Today }, Mark: "again", Any: true}); err != nil {
		w.t.Fatal(err)
	}
	w.t.Cleanup(func() { w.stripe.Close() })
	w.driver, err = stripe.New(stripe.Config{URL: w.stripe.URL(), Key: key, Secret: secret, ConnectSecret: connectSecret, Timeout: 5 * time.Second})
	if err != nil {
		w.t.Fatal(err)
	}
	w.engine = payment.New(payment.Config{
		Store: w.Store, Biller: w.Biller, Provider: w.driver, Source: w.driver, Desk: w, Log: w.quiet(), Now: func() time.Time { return w.Today },
	})
}

// TestProviderForgot: what the provider does not know any more is given up in plain words, nothing of it is paid or sent twice, and the customer can save a
// way to pay again, by which it is paid.
func TestProviderForgot(t *testing.T) {
	t.Parallel()
	w, account := paidWorld(t, 1, 4)
	debts := w.debts()
	paid, debit := debts[0], debts[1]
	w.Today = w.Today.AddDate(0, 1, 0)
	w.nextInvoices()
	w.saved(debit, account[debit.seller], pretend.GoodIBAN)
	w.standard(debit)
	w.collect() // a debit is on its way; the others are paid
	attempt := w.attempts(`kind = 'charge' AND invoice_id = '` + paid.invoice.String() + `'`)[0]
	w.credit(paid.invoice)
	w.house(func(tx *store.Tx) error {
		_, err := w.engine.BeginRefund(t.Context(), tx, attempt.ID, billing.Money{Minor: 500, Currency: "EUR"}, "It was ordered by mistake.")
		return err
	})
	before := w.Count(t, `SELECT count(*) FROM payments WHERE kind = 'receipt'`)
	w.forget()
	w.work()
	for _, a := range w.attempts(`kind = 'refund'`) {
		if a.State != app.AttemptFailed || a.Why != "The payment provider does not know this payment any more." {
			t.Errorf("the refund is %s: %s", a.State, a.Why)
		}
	}
	w.Today = w.Today.AddDate(0, 0, 1)
	if err := w.engine.Sweep(t.Context()); err != nil {
		t.Fatal(err)
	}
	if n := w.Count(t, `SELECT count(*) FROM payment_attempts WHERE state = 'processing'`); n != 0 {
		t.Errorf("%d attempts wait for what nobody knows", n)
	}
	w.Today = w.Today.AddDate(0, 1, 0)
	w.nextInvoices()
	w.collect()
	w.collect()                                                                                                                                       // by the other one that was saved
	if n := w.Count(t, `SELECT count(*) FROM payment_methods WHERE removed_at IS NULL AND organization_id <> '`+paid.customer.String()+`'`); n != 0 { // whose credit pays
		t.Errorf("%d ways to pay are offered that nobody knows", n)
	}
	for _, a := range w.told {
		if a.Why != "The payment provider does not know this way to pay any more." || !a.Hard {
			t.Errorf("people are told of %s: %q", a.State, a.Why)
		}
	}
	if got := w.Count(t, `SELECT count(*) FROM payments WHERE kind = 'receipt'`); len(w.told) == 0 || got != before+1 || len(w.stripe.Truth("").Paid) != 0 {
		t.Errorf("%d people are told; %d payments, want %d and the credit of the refund", len(w.told), got, before)
	}
	w.saved(debit, account[debit.seller], pretend.GoodCard)
	w.Today = w.Today.AddDate(0, 0, 1)
	w.collect()
	if got := len(w.stripe.Truth(account[debit.seller]).Paid); got == 0 {
		t.Error("nothing is paid by what was saved again")
	}
	w.Sound(t)
}

// nextInvoices issues what is due by today, and lets it become due.
func (w *world) nextInvoices() {
	w.t.Helper()
	w.bill()
	w.later(14)
}

// standard makes a customer's newest way to pay the one by which invoices are collected.
func (w *world) standard(d debt) {
	w.t.Helper()
	w.house(func(tx *store.Tx) error {
		all, err := tx.Methods(w.t.Context(), d.seller, d.customer)
		if err != nil {
			return err
		}
		return tx.SetStandard(w.t.Context(), all[len(all)-1])
	})
}
