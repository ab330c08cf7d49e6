package payment_test

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"allotment/app"
	"allotment/app/store"
	pretend "allotment/e2e/stripe"
)

// TestWebhookStorm: payments, refunds and disputes in several accounts, whose notices come twice, in any order, and some not at all, while others are
// forged. Whatever the weather, the end is the provider's truth: each payment once, and books that add up.
func TestWebhookStorm(t *testing.T) {
	t.Parallel()
	for seed := range uint64(3) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			t.Parallel()
			storm(t, seed)
		})
	}
}

func storm(t *testing.T, seed uint64) {
	w := newWorld(t, 1, 12)
	random := rand.New(rand.NewPCG(seed, 7))
	account := w.connect()
	numbers := []string{pretend.GoodCard, pretend.GoodIBAN, "AT861904300235473202", "4000000000000259", "4000000000000341", "4000002760003184", "AT591904300235473203"}
	for _, d := range w.debts() {
		w.saved(d, account[d.seller], numbers[random.IntN(len(numbers))])
	}
	weather := func(drop float64) {
		w.stripe.Release(t.Context(), pretend.Weather{Drop: drop, Twice: 0.4, Seed: random.Uint64()})
		w.apply()
	}
	w.later(14)
	for day := range 25 {
		if day%9 == 8 { // the sweep, after a week in which it did not run: Stripe lists what happened for a month
			if err := w.engine.Sweep(t.Context()); err != nil {
				t.Fatal(err)
			}
		}
		w.collect()
		w.forge(random)
		weather(0.3)
		if random.IntN(3) == 0 {
			w.contest(account, random)
		}
		weather(0.3)
		w.later(1)
	}
	w.later(8) // the last direct debits arrive
	weather(0.5)
	for range 2 {
		if err := w.engine.Sweep(t.Context()); err != nil {
			t.Fatal(err)
		}
		w.apply()
	}
	w.wantTruth(account)
}

// connect gives the reseller an account of its own.
func (w *world) connect() map[app.ID]string {
	w.t.Helper()
	accounts := map[app.ID]string{w.Operator.Organization: ""}
	for i, d := range w.debts() {
		if _, known := accounts[d.seller]; known {
			continue
		}
		account := fmt.Sprintf("acct_pretend%04d", i)
		accounts[d.seller] = account
		w.stripe.Connect(account)
		w.house(func(tx *store.Tx) error {
			return tx.SavePaymentAccount(w.t.Context(), d.seller, "stripe", account, w.Today)
		})
	}
	return accounts
}

// contest lets the bank of one who has paid take the money back.
func (w *world) contest(account map[app.ID]string, random *rand.Rand) {
	paid := w.attempts(`state = 'succeeded' AND kind = 'charge'`)
	if len(paid) == 0 {
		return
	}
	a := paid[random.IntN(len(paid))]
	if contested := w.stripe.Truth(account[a.Seller]).Taken; len(contested) < 3 && w.Count(w.t, `SELECT count(*) FROM payments WHERE kind = 'chargeback'`) < 3 {
		w.stripe.ContestOnce(account[a.Seller], a.Reference)
	}
}

