package biller

import (
	"context"
	"fmt"

	"allotment/app"
	"allotment/app/store"
	"allotment/billing"
	"allotment/billing/invoice"
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

// CreditInvoice issues a credit note over asks, or over all that is left where there are none, and uses the credit on what is open: on the
// invoice itself first. Two at once never take back more than the invoice.
func (b *Biller) CreditInvoice(ctx context.Context, tx *store.Tx, id app.ID, asks []invoice.Ask, reason string) (store.Issue, error) {
	original, _, err := tx.Invoice(ctx, id)
	if err != nil {
		return store.Issue{}, err
	}
	if _, err := tx.LockAccount(ctx, original.Seller, original.Buyer, original.Document.Currency); err != nil {
		return store.Issue{}, err
	}
	original, note, err := b.DraftCredit(ctx, tx, id, asks, reason) // as it is under the lock
	if err != nil {
		return store.Issue{}, err
	}
	issue, err := b.issueNote(ctx, tx, original, note)
	if err != nil {
		return store.Issue{}, err
	}
	return issue, b.payWithNote(ctx, tx, original, issue.Document)
}

// DraftCredit returns the credit note that CreditInvoice would issue now, with its date and without its number, and the invoice that it is about.
func (b *Biller) DraftCredit(ctx context.Context, tx *store.Tx, id app.ID, asks []invoice.Ask, reason string) (store.Issued, invoice.Document, error) {
	original, notes, err := tx.Invoice(ctx, id)
	if err != nil {
		return store.Issued{}, invoice.Document{}, err
	}
	if wholesale, err := tx.IsWholesale(ctx, id); err != nil || wholesale {
		if err == nil {
			err = app.Errorf(app.Conflict, "An invoice to a reseller is corrected by crediting the reseller's customers: what they are credited comes off its next one.")
		}
		return store.Issued{}, invoice.Document{}, err
	}
	var earlier []invoice.Document
	for _, note := range notes {
		earlier = append(earlier, note.Document)
	}
	note, err := creditNote(original.Document, earlier, asks, reason)
	if err != nil {
		return store.Issued{}, invoice.Document{}, app.Because(app.Conflict, err, "This cannot be taken back: %s.", err)
	}
	all, err := tx.SellersTerms(ctx, []app.ID{original.Seller})
	if err != nil {
		return store.Issued{}, invoice.Document{}, err
	}
	note.Issued, err = b.today(all[original.Seller])
	note.TaxPoint = note.Issued
	return original, note, err
}

func creditNote(original invoice.Document, earlier []invoice.Document, asks []invoice.Ask, reason string) (invoice.Document, error) {
	if len(asks) == 0 {
		return invoice.CreditAll(original, earlier, reason)
	}
	return invoice.Credit(original, earlier, asks, reason)
}

// issueNote gives a credit note its number, and writes it.
func (b *Biller) issueNote(ctx context.Context, tx *store.Tx, original store.Issued, note invoice.Document) (store.Issue, error) {
	all, err := tx.SellersTerms(ctx, []app.ID{original.Seller})
	if err != nil {
		return store.Issue{}, err
	}
	terms := all[original.Seller]
	issues := []store.Issue{{
		ID: app.NewID(), Seller: original.Seller, Buyer: original.Buyer, Corrects: original.ID, Series: fmt.Sprintf("C%04d", note.Issued.Year), Document: note,
	}}
	if err := tx.TakeNumbers(ctx, issues); err != nil {
		return store.Issue{}, err
	}
	if err := finish(&issues[0], terms); err != nil {
		return store.Issue{}, err
	}
	if err := issues[0].Document.Ready(); err != nil {
		return store.Issue{}, err
	}
	return issues[0], tx.InsertIssues(ctx, issues, b.now())
}

// payWithNote uses a note's credit on the invoice that it corrects, and on others after it.
func (b *Biller) payWithNote(ctx context.Context, tx *store.Tx, original store.Issued, note invoice.Document) error {
	open, err := tx.OpenInvoices(ctx, original.Seller, original.Buyer, note.Currency)
	if err != nil {
		return err
	}
	for _, o := range open {
		if o.Invoice != original.ID.String() {
			continue
		}
		part, err := billing.Smaller(o.Amount, note.Gross)
		if err != nil {
			return err
		}
		if part.Minor == 0 {
			continue
		}
		if err := b.allocate(ctx, tx, original.Seller, original.Buyer, []ledger.Paid{{Invoice: o.Invoice, Amount: part}}, note.Issued); err != nil {
			return err
		}
	}
	return b.settle(ctx, tx, original.Seller, original.Buyer, note.Currency, note.Issued)
}
