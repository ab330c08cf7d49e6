package views

import (
	"context"

	"allotment/app/portal"
	"allotment/billing/ledger"
	"allotment/views/words"
)

// AgeingList is the page of those who owe something with what it was asked for.
type AgeingList struct {
	Page   portal.AgeingPage
	Filter portal.AgeingFilter
}

func (l AgeingList) at(path, after string) string {
	currency := ""
	if len(l.Page.Currencies) > 1 {
		currency = l.Page.Currency
	}
	return address(path, "q", l.Filter.Text, "currency", currency, "after", after)
}

// buckets names how long something has been due, in the order of an Ageing.
func buckets(ctx context.Context) []string {
	return []string{words.T(ctx, "Not due yet"), words.T(ctx, "1 to 30 days late"), words.T(ctx, "31 to 60 days late"), words.T(ctx, "61 to 90 days late"),
		words.T(ctx, "More than 90 days late")}
}

func late(ages ledger.Ageing) (minor int64) {
	for _, age := range ages[1:] {
		minor += age.Minor
	}
	return minor
}
