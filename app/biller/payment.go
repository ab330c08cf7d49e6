package biller

import (
	"context"

	"allotment/app"
	"allotment/app/store"
	"allotment/billing"
	"allotment/billing/ledger"
)

// Receive notes money that came in and pays the customer's invoices with it: the one that it is meant for, then the oldest first. What is left
// stays credit. The same payment twice is a Conflict.
func (b *Biller) Receive(ctx context.Context, tx *store.Tx, p store.Payment) error {
	if p.Amount.Minor <= 0 {
		return app.FieldError("amount", "Please give an amount of more than nothing.")
	}
	p.ID, p.Kind, p.CreatedAt = app.NewID(), store.PaymentIn, b.now()
	if _, err := tx.LockAccount(ctx, p.Seller, p.Customer, p.Amount.Currency); err != nil {
		return err
	}
	if err := tx.InsertPayment(ctx, p); err != nil {
		return err
	}
	entry, err := ledger.Receipt(inBooks(p, p.ID.String()))
	if err != nil {
		return err
	}
	entries := []ledger.Entry{entry}
	if p.Fee.Minor > 0 {
		kept := inBooks(p, p.ID.String())
		kept.Amount = p.Fee
		fee, err := ledger.ProviderFee(kept)
		if err != nil {
			return err
		}
		entries = append(entries, fee)
	}
	if err := tx.InsertEntries(ctx, p.Seller, entries...); err != nil {
		return err
	}
	if err := b.payFirst(ctx, tx, p); err != nil {
		return err
	}
	return b.settle(ctx, tx, p.Seller, p.Customer, p.Amount.Currency, p.PaidOn)
}

// payFirst pays the invoice that a payment is meant for with as much of it as the invoice and the customer's credit allow.
func (b *Biller) payFirst(ctx context.Context, tx *store.Tx, p store.Payment) error {
	if p.For == (app.ID{}) {
		return nil
	}
	credit, err := tx.Credit(ctx, p.Seller, p.Customer, p.Amount.Currency)
	if err != nil {
		return err
	}
	open, err := tx.OpenInvoices(ctx, p.Seller, p.Customer, p.Amount.Currency)
	if err != nil {
		return err
	}
	for _, o := range open {
		if o.Invoice != p.For.String() {
			continue
		}
		part := min(o.Amount.Minor, credit.Minor, p.Amount.Minor)
		if part <= 0 {
			return nil
		}
		paid := []ledger.Paid{{Invoice: o.Invoice, Amount: billing.Money{Minor: part, Currency: p.Amount.Currency}}}
		return b.allocate(ctx, tx, p.Seller, p.Customer, paid, p.PaidOn)
	}
	return nil
}

// inBooks is a payment as the ledger takes it, under a source of its own.
func inBooks(p store.Payment, source string) ledger.Payment {
	return ledger.Payment{ID: source, Date: p.PaidOn, Seller: p.Seller.String(), Customer: p.Customer.String(), Through: p.Through, Amount: p.Amount}
}

// settle spends a customer's credit on its open invoices. The account is locked by the caller.
func (b *Biller) settle(ctx context.Context, tx *store.Tx, seller, customer app.ID, currency string, day billing.Date) error {
	credit, err := tx.Credit(ctx, seller, customer, currency)
	if err != nil || credit.Minor <= 0 {
		return err
	}
	open, err := tx.OpenInvoices(ctx, seller, customer, currency)
	if err != nil {
		return err
	}
	paid, _, err := ledger.Allocate(credit, open)
	if err != nil {
		return err
	}
	return b.allocate(ctx, tx, seller, customer, paid, day)
}

func (b *Biller) allocate(ctx context.Context, tx *store.Tx, seller, customer app.ID, paid []ledger.Paid, day billing.Date) error {
	for _, one := range paid {
		id, err := tx.InsertAllocation(ctx, customer, one, b.now())
		if err != nil {
			return err
		}
		entry, err := ledger.Allocation(id.String(), day, seller.String(), customer.String(), one.Amount)
		if err != nil {
			return err
		}
		if err := tx.InsertEntries(ctx, seller, entry); err != nil {
			return err
		}
	}
	return nil
}

