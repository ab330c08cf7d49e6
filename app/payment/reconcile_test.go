package payment_test

import (
	"context"
	"testing"
	"time"

	"allotment/app"
	"allotment/app/payment"
	"allotment/app/store"
	"allotment/billing"
	pretend "allotment/e2e/stripe"
)

// paidWorld is one in which everybody has paid by card.
func paidWorld(t *testing.T, resellers, customers int) (*world, map[app.ID]string) {
	t.Helper()
	w := newWorld(t, resellers, customers)
	account := w.connect()
	for _, d := range w.debts() {
		w.saved(d, account[d.seller], pretend.GoodCard)
	}
	w.later(14)
	w.collect()
	return w, account
}

// reconcile returns what is off of a seller, an hour later.
func (w *world) reconcile(seller app.ID) payment.Off {
	w.t.Helper()
	w.Today = w.Today.Add(2 * time.Hour)
	all, err := w.engine.Reconcile(w.t.Context())
	if err != nil {
		w.t.Fatal(err)
	}
	for _, off := range all {
		if off.Seller == seller {
			return off
		}
	}
	return payment.Off{Seller: seller}
}

func (w *world) wantFine(account map[app.ID]string) {
	w.t.Helper()
	for seller, name := range account {
		if off := w.reconcile(seller); !off.Fine() {
			w.t.Errorf("%q is off: %+v", name, off)
		}
		if got, want := w.cash(seller), w.stripe.Truth(name).Balance; got != want {
			w.t.Errorf("the books say that the provider has %d, and it says %d", got, want)
		}
	}
	w.Sound(w.t)
}

// TestReconcile: payments, refunds, disputes, fees and payouts in several accounts: whoever lost which notice, the lines of each account and the books
// agree to the cent, and so they do when all is read again.
func TestReconcile(t *testing.T) {
	t.Parallel()
	w, account := paidWorld(t, 1, 6)
	for seller, name := range account {
		if w.stripe.PayOut(name, "eur") == "" {
			t.Fatal("nothing was paid out")
		}
		paid := w.attempts(`kind = 'charge' AND seller_id = '` + seller.String() + `'`)
		w.credit(paid[0].Invoice)
		w.house(func(tx *store.Tx) error {
			_, err := w.engine.BeginRefund(t.Context(), tx, paid[0].ID, billing.Money{Minor: 500, Currency: "EUR"}, "It was ordered by mistake.")
			return err
		})
		w.work()
		w.stripe.ContestOnce(name, paid[1].Reference)
		w.stripe.Win(name, w.stripe.Contest(name, paid[2].Reference))
	}
	w.stripe.Release(t.Context(), pretend.Weather{Drop: 1}) // every notice is lost, and no sweep asks
	w.wantFine(account)
	if n := w.Count(t, `SELECT count(*) FROM payments WHERE kind = 'chargeback'`); n != 4 {
		t.Errorf("%d disputes are booked, want 4", n)
	}
	before := w.Count(t, `SELECT count(*) FROM ledger_entries`)
	w.wantFine(account)
	if n := w.Count(t, `SELECT count(*) FROM ledger_entries`); n != before {
		t.Errorf("%d entries were made by looking again", n-before)
	}
	if n := w.Count(t, `SELECT count(*) FROM ledger_entries WHERE kind = 'paid out'`); n != 2 {
		t.Errorf("%d payouts are booked, want 2", n)
	}
}

// credit takes an invoice back in full.
func (w *world) credit(invoice app.ID) {
	w.t.Helper()
	w.house(func(tx *store.Tx) error {
		_, err := w.Biller.CreditInvoice(w.t.Context(), tx, invoice, nil, "It was ordered by mistake.")
		return err
	})
}

