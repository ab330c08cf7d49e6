package views

import (
	"context"
	"strconv"

	"allotment/app"
	"allotment/app/portal"
	"allotment/billing"
	"allotment/views/words"
)

// The pages of what a seller asks.
const (
	PricesPath  = "/sales/prices"
	CouponsPath = "/sales/coupons"
)

// PriceList is a page of a price list with how it was asked for.
type PriceList struct {
	Filter portal.PriceFilter
	Page   portal.PricePage
	Ahead  string // as it was typed; "" for what holds
	Errors map[string]string
}

func (l PriceList) ahead() string {
	if l.Ahead != "" {
		return l.Ahead
	}
	return strconv.Itoa(l.Page.Ahead)
}

func (l PriceList) next() string {
	if l.Page.Next == "" {
		return ""
	}
	return inCurrency(PricesPath, l.currency(), "q", l.Filter.Text, "after", l.Page.Next)
}

func (l PriceList) first() string {
	if l.Filter.After == "" {
		return ""
	}
	return PricesIn(l.currency(), l.Filter.Text)
}

// byApp are the rows of each app, in their order.
func (l PriceList) byApp() (all [][]portal.PriceRow) {
	for i, row := range l.Page.Rows {
		if i == 0 || l.Page.Rows[i-1].App.ID != row.App.ID {
			all = append(all, nil)
		}
		all[len(all)-1] = append(all[len(all)-1], row)
	}
	return all
}

// PriceForm is the form of one price as it was typed, with what was wrong at each field.
type PriceForm struct {
	Request portal.PriceRequest
	Row     portal.PriceRow
	Page    portal.PricePage
	Floor   string // as it was typed
	Errors  map[string]string
	Problem string
}

// Fill puts what holds today into an empty form.
func (f *PriceForm) Fill() {
	f.Request.Way = portal.PriceAmount
	own := f.Row.Own
	if own == nil {
		f.fillTerms(f.Row.Above)
		return
	}
	f.Request.Amount = own.Amount.Amount()
	f.fillTerms(own)
	switch {
	case own.Margin == nil:
	case !own.Margin.Amount.IsZero():
		f.Request.Way, f.Request.Margin = portal.PriceAdded, own.Margin.Amount.Amount()
	default:
		f.Request.Way, f.Request.Margin = portal.PricePercent, own.Margin.Percent.String()
	}
}

// fillTerms puts in what a price has beside its amount: its own, or where the list has none that of the price above, which holds until then.
func (f *PriceForm) fillTerms(p *portal.ListedPrice) {
	if p != nil {
		f.Request.Setup, f.Request.Trial = nonZero(p.Setup), count(p.Trial)
		f.Request.Minimum, f.Request.Notice = count(p.Term.Minimum), count(p.Term.Notice)
	}
}

// floor is what the operator's form of the least shows.
func (f PriceForm) floor() string {
	if f.Floor != "" || f.Row.Floor == nil {
		return f.Floor
	}
	return f.Row.Floor.Amount()
}

func nonZero(m billing.Money) string {
	if m.IsZero() {
		return ""
	}
	return m.Amount()
}

func count(n int) string {
	if n == 0 {
		return ""
	}
	return strconv.Itoa(n)
}

// pricePath is where a price is changed; currency is "" for the installation's own.
func pricePath(row portal.PriceRow, audience portal.Audience, currency string) string {
	return inCurrency(PricesPath+"/edit", currency, "app", row.Key.App, "plan", row.Key.Plan, "interval", string(row.Key.Interval), "audience", string(audience))
}

// priceWays are the ways to say a price that a seller has.
func priceWays(ctx context.Context, row portal.PriceRow) []choice {
	all := []choice{{string(portal.PriceAmount), words.T(ctx, "An amount of your own")}}
	if row.Asked != nil {
		all = append(all, choice{string(portal.PricePercent), words.T(ctx, "A percentage on what you pay")},
			choice{string(portal.PriceAdded), words.T(ctx, "An amount on what you pay")})
	}
	if row.Own != nil {
		all = append(all, choice{string(portal.PriceWithdraw), words.T(ctx, "No price of your own any more")})
	}
	return all
}

// choice is a value with its name.
type choice struct{ value, name string }