// forge sends what the provider never said.
func (w *world) forge(random *rand.Rand) {
	w.t.Helper()
	open := w.attempts(`state <> 'succeeded' AND kind = 'charge'`)
	reference := "pi_pretend"
	if len(open) > 0 {
		reference = open[random.IntN(len(open))].Reference
	}
	event := func(version, account string) string {
		return fmt.Sprintf(`{"id": "evt_forged%d", "object": "event", "type": "payment_intent.succeeded", "created": %d, "api_version": %q, "account": %q,
			"data": {"object": {"id": %q, "object": "payment_intent", "status": "succeeded", "amount_received": 1}}}`, random.Int64(), w.Today.Unix(), version, account, reference)
	}
	own := strings.Replace(event(pretend.Version, ""), `"account": "",`, "", 1)
	for name, forged := range map[string]struct {
		body, secret string
		at           time.Time
		connected    bool
		code         app.Code
	}{
		"another secret":            {own, "whsec_other", w.Today, false, app.Forbidden},
		"an old signature":          {own, secret, w.Today.Add(-time.Hour), false, app.Forbidden},
		"one of the future":         {own, secret, w.Today.Add(time.Hour), false, app.Forbidden},
		"another version":           {strings.Replace(own, pretend.Version, "2020-08-27", 1), secret, w.Today, false, app.Invalid},
		"a foreign account":         {event(pretend.Version, "acct_foreign1234"), connectSecret, w.Today, true, app.Forbidden},
		"an account at our own":     {event(pretend.Version, "acct_foreign1234"), secret, w.Today, false, app.Forbidden},
		"the secret of the other":   {own, connectSecret, w.Today, false, app.Forbidden},
		"no account at the other":   {own, connectSecret, w.Today, true, app.Forbidden},
		"nothing":                   {"", secret, w.Today, false, app.Invalid},
		"no JSON":                   {"<xml/>", secret, w.Today, false, app.Invalid},
		"an event without anything": {`{"api_version": "2023-10-16"}`, secret, w.Today, false, app.Invalid},
	} {
		body := []byte(forged.body)
		err := w.engine.Take(w.t.Context(), body, pretend.Signature(body, forged.secret, forged.at), forged.connected)
		if app.CodeOf(err) != forged.code {
			w.t.Errorf("%s: %v, want %s", name, err, forged.code)
		}
	}
	before := w.Count(w.t, `SELECT count(*) FROM webhook_events`)
	if err := w.engine.Take(w.t.Context(), []byte(own), "nonsense", false); app.CodeOf(err) != app.Forbidden || w.Count(w.t, `SELECT count(*) FROM webhook_events`) != before {
		w.t.Errorf("no signature: %v", err)
	}
}

// wantTruth compares each seller's books with what the provider has.
func (w *world) wantTruth(account map[app.ID]string) {
	w.t.Helper()
	for seller, name := range account {
		truth := w.stripe.Truth(name)
		if len(truth.Paid) == 0 {
			w.t.Error("nothing was paid at all")
		}
		for kind, wanted := range map[string]map[string]int64{"receipt": truth.Paid, "chargeback": truth.Taken} {
			got := map[string]int64{}
			rows, err := w.Conn.Query(w.t.Context(), `SELECT reference, amount_minor FROM payments WHERE seller_id = $1 AND kind = $2`, seller, kind)
			if err != nil {
				w.t.Fatal(err)
			}
			for rows.Next() {
				var reference string
				var amount int64
				if err := rows.Scan(&reference, &amount); err != nil {
					w.t.Fatal(err)
				}
				got[reference] = amount
			}
			if fmt.Sprint(got) != fmt.Sprint(wanted) {
				w.t.Errorf("%s: the books have %v, the provider %v", kind, got, wanted)
			}
		}
		if got := w.cash(seller); got != truth.Balance {
			w.t.Errorf("the books say that the provider has %d, and it says %d", got, truth.Balance)
		}
	}
	if n := w.Count(w.t, `SELECT count(*) FROM webhook_events WHERE applied_at IS NULL`); n != 0 {
		w.t.Errorf("%d notices were never applied", n)
	}
	if n := w.Count(w.t, `SELECT count(*) FROM payment_attempts WHERE state IN ('created', 'processing')`); n != 0 {
		w.t.Errorf("%d attempts hang", n)
	}
	w.Sound(w.t)
}

// TestForeignAccount: what happened in one seller's account is never applied to another's attempt, whatever its metadata says.
func TestForeignAccount(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 1, 2)
	account := w.connect()
	operators := w.debts()[0]
	w.saved(operators, "", "AT861904300235473202")
	w.later(14)
	w.collect()
	victim := w.attempts(`kind = 'charge'`)[0]
	for _, name := range account {
		if name == "" {
			continue
		}
		id := w.stripe.Pay(name, victim.Amount.Minor, map[string]string{"allotment_attempt": victim.ID.String(), "allotment_kind": "charge"})
		if id == "" {
			t.Fatal("nothing was paid")
		}
	}
	if sent, _ := w.stripe.Release(t.Context(), pretend.Weather{}); sent == 0 {
		t.Fatal("no notice came")
	}
	w.apply()
	if got := w.attempt(victim.ID); got.State != app.AttemptProcessing || w.Count(t, `SELECT count(*) FROM payments`) != 0 {
		t.Errorf("a payment in a foreign account counts: %s", got.State)
	}
}
