package portal

import (
	"cmp"
	"context"
	"strings"

	"allotment/app"
	"allotment/app/store"
	"allotment/billing"
	"allotment/billing/ledger"
)

// LedgerFilter narrows the list of entries of the actor's own books.
type LedgerFilter struct {
	Account ledger.Kind
	Kind    ledger.EntryKind
	Text    string // part of the name of a customer, reseller or the own seller; or a state or a bank, or such an ID, in full
	From    billing.Date
	Until   billing.Date
	After   string // LedgerPage.Next of the page before
	Limit   int    // 1 to 200; 0 means 50
}

// LedgerPage is one page of entries, the newest first, with what each account holds.
type LedgerPage struct {
	Balances []ledger.Balance // by kind and currency; debits are positive
	Entries  []store.BookEntry
	Next     string
	Parties  []Party // whom the filter's text names, at most mostParties
}

// Party is somebody whom books name.
type Party = store.Party

// mostParties is how many organizations one text stands for.
const mostParties = 50

// Ledger returns the books of the actor's organization.
func (p *Portal) Ledger(ctx context.Context, actor app.Actor, f LedgerFilter) (LedgerPage, error) {
	var page LedgerPage
	limit := f.Limit
	if limit < 1 || limit > 200 {
		limit = 50
	}
	err := p.seeSales(ctx, actor, func(tx *store.Tx) (err error) {
		q := store.BookQuery{Owner: actor.Organization, Account: f.Account, Kind: f.Kind, From: f.From, Until: f.Until, Limit: limit + 1}
		if f.After != "" {
			day, id, _ := strings.Cut(f.After, " ")
			if q.AfterDay, err = billing.ParseDate(day); err == nil {
				q.AfterID, err = app.ParseID(id)
			}
			if err != nil {
				return app.Because(app.NotFound, err, "There is nothing at this address.")
			}
		}
		if text := clip(strings.TrimSpace(f.Text)); text != "" {
			if page.Parties, err = tx.PartiesNamed(ctx, actor.Organization, text, mostParties); err != nil {
				return err
			}
			q.Parties = []string{text, strings.ToUpper(text), strings.ToLower(text)}
			for _, party := range page.Parties {
				q.Parties = append(q.Parties, party.ID.String())
			}
		}
		if page.Balances, err = tx.AccountSums(ctx, actor.Organization); err != nil {
			return err
		}
		page.Entries, err = tx.BookEntries(ctx, q)
		return err
	})
	if len(page.Entries) > limit {
		page.Entries = page.Entries[:limit]
		page.Next = page.Entries[limit-1].Date.String() + " " + page.Entries[limit-1].ID.String()
	}
	return page, err
}

// StatementPage is what changed what a customer owes, the newest first, with what it owed afterwards.
type StatementPage struct {
	Customer app.Organization
	Currency string
	Lines    []store.StatementLine
	Next     string
}

// Statement returns what a customer owes the actor's organization over time.
func (p *Portal) Statement(ctx context.Context, actor app.Actor, customer app.ID, currency, after string) (StatementPage, error) {
	page := StatementPage{Currency: cmp.Or(currency, p.cfg.Currency)}
	err := p.seeSales(ctx, actor, func(tx *store.Tx) error {
		from, limit, err := pageOf(after, 0)
		if err != nil {
			return err
		}
		if page.Customer, err = tx.Organization(ctx, customer); err != nil {
			return err
		}
		page.Lines, err = tx.Statement(ctx, actor.Organization, customer, page.Currency, from, limit+1)
		if len(page.Lines) > limit {
			page.Lines = page.Lines[:limit]
			page.Next = page.Lines[limit-1].Entry.String()
		}
		return err
	})
	return page, err
}

// WholesalePage is what was sold through resellers in a month, and what the actor's own organization bought of its parent.
type WholesalePage struct {
	Month  billing.Period
	Trades []store.TradeLine
	Of     *store.TradeLine // the one that Rows are of
	Rows   []store.WholesaleRow
}

// mostWholesaleRows is how many lines of one trade a page shows.
const mostWholesaleRows = 500

// Wholesale returns a month's trade with each reseller, and that with one of them in detail: with, or the parent for the zero ID where there is
// only that.
func (p *Portal) Wholesale(ctx context.Context, actor app.Actor, month billing.Date, with app.ID, currency string) (WholesalePage, error) {
	var page WholesalePage
	err := p.seeSales(ctx, actor, func(tx *store.Tx) error {
		if month.IsZero() {
			today, err := p.sellersDay(ctx, tx, actor.Organization)
			if err != nil {
				return err
			}
			month = today
		}
		start := billing.Date{Year: month.Year, Month: month.Month, Day: 1}
		page.Month = billing.Period{Start: start, End: start.AddMonths(1)}
		var err error
		if page.Trades, err = tx.TradeLines(ctx, actor.Organization, page.Month); err != nil {
			return err
		}
		for i, trade := range page.Trades {
			other := trade.Reseller
			if other == actor.Organization {
				other = trade.Parent
			}
			if len(page.Trades) == 1 || other == with && (currency == "" || currency == trade.Currency) {
				page.Of = &page.Trades[i]
				break
			}
		}
		if page.Of == nil {
			return nil
		}
		page.Rows, err = p.wholesaleRows(ctx, tx, actor, *page.Of, page.Month)
		return err
	})
	return page, err
}

// wholesaleRows are read from the actor's own books, in which what it bought is less than nothing.
func (p *Portal) wholesaleRows(ctx context.Context, tx *store.Tx, actor app.Actor, trade store.TradeLine, month billing.Period) ([]store.WholesaleRow, error) {
	other, sign := trade.Reseller, int64(1)
	if other == actor.Organization {
		other, sign = trade.Parent, -1
	}
	rows, err := tx.WholesaleRows(ctx, actor.Organization, other, trade.Currency, month, mostWholesaleRows)
	for i := range rows {
		rows[i].Amount.Minor *= sign
	}
	return rows, err
}
