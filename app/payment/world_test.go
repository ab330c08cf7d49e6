package payment_test

import (
	"context"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"time"

	"allotment/app"
	"allotment/app/biller"
	"allotment/app/biller/billertest"
	"allotment/app/driver/stripe"
	"allotment/app/payment"
	"allotment/app/store"
	"allotment/billing"
	pretend "allotment/e2e/stripe"
)

const (
	key           = "sk_test_pretend"
	secret        = "whsec_own"
	connectSecret = "whsec_connect"
)

// world is an installation whose customers owe an invoice each, and a pretend Stripe.
type world struct {
	*billertest.Books
	t      *testing.T
	stripe *pretend.Server
	driver *stripe.Driver
	engine *payment.Engine
	hook   *httptest.Server
	mutex  sync.Mutex
	told   []app.Attempt
	paid   int
}

// newWorld makes customers below the operator and below resellers, in turn.
func newWorld(t *testing.T, resellers, customers int) *world {
	t.Helper()
	w := &world{Books: billertest.New(t, resellers, customers, 1), t: t}
	w.bill()
	now := func() time.Time { return w.Today }
	var err error
	if w.stripe, err = pretend.Start(pretend.Options{Key: key, Now: now}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { w.stripe.Close() })
	w.driver, err = stripe.New(stripe.Config{URL: w.stripe.URL(), Key: key, Secret: secret, ConnectSecret: connectSecret, Timeout: 5 * time.Second})
	if err != nil {
		t.Fatal(err)
	}
	w.engine = payment.New(payment.Config{
		Store: w.Store, Biller: w.Biller, Provider: w.driver, Source: w.driver, Desk: w, Log: slog.New(slog.DiscardHandler), Now: now,
	})
	w.hook = httptest.NewServer(http.HandlerFunc(w.take))
	t.Cleanup(w.hook.Close)
	w.stripe.Deliver(pretend.Hook{URL: w.hook.URL + "/own", Secret: secret}, pretend.Hook{URL: w.hook.URL + "/connect", Secret: connectSecret}, false)
	return w
}

// bill issues what is due by today.
func (w *world) bill() {
	w.t.Helper()
	if _, err := w.Biller.Bill(w.t.Context(), biller.Run{AsOf: billing.DateIn(w.Today, time.UTC)}); err != nil {
		w.t.Fatal(err)
	}
}

// take is the endpoint of notices, as the web layer answers it.
func (w *world) take(out http.ResponseWriter, r *http.Request) {
	body := make([]byte, r.ContentLength)
	if _, err := r.Body.Read(body); err != nil && err.Error() != "EOF" {
		w.t.Error(err)
	}
	if err := w.engine.Take(r.Context(), body, r.Header.Get("Stripe-Signature"), r.URL.Path == "/connect"); err != nil {
		out.WriteHeader(http.StatusBadRequest)
	}
}

// Tell is the portal's part: it writes to people.
func (w *world) Tell(_ context.Context, _ *store.Tx, a app.Attempt) error {
	w.mutex.Lock()
	defer w.mutex.Unlock()
	w.told = append(w.told, a)
	return nil
}

// Settle is the portal's part: it takes holds off.
func (w *world) Settle(context.Context, app.ID, app.ID, string) error {
	w.mutex.Lock()
	defer w.mutex.Unlock()
	w.paid++
	return nil
}

// house is a transaction over all tenants.
func (w *world) house(fn func(*store.Tx) error) {
	w.t.Helper()
	if err := w.Store.InTenant(w.t.Context(), w.Operator, fn); err != nil {
		w.t.Fatal(err)
	}
}

// debt is a customer's unpaid invoice.
type debt struct {
	invoice, customer, seller app.ID
	amount                    billing.Money
}

func (w *world) debts() (all []debt) {
	w.t.Helper()
	rows, err := w.Conn.Query(w.t.Context(), `SELECT i.id, i.buyer_id, i.seller_id, i.currency, i.gross_minor FROM invoices i JOIN organizations o ON o.id = i.seller_id
		WHERE i.kind = 'invoice' ORDER BY o.kind, i.id`)
	if err != nil {
		w.t.Fatal(err)
	}
	defer rows.Close()
	for rows.Next() {
		var d debt
		if err := rows.Scan(&d.invoice, &d.customer, &d.seller, &d.amount.Currency, &d.amount.Minor); err != nil {
			w.t.Fatal(err)
		}
		all = append(all, d)
	}
	return all
}