// Refund notes that credit was paid back to the customer. More than there is, is refused: the credit note comes first.
func (b *Biller) Refund(ctx context.Context, tx *store.Tx, p store.Payment) error {
	p.ID, p.Kind, p.CreatedAt = app.NewID(), store.PaymentBack, b.now()
	if p.Amount.Minor <= 0 {
		return app.FieldError("amount", "Please give an amount of more than nothing.")
	}
	if _, err := tx.LockAccount(ctx, p.Seller, p.Customer, p.Amount.Currency); err != nil {
		return err
	}
	credit, err := tx.Credit(ctx, p.Seller, p.Customer, p.Amount.Currency)
	if err != nil {
		return err
	}
	if p.Amount.Minor > credit.Minor {
		return app.FieldError("amount", "The customer has less credit than this. What was invoiced is taken back by a credit note first.")
	}
	if err := tx.InsertPayment(ctx, p); err != nil {
		return err
	}
	entry, err := ledger.Refund(inBooks(p, p.ID.String()))
	if err != nil {
		return err
	}
	return tx.InsertEntries(ctx, p.Seller, entry)
}

// ChargeBack notes that the customer's bank took a payment back, with the provider's fee. The invoices that were paid last are open again; what
// had not been spent leaves the credit.
func (b *Biller) ChargeBack(ctx context.Context, tx *store.Tx, p store.Payment, fee billing.Money) error {
	p.Kind = store.Chargeback
	return b.goBack(ctx, tx, p, fee)
}

// RefundPaid notes that a payment was sent back to the customer although no credit covers it, as somebody may do at the provider itself. As with
// ChargeBack, the invoices that were paid last are open again: who does not want that, credits them before.
func (b *Biller) RefundPaid(ctx context.Context, tx *store.Tx, p store.Payment) error {
	p.Kind = store.PaymentBack
	return b.goBack(ctx, tx, p, billing.Zero(p.Amount.Currency))
}

// goBack takes a payment out of the books: first what of it is credit, then what it paid.
func (b *Biller) goBack(ctx context.Context, tx *store.Tx, p store.Payment, fee billing.Money) error {
	p.ID, p.CreatedAt = app.NewID(), b.now()
	if _, err := tx.LockAccount(ctx, p.Seller, p.Customer, p.Amount.Currency); err != nil {
		return err
	}
	if err := tx.InsertPayment(ctx, p); err != nil {
		return err
	}
	credit, err := tx.Credit(ctx, p.Seller, p.Customer, p.Amount.Currency)
	if err != nil {
		return err
	}
	unspent, err := billing.Smaller(credit, p.Amount)
	if err != nil {
		return err
	}
	spent := billing.Money{Minor: p.Amount.Minor - unspent.Minor, Currency: p.Amount.Currency}
	if err := b.takeBack(ctx, tx, p, spent); err != nil {
		return err
	}
	var entries []ledger.Entry
	if spent.Minor > 0 || !fee.IsZero() {
		one := inBooks(p, p.ID.String())
		one.Amount, one.Fee = spent, fee
		entry, err := ledger.Chargeback(one)
		if err != nil {
			return err
		}
		entries = append(entries, entry)
	}
	if unspent.Minor > 0 {
		one := inBooks(p, p.ID.String()+" unspent")
		one.Amount = unspent
		entry, err := ledger.Refund(one)
		if err != nil {
			return err
		}
		entries = append(entries, entry)
	}
	return tx.InsertEntries(ctx, p.Seller, entries...)
}

// takeBack opens the invoices again that were paid last.
func (b *Biller) takeBack(ctx context.Context, tx *store.Tx, p store.Payment, amount billing.Money) error {
	paid, err := tx.Allocated(ctx, p.Seller, p.Customer, p.Amount.Currency)
	if err != nil {
		return err
	}
	for _, one := range paid {
		if amount.Minor == 0 {
			return nil
		}
		part, err := billing.Smaller(amount, one.Amount)
		if err != nil {
			return err
		}
		amount.Minor -= part.Minor
		part.Minor = -part.Minor
		if _, err := tx.InsertAllocation(ctx, p.Customer, ledger.Paid{Invoice: one.Invoice, Amount: part}, b.now()); err != nil {
			return err
		}
	}
	if amount.Minor > 0 {
		return app.Errorf(app.Conflict, "More was taken back than this customer ever paid.")
	}
	return nil
}
