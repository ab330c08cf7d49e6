package payment_test

import (
	"context"
	"net/http"
	"sync"
	"testing"
	"time"

	"allotment/app"
	"allotment/app/payment"
	"allotment/app/store"
	"allotment/billing"
	pretend "allotment/e2e/stripe"
)

// TestCollect: an invoice is collected on its due day, once, whoever looks how often; what Stripe kept is in the books.
func TestCollect(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 0, 3)
	for _, d := range w.debts() {
		w.saved(d, "", pretend.GoodCard)
	}
	if w.collect() != 0 {
		t.Error("something was collected before it is due")
	}
	w.later(14)
	var all sync.WaitGroup
	for range 4 {
		all.Go(func() {
			if _, err := w.engine.Collect(t.Context()); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	w.work()
	w.collect()
	truth := w.stripe.Truth("")
	if len(truth.Paid) != 3 || w.Count(t, `SELECT count(*) FROM payments`) != 3 {
		t.Errorf("%d payments at the provider, %d here, want 3", len(truth.Paid), w.Count(t, `SELECT count(*) FROM payments`))
	}
	for _, d := range w.debts() {
		if left := w.open(d); left != 0 {
			t.Errorf("%d is left to pay of an invoice that was collected", left)
		}
	}
	if got := w.cash(w.Operator.Organization); got != truth.Balance {
		t.Errorf("the books say that Stripe has %d, and Stripe says %d", got, truth.Balance)
	}
	w.Sound(t)
}

// TestTimeoutAfterCharge: the answer is lost after Stripe took the money, or before; the process is killed on either side of the call. In the end
// there is one charge, one payment, and a paid invoice.
func TestTimeoutAfterCharge(t *testing.T) {
	t.Parallel()
	for name, breaks := range map[string][]pretend.Fault{
		"lost after the commit":        {{Method: http.MethodPost, Path: "/v1/payment_intents", Lost: true}},
		"lost after it, twice":         {{Method: http.MethodPost, Path: "/v1/payment_intents", Lost: true}, {Method: http.MethodGet, Path: "/v1/payment_intents", Status: 500}},
		"dropped before":               {{Method: http.MethodPost, Path: "/v1/payment_intents"}},
		"an error of the provider":     {{Method: http.MethodPost, Path: "/v1/payment_intents", Status: 503}},
		"too many requests":            {{Method: http.MethodPost, Path: "/v1/payment_intents", Status: 429}},
		"a wrong key for a while":      {{Method: http.MethodPost, Path: "/v1/payment_intents", Status: 401}},
		"nothing goes wrong, for once": nil,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, 0, 1)
			d := w.debts()[0]
			w.saved(d, "", pretend.GoodCard)
			w.later(14)
			if _, err := w.engine.Collect(t.Context()); err != nil {
				t.Fatal(err)
			}
			for _, f := range breaks {
				w.stripe.Break(f)
			}
			for range 1 + len(breaks) {
				w.work()
			}
			w.Today = w.Today.Add(time.Hour)
			if err := w.engine.Sweep(t.Context()); err != nil {
				t.Fatal(err)
			}
			w.once(d)
		})
	}
}

// once wants one charge, one payment and a paid invoice.
func (w *world) once(d debt) {
	w.t.Helper()
	if truth := w.stripe.Truth(""); len(truth.Paid) != 1 {
		w.t.Errorf("%d charges", len(truth.Paid))
	}
	if n := w.Count(w.t, `SELECT count(*) FROM payments`); n != 1 || w.open(d) != 0 {
		w.t.Errorf("%d payments, %d left to pay", n, w.open(d))
	}
	w.Sound(w.t)
}

// TestKilledAroundTheCall ends the engine's own work at each call of the provider, as kill -9 does: before it, and after it.
func TestKilledAroundTheCall(t *testing.T) {
	t.Parallel()
	for _, after := range []bool{false, true} {
		w := newWorld(t, 0, 1)
		d := w.debts()[0]
		w.saved(d, "", pretend.GoodCard)
		w.later(14)
		if _, err := w.engine.Collect(t.Context()); err != nil {
			t.Fatal(err)
		}
		a := w.attempts(`kind = 'charge'`)[0]
		killed := &deadly{w.driver, after}
		doomed := payment.New(payment.Config{Store: w.Store, Biller: w.Biller, Provider: killed, Source: w.driver, Desk: w, Log: w.quiet(), Now: func() time.Time { return w.Today }})
		func() {
			defer func() { _ = recover() }() // the process is gone
			_, _ = doomed.Carry(t.Context(), store.PaymentJob{Organization: a.Customer, Attempt: a.ID})
		}()
		if got := w.attempt(a.ID); got.State != app.AttemptCreated {
			t.Fatalf("killed, and yet %s", got.State)
		}
		w.work() // another worker takes the job up
		w.once(d)
	}
}

