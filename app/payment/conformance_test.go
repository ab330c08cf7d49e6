package payment_test

import (
	"net/http"
	"testing"
	"time"

	"allotment/app/driver/stripe"
	"allotment/app/payment/providertest"
	pretend "allotment/e2e/stripe"
)

// TestStripeConforms: the driver of Stripe before the pretend one, on the installation's own account and on a seller's.
func TestStripeConforms(t *testing.T) {
	t.Parallel()
	for name, account := range map[string]string{"own": "", "connected": "acct_pretendseller"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			providertest.Run(t, func(t *testing.T) providertest.Harness { return stripeHarness(t, account) })
		})
	}
}

func stripeHarness(t *testing.T, account string) providertest.Harness {
	t.Helper()
	now := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	s, err := pretend.Start(pretend.Options{Key: key, Now: func() time.Time { return now }})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	const other = "acct_pretendother"
	s.Connect(other)
	if account != "" {
		s.Connect(account)
	}
	d, err := stripe.New(stripe.Config{URL: s.URL(), Key: key, Secret: secret, ConnectSecret: connectSecret, Timeout: 5 * time.Second})
	if err != nil {
		t.Fatal(err)
	}
	return providertest.Harness{
		Provider: d, Source: d, Account: account, Other: other, Now: func() time.Time { return now }, Later: func() { now = now.AddDate(0, 0, 6); s.Advance(0) },
		Complete: func(page string, how providertest.How) bool {
			return s.Complete(page, map[providertest.How]string{
				providertest.Card: pretend.GoodCard, providertest.CardFails: "4000000000000341", providertest.CardAsks: "4000002760003184",
				providertest.Debit: pretend.GoodIBAN, providertest.DebitBounce: "AT861904300235473202", providertest.Bank: "ideal",
			}[how])
		},
		Lose: func(what string) {
			s.Break(pretend.Fault{Method: http.MethodPost, Path: map[string]string{"charge": "/v1/payment_intents", "refund": "/v1/refunds"}[what], Lost: true})
		},
		Moved: func() (charged, refunded, disputed int) {
			truth := s.Truth(account)
			return len(truth.Paid), len(truth.Refunded), len(truth.Taken)
		},
		Contest: func(payment string) { s.Contest(account, payment) },
	}
}
