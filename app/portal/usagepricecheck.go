package portal

import (
	"context"
	"strings"

	"allotment/app"
	"allotment/app/store"
	"allotment/billing"
)

func (p *Portal) usageChange(ctx context.Context, tx *store.Tx, actor app.Actor, r UsagePriceRequest) (c UsagePriceChange, err error) {
	if err := p.sells(actor, r.App, r.Plan, billing.Month); err != nil {
		return c, err
	}
	page, err := p.usagePage(ctx, tx, actor, r.App, r.Currency)
	if err != nil {
		return c, err
	}
	if c.UsageRow, err = page.row(r); err != nil {
		return c, err
	}
	if c.Price, err = p.checkUsagePrice(r, c.UsageRow, page.Today); err != nil {
		return c, err
	}
	c.Price.Seller, c.Ahead = actor.Organization, page.Ahead
	if c.Earliest = page.Today.AddDays(c.Ahead); c.Earliest.Before(c.Price.ValidFrom) {
		c.Earliest = c.Price.ValidFrom
	}
	then, err := c.retail(&c.Price)
	if err != nil || then == nil || c.Price.Withdrawn {
		return c, err
	}
	if c.Asked != nil {
		if c.KeptThen, c.PercentThen, err = billing.EarnedUnit(*then, *c.Asked); err != nil {
			return c, err
		}
	}
	c.WholeMonth, err = billing.Price(*then, r.Meter.WholeMonth(c.Plan.DiskGiB), page.Currency)
	return c, err
}

// checkUsagePrice reads a request; all that is wrong is said at once.
func (p *Portal) checkUsagePrice(r UsagePriceRequest, row UsageRow, today billing.Date) (store.UsagePrice, error) {
	fields := map[string]string{}
	price := store.UsagePrice{UsageKey: row.Key, ID: app.NewID(), ValidFrom: usageFirstDay(r, today, fields), Withdrawn: r.Way == PriceWithdraw}
	field := "amount"
	switch {
	case price.Withdrawn:
		return price, invalidFields(fields)
	case r.Way == PriceAmount:
		var err error
		if price.Price, err = billing.UnitPrice(typedNumber(r.Amount)); err != nil {
			fields["amount"] = "Please type an amount with at most six decimals, like 0.012."
		}
	case row.Asked == nil || r.Way != PricePercent:
		fields["amount"] = "You pay nobody for this, so there is nothing to put a margin on. Please type an amount."
	default:
		field = "margin"
		p.usageMargin(r, *row.Asked, &price, fields)
	}
	if row.Floor != nil && row.Asked != nil && len(fields) == 0 && price.Price.Cmp(*row.Floor) < 0 {
		fields[field] = "This is below the least that the operator allows."
	}
	return price, invalidFields(fields)
}

// usageFirstDay is the day on which a price is to begin, or what is wrong with it.
func usageFirstDay(r UsagePriceRequest, today billing.Date, fields map[string]string) billing.Date {
	if r.From == "" {
		return today
	}
	day, err := billing.ParseDate(strings.TrimSpace(r.From))
	switch {
	case err != nil:
		fields["from"] = "Please type a day, like 2026-03-01."
	case day.Before(today):
		fields["from"] = "A price cannot begin in the past. Today is the earliest."
	case today.AddMonths(24).Before(day):
		fields["from"] = "Please choose a day within two years."
	}
	return day
}

// usageMargin reads a percentage on what the seller pays itself.
func (p *Portal) usageMargin(r UsagePriceRequest, asked billing.Decimal, price *store.UsagePrice, fields map[string]string) {
	margin, message := typedMargin(PricePercent, r.Margin, price.Currency)
	if message != "" {
		fields["margin"] = message
		return
	}
	price.Percent = &margin.Percent
	var err error
	if price.Price, err = billing.RoundUnit(asked, margin.Percent); err != nil {
		fields["margin"] = "This amount is too large."
	}
}
