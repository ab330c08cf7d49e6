package portal_test

import (
	"sync"
	"testing"
	"time"

	"allotment/app"
	"allotment/app/portal"
	"allotment/app/store"
	"allotment/billing"
	pretend "allotment/e2e/stripe"
)

// TestProcessingPausesDunning: nobody is reminded of an invoice whose direct debit is on its way, however long it takes; when it fails, reminding begins;
// when it arrives, it never does.
func TestProcessingPausesDunning(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		account string
		stage   string
		mails   int
	}{
		"it arrives": {pretend.GoodIBAN, "clear", 0},
		"it fails":   {"AT861904300235473202", "reminded", 1},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := newPayer(t)
			p.saves(c.account)
			p.stripe.Debits(14 * 24 * time.Hour)
			if steps := p.hour(14); steps != 0 {
				t.Fatalf("%d steps on the due day", steps)
			}
			if n := p.count(`SELECT count(*) FROM payment_attempts WHERE kind = 'charge' AND state = 'processing'`); n != 1 {
				t.Fatalf("%d debits are on their way", n)
			}
			for day := range 13 { // all the while it is long overdue
				if steps := p.hour(1); steps != 0 {
					t.Errorf("%d days on its way, and %d steps of dunning", day+1, steps)
				}
			}
			p.hour(1)
			p.hour(1)
			var stage string
			if err := p.conn.QueryRow(t.Context(), `SELECT stage FROM billing_accounts`).Scan(&stage); err != nil || stage != c.stage {
				t.Errorf("in the end it is %s, want %s (%v)", stage, c.stage, err)
			}
			if n := p.count(`SELECT count(*) FROM mails WHERE kind = 'dunning'`); n != c.mails {
				t.Errorf("%d reminders, want %d", n, c.mails)
			}
			p.sound()
		})
	}
}

// TestTwoRefundAtOnce: staff who send the same money back at the same moment, by the provider and by bank: one wins, the others are told, and never does
// more go back than was credited.
func TestTwoRefundAtOnce(t *testing.T) {
	t.Parallel()
	p := newPayer(t)
	ctx := t.Context()
	p.saves(pretend.GoodCard)
	p.hour(14)
	var invoice app.ID
	if err := p.conn.QueryRow(ctx, `SELECT id FROM invoices WHERE kind = 'invoice'`).Scan(&invoice); err != nil {
		t.Fatal(err)
	}
	if _, err := p.Portal.CreditInvoice(ctx, p.Operator, invoice, portal.CreditRequest{All: true, Reason: "It was ordered by mistake."}); err != nil {
		t.Fatal(err)
	}
	list, err := p.Portal.Payments(ctx, p.Operator, portal.PaymentFilter{Kind: store.PaymentIn})
	if err != nil || len(list.Payments) != 1 {
		t.Fatalf("%+v (%v)", list, err)
	}
	amount := billing.Money{Minor: p.invoice.Minor, Currency: "EUR"}
	text := amount.String()[:len(amount.String())-len(" EUR")]
	var all sync.WaitGroup
	var mutex sync.Mutex
	codes := map[app.Code]int{}
	tell := func(err error) {
		mutex.Lock()
		defer mutex.Unlock()
		codes[app.CodeOf(err)]++
	}
	p.pressed(12, func() {
		for range 6 {
			all.Go(func() {
				tell(p.Portal.RefundThroughProvider(ctx, p.Operator, portal.ProviderRefund{Attempt: list.Payments[0].Attempt, Amount: text, Reason: "It was ordered by mistake.", Seen: amount.Minor}))
			})
			all.Go(func() {
				tell(p.Portal.RefundCredit(ctx, p.Operator, invoice, portal.RefundRequest{Amount: text, How: portal.RefundByBank, Reference: "back", Reason: "It was ordered by mistake.", Seen: amount.Minor}))
			})
			all.Go(func() {
				_, err := p.Portal.CreditInvoice(ctx, p.Operator, invoice, portal.CreditRequest{All: true, Reason: "It was ordered by mistake.", Seen: 1})
				if err == nil {
					t.Error("more is credited than was invoiced")
				}
			})
		}
		all.Wait()
	})
	if codes[""] != 1 || codes[app.Conflict]+codes[app.Invalid] != 11 {
		t.Errorf("of twelve refunds at once the ends are %v, want one that goes through", codes)
	}
	p.work()
	p.work()
	var sent int64
	for _, minor := range p.stripe.Truth("").Refunded {
		sent += minor
	}
	byBank := p.count(`SELECT coalesce(sum(amount_minor), 0)::bigint FROM payments WHERE kind = 'refund' AND through = 'bank'`)
	if sent+int64(byBank) != amount.Minor || p.credit().Minor != 0 {
		t.Errorf("%d went back by the provider and %d by bank, of %s; %s is credit", sent, byBank, amount, p.credit())
	}
	p.sound()
}

// TestForeignRefund: nobody sends money back that another seller took.
func TestForeignRefund(t *testing.T) {
	t.Parallel()
	p := newPayer(t)
	ctx := t.Context()
	p.saves(pretend.GoodCard)
	p.hour(14)
	list, err := p.Portal.Payments(ctx, p.Operator, portal.PaymentFilter{})
	if err != nil || len(list.Payments) != 1 {
		t.Fatalf("%+v (%v)", list, err)
	}
	for name, actor := range map[string]app.Actor{"a reseller": p.Reseller(t), "the customer": p.Tenant, "another customer": p.Other} {
		err := p.Portal.RefundThroughProvider(ctx, actor, portal.ProviderRefund{Attempt: list.Payments[0].Attempt, Amount: "1", Reason: "For no reason.", Seen: 0})
		if code := app.CodeOf(err); code != app.NotFound && code != app.Forbidden {
			t.Errorf("%s: %v", name, err)
		}
	}
	if n := p.count(`SELECT count(*) FROM payment_attempts WHERE kind = 'refund'`); n != 0 {
		t.Errorf("%d refunds", n)
	}
}
