package views

import (
	"context"

	"allotment/app/portal"
	"allotment/billing"
	"allotment/billing/tax"
	"allotment/views/words"
)

// VATForm is the page of VAT with the period that was chosen.
type VATForm struct {
	Report  portal.VATReport
	Chosen  string // a name that ReportPeriod reads
	Periods []PeriodGroup
}

func (f VATForm) group(ctx context.Context, kind string) string {
	switch kind {
	case "month":
		return words.T(ctx, "Months")
	case "year":
		return words.T(ctx, "Years")
	}
	return words.T(ctx, "Quarters")
}

// vatSection is the rows of one scheme.
type vatSection struct {
	Scheme tax.Scheme
	Rows   []tax.Total
	Sums   []tax.Total // one for each currency
}

func (f VATForm) sections() []vatSection {
	var all []vatSection
	for _, row := range f.Report.Rows {
		if n := len(all); n == 0 || all[n-1].Scheme != row.Scheme {
			all = append(all, vatSection{Scheme: row.Scheme})
		}
		s := &all[len(all)-1]
		s.Rows = append(s.Rows, row)
		at := -1
		for i := range s.Sums {
			if s.Sums[i].Net.Currency == row.Net.Currency {
				at = i
			}
		}
		if at < 0 {
			at = len(s.Sums)
			s.Sums = append(s.Sums, tax.Total{Net: billing.Zero(row.Net.Currency), VAT: billing.Zero(row.VAT.Currency)})
		}
		s.Sums[at].Net.Minor += row.Net.Minor
		s.Sums[at].VAT.Minor += row.VAT.Minor
	}
	return all
}

func (f VATForm) off() bool {
	for _, c := range f.Report.Books {
		if c.Off() {
			return true
		}
	}
	return false
}

func schemeName(ctx context.Context, s tax.Scheme) string {
	switch s {
	case tax.Domestic:
		return words.T(ctx, "At home")
	case tax.Local:
		return words.T(ctx, "Registered in the customer's country")
	case tax.OSS:
		return words.T(ctx, "One-stop shop (OSS)")
	case tax.Threshold:
		return words.T(ctx, "Home rate below the threshold")
	case tax.ReverseCharge:
		return words.T(ctx, "Reverse charge")
	case tax.Small:
		return words.T(ctx, "Small-business scheme")
	case tax.Outside:
		return words.T(ctx, "Outside the EU")
	}
	return string(s)
}
