package portal

import (
	"cmp"
	"context"
	"strings"

	"allotment/app"
	"allotment/app/store"
	"allotment/billing"
)

// AgeingFilter narrows the list of those who owe something.
type AgeingFilter struct {
	Currency string // "" for the installation's own
	Text     string // part of the name
	After    string // AgeingPage.Next of the page before
	Limit    int    // 1 to 200; 0 means 50
}

// AgeingPage is one page of those who owe something, who is the most late first.
type AgeingPage struct {
	Today      billing.Date
	Currency   string
	Currencies []string // in which something is open
	Total      store.Outstanding
	Debtors    []store.Debtor
	Next       string
}

// Ageing returns what a seller's customers have left to pay, by how long it has been due.
func (p *Portal) Ageing(ctx context.Context, actor app.Actor, f AgeingFilter) (AgeingPage, error) {
	page := AgeingPage{Currency: cmp.Or(f.Currency, p.cfg.Currency)}
	limit := f.Limit
	if limit < 1 || limit > 200 {
		limit = 50
	}
	err := p.seeSales(ctx, actor, func(tx *store.Tx) (err error) {
		if page.Today, err = p.sellersDay(ctx, tx, actor.Organization); err != nil {
			return err
		}
		all, err := tx.Outstanding(ctx, actor.Organization, page.Today)
		if err != nil {
			return err
		}
		for i := range page.Total.Ages {
			page.Total.Ages[i].Currency = page.Currency
		}
		for _, o := range all {
			page.Currencies = append(page.Currencies, o.Ages[0].Currency)
			if o.Ages[0].Currency == page.Currency {
				page.Total = o
			}
		}
		page.Debtors, err = tx.Receivables(ctx, store.DebtorQuery{Seller: actor.Organization, Currency: page.Currency, Today: page.Today,
			Text: clip(strings.TrimSpace(f.Text)), After: f.After, Limit: limit + 1})
		return err
	})
	if len(page.Debtors) > limit {
		page.Debtors = page.Debtors[:limit]
		page.Next = page.Debtors[limit-1].Key()
	}
	return page, err
}
