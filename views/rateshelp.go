package views

import (
	"context"
	"strings"

	"allotment/billing"
	"allotment/billing/tax"
)

// RateList is the page of VAT rates.
type RateList struct {
	EntryForm
	Exchange ExchangePanel
	Text     string // part of a country's name, or its two letters
	Table    tax.Table
	Saved    bool
}

// rateRow is a state with its rate of today, those that come and those that were.
type rateRow struct {
	country, name string
	now           tax.Rate
	coming, past  []tax.Rate
}

// rows are the states that fit what is looked for, by name.
func (l RateList) rows(ctx context.Context, today billing.Date) []rateRow {
	wanted := strings.ToLower(strings.TrimSpace(l.Text))
	var all []rateRow
	at := map[string]int{}
	for _, rate := range l.Table {
		name := countryName(ctx, rate.Country)
		if wanted != "" && !strings.Contains(strings.ToLower(name), wanted) && !strings.EqualFold(rate.Country, wanted) {
			continue
		}
		if _, seen := at[rate.Country]; !seen {
			at[rate.Country] = len(all)
			all = append(all, rateRow{country: rate.Country, name: name})
		}
		row := &all[at[rate.Country]]
		switch {
		case today.Before(rate.From):
			row.coming = append(row.coming, rate)
		case !rate.To.IsZero() && !today.Before(rate.To):
			row.past = append([]tax.Rate{rate}, row.past...)
		default:
			row.now = rate
		}
	}
	sorted(ctx, len(all), func(i int) string { return all[i].name }, func(i, j int) { all[i], all[j] = all[j], all[i] })
	return all
}
