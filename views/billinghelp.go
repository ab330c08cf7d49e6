package views

import (
	"context"
	"sort"
	"strconv"
	"strings"
	"time"

	"allotment/app"
	"allotment/app/portal"
	"allotment/billing"
	"allotment/views/words"
)

// The pages of bills, and of how one sells.
const (
	BillingDetailsPath = "/billing/details"
	CreditPath         = "/billing/credit"
	TermsPath          = "/sales/terms"
	RatesPath          = "/sales/vat-rates"
)

// CustomerBillingPath is where a seller sees a customer's billing details.
func CustomerBillingPath(id app.ID) string { return customerPath(id) + "/billing" }

// onDate writes a day as the reader's language does.
func onDate(ctx context.Context, d billing.Date) string { return words.Date(ctx, d.UTC()) }

// perCent writes a VAT rate, with a space where the language has one.
func perCent(ctx context.Context, d billing.Decimal) string {
	if words.Locale(ctx) == "de" {
		return d.Format("de") + "\u00a0%"
	}
	return d.Format(words.Locale(ctx)) + "%"
}

// amounts writes one amount for each currency, or nothing of the given one.
func amounts(ctx context.Context, list []billing.Money) string {
	if len(list) == 0 {
		return "–"
	}
	parts := make([]string, len(list))
	for i, m := range list {
		parts[i] = money(ctx, m)
	}
	return strings.Join(parts, " + ")
}

// moveWords says what made or used credit.
func moveWords(ctx context.Context, m portal.CreditMove) string {
	switch m.Kind {
	case "issued":
		return words.T(ctx, "Credit note %s", m.Number)
	case "received":
		return words.T(ctx, "Your payment")
	case "allocated":
		if m.Amount.Minor > 0 {
			return words.T(ctx, "Taken back from invoice %s", m.Number)
		}
		return words.T(ctx, "Used for invoice %s", m.Number)
	case "refunded":
		return words.T(ctx, "Paid back to you")
	}
	return words.T(ctx, "Other")
}

// months are the chart of what services cost in the last months: at most seven services and the others together, in one currency.
func months(ctx context.Context, o portal.BillingOverview, currency string) ChartFigures {
	const most = 7
	totals, names := map[string]int64{}, []string{}
	for _, s := range o.Spent {
		if s.Net.Currency != currency {
			continue
		}
		if _, seen := totals[s.Name]; !seen {
			names = append(names, s.Name)
		}
		totals[s.Name] += s.Net.Minor
	}
	sort.SliceStable(names, func(i, j int) bool { return totals[names[i]] > totals[names[j]] })
	column := map[string]int{}
	series := names
	if len(names) > most+1 {
		series = append(append([]string{}, names[:most]...), words.T(ctx, "Others"))
	}
	for i, name := range names {
		column[name] = min(i, len(series)-1)
	}
	c := ChartFigures{
		ID: "months-" + strings.ToLower(currency), Kind: ChartBars, Title: words.T(ctx, "The last twelve months by service"), Currency: currency,
		About: words.T(ctx, "What was invoiced in each month, without VAT, less what was credited."), First: words.T(ctx, "Month"), Series: series, Sum: true,
	}
	for _, month := range o.Months {
		name := words.Say(ctx, month.Month.String())
		point := ChartPoint{Label: name + " " + strconv.Itoa(month.Year), Short: short(name), Values: make([]int64, len(series))}
		for _, s := range o.Spent {
			if s.Month == month && s.Net.Currency == currency {
				point.Values[column[s.Name]] += s.Net.Minor
			}
		}
		c.Points = append(c.Points, point)
	}
	return c
}

// short is the beginning of a month's name, as an axis has room for.
func short(name string) string {
	runes := []rune(name)
	return string(runes[:min(len(runes), 3)])
}

// spentIn lists the currencies in which something was invoiced.
func spentIn(o portal.BillingOverview) []string {
	seen := map[string]bool{}
	var all []string
	for _, s := range o.Spent {
		if !seen[s.Net.Currency] {
			seen[s.Net.Currency] = true
			all = append(all, s.Net.Currency)
		}
	}
	sort.Strings(all)
	return all
}

// pageDay is the reader's day, as far as the page knows it.
func pageDay(p Page) billing.Date { return billing.DateIn(p.Now, time.UTC) }

// billable reports whether there is anything at all to show of what an organization pays.
func billable(o portal.BillingOverview) bool {
	return len(o.Running) > 0 || o.EverBilled || len(o.Credit) > 0
}

// parkedOf lists the subscriptions that could not be invoiced.
func parkedOf(o portal.BillingOverview) []portal.Running {
	var all []portal.Running
	for _, r := range o.Running {
		if r.Parked != "" {
			all = append(all, r)
		}
	}
	return all
}

// overdueOf lists the open invoices whose day has passed.
func overdueOf(p Page, o portal.BillingOverview) []portal.OpenDocument {
	var late []portal.OpenDocument
	for _, d := range o.Open {
		if d.Due.Before(pageDay(p)) {
			late = append(late, d)
		}
	}
	return late
}

// serviceNames are names in a line.
func serviceNames(all []app.Service) string {
	names := make([]string, len(all))
	for i, s := range all {
		names[i] = s.Name
	}
	return strings.Join(names, ", ")
}

// InvoicePath is a document that the reader's organization has received.
func InvoicePath(id app.ID) string { return "/billing/invoices/" + id.String() }

// signed writes an amount with its sign.
func signed(ctx context.Context, m billing.Money) string {
	if m.Minor > 0 {
		return "+" + money(ctx, m)
	}
	return money(ctx, m)
}

// creditFirst and creditNext lead through the pages of credit.
func creditFirst(l CreditList) string {
	if l.After == "" {
		return ""
	}
	return CreditPath
}

func creditNext(l CreditList) string {
	if l.Page.Next == "" {
		return ""
	}
	return address(CreditPath, "after", l.Page.Next)
}
