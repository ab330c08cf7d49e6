package views

import (
	"context"
	"regexp"

	"allotment/app/portal"
	"allotment/app/store"
	"allotment/billing"
	"allotment/views/words"
)

// UsagePricesPath is where a seller sets what use costs.
const UsagePricesPath = PricesPath + "/usage"

// UsageForm is the form of one price of use as it was typed, with what was wrong at each field.
type UsageForm struct {
	Request portal.UsagePriceRequest
	Row     portal.UsageRow
	Page    portal.UsagePricePage
	Floor   string // as it was typed
	Errors  map[string]string
	Problem string
}

// Fill puts what holds today into an empty form.
func (f *UsageForm) Fill() {
	f.Request.Way = portal.PriceAmount
	own := f.Row.Own
	switch {
	case own == nil:
	case own.Percent != nil:
		f.Request.Way, f.Request.Margin = portal.PricePercent, own.Percent.String()
	default:
		f.Request.Amount = own.Price.String()
	}
}

func (f UsageForm) floor() string {
	if f.Floor == "" && f.Row.Floor != nil {
		return f.Row.Floor.String()
	}
	return f.Floor
}

// shownUsage reports whether a row says anything of its own: what resellers are asked only where it differs.
func shownUsage(row portal.UsageRow) bool {
	return row.Key.Audience == portal.Everybody || len(row.Versions) > 0
}

// usagePath is where a price of use is changed; currency is "" for the installation's own.
func usagePath(row portal.UsageRow, audience portal.Audience, currency string) string {
	return inCurrency(UsagePricesPath+"/edit", currency, "app", row.Key.App, "plan", row.Key.Plan, "meter", string(row.Key.Meter), "audience", string(audience))
}

// unitAmount is an amount of one unit, with as many decimals as it has; a dash for none.
func unitAmount(ctx context.Context, price *billing.Decimal, currency string) string {
	if price == nil {
		return "–"
	}
	if m, err := billing.ParseMoney(price.String(), currency); err == nil {
		return money(ctx, m)
	}
	return amountDigits.ReplaceAllLiteralString(money(ctx, billing.Zero(currency)), price.Format(words.Locale(ctx)))
}

// amountDigits is the number in an amount as it is written.
var amountDigits = regexp.MustCompile(`[0-9][0-9.,]*`)

// usageVersion is what a version of a list says.
func usageVersion(ctx context.Context, v store.UsagePrice) string {
	switch {
	case v.Withdrawn:
		return words.T(ctx, "taken off the list")
	case v.Percent != nil:
		return words.T(ctx, "%s%% on what you pay", v.Percent.Format(words.Locale(ctx)))
	}
	return unitAmount(ctx, &v.Price, v.Currency)
}

// usageMadeOf says how what is asked came about, where it is not an amount of one's own.
func usageMadeOf(ctx context.Context, own *store.UsagePrice) string {
	switch {
	case own == nil:
		return words.T(ctx, "what you pay")
	case own.Percent != nil:
		return usageVersion(ctx, *own)
	}
	return ""
}

// usageWays are the ways to say a price of use.
func usageWays(ctx context.Context, row portal.UsageRow) []choice {
	all := []choice{{string(portal.PriceAmount), words.T(ctx, "An amount of your own")}}
	if row.Asked != nil {
		all = append(all, choice{string(portal.PricePercent), words.T(ctx, "A percentage on what you pay")})
	}
	if row.Own != nil || len(row.Coming) > 0 {
		all = append(all, choice{string(portal.PriceWithdraw), words.T(ctx, "No price of your own any more")})
	}
	return all
}
