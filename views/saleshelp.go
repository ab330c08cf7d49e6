package views

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"time"

	"allotment/app/portal"
	"allotment/billing"
	"allotment/views/words"
)

// RunsPath is the list of billing runs.
const RunsPath = "/sales/runs"

// amount is minor units of a currency as the reader writes them.
func amount(ctx context.Context, minor int64, currency string) string {
	return money(ctx, billing.Money{Minor: minor, Currency: currency})
}

// dayOf writes a day as the language does.
func dayOf(ctx context.Context, day billing.Date) string {
	if day.IsZero() {
		return "–"
	}
	return words.Date(ctx, day.UTC())
}

func monthLong(ctx context.Context, month billing.Date) string {
	return words.Say(ctx, month.Month.String()) + " " + strconv.Itoa(month.Year)
}

// monthShort is a month on a chart's axis: "Mar 26".
func monthShort(ctx context.Context, month billing.Date) string {
	name := []rune(words.Say(ctx, month.Month.String()))
	return fmt.Sprintf("%s %02d", string(name[:min(3, len(name))]), month.Year%100)
}

// compared says in words how a value differs from the one before it.
func compared(ctx context.Context, now, before int64, than string) string {
	switch {
	case before <= 0:
		return ""
	case now == before:
		return words.T(ctx, "as much as in %s", than)
	case now > before:
		return words.T(ctx, "%s more than in %s", percent(now-before, before), than)
	}
	return words.T(ctx, "%s less than in %s", percent(before-now, before), than)
}

// percent is a share rounded half up.
func percent(part, whole int64) string {
	return strconv.FormatInt((part*200+whole)/(2*whole), 10) + "%"
}

// trend says how the last whole month went.
func trend(ctx context.Context, r portal.SalesReport, f portal.SalesFigures) string {
	n := len(r.Months)
	last, before, now := r.Months[n-2], r.Months[n-3], r.Months[n-1]
	text := words.T(ctx, "%s brought %s", monthLong(ctx, last), amount(ctx, f.Revenue[n-2], f.Currency))
	if c := compared(ctx, f.Revenue[n-2], f.Revenue[n-3], monthLong(ctx, before)); c != "" {
		text += ", " + c
	}
	return text + ". " + words.T(ctx, "%s has brought %s so far.", monthLong(ctx, now), amount(ctx, f.Revenue[n-1], f.Currency))
}

// revenueChart is a seller's revenue by month and app.
func revenueChart(ctx context.Context, r portal.SalesReport, f portal.SalesFigures) ChartFigures {
	c := ChartFigures{ID: "revenue-" + f.Currency, Kind: ChartBars, Title: words.T(ctx, "Revenue by month"), About: trend(ctx, r, f), Currency: f.Currency,
		First: words.T(ctx, "Month"), Sum: true}
	for _, a := range f.Apps {
		c.Series = append(c.Series, appLabel(ctx, a))
	}
	for i, month := range r.Months {
		p := point(ctx, month)
		p.Href = monthInLedger(month, "revenue")
		for _, a := range f.Apps {
			p.Values = append(p.Values, a.Minor[i])
		}
		c.Points = append(c.Points, p)
	}
	return c
}

func appLabel(ctx context.Context, a portal.AppSales) string {
	switch a.App {
	case portal.OtherApps:
		return words.T(ctx, "Other apps")
	case portal.WholesaleSales:
		return words.T(ctx, "Through resellers")
	case "":
		return words.T(ctx, "Other things")
	}
	return a.Name
}

// receivablesChart is what was open at each month's end, beside what came in.
func receivablesChart(ctx context.Context, r portal.SalesReport, f portal.SalesFigures) ChartFigures {
	c := ChartFigures{ID: "receivables-" + f.Currency, Kind: ChartLines, Title: words.T(ctx, "What customers owe"),
		About:    words.T(ctx, "Open at the end of each month, VAT included, beside the money that came in during it."),
		Currency: f.Currency, First: words.T(ctx, "Month"), Series: []string{words.T(ctx, "Open at the end"), words.T(ctx, "Came in")}}
	if last := r.Months[len(r.Months)-1]; r.Today.Before(last.AddMonths(1).AddDays(-1)) {
		c.About += " " + words.T(ctx, "%s is not over yet.", monthLong(ctx, last))
	}
	for i, month := range r.Months {
		p := point(ctx, month)
		p.Href, p.Values = monthInLedger(month, "receivable"), []int64{f.Open[i], f.Received[i]}
		c.Points = append(c.Points, p)
	}
	return c
}

func point(ctx context.Context, month billing.Date) ChartPoint {
	return ChartPoint{Label: monthLong(ctx, month), Short: monthShort(ctx, month)}
}

// PeriodGroup is a kind of periods that a report can be about.
type PeriodGroup struct {
	Kind    string // "quarter", "month", "year"
	Options []string
}

// ReportPeriods lists what a report can be about, the newest of each kind first: "2026-Q4", "2026-11", "2026".
func ReportPeriods(today billing.Date) []PeriodGroup {
	quarters, months, years := PeriodGroup{Kind: "quarter"}, PeriodGroup{Kind: "month"}, PeriodGroup{Kind: "year"}
	first := billing.Date{Year: today.Year, Month: today.Month, Day: 1}
	for i := range 12 {
		q := first.AddMonths(-3 * i)
		quarters.Options = append(quarters.Options, fmt.Sprintf("%04d-Q%d", q.Year, (int(q.Month)-1)/3+1))
	}
	for i := range 24 {
		months.Options = append(months.Options, first.AddMonths(-i).String()[:7])
	}
	for i := range 8 {
		years.Options = append(years.Options, fmt.Sprintf("%04d", today.Year-i))
	}
	return []PeriodGroup{quarters, months, years}
}

// ReportPeriod reads such a name; false for anything else.
func ReportPeriod(name string) (billing.Period, bool) {
	var year, nth int
	months, first := 0, time.January
	switch {
	case len(name) == 7 && name[5] == 'Q':
		if n, err := fmt.Sscanf(name, "%04d-Q%1d", &year, &nth); n != 2 || err != nil || nth < 1 || nth > 4 {
			return billing.Period{}, false
		}
		months, first = 3, time.Month(nth*3-2)
	case len(name) == 7:
		if n, err := fmt.Sscanf(name, "%04d-%02d", &year, &nth); n != 2 || err != nil || nth < 1 || nth > 12 {
			return billing.Period{}, false
		}
		months, first = 1, time.Month(nth)
	case len(name) == 4:
		var err error
		if year, err = strconv.Atoi(name); err != nil {
			return billing.Period{}, false
		}
		months = 12
	default:
		return billing.Period{}, false
	}
	start, err := billing.NewDate(year, first, 1)
	if err != nil || year < 2000 {
		return billing.Period{}, false
	}
	return billing.Period{Start: start, End: start.AddMonths(months)}, true
}

// periodName is a period as people say it.
func periodName(ctx context.Context, name string) string {
	period, _ := ReportPeriod(name)
	switch period.Days() / 28 {
	case 1:
		return monthLong(ctx, period.Start)
	case 3:
		return words.T(ctx, "Quarter %d of %s", (int(period.Start.Month)-1)/3+1, strconv.Itoa(period.Start.Year))
	}
	return strconv.Itoa(period.Start.Year)
}

// soldNothing reports whether a chart of these months would be empty.
func soldNothing(f portal.SalesFigures) bool {
	something := func(minor int64) bool { return minor != 0 }
	return !slices.ContainsFunc(f.Revenue, something) && !slices.ContainsFunc(f.Open, something) && !slices.ContainsFunc(f.Received, something)
}