// TestPaidOtherwiseMeanwhile: what was paid by bank before the provider was asked is not collected too; what the provider already has is.
func TestPaidOtherwiseMeanwhile(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 0, 2)
	for _, d := range w.debts() {
		w.saved(d, "", pretend.GoodCard)
	}
	w.later(14)
	if _, err := w.engine.Collect(t.Context()); err != nil {
		t.Fatal(err)
	}
	byBank, both := w.debts()[0], w.debts()[1]
	taken := w.attempts(`invoice_id = '` + both.invoice.String() + `'`)[0]
	w.stripe.Break(pretend.Fault{Method: http.MethodPost, Path: "/v1/payment_intents", Lost: true})
	if _, err := w.engine.Carry(t.Context(), store.PaymentJob{Organization: taken.Customer, Attempt: taken.ID}); err != nil {
		t.Fatal(err)
	}
	for _, d := range []debt{byBank, both} {
		w.house(func(tx *store.Tx) error {
			return w.Biller.Receive(t.Context(), tx, store.Payment{Customer: d.customer, Seller: d.seller, Through: "bank", Reference: d.invoice.String(), Amount: d.amount,
				PaidOn: billing.DateIn(w.Today, time.UTC)})
		})
	}
	w.work()
	if truth := w.stripe.Truth(""); len(truth.Paid) != 1 {
		t.Errorf("%d charges, want the one that was under way", len(truth.Paid))
	}
	for _, a := range w.attempts(`kind = 'charge'`) {
		if want := map[app.ID]app.AttemptState{byBank.invoice: app.AttemptCanceled, both.invoice: app.AttemptSucceeded}[a.Invoice]; a.State != want {
			t.Errorf("%s, want %s", a.State, want)
		}
	}
	w.house(func(tx *store.Tx) error {
		credit, err := tx.Credit(t.Context(), both.seller, both.customer, "EUR")
		if credit != both.amount {
			t.Errorf("what was paid twice is credit of %s, want %s", credit, both.amount)
		}
		return err
	})
	w.Sound(t)
}

// TestDeclines: what may succeed later is tried again after 3, 5 and 7 days; what will not is left; a card whose bank asks each time leads to the
// person, and is no failure.
func TestDeclines(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		number string
		days   []int // on which of the next 40 days it is collected
		state  app.AttemptState
		told   app.AttemptState
	}{
		"not enough money":  {"4000000000000341", []int{0, 3, 8, 15}, app.AttemptFailed, app.AttemptFailed},
		"the bank asks":     {"4000002760003184", []int{0}, app.AttemptRequiresAction, app.AttemptRequiresAction},
		"a good card":       {pretend.GoodCard, []int{0}, app.AttemptSucceeded, ""},
		"a debit that ends": {pretend.GoodIBAN, []int{0}, app.AttemptSucceeded, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, 0, 1)
			w.saved(w.debts()[0], "", c.number)
			w.later(14)
			var days []int
			for day := range 40 {
				if w.collect() > 0 {
					days = append(days, day)
				}
				w.later(1)
				if err := w.engine.Sweep(t.Context()); err != nil {
					t.Fatal(err)
				}
			}
			all := w.attempts(`kind = 'charge'`)
			if last := all[len(all)-1]; last.State != c.state || len(days) != len(c.days) || days[len(days)-1] != c.days[len(c.days)-1] {
				t.Errorf("collected on the days %v, and then %s; want %v and %s", days, last.State, c.days, c.state)
			}
			for _, a := range w.told {
				if a.State != c.told {
					t.Errorf("people were told of %s", a.State)
				}
			}
			if want := map[bool]int{true: len(c.days)}[c.told != ""]; len(w.told) != want {
				t.Errorf("people were told %d times, want %d", len(w.told), want)
			}
			w.Sound(t)
		})
	}
}

func TestDue(t *testing.T) {
	t.Parallel()
	due := billing.Date{Year: 2026, Month: 3, Day: 1}
	at := func(day int) time.Time { return time.Date(2026, 3, day, 23, 30, 0, 0, time.UTC) } // the next day in Amsterdam
	card, other := app.NewID(), app.NewID()
	failed := func(day int, hard bool) app.Attempt {
		return app.Attempt{State: app.AttemptFailed, ChangedAt: at(day), Hard: hard, Method: card}
	}
	for name, c := range map[string]struct {
		today   int
		charges []app.Attempt
		method  app.ID
		want    bool
	}{
		"the day before":               {0, nil, card, false},
		"the due day":                  {1, nil, card, true},
		"long after":                   {30, nil, card, true},
		"under way":                    {9, []app.Attempt{{State: app.AttemptProcessing}}, card, false},
		"the person is asked":          {9, []app.Attempt{{State: app.AttemptRequiresAction}}, card, false},
		"paid, and taken back":         {9, []app.Attempt{{State: app.AttemptSucceeded}}, card, false},
		"two days after a failure":     {4, []app.Attempt{failed(1, false)}, card, false},
		"three days after it":          {5, []app.Attempt{failed(1, false)}, card, true},
		"four days after the second":   {9, []app.Attempt{failed(4, false), failed(1, false)}, card, false},
		"five days after the second":   {10, []app.Attempt{failed(4, false), failed(1, false)}, card, true},
		"after the fourth":             {31, []app.Attempt{failed(16, false), failed(9, false), failed(4, false), failed(1, false)}, card, false},
		"the card is lost":             {31, []app.Attempt{failed(1, true)}, card, false},
		"the card is lost, another is": {2, []app.Attempt{failed(1, true)}, other, true},
		"paid otherwise, and open":     {9, []app.Attempt{{State: app.AttemptCanceled, ChangedAt: at(1)}}, card, true},
	} {
		today := due.AddDays(c.today - 1)
		if got := payment.Due(due, c.charges, c.method, today, "Europe/Amsterdam"); got != c.want {
			t.Errorf("%s: %t", name, got)
		}
	}
	if payment.Due(billing.Date{}, nil, card, due, "UTC") {
		t.Error("an invoice without a due day is collected")
	}
}

// deadly ends the process around a call.
type deadly struct {
	payment.Provider
	after bool
}

func (d *deadly) Charge(ctx context.Context, c app.Collection) (app.Seen, error) {
	if d.after {
		_, _ = d.Provider.Charge(ctx, c)
	}
	panic("killed")
}