// TestRefundedAtTheProvider: what somebody sent back at Stripe itself is booked from the customer's credit, once, however it is heard of. Without credit it
// waits for a person, who credits the invoice or opens it again.
func TestRefundedAtTheProvider(t *testing.T) {
	t.Parallel()
	for name, drop := range map[string]float64{"by its notice": 0, "by the lines of the account": 1} {
		for _, settle := range []bool{false, true} {
			t.Run(name+map[bool]string{false: ", credited", true: ", opened again"}[settle], func(t *testing.T) {
				t.Parallel()
				w, account := paidWorld(t, 0, 1)
				d := w.debts()[0]
				paid := w.attempts(`kind = 'charge'`)[0]
				if w.stripe.SendBack("", paid.Reference, paid.Amount.Minor) == "" {
					t.Fatal("nothing was sent back")
				}
				w.stripe.Release(t.Context(), pretend.Weather{Drop: drop, Twice: 0.5})
				w.apply()
				off := w.reconcile(d.seller)
				if len(off.Refunds) != 1 || off.Refunds[0].Amount != paid.Amount || off.Refunds[0].Number == "" || len(off.Moved) != 0 {
					t.Fatalf("to settle are %+v, want the refund", off)
				}
				w.house(func(tx *store.Tx) error {
					_, err := w.engine.BeginRefund(t.Context(), tx, paid.ID, billing.Money{Minor: 1, Currency: "EUR"}, "Again.")
					if app.CodeOf(err) != app.Invalid {
						t.Errorf("what was sent back can be sent back again: %v", err)
					}
					return nil
				})
				if settle {
					w.settle(d, off.Refunds[0])
				} else {
					w.credit(d.invoice)
				}
				w.wantFine(account)
				if left, want := w.open(d), map[bool]int64{true: d.amount.Minor}[settle]; left != want {
					t.Errorf("%d is open, want %d", left, want)
				}
				if n := w.Count(t, `SELECT count(*) FROM payments WHERE kind = 'refund'`); n != 1 || len(w.stripe.Truth("").Refunded) != 1 {
					t.Errorf("%d refunds in the books, %d at the provider", n, len(w.stripe.Truth("").Refunded))
				}
			})
		}
	}
}

// settle opens the invoices again that a refund paid back, of two people at once: one wins.
func (w *world) settle(d debt, a app.Attempt) {
	w.t.Helper()
	foreign := app.NewID()
	if err := w.Store.InTenant(w.t.Context(), w.Operator, func(tx *store.Tx) error {
		_, err := w.engine.SettleRefund(w.t.Context(), tx, foreign, a.ID)
		return err
	}); app.CodeOf(err) != app.NotFound {
		w.t.Errorf("another seller settles it: %v", err)
	}
	failed := make(chan error, 2)
	for range 2 {
		go func() {
			failed <- w.Store.InTenant(w.t.Context(), w.Operator, func(tx *store.Tx) error {
				_, err := w.engine.SettleRefund(w.t.Context(), tx, d.seller, a.ID)
				return err
			})
		}()
	}
	one, two := <-failed, <-failed
	if (one == nil) == (two == nil) || app.CodeOf(one)+app.CodeOf(two) != app.Conflict {
		w.t.Errorf("two settle it at once: %v, %v", one, two)
	}
}

// TestWhatReconcileFinds: money that is nobody's, money that the provider does not have, another amount and a fee that came late; what is aside is settled.
func TestWhatReconcileFinds(t *testing.T) {
	t.Parallel()
	w, account := paidWorld(t, 0, 2)
	seller, d := w.Operator.Organization, w.debts()[0]
	w.wantFine(account)
	strange := w.stripe.Pay("", 4200, nil)
	w.house(func(tx *store.Tx) error {
		return w.Biller.Receive(t.Context(), tx, store.Payment{Customer: d.customer, Seller: seller, Through: payment.Stripe, Reference: "pi_nowhere",
			Amount: billing.Money{Minor: 700, Currency: "EUR"}, PaidOn: billing.DateIn(w.Today, time.UTC)})
	})
	off := w.reconcile(seller)
	if len(off.Moved) != 2 {
		t.Fatalf("found %+v, want what is nobody's and what is nowhere", off.Moved)
	}
	for _, m := range off.Moved {
		switch m.Source {
		case strange:
			if !m.There || m.Here || m.TheirAmount().Minor != 4200 || m.Kind != "charge" {
				t.Errorf("what is nobody's: %+v", m)
			}
		case "pi_nowhere":
			if m.There || !m.Here || m.OurAmount().Minor != 700 || m.Customer != d.customer || m.Name == "" {
				t.Errorf("what is nowhere: %+v", m)
			}
		default:
			t.Errorf("%+v", m)
		}
	}
	w.house(func(tx *store.Tx) error {
		known, err := tx.SetProviderLinesAside(t.Context(), seller, payment.Stripe, strange, "The tea kitchen.", w.Today)
		if !known {
			t.Error("the line is not there")
		}
		return err
	})
	if off := w.reconcile(seller); len(off.Moved) != 1 {
		t.Errorf("%+v is left", off.Moved)
	}
}

