package portal_test

import (
	"net/http"
	"reflect"
	"slices"
	"testing"
	"time"

	"allotment/app"
	"allotment/app/portal"
	"allotment/app/store"
	"allotment/billing"
	pretend "allotment/e2e/stripe"
)

// compares compares everything two hours later, and returns what is off.
func (p *payer) compares() portal.ApartPage {
	p.t.Helper()
	p.today = p.today.Add(2 * time.Hour) // what is younger than an hour is not off yet
	if err := p.Portal.ComparePayments(p.t.Context(), p.Operator); err != nil {
		p.t.Fatal(err)
	}
	page := p.apart(false)
	if want := p.today.Add(-time.Hour); !page.Compared.Equal(want) {
		p.t.Errorf("it is compared until %s, want %s", page.Compared, want)
	}
	return page
}

func (p *payer) apart(settled bool) portal.ApartPage {
	p.t.Helper()
	page, err := p.Portal.PaymentsApart(p.t.Context(), p.Operator, portal.ApartFilter{Settled: settled})
	if err != nil || !page.Online || page.Next != "" {
		p.t.Fatalf("%+v (%v)", page, err)
	}
	return page
}

// others is a payment of another customer's by the provider, which nobody collected.
func (p *payer) others(reference string, minor, fee int64) store.Payment {
	return store.Payment{Customer: p.Other.Organization, Seller: p.Operator.Organization, Through: portal.ThroughStripe, Reference: reference,
		Amount: billing.Money{Minor: minor, Currency: "EUR"}, Fee: billing.Money{Minor: fee, Currency: "EUR"}, PaidOn: billing.DateIn(p.today, time.UTC)}
}

// books does things with the books, each in a transaction.
func (p *payer) books(all ...func(*store.Tx) error) {
	p.t.Helper()
	for _, fn := range all {
		if err := p.Store.InTenant(p.t.Context(), p.Operator, fn); err != nil {
			p.t.Fatal(err)
		}
	}
}

// rows counts what a comparison may write.
func (p *payer) rows() (n [5]int) {
	p.t.Helper()
	for i, table := range []string{"provider_lines", "provider_differences", "payments", "payment_attempts", "ledger_entries"} {
		n[i] = p.count(`SELECT count(*) FROM ` + table)
	}
	return n
}

// TestComparePayments: books that agree with the provider show nothing. A payment that only one side has, an amount that differs, and what was sent back at
// the provider alone are shown once each, and once each after another comparison, which writes nothing; what is put right is gone, and the books hold.
func TestComparePayments(t *testing.T) {
	t.Parallel()
	p := newPayer(t)
	ctx := t.Context()
	p.saves(pretend.GoodCard)
	p.hour(14)
	p.stripe.PayOut("", "eur")
	if page := p.compares(); !page.Fine() {
		t.Fatalf("of books that agree are off: %+v", page.Off)
	}
	var paid string
	if err := p.conn.QueryRow(ctx, `SELECT reference FROM payment_attempts WHERE kind = 'charge' AND state = 'succeeded'`).Scan(&paid); err != nil {
		t.Fatal(err)
	}
	there, more := p.stripe.Pay("", 4200, nil), p.stripe.Pay("", 3000, nil)
	alone, back := p.stripe.SendBack("", there, 700), p.stripe.SendBack("", paid, 500)
	p.books(
		func(tx *store.Tx) error { return p.biller.Receive(ctx, tx, p.others("pi_here", 900, 0)) },
		func(tx *store.Tx) error { return p.biller.Receive(ctx, tx, p.others(more, 3100, 70)) })
	first := p.compares()
	p.wantApart(first, map[string][2]int64{there: {4200, 0}, alone: {-700, 0}, "pi_here": {0, 900}, more: {3000, 3100}})
	if len(first.Refunds) != 1 || first.Refunds[0].Reference != back || first.Refunds[0].Amount.Minor != 500 || first.Refunds[0].Customer != p.Tenant.Organization {
		t.Fatalf("to settle are %+v, want one refund", first.Refunds)
	}
	p.comparesAgain(first)

	for what, err := range map[string]error{
		"the refund":     p.Portal.SettleRefund(ctx, p.confirmed(), first.Refunds[0].ID),
		"what is there":  p.Portal.BookMoved(ctx, p.Operator, there, p.invoiceNumber()),
		"what went back": p.Portal.SetMovedAside(ctx, p.Operator, alone, "It went back to somebody else."),
	} {
		if err != nil {
			t.Errorf("%s: %v", what, err)
		}
	}
	p.books(
		func(tx *store.Tx) error {
			return p.biller.ChargeBack(ctx, tx, p.others("pi_here", 900, 0), billing.Zero("EUR"))
		},
		func(tx *store.Tx) error {
			return p.biller.ChargeBack(ctx, tx, p.others(more, 100, 0), billing.Zero("EUR"))
		})
	if page := p.compares(); !page.Fine() {
		t.Errorf("all is put right, and still off are %+v", page.Off)
	}
	if settled := p.apart(true); len(settled.Moved) != len(first.Moved) || slices.ContainsFunc(settled.Moved, func(d store.Difference) bool { return d.Settled.IsZero() }) {
		t.Errorf("settled are %+v", settled.Moved)
	}
	if n := p.count(`SELECT count(*) FROM audit WHERE action = 'payment.compare'`); n != 5 {
		t.Errorf("%d comparisons stand in the audit log, want 5", n)
	}
	p.sound()
}

// wantApart wants these to be off, once each: what the provider and the books have, by the provider's ID.
func (p *payer) wantApart(page portal.ApartPage, want map[string][2]int64) {
	p.t.Helper()
	if len(page.Moved) != len(want) {
		p.t.Errorf("%d are off, want %d: %+v", len(page.Moved), len(want), page.Moved)
	}
	for _, m := range page.Moved {
		w, known := want[m.Source]
		delete(want, m.Source)
		if !known || m.Theirs != w[0] || m.Ours != w[1] || m.There != (w[0] != 0) || m.Here != (w[1] != 0) || !m.Settled.IsZero() {
			p.t.Errorf("off is %+v, want there and here %v", m, w)
		}
		if (m.Customer == p.Other.Organization) != m.Here {
			p.t.Errorf("%s is whose? %q", m.Source, m.Name)
		}
	}
	for source := range want {
		p.t.Errorf("%s is not shown", source)
	}
}

// comparesAgain compares once more: the same is shown, found at the same time, and nothing is written. While the provider is away, that is said, and what was
// found stays.
func (p *payer) comparesAgain(first portal.ApartPage) {
	p.t.Helper()
	before := p.rows()
	again := p.compares()
	if n := p.rows(); n != before {
		p.t.Errorf("lines, differences, payments, attempts and entries were %v, and are %v after the second comparison", before, n)
	}
	p.today = p.today.Add(time.Hour)
	p.stripe.Break(pretend.Fault{Method: http.MethodGet, Path: "/v1/balance_transactions", Status: http.StatusInternalServerError})
	wantWrong(p.t, "while the provider is away", p.Portal.ComparePayments(p.t.Context(), p.Operator), app.Conflict, "")
	left := p.apart(false)
	if !left.Compared.Equal(again.Compared) {
		p.t.Errorf("it says that all was compared at %s, while the provider was away", left.Compared)
	}
	for _, page := range []portal.ApartPage{again, left} {
		if !reflect.DeepEqual(page.Off, first.Off) {
			p.t.Errorf("found at first: %+v, then: %+v", first.Off, page.Off)
		}
	}
}
