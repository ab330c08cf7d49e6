package portal

import (
	"cmp"
	"context"
	"regexp"
	"slices"
	"strings"

	"allotment/app"
	"allotment/app/store"
	"allotment/billing"
)

var (
	createCoupon = verb{action: "coupon.create", permission: app.ManageBilling, confirmed: true}
	endCoupon    = verb{action: "coupon.end", permission: app.ManageBilling}
)

// CouponRequest is what the form of a coupon sends, as it was typed. An invalid one comes back as app.Invalid with the fields that are wrong:
// code, off, currency, periods, from, until, total, each, only.
type CouponRequest struct {
	Code     string
	Kind     string // "percent" or "amount"
	Off      string
	Currency string   // of an amount, and of the orders that it is for; "" for the installation's own
	Periods  string   // the first ones; "" or 0 for all
	From     string   // 2026-03-01; "" for today
	Until    string   // the last day; "" for no end
	Total    string   // how often by all; "" without limit
	Each     string   // how often by each customer; "" without limit
	Only     []string // "app" or "app/plan"; none for all
}

var couponCode = regexp.MustCompile(`^[A-Z0-9-]{3,32}$`)

// checkCoupon reads a request.
func (p *Portal) checkCoupon(r CouponRequest, today billing.Date) (store.Coupon, error) {
	fields := map[string]string{}
	note := func(field, message string) {
		if message != "" {
			fields[field] = message
		}
	}
	currency, err := p.currency(r.Currency)
	note("currency", app.FieldsOf(err)["currency"])
	c := store.Coupon{ID: app.NewID(), Code: cleanCode(r.Code), Amount: billing.Zero(cmp.Or(currency, p.cfg.Currency)), From: today, CreatedAt: p.now()}
	if !couponCode.MatchString(c.Code) {
		note("code", "Please use 3 to 32 letters, digits and hyphens.")
	}
	var message string
	if r.Kind == "amount" {
		c.Amount, message = typedAmount(r.Off, c.Amount.Currency)
		if message == "" && c.Amount.IsZero() {
			message = askAmount(c.Amount.Currency)
		}
	} else {
		percent, err := billing.ParseDecimal(typedNumber(r.Off))
		if rounded := percent.String(); err != nil || percent.Sign() <= 0 || percent.Cmp(billing.Int(100)) > 0 || decimalsOf(rounded) > 4 {
			message = "Please type a percentage over 0 and up to 100."
		}
		c.Percent = percent
	}
	note("off", message)
	c.Periods, message = typedCount(r.Periods, 120)
	note("periods", message)
	c.Total, message = typedLimit(r.Total, 1_000_000)
	note("total", message)
	c.PerCustomer, message = typedLimit(r.Each, 1000)
	note("each", message)
	note("from", typedDay(r.From, &c.From))
	note("until", typedDay(r.Until, &c.Until))
	switch {
	case c.From.Before(today):
		note("from", "A coupon cannot begin in the past. Today is the earliest.")
	case !c.Until.IsZero() && c.Until.Before(c.From):
		note("until", "The last day is before the first.")
	}
	for _, each := range r.Only {
		if appID, plan, _ := strings.Cut(each, "/"); !p.inCatalog(appID, plan) {
			note("only", "Please choose from the list.")
		} else if !slices.Contains(c.Only, each) {
			c.Only = append(c.Only, each)
		}
	}
	return c, invalidFields(fields)
}

// typedLimit reads how often something may be used; "" is 0, without limit. Who types 0 means never, which is no coupon.
func typedLimit(typed string, most int) (int, string) {
	n, message := typedCount(typed, most)
	if message == "" && n == 0 && strings.TrimSpace(typed) != "" {
		message = "It could never be used. Please leave it empty for no limit."
	}
	return n, message
}

func decimalsOf(number string) int {
	_, fraction, _ := strings.Cut(number, ".")
	return len(fraction)
}

// typedDay reads a day that may be left empty.
func typedDay(typed string, day *billing.Date) string {
	if strings.TrimSpace(typed) == "" {
		return ""
	}
	read, err := billing.ParseDate(strings.TrimSpace(typed))
	if err != nil {
		return "Please type a day, like 2026-03-01."
	}
	*day = read
	return ""
}

func (p *Portal) inCatalog(appID, plan string) bool {
	entry, ok := p.catalog.App(appID)
	return ok && (plan == "" || entry.Plan(plan) != nil)
}

// CreateCoupon makes a coupon for the customers of the actor's organization. It is never changed: what is to be another is a new one.
func (p *Portal) CreateCoupon(ctx context.Context, actor app.Actor, r CouponRequest) (c store.Coupon, err error) {
	err = p.do(ctx, actor, createCoupon, func(tx *store.Tx) error {
		if actor.Kind == app.Customer {
			return app.Errorf(app.Conflict, "Only the operator and resellers have coupons.")
		}
		today, err := p.sellersDay(ctx, tx, actor.Organization)
		if err != nil {
			return err
		}
		if c, err = p.checkCoupon(r, today); err != nil {
			return err
		}
		c.Seller = actor.Organization
		tx.Note("coupon "+c.ID.String(), nil, map[string]string{"code": c.Code})
		return tx.InsertCoupon(ctx, c)
	})
	return c, err
}

// EndCoupon lets a coupon be used no more; what was bought with it keeps it. NotFound where there is none that holds.
func (p *Portal) EndCoupon(ctx context.Context, actor app.Actor, id app.ID) error {
	return p.do(ctx, actor, endCoupon, func(tx *store.Tx) error {
		code, err := tx.EndCoupon(ctx, actor.Organization, id, p.now())
		tx.Note("coupon "+id.String(), nil, map[string]string{"code": code})
		return err
	})
}

// CouponFilter selects a page of a seller's coupons.
type CouponFilter struct {
	Text  string
	Open  bool // only those that may still be used
	After string
	Limit int
}

// CouponPage is one page of coupons, the newest first.
type CouponPage struct {
	Coupons []store.Coupon
	Next    string // "" on the last page
	Today   billing.Date
}

// Coupons returns a page of the coupons of the actor's organization.
func (p *Portal) Coupons(ctx context.Context, actor app.Actor, f CouponFilter) (CouponPage, error) {
	var page CouponPage
	if err := actor.May(app.SeeCustomers); err != nil {
		return page, err
	}
	before, limit, err := pageOf(f.After, f.Limit)
	if err != nil {
		return page, err
	}
	err = p.see(ctx, actor, app.SeeCustomers, func(tx *store.Tx) error {
		if page.Today, err = p.sellersDay(ctx, tx, actor.Organization); err != nil {
			return err
		}
		page.Coupons, err = tx.Coupons(ctx, store.CouponQuery{
			Seller: actor.Organization, Text: clip(cleanCode(f.Text)), Open: f.Open, Today: page.Today, Before: before, Limit: limit + 1,
		})
		return err
	})
	if len(page.Coupons) > limit {
		page.Coupons = page.Coupons[:limit]
		page.Next = page.Coupons[limit-1].ID.String()
	}
	return page, err
}

// CouponChoices are the apps with their sizes that a coupon may be for: "app" and "app/plan" with their names in a language.
func (p *Portal) CouponChoices(ctx context.Context, actor app.Actor) ([]Offer, error) {
	if err := actor.May(app.ManageBilling); err != nil {
		return nil, err
	}
	var all []Offer
	for _, entry := range p.catalog.Apps() {
		offer := Offer{App: entry}
		for _, plan := range entry.Plans {
			offer.Plans = append(offer.Plans, PlanOffer{Plan: plan})
		}
		all = append(all, offer)
	}
	return all, nil
}
