package providertest

import (
	"sync"
	"testing"
	"time"

	"allotment/app"
	"allotment/billing"
)

// Run tries a provider.
func Run(t *testing.T, open func(t *testing.T) Harness) {
	t.Helper()
	for name, test := range map[string]func(*world){
		"Pages": pages, "Forgotten": forgotten, "Saves": saves, "Once": once, "AtOnce": atOnce, "LostCharge": lostCharge, "Find": find, "Refusals": refusals, "Debits": debits,
		"Refunds": refunds, "LostRefund": lostRefund, "Unknown": unknown, "Foreign": foreign, "Forget": forget, "Disputes": disputes, "Source": source,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			test(&world{T: t, Harness: open(t), customer: app.ProviderCustomer{Organization: app.NewID(), Name: "Demo customer", Email: "demo@example.test"}})
		})
	}
}

// pages: an attempt has one page; an unfinished one can be opened again and moves nothing; a finished one brings the money and its place.
func pages(w *world) {
	a := w.attempt(app.AttemptCheckout, 1210)
	a.Keep = true
	opened := w.open(a)
	w.customer.Reference = "" // the answer was lost: it is asked again
	if again := w.open(a); again.Page != opened.Page || again.Customer != opened.Customer {
		w.Errorf("an attempt has two pages: %+v and %+v", opened, again)
	}
	seen, err := w.Provider.Look(w.Context(), w.Account, opened.Page)
	if err != nil || seen.State != "" || seen.URL == "" || seen.Attempt != a.ID {
		w.Errorf("an open page: %+v (%v)", seen, err)
	}
	w.wantMoved(0, 0)
	if !w.Complete(opened.Page, Card) || w.Complete(opened.Page, Card) {
		w.Error("a page can be paid once")
	}
	seen, err = w.Provider.Look(w.Context(), w.Account, opened.Page)
	if err != nil || seen.State != app.AttemptSucceeded || seen.Amount != a.Amount || seen.Saved == nil || seen.Place.Country == "" || seen.Reference == "" || seen.At.IsZero() {
		w.Errorf("a page that was paid: %+v (%v)", seen, err)
	}
	w.wantMoved(1, 0)
}

// forgotten: a customer whom the provider does not know any more is made anew.
func forgotten(w *world) {
	w.customer.Reference = "cus_nobody0001"
	if opened := w.open(w.attempt(app.AttemptSetup, 0)); opened.Customer == "cus_nobody0001" {
		w.Error("a page is for a customer who is not there")
	}
}

// saves: each way to pay tells what it is, and can be charged.
func saves(w *world) {
	for how, kind := range map[How]string{Card: "card", Debit: "sepa_debit", Bank: "sepa_debit"} {
		m := w.saved(how)
		if m.Kind != kind || len(m.Last4) != 4 || kind == "card" && len(m.Expires) != len("2027-01") {
			w.Errorf("%s is saved as %+v", how, m)
		}
	}
}

// once: an attempt is charged once, and tells the same each time; another one is another charge.
func once(w *world) {
	m := w.saved(Card)
	c := w.collection(m, 1210)
	first := w.charge(c, app.AttemptSucceeded)
	if first.Amount != c.Attempt.Amount || first.Fee.Currency != "EUR" || first.Fee.Minor <= 0 || first.Place.Country == "" {
		w.Errorf("a charge: %+v", first)
	}
	for range 3 {
		if again := w.charge(c, app.AttemptSucceeded); again.Reference != first.Reference {
			w.Errorf("an attempt has two charges: %s and %s", first.Reference, again.Reference)
		}
	}
	w.charge(w.collection(m, 1210), app.AttemptSucceeded)
	w.wantMoved(2, 0)
}

// atOnce: an attempt that several workers carry out at the same moment is charged once.
func atOnce(w *world) {
	c := w.collection(w.saved(Card), 1210)
	var all sync.WaitGroup
	for range 4 {
		all.Go(func() {
			if _, err := w.Provider.Charge(w.Context(), c); err != nil {
				w.wantCode("a charge at the same moment", err, app.Retryable, app.Unknown)
			}
		})
	}
	all.Wait()
	w.charge(c, app.AttemptSucceeded)
	w.wantMoved(1, 0)
}

// lostCharge: an answer that is lost is Unknown, and what was done is found.
func lostCharge(w *world) {
	c := w.collection(w.saved(Card), 1210)
	w.Lose("charge")
	_, err := w.Provider.Charge(w.Context(), c)
	w.wantCode("a lost answer", err, app.Unknown)
	w.charge(c, app.AttemptSucceeded)
	w.wantMoved(1, 0)
}

