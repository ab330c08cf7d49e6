package views

import (
	"context"
	"maps"
	"slices"

	"github.com/a-h/templ"

	"allotment/app"
	"allotment/app/portal"
	"allotment/billing"
	"allotment/views/words"
)

// firstOf leads to the first page of a list, from any other.
func firstOf(after, first string) string {
	if after == "" {
		return ""
	}
	return first
}

// nextOf leads to the next page, where there is one.
func nextOf(next, page string) string {
	if next == "" {
		return ""
	}
	return page
}

func sumOf(list []int64) (sum int64) {
	for _, minor := range list {
		sum += minor
	}
	return sum
}

// overdueShare says which part of what is open is late.
func overdueShare(ctx context.Context, f portal.SalesFigures) string {
	open := f.Ages[0].Minor + late(f.Ages)
	if open <= 0 || late(f.Ages) == 0 {
		return words.T(ctx, "nothing is late")
	}
	return words.T(ctx, "%s of what is open", percent(late(f.Ages), open))
}

func sortedTotals(totals map[string]int64) []string { return slices.Sorted(maps.Keys(totals)) }

const wholesalePath = "/sales/wholesale"

func wholesaleAt(month billing.Date) templ.SafeURL {
	return templ.URL(address(wholesalePath, "month", month.String()[:7]))
}

// tradeAt leads to the lines of a trade.
func tradeAt(month billing.Date, p Page, t portal.TradeLine) templ.SafeURL {
	other := t.Reseller
	if other == p.Actor.Organization {
		other = t.Parent
	}
	return templ.URL(address(wholesalePath, "month", month.String()[:7], "with", other.String(), "currency", t.Currency))
}

// tradeName is the other side of a trade.
func tradeName(ctx context.Context, p Page, t portal.TradeLine) string {
	name := t.ResellerName
	if t.Reseller == p.Actor.Organization {
		name = t.ParentName
	}
	if name == "" {
		return words.T(ctx, "a former reseller")
	}
	return name
}

// tradeInvoice leads to the month's invoice: among what is sold, or what is bought.
func tradeInvoice(p Page, t portal.TradeLine) templ.SafeURL {
	if t.Reseller == p.Actor.Organization {
		return templ.URL("/billing/invoices/" + t.Invoice.String())
	}
	return templ.URL("/sales/invoices/" + t.Invoice.String())
}

func customerOf(ctx context.Context, row portal.WholesaleRow) string {
	switch {
	case row.CustomerName != "":
		return row.CustomerName
	case row.Customer == app.ID{}:
		return words.T(ctx, "Changes and cancellations")
	}
	return words.T(ctx, "a former customer")
}
