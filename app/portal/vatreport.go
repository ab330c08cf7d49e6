package portal

import (
	"cmp"
	"context"
	"slices"

	"allotment/app"
	"allotment/app/store"
	"allotment/billing"
	"allotment/billing/tax"
)

// VATReport is a seller's VAT of a period, as its documents say, beside what its books say.
type VATReport struct {
	Period billing.Period
	Rows   []tax.Total
	Books  []VATCheck // by country and currency
}

// VATCheck is the VAT of one state by the documents and by the books.
type VATCheck struct {
	Country   string
	Documents billing.Money
	Books     billing.Money
}

// Off reports whether the two differ.
func (c VATCheck) Off() bool { return c.Documents != c.Books }

// VATReport returns a seller's VAT of a period, which must be whole months, a year at most.
func (p *Portal) VATReport(ctx context.Context, actor app.Actor, period billing.Period) (VATReport, error) {
	report := VATReport{Period: period}
	err := p.seeSales(ctx, actor, func(tx *store.Tx) error {
		if period.Start.Day != 1 || period.End.Day != 1 || !period.Start.Before(period.End) || period.Days() > 366 {
			return app.Errorf(app.Invalid, "A report is about whole months, a year at most.")
		}
		lines, err := tx.VATLines(ctx, actor.Organization, period)
		if err != nil {
			return err
		}
		if report.Rows, err = tax.Report(lines); err != nil {
			return err
		}
		books, err := tx.VATAccount(ctx, actor.Organization, period)
		report.Books = compareVAT(report.Rows, books)
		return err
	})
	return report, err
}

// compareVAT puts both sides of each state together.
func compareVAT(rows []tax.Total, books []store.MonthSum) []VATCheck {
	type state struct{ country, currency string }
	at := map[state]int{}
	var checks []VATCheck
	of := func(country, currency string) *VATCheck {
		i, ok := at[state{country, currency}]
		if !ok {
			i = len(checks)
			at[state{country, currency}] = i
			checks = append(checks, VATCheck{Country: country, Documents: billing.Zero(currency), Books: billing.Zero(currency)})
		}
		return &checks[i]
	}
	for _, row := range rows {
		if !row.VAT.IsZero() {
			of(row.Country, row.VAT.Currency).Documents.Minor += row.VAT.Minor
		}
	}
	for _, sum := range books {
		of(sum.Of, sum.Amount.Currency).Books.Minor += sum.Amount.Minor
	}
	slices.SortFunc(checks, func(a, b VATCheck) int {
		return cmp.Or(cmp.Compare(a.Country, b.Country), cmp.Compare(a.Books.Currency, b.Books.Currency))
	})
	return checks
}

// quarterOf is the calendar's quarter that a day falls into.
func quarterOf(day billing.Date) billing.Period {
	start := billing.Date{Year: day.Year, Month: (day.Month-1)/3*3 + 1, Day: 1}
	return billing.Period{Start: start, End: start.AddMonths(3)}
}