// find: what was not asked for is not begun by looking for it.
func find(w *world) {
	c := w.collection(w.saved(Card), 1210)
	c.Find = true
	_, err := w.Provider.Charge(w.Context(), c)
	w.wantCode("what was never asked for", err, app.NotFound)
	w.wantMoved(0, 0)
	c.Find = false
	w.charge(c, app.AttemptSucceeded)
	c.Find = true
	w.charge(c, app.AttemptSucceeded)
	w.wantMoved(1, 0)
}

// refusals: a refusal is no error, and the same one when it is looked at.
func refusals(w *world) {
	for how, want := range map[How]app.AttemptState{CardFails: app.AttemptFailed, CardAsks: app.AttemptRequiresAction} {
		c := w.collection(w.saved(how), 1210)
		seen := w.charge(c, want)
		if seen.Why == "" {
			w.Errorf("%s: nobody says why", how)
		}
		looked, err := w.Provider.Look(w.Context(), w.Account, seen.Reference)
		if err != nil || looked.State != want || looked.Why != seen.Why {
			w.Errorf("%s: %+v when it is looked at (%v)", how, looked, err)
		}
		w.charge(c, want)
	}
	w.wantMoved(0, 0)
}

// debits: a direct debit is on its way first.
func debits(w *world) {
	for how, want := range map[How]app.AttemptState{Debit: app.AttemptSucceeded, DebitBounce: app.AttemptFailed} {
		c := w.collection(w.saved(how), 1210)
		seen := w.charge(c, app.AttemptProcessing)
		w.Later()
		looked, err := w.Provider.Look(w.Context(), w.Account, seen.Reference)
		if err != nil || looked.State != want || want == app.AttemptSucceeded && (looked.Amount != c.Attempt.Amount || looked.Place.Kind != "bank") {
			w.Errorf("%s: %+v (%v), want %s", how, looked, err, want)
		}
		w.charge(c, want)
	}
	w.wantMoved(1, 0)
}

// repay is a refund of a payment.
func (w *world) repay(paid app.Seen, minor int64) app.Repayment {
	a := w.attempt(app.AttemptRefund, minor)
	a.Of = paid.Attempt
	return app.Repayment{Attempt: a, Payment: paid.Reference}
}

// refunds: each once, and never more than was paid.
func refunds(w *world) {
	paid := w.charge(w.collection(w.saved(Card), 1210), app.AttemptSucceeded)
	r := w.repay(paid, 1000)
	first, err := w.Provider.Refund(w.Context(), r)
	if err != nil || first.State != app.AttemptSucceeded || first.Amount.Minor != 1000 || first.Attempt != r.Attempt.ID || first.Payment != paid.Reference {
		w.Fatalf("a refund: %+v (%v)", first, err)
	}
	if again, err := w.Provider.Refund(w.Context(), r); err != nil || again.Reference != first.Reference {
		w.Errorf("the same refund again: %+v (%v)", again, err)
	}
	_, err = w.Provider.Refund(w.Context(), w.repay(paid, 211))
	w.wantCode("a cent too much", err, app.Permanent)
	w.wantMoved(1, 1)
	if looked, err := w.Provider.Look(w.Context(), w.Account, first.Reference); err != nil || looked.State != app.AttemptSucceeded {
		w.Errorf("a refund when it is looked at: %+v (%v)", looked, err)
	}
}

// lostRefund: as lostCharge.
func lostRefund(w *world) {
	r := w.repay(w.charge(w.collection(w.saved(Card), 1210), app.AttemptSucceeded), 1210)
	w.Lose("refund")
	_, err := w.Provider.Refund(w.Context(), r)
	w.wantCode("a lost answer", err, app.Unknown)
	if seen, err := w.Provider.Refund(w.Context(), r); err != nil || seen.State != app.AttemptSucceeded {
		w.Errorf("again: %+v (%v)", seen, err)
	}
	w.wantMoved(1, 1)
}

// unknown: what is not there is NotFound, whatever it is.
func unknown(w *world) {
	m := w.saved(Card)
	for _, reference := range []string{"pi_nothing", "cs_nothing", "seti_nothing", "re_nothing", "dp_nothing", "nonsense", ""} {
		_, err := w.Provider.Look(w.Context(), w.Account, reference)
		w.wantCode("a look at "+reference, err, app.NotFound)
	}
	gone := w.collection(m, 1210)
	gone.Method = "pm_nothing"
	_, err := w.Provider.Charge(w.Context(), gone)
	w.wantCode("a way to pay that is not there", err, app.NotFound)
	gone = w.collection(m, 1210)
	gone.Customer, gone.Method = "cus_nothing", "pm_nothing"
	_, err = w.Provider.Charge(w.Context(), gone)
	w.wantCode("a customer who is not there", err, app.NotFound)
	_, err = w.Provider.Refund(w.Context(), w.repay(app.Seen{Reference: "pi_nothing"}, 1))
	w.wantCode("a refund of nothing", err, app.NotFound)
	w.wantMoved(0, 0)
}