// TestFeeThatComesLate: the provider did not say what it kept when the payment came in.
func TestFeeThatComesLate(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 0, 2)
	account := w.connect()
	for _, d := range w.debts() {
		w.saved(d, "", pretend.GoodCard)
	}
	w.later(14)
	if _, err := w.engine.Collect(t.Context()); err != nil {
		t.Fatal(err)
	}
	late := payment.New(payment.Config{
		Store: w.Store, Biller: w.Biller, Provider: withoutFee{w.driver}, Source: w.driver, Desk: w, Log: w.quiet(), Now: func() time.Time { return w.Today },
	})
	for _, a := range w.attempts(`kind = 'charge'`) {
		if _, err := late.Carry(t.Context(), store.PaymentJob{Organization: a.Customer, Attempt: a.ID}); err != nil {
			t.Fatal(err)
		}
	}
	if w.cash(w.Operator.Organization) == w.stripe.Truth("").Balance {
		t.Fatal("the fees are known already")
	}
	w.wantFine(account)
	w.wantFine(account)
}

// withoutFee is a provider that tells later what it kept.
type withoutFee struct{ payment.Provider }

func (p withoutFee) Charge(ctx context.Context, c app.Collection) (app.Seen, error) {
	seen, err := p.Provider.Charge(ctx, c)
	seen.Fee = billing.Money{}
	return seen, err
}

// TestReconcileLooksAtWhatIsNew: what is older than the last comparison by 30 days is compared again only when everything is, and what was found stays known
// until it is settled, and after that.
func TestReconcileLooksAtWhatIsNew(t *testing.T) {
	t.Parallel()
	w, account := paidWorld(t, 0, 2)
	seller := w.Operator.Organization
	w.wantFine(account) // the first comparison is of everything
	found := w.stripe.Pay("", 4200, nil)
	if off := w.reconcile(seller); len(off.Moved) != 1 || off.Moved[0].Source != found || !off.Moved[0].Settled.IsZero() {
		t.Fatalf("found %+v", off)
	}
	w.later(40)
	if off := w.reconcile(seller); len(off.Moved) != 1 { // this one was of everything again: 30 days are over
		t.Fatalf("after forty days it is forgotten: %+v", off)
	}
	hidden := `INSERT INTO provider_lines (organization_id, id, through, account, reference, source, payment, kind, currency, amount_minor, fee_minor, happened_at)
		VALUES ('` + seller.String() + `', gen_random_uuid(), 'stripe', '', 'txn_hidden', 'pi_hidden', '', 'charge', 'EUR', 100, 0, '` + w.Today.AddDate(0, 0, -35).Format(time.RFC3339) + `')`
	if _, err := w.Conn.Exec(t.Context(), hidden); err != nil {
		t.Fatal(err)
	}
	if off := w.reconcile(seller); len(off.Moved) != 1 {
		t.Errorf("what is older than the window was looked at: %+v", off.Moved)
	}
	if err := w.engine.ReconcileSeller(t.Context(), seller); err != nil {
		t.Fatal(err)
	}
	if off, err := w.engine.Off(t.Context(), seller); err != nil || len(off.Moved) != 2 {
		t.Errorf("everything was compared, and found is %+v (%v)", off.Moved, err)
	}
	w.house(func(tx *store.Tx) error {
		for _, source := range []string{found, "pi_hidden"} {
			if _, err := tx.SetProviderLinesAside(t.Context(), seller, payment.Stripe, source, "The tea kitchen.", w.Today); err != nil {
				return err
			}
		}
		return nil
	})
	w.wantSettled(seller, "pi_hidden", found)
}

// wantSettled compares what is new, after which these are settled: each stands on a page of its own, the newest first.
func (w *world) wantSettled(seller app.ID, sources ...string) {
	w.t.Helper()
	if off := w.reconcile(seller); !off.Fine() {
		w.t.Errorf("still off: %+v", off)
	}
	q := store.DifferenceQuery{Seller: seller, Settled: true, Limit: 1}
	for _, source := range sources {
		off, compared, err := w.engine.Page(w.t.Context(), q, 10)
		if err != nil || len(off.Moved) != 1 || off.Moved[0].Source != source || off.Moved[0].Settled.IsZero() || compared.IsZero() {
			w.t.Fatalf("settled is %+v (%v), want %s", off.Moved, err, source)
		}
		q.After = off.Moved[0].ID
	}
	if off, _, err := w.engine.Page(w.t.Context(), q, 10); err != nil || len(off.Moved) != 0 {
		w.t.Errorf("after the last page: %+v (%v)", off.Moved, err)
	}
}
