package biller

import (
	"context"
	"fmt"
	"time"

	"allotment/app"
	"allotment/app/store"
	"allotment/billing"
	"allotment/billing/cycle"
	"allotment/billing/invoice"
	"allotment/billing/ledger"
)

// billResellers asks every reseller for what it was sold wholesale in the months that are over: one invoice of its parent for each month,
// which settles what both books have as unbilled. A reseller that cannot be invoiced is among the parked and stops nobody else.
func (b *Biller) billResellers(ctx context.Context, operator app.ID, r Run, sum *Summary) error {
	var trades []store.Trade
	latest := monthOf(billing.DateIn(b.now().Add(14*time.Hour), time.UTC)) // the furthest that any seller's day can be
	err := b.store.Read(ctx, app.SystemStaff(operator), func(tx *store.Tx) (err error) {
		trades, err = tx.Trades(ctx, latest)
		return err
	})
	if err != nil {
		return err
	}
	for _, trade := range trades {
		if err := ctx.Err(); err != nil {
			return fmt.Errorf("wholesale: %w", err)
		}
		var issued *store.Issue
		err := b.store.InTenant(ctx, app.SystemStaff(operator), func(tx *store.Tx) error {
			if issued, err = b.billReseller(ctx, tx, trade); err != nil || issued == nil || r.ID == (app.ID{}) {
				return err
			}
			d := issued.Document
			return tx.CountInRun(ctx, r.ID, store.Tally{Wholesale: 1, Totals: map[string]int64{d.Currency: d.Gross.Minor}})
		})
		if app.CodeOf(err) == app.Conflict || app.CodeOf(err) == app.Invalid {
			sum.Parked = append(sum.Parked, Parked{Customer: trade.Reseller, Reason: reason(err)})
			b.log.Warn("a reseller could not be invoiced", "reseller", trade.Reseller, "error", err)
			if err := b.parkTrade(ctx, operator, r, trade, reason(err)); err != nil {
				return err
			}
			continue
		}
		if err != nil {
			return err
		}
		if issued != nil {
			sum.Wholesale++
			sum.Totals[issued.Document.Currency] += issued.Document.Gross.Minor
		}
	}
	return nil
}

// billReseller issues one reseller's invoice for the month before the parent's day; nil where nothing is pending any more.
func (b *Biller) billReseller(ctx context.Context, tx *store.Tx, trade store.Trade) (*store.Issue, error) {
	currency := trade.Pending.Currency
	a, err := tx.AccountFor(ctx, trade.Parent, trade.Reseller, currency)
	if err != nil {
		return nil, err
	}
	all, err := tx.SellersTerms(ctx, []app.ID{trade.Parent})
	if err != nil {
		return nil, err
	}
	if err := b.exchange(ctx, tx, all, a); err != nil {
		return nil, err
	}
	terms, ok := all[trade.Parent]
	if !ok {
		return nil, app.Errorf(app.Conflict, "The seller has not said yet how it sells: its address and VAT are missing.")
	}
	day, err := b.today(terms)
	if err != nil {
		return nil, notYet(err)
	}
	month := monthBefore(day)
	if trade, err = tx.Trade(ctx, trade.Parent, trade.Reseller, currency, month.End); err != nil || trade.Pending.Minor <= 0 {
		return nil, err
	}
	sold, err := tx.Sold(ctx, trade.Parent, trade.Reseller, currency, month)
	if err != nil {
		return nil, err
	}
	document, err := b.wholesaleDocument(a, terms, sold, trade.Pending, month, day)
	if err != nil {
		return nil, notYet(err)
	}
	return b.issueWholesale(ctx, tx, a, terms, document, month)
}

// wholesaleDocument is the calculated invoice to a reseller, without its number.
func (b *Biller) wholesaleDocument(a store.Account, terms store.Terms, sold []cycle.Sold, pending billing.Money, month billing.Period, day billing.Date) (invoice.Document, error) {
	charges, off := cycle.Wholesale(sold, pending, month, a.Profile.Language)
	d, err := b.document(a, terms, charges, day)
	if err != nil || off.Amount.Minor == 0 {
		return d, err
	}
	cycle.TakeOff(d.Lines, off)
	return invoice.Calculate(d)
}

// issueWholesale issues it and writes both books: the parent's claim, and the reseller's purchase.
func (b *Biller) issueWholesale(ctx context.Context, tx *store.Tx, a store.Account, terms store.Terms, d invoice.Document, month billing.Period) (*store.Issue, error) {
	checked := d
	checked.Number = "0" // stands for the number, which is taken late
	if err := checked.Ready(); err != nil {
		return nil, notYet(err)
	}
	issues := []store.Issue{{ID: app.NewID(), Seller: a.Seller, Buyer: a.Customer, Series: fmt.Sprintf("%04d", d.Issued.Year), Document: d, Wholesale: true}}
	if err := tx.TakeNumbers(ctx, issues); err != nil {
		return nil, err
	}
	if err := finish(&issues[0], terms); err != nil {
		return nil, err
	}
	if err := tx.InsertIssues(ctx, issues, b.now()); err != nil {
		return nil, err
	}
	purchase, err := ledger.Purchase(issues[0].Document)
	if err != nil {
		return nil, err
	}
	if err := tx.InsertEntries(ctx, a.Customer, purchase); err != nil {
		return nil, err
	}
	if err := tx.InsertWholesaleBill(ctx, issues[0], month.Start); err != nil {
		return nil, err
	}
	if err := tx.ParkTrade(ctx, store.Trade{Parent: a.Seller, Reseller: a.Customer, Pending: billing.Zero(a.Currency)}, ""); err != nil {
		return nil, err
	}
	return &issues[0], b.settle(ctx, tx, a.Seller, a.Customer, a.Currency, d.Issued)
}

// monthOf is the first day of a day's month.
func monthOf(day billing.Date) billing.Date {
	return billing.Date{Year: day.Year, Month: day.Month, Day: 1}
}

// monthBefore is the whole month before a day's own.
func monthBefore(day billing.Date) billing.Period {
	return billing.Period{Start: monthOf(day).AddMonths(-1), End: monthOf(day)}
}