// foreign: another seller's account knows nothing of this one's.
func foreign(w *world) {
	m := w.saved(Card)
	paid := w.charge(w.collection(m, 1210), app.AttemptSucceeded)
	_, err := w.Provider.Look(w.Context(), w.Other, paid.Reference)
	w.wantCode("a look from another account", err, app.NotFound)
	c := w.collection(m, 1210)
	c.Attempt.Account = w.Other
	_, err = w.Provider.Charge(w.Context(), c)
	w.wantCode("a charge from another account", err, app.NotFound)
	r := w.repay(paid, 1210)
	r.Attempt.Account = w.Other
	_, err = w.Provider.Refund(w.Context(), r)
	w.wantCode("a refund from another account", err, app.NotFound)
	w.wantMoved(1, 0)
}

// forget: what was forgotten pays nothing, and may be forgotten again.
func forget(w *world) {
	m := w.saved(Card)
	for range 2 {
		if err := w.Provider.Forget(w.Context(), w.Account, m.Reference); err != nil {
			w.Error(err)
		}
	}
	if err := w.Provider.Forget(w.Context(), w.Account, "pm_nothing"); err != nil {
		w.Errorf("what was never there: %v", err)
	}
	_, err := w.Provider.Charge(w.Context(), w.collection(m, 1210))
	w.wantCode("what was forgotten", err, app.Permanent, app.NotFound)
	w.wantMoved(0, 0)
}

// disputes: a payment that was taken back says of which payment, how much and for what fee.
func disputes(w *world) {
	paid := w.charge(w.collection(w.saved(Card), 1210), app.AttemptSucceeded)
	w.Contest(paid.Reference)
	lines, err := w.Source.Movements(w.Context(), w.Account, time.Time{})
	if err != nil || len(lines) != 2 {
		w.Fatalf("%+v (%v)", lines, err)
	}
	taken := lines[1]
	seen, err := w.Provider.Look(w.Context(), w.Account, taken.Reference)
	if err != nil || seen.Dispute != app.DisputeTaken || seen.Payment != paid.Reference || seen.Amount != paid.Amount || seen.Fee != taken.Fee || taken.Payment != paid.Reference {
		w.Errorf("a dispute: %+v, %+v (%v)", seen, taken, err)
	}
}

// source: what happened is listed in its order, once each, and every line of the account with what was kept.
func source(w *world) {
	paid := w.charge(w.collection(w.saved(Card), 1210), app.AttemptSucceeded)
	back, err := w.Provider.Refund(w.Context(), w.repay(paid, 210))
	if err != nil {
		w.Fatal(err)
	}
	lines, err := w.Source.Movements(w.Context(), w.Account, w.Now().Add(-time.Hour))
	if err != nil || len(lines) != 2 {
		w.Fatalf("%+v (%v)", lines, err)
	}
	for i, want := range []struct {
		reference, payment string
		minor              int64
		fee                billing.Money
	}{{paid.Reference, "", 1210, paid.Fee}, {back.Reference, paid.Reference, -210, billing.Zero("EUR")}} {
		l := lines[i]
		if l.ID == "" || l.Reference != want.reference || l.Payment != want.payment || l.Amount.Minor != want.minor || l.Fee != want.fee || l.At.IsZero() {
			w.Errorf("line %d: %+v, want %+v", i, l, want)
		}
	}
	if later, err := w.Source.Movements(w.Context(), w.Account, w.Now().Add(time.Hour)); err != nil || len(later) != 0 {
		w.Errorf("of later: %+v (%v)", later, err)
	}
	told, err := w.Source.Recent(w.Context(), w.Account, w.Now().Add(-time.Hour))
	ids, objects := map[string]bool{}, map[string]bool{}
	for i, n := range told {
		ids[n.ID], objects[n.Object] = true, true
		if n.Account != w.Account || i > 0 && n.At.Before(told[i-1].At) {
			w.Errorf("notice %d: %+v", i, n)
		}
	}
	if err != nil || len(ids) != len(told) || !objects[paid.Reference] || !objects[back.Reference] {
		w.Errorf("%d notices, of %v (%v)", len(told), objects, err)
	}
	w.wantCode("an account of nobody", w.Source.Account(w.Context(), "acct_nobody12345"), app.Invalid)
	_, err = w.Source.Read([]byte(`{}`), "t=1,v1=00", false, w.Now())
	w.wantCode("a notice of nobody's", err, app.Forbidden)
}
