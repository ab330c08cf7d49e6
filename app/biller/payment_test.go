package biller_test

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"allotment/app"
	"allotment/app/biller"
	"allotment/app/store"
	"allotment/billing"
	"allotment/billing/billingtest"
	"allotment/billing/invoice"
)

// do runs fn as the operator's staff.
func (b *books) do(ctx context.Context, fn func(*store.Tx) error) error {
	return b.Store.InTenant(ctx, b.Operator, fn)
}

// one returns a customer of the operator with an invoice of its own.
func (b *books) one(t *testing.T) (seller, customer, document app.ID, gross billing.Money) {
	t.Helper()
	gross.Currency = "EUR"
	err := b.Conn.QueryRow(t.Context(), `SELECT seller_id, buyer_id, id, gross_minor FROM invoices WHERE kind = 'invoice' ORDER BY number LIMIT 1`).
		Scan(&seller, &customer, &document, &gross.Minor)
	if err != nil {
		t.Fatal(err)
	}
	return seller, customer, document, gross
}

func billed(t *testing.T, resellers, customers int) *books {
	t.Helper()
	b := newBooks(t, resellers, customers, 1)
	if _, err := b.Biller.Bill(t.Context(), biller.Run{AsOf: day(t, "2026-01-31")}); err != nil {
		t.Fatal(err)
	}
	return b
}

func (b *books) pay(t *testing.T, seller, customer app.ID, cents int64, reference string) error {
	return b.do(t.Context(), func(tx *store.Tx) error {
		return b.Biller.Receive(t.Context(), tx, store.Payment{Customer: customer, Seller: seller, Through: "bank", Reference: reference,
			Amount: billingtest.Euro(cents), PaidOn: day(t, "2026-02-03")})
	})
}

// TestOverpaymentIsCredit: what is paid too much pays the next invoice by itself.
func TestOverpaymentIsCredit(t *testing.T) {
	t.Parallel()
	b := billed(t, 0, 1)
	seller, customer, _, gross := b.one(t)
	if err := b.pay(t, seller, customer, gross.Minor+300, "1"); err != nil {
		t.Fatal(err)
	}
	if err := b.pay(t, seller, customer, gross.Minor+300, "1"); app.CodeOf(err) != app.Conflict {
		t.Errorf("the same payment again: %v", err)
	}
	b.Sound(t)
	b.Today = b.Today.AddDate(0, 1, 0)
	if _, err := b.Biller.Bill(t.Context(), biller.Run{AsOf: day(t, "2026-02-28")}); err != nil {
		t.Fatal(err)
	}
	err := b.do(t.Context(), func(tx *store.Tx) error {
		open, err := tx.OpenInvoices(t.Context(), seller, customer, "EUR")
		if err != nil || len(open) != 1 || open[0].Amount.Minor != gross.Minor-300 {
			t.Errorf("open: %+v (%v)", open, err)
		}
		credit, err := tx.Credit(t.Context(), seller, customer, "EUR")
		if err != nil || credit.Minor != 0 {
			t.Errorf("credit: %s (%v)", credit, err)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	b.Sound(t)
}

// TestCreditIsNotSpentTwice: many at once pay the same invoices, credit the same invoice and refund the same credit.
func TestCreditIsNotSpentTwice(t *testing.T) {
	t.Parallel()
	b := billed(t, 0, 1)
	seller, customer, document, gross := b.one(t)
	if err := b.pay(t, seller, customer, gross.Minor, "first"); err != nil {
		t.Fatal(err)
	}
	var notes, refunds, receipts atomic.Int32
	var all sync.WaitGroup
	for i := range 8 {
		all.Go(func() {
			err := b.do(t.Context(), func(tx *store.Tx) error {
				_, err := b.Biller.CreditInvoice(t.Context(), tx, document, nil, "It was ordered by mistake.")
				return err
			})
			if err == nil {
				notes.Add(1)
			} else if app.CodeOf(err) != app.Conflict {
				t.Errorf("a credit note: %v", err)
			}
		})
		all.Go(func() {
			err := b.do(t.Context(), func(tx *store.Tx) error {
				return b.Biller.Refund(t.Context(), tx, store.Payment{Customer: customer, Seller: seller, Through: "bank", Reference: fmt.Sprint("back", i),
					Amount: gross, PaidOn: day(t, "2026-02-04")})
			})
			if err == nil {
				refunds.Add(1)
			} else if app.CodeOf(err) != app.Invalid {
				t.Errorf("a refund: %v", err)
			}
		})
		all.Go(func() {
			if b.pay(t, seller, customer, 100, "same") == nil {
				receipts.Add(1)
			}
		})
	}
	all.Wait()
	if notes.Load() != 1 || refunds.Load() > 1 || receipts.Load() != 1 {
		t.Errorf("%d credit notes, %d refunds and %d receipts went through, want 1, at most 1 and 1", notes.Load(), refunds.Load(), receipts.Load())
	}
	b.Sound(t)
}

// TestPartialCredits: notes over parts never exceed the invoice, whatever the order.
func TestPartialCredits(t *testing.T) {
	t.Parallel()
	b := billed(t, 1, 2)
	_, _, document, _ := b.one(t)
	credit := func(cents int64) error {
		return b.do(t.Context(), func(tx *store.Tx) error {
			_, err := b.Biller.CreditInvoice(t.Context(), tx, document, []invoice.Ask{{Line: "1", Net: billingtest.Euro(cents)}}, "Less was used.")
			return err
		})
	}
	for _, cents := range []int64{333, 333} {
		if err := credit(cents); err != nil {
			t.Fatal(err)
		}
	}
	if err := credit(400); app.CodeOf(err) != app.Conflict || !strings.Contains(app.Words(err), "taken back") {
		t.Errorf("more than the line: %v", err)
	}
	b.Sound(t)
}

// TestChargebackOpensTheClaimAgain, with its fee; what was not spent leaves the credit.
func TestChargebackOpensTheClaimAgain(t *testing.T) {
	t.Parallel()
	b := billed(t, 0, 1)
	seller, customer, _, gross := b.one(t)
	if err := b.pay(t, seller, customer, gross.Minor+500, "1"); err != nil {
		t.Fatal(err)
	}
	err := b.do(t.Context(), func(tx *store.Tx) error {
		return b.Biller.ChargeBack(t.Context(), tx, store.Payment{Customer: customer, Seller: seller, Through: "bank", Reference: "1",
			Amount: billingtest.Euro(gross.Minor + 500), PaidOn: day(t, "2026-02-20")}, billingtest.Euro(750))
	})
	if err != nil {
		t.Fatal(err)
	}
	err = b.do(t.Context(), func(tx *store.Tx) error {
		open, err := tx.OpenInvoices(t.Context(), seller, customer, "EUR")
		if err != nil || len(open) != 1 || open[0].Amount != gross {
			t.Errorf("open: %+v (%v), want %s", open, err, gross)
		}
		credit, err := tx.Credit(t.Context(), seller, customer, "EUR")
		if err != nil || credit.Minor != 0 {
			t.Errorf("credit: %s (%v)", credit, err)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	b.Sound(t)
}