// saved gives a customer a way to pay, as by a page on which it was saved.
func (w *world) saved(d debt, account, number string) {
	w.t.Helper()
	a := app.Attempt{
		ID: app.NewID(), Customer: d.customer, Seller: d.seller, Account: account, Through: payment.Stripe, Kind: app.AttemptSetup, State: app.AttemptCreated,
		Amount: billing.Zero("EUR"), CreatedAt: w.Today,
	}
	w.house(func(tx *store.Tx) error { return tx.InsertAttempt(w.t.Context(), a) })
	if _, err := w.engine.Open(w.t.Context(), a, "nl", "", payment.Places{Done: "https://portal.example.test/done", Back: "https://portal.example.test/"}); err != nil {
		w.t.Fatal(err)
	}
	a = w.attempt(a.ID)
	if !w.stripe.Complete(a.Page, number) {
		w.t.Fatalf("%s cannot be saved", number)
	}
	if _, err := w.engine.Refresh(w.t.Context(), a); err != nil {
		w.t.Fatal(err)
	}
	w.stripe.Release(w.t.Context(), pretend.Weather{Drop: 1})
}

func (w *world) attempt(id app.ID) (a app.Attempt) {
	w.t.Helper()
	w.house(func(tx *store.Tx) (err error) {
		a, err = tx.Attempt(w.t.Context(), id)
		return err
	})
	return a
}

// later turns all clocks on.
func (w *world) later(days int) {
	w.Today = w.Today.AddDate(0, 0, days)
	w.stripe.Advance(0)
}

// collect begins what is due and works off the jobs, as a worker does.
func (w *world) collect() (begun int) {
	w.t.Helper()
	begun, err := w.engine.Collect(w.t.Context())
	if err != nil {
		w.t.Fatal(err)
	}
	w.work()
	return begun
}

// work carries out every attempt that waits for a worker.
func (w *world) work() {
	w.t.Helper()
	for _, a := range w.attempts(`state = 'created' AND kind IN ('charge', 'refund')`) {
		if _, err := w.engine.Carry(w.t.Context(), store.PaymentJob{Organization: a.Customer, Attempt: a.ID}); err != nil {
			w.t.Error(err)
		}
	}
}

// apply works off the notices that came in.
func (w *world) apply() {
	w.t.Helper()
	var waiting []store.NoticeJob
	w.house(func(tx *store.Tx) (err error) {
		waiting, err = tx.WaitingNotices(w.t.Context(), w.Today.Add(time.Hour), 10_000)
		return err
	})
	for _, job := range waiting {
		if err := w.engine.Apply(w.t.Context(), job); err != nil {
			w.t.Error(err)
		}
	}
}

func (w *world) attempts(where string) (all []app.Attempt) {
	w.t.Helper()
	rows, err := w.Conn.Query(w.t.Context(), `SELECT id FROM payment_attempts WHERE `+where+` ORDER BY id`)
	if err != nil {
		w.t.Fatal(err)
	}
	var ids []app.ID
	for rows.Next() {
		var id app.ID
		if err := rows.Scan(&id); err != nil {
			w.t.Fatal(err)
		}
		ids = append(ids, id)
	}
	rows.Close()
	for _, id := range ids {
		all = append(all, w.attempt(id))
	}
	return all
}

func (w *world) open(d debt) (left int64) {
	w.t.Helper()
	w.house(func(tx *store.Tx) error {
		m, err := tx.OpenAmount(w.t.Context(), d.invoice)
		left = m.Minor
		return err
	})
	return left
}

// cash is what the books say that Stripe has of a seller's.
func (w *world) cash(seller app.ID) (sum int64) {
	w.t.Helper()
	err := w.Conn.QueryRow(w.t.Context(), `SELECT coalesce(sum(amount_minor), 0)::bigint FROM ledger_postings WHERE organization_id = $1 AND account = 'cash' AND party = 'stripe'`, seller).Scan(&sum)
	if err != nil {
		w.t.Fatal(err)
	}
	return sum
}

func (w *world) quiet() *slog.Logger { return slog.New(slog.DiscardHandler) }
