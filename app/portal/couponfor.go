package portal

import (
	"context"
	"strings"

	"allotment/app"
	"allotment/app/store"
	"allotment/billing"
)

// Coupon is a seller's coupon.
type Coupon = store.Coupon

// Audience is who is asked a price.
type Audience = store.Audience

// The audiences.
const (
	Everybody = store.Everybody
	Resellers = store.Resellers
)

// ListedPrice is a version of a price on a list.
type ListedPrice = store.Price

// couponFor returns the coupon that an order names, or nil where it names none. What is wrong with it stands at the field coupon. Its limits are
// looked at here for the sake of the message; the order's own transaction holds them, whoever else orders meanwhile.
func (p *Portal) couponFor(ctx context.Context, tx *store.Tx, buyer app.ID, plan PlanOffer, r OrderRequest) (*store.Coupon, error) {
	code := cleanCode(r.Coupon)
	if code == "" {
		return nil, nil
	}
	c, err := tx.CouponByCode(ctx, buyer, code, p.now())
	if app.CodeOf(err) == app.NotFound {
		return nil, app.FieldError("coupon", "We do not know this code. Please look for a typing mistake.")
	}
	if err != nil {
		return nil, err
	}
	if message := couponProblem(c, plan, r); message != "" {
		return nil, app.FieldError("coupon", message)
	}
	if c.Amount.IsZero() {
		c.Amount.Currency = plan.Price.Currency // a share holds in any
	}
	return &c, nil
}

// cleanCode is a code as it is stored, however it was typed.
func cleanCode(typed string) string {
	return strings.ToUpper(strings.Join(strings.Fields(typed), ""))
}

// couponProblem says why a coupon cannot be used for an order; "" where it can.
func couponProblem(c store.Coupon, plan PlanOffer, r OrderRequest) string {
	switch {
	case !c.EndedAt.IsZero() || !c.Until.IsZero() && c.Until.Before(c.Today):
		return "This code does not hold any more."
	case c.Today.Before(c.From):
		return "This code does not hold yet."
	case c.Total > 0 && c.Used >= c.Total:
		return "This code has been used up."
	case c.PerCustomer > 0 && c.UsedByBuyer >= c.PerCustomer:
		return "You have used this code already."
	case !c.Amount.IsZero() && c.Amount.Currency != plan.Price.Currency, !couponCovers(c.Only, r.App, plan.Plan.ID), underFloor(c, plan):
		return "This code is not for this app and size."
	}
	return ""
}

// couponCovers reports whether a coupon is for a plan.
func couponCovers(only []string, appID, plan string) bool {
	if len(only) == 0 {
		return true
	}
	for _, each := range only {
		if each == appID || each == appID+"/"+plan {
			return true
		}
	}
	return false
}

// underFloor reports whether a reseller's coupon would take a price below the operator's floor.
func underFloor(c store.Coupon, plan PlanOffer) bool {
	if plan.floor == nil {
		return false
	}
	off, err := plan.Price.Percent(c.Percent)
	if !c.Amount.IsZero() {
		off, err = billing.Smaller(c.Amount, plan.Price)
	}
	return err != nil || plan.Price.Minor-off.Minor < plan.floor.Minor
}