// madeOf says how a version of a price came about.
func madeOf(ctx context.Context, p portal.ListedPrice) string {
	switch {
	case p.Withdrawn:
		return words.T(ctx, "taken off the list")
	case p.Margin == nil:
		return ""
	case !p.Margin.Amount.IsZero():
		return words.T(ctx, "%s on what you pay", money(ctx, p.Margin.Amount))
	}
	return words.T(ctx, "%s%% on what you pay", p.Margin.Percent.Format(words.Locale(ctx)))
}

// bound says a version's trial, term and fee in a line.
func bound(ctx context.Context, p portal.ListedPrice) (all []string) {
	if !p.Setup.IsZero() {
		all = append(all, words.T(ctx, "plus %s once", money(ctx, p.Setup)))
	}
	if p.Trial > 0 {
		all = append(all, words.T(ctx, "The first %d days are free.", p.Trial))
	}
	if p.Term.Minimum > 0 {
		all = append(all, words.T(ctx, "at least %d months", p.Term.Minimum))
	}
	if p.Term.Notice > 0 {
		all = append(all, words.T(ctx, "%d days of notice", p.Term.Notice))
	}
	return all
}

func audienceName(ctx context.Context, a portal.Audience) string {
	if a == portal.Resellers {
		return words.T(ctx, "for resellers")
	}
	return words.T(ctx, "for everybody")
}

// marginTone marks a price at which a seller loses.
func marginTone(row portal.PriceRow) string {
	if row.Kept.Minor < 0 {
		return "text-error font-semibold"
	}
	return ""
}

func belowFloor(row portal.PriceRow, p Page) bool {
	return row.Floor != nil && row.Retail != nil && p.Actor.Kind != app.Operator && row.Retail.Minor < row.Floor.Minor
}

// CouponList is a page of coupons with how it was asked for.
type CouponList struct {
	Filter portal.CouponFilter
	Page   portal.CouponPage
}

func (l CouponList) state() string {
	if l.Filter.Open {
		return "open"
	}
	return ""
}

func (l CouponList) next() string {
	if l.Page.Next == "" {
		return ""
	}
	return address(CouponsPath, "q", l.Filter.Text, "state", l.state(), "after", l.Page.Next)
}

func (l CouponList) first() string {
	if l.Filter.After == "" {
		return ""
	}
	return address(CouponsPath, "q", l.Filter.Text, "state", l.state())
}

func (l CouponList) unused() bool {
	return len(l.Page.Coupons) == 0 && l.Filter.Text == "" && !l.Filter.Open && l.Filter.After == ""
}

// CouponForm is the form of a coupon as it was typed.
type CouponForm struct {
	Request    portal.CouponRequest
	Currencies []string // in which may be sold, the installation's own first
	Choices    []portal.Offer
	Errors     map[string]string
	Problem    string
}

func (f CouponForm) picked(value string) bool {
	for _, each := range f.Request.Only {
		if each == value {
			return true
		}
	}
	return false
}

// couponState says whether a coupon can be used today.
func couponState(ctx context.Context, c portal.Coupon, today billing.Date) (tone, icon, label string) {
	switch {
	case !c.EndedAt.IsZero():
		return "plain", "circle-x", words.T(ctx, "Ended")
	case !c.Until.IsZero() && c.Until.Before(today):
		return "plain", "circle-x", words.T(ctx, "Run out")
	case c.Total > 0 && c.Used >= c.Total:
		return "plain", "circle-check", words.T(ctx, "Used up")
	case today.Before(c.From):
		return "wait", "hourglass", words.T(ctx, "Not yet")
	}
	return "good", "circle-check", words.T(ctx, "Can be used")
}

// couponUse says how often a coupon was used, and may be.
func couponUse(ctx context.Context, c portal.Coupon) string {
	if c.Total > 0 {
		return words.T(ctx, "%d of %d", c.Used, c.Total)
	}
	return strconv.Itoa(c.Used)
}

// couponLasts says how long what was bought with a coupon is cheaper.
func couponLasts(ctx context.Context, c portal.Coupon) string {
	switch c.Periods {
	case 0:
		return words.T(ctx, "off, as long as it runs")
	case 1:
		return words.T(ctx, "off the first invoice")
	}
	return words.T(ctx, "off the first %d periods", c.Periods)
}
