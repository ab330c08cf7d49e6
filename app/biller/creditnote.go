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
