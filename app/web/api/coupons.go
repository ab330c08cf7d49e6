package api

import (
	"context"
	"net/http"
	"strconv"
	"time"

	"allotment/app"
	"allotment/app/portal"
	"allotment/billing"
)

// coupon is a code that takes something off.
type coupon struct {
	ID        app.ID         `json:"id" format:"uuid"`
	Code      string         `json:"code"`
	Percent   string         `json:"percent,omitempty" doc:"What it takes off each period; or amount."`
	Amount    *billing.Money `json:"amount,omitempty"`
	Periods   int            `json:"periods" doc:"The first ones; 0 for all."`
	From      string         `json:"from" doc:"The first day on which it may be used."`
	Until     string         `json:"until,omitempty" doc:"The last one; absent for no end."`
	Total     int            `json:"total" doc:"How often by all; 0 without limit."`
	Each      int            `json:"each" doc:"How often by each customer; 0 without limit."`
	Only      []string       `json:"only" nullable:"false" doc:"app or app/plan; none for all."`
	Used      int            `json:"used"`
	CreatedAt time.Time      `json:"created_at"`
	EndedAt   *time.Time     `json:"ended_at,omitempty"`
}

type couponsInput struct {
	Paging
	Text string `query:"q" maxLength:"100" doc:"Part of the code."`
	Open bool   `query:"open" doc:"Only those that may still be used."`
}

type couponInput struct {
	Body struct {
		Code     string   `json:"code" maxLength:"40" example:"SPRING-2026"`
		Kind     string   `json:"kind" enum:"percent,amount"`
		Off      string   `json:"off" maxLength:"30" doc:"A percentage, or an amount without tax." example:"10"`
		Currency string   `json:"currency,omitempty" maxLength:"3" doc:"Of an amount; the installation's own where it is absent. A percentage holds in each." example:"EUR"`
		Periods  int      `json:"periods,omitempty" minimum:"0" doc:"The first ones; 0 for all."`
		From     string   `json:"from,omitempty" maxLength:"10" doc:"The first day; today where it is absent." example:"2026-03-01"`
		Until    string   `json:"until,omitempty" maxLength:"10" doc:"The last day; absent for no end."`
		Total    int      `json:"total,omitempty" minimum:"0" doc:"How often by all; 0 without limit."`
		Each     int      `json:"each,omitempty" minimum:"0" doc:"How often by each customer; 0 without limit."`
		Only     []string `json:"only,omitempty" nullable:"false" maxItems:"200" doc:"app or app/plan; none for all."`
	}
}

func (a *API) addCoupons(tag string) {
	add(a, line{id: "listCoupons", method: get, path: "/coupons", tag: tag, permission: app.SeeCustomers, summary: "Coupons"}, a.coupons)
	add(a, line{id: "createCoupon", method: post, path: "/coupons", tag: tag, permission: app.ManageBilling, status: http.StatusCreated, summary: "Make a coupon",
		description: "It is never changed: what is to be another is a new one."}, a.createCoupon)
	add(a, line{id: "endCoupon", method: post, path: "/coupons/{id}/end", tag: tag, permission: app.ManageBilling, status: http.StatusNoContent, summary: "End a coupon",
		description: "Nobody can use it any more; what was bought with it keeps it."}, a.endCoupon)
}

func (a *API) coupons(ctx context.Context, actor app.Actor, in *couponsInput) (*list[coupon], error) {
	page, err := a.portal.Coupons(ctx, actor, portal.CouponFilter{Text: in.Text, Open: in.Open, After: in.After, Limit: in.Limit})
	if err != nil {
		return nil, err
	}
	return listOf(ctx, page.Coupons, page.Next, couponOf), nil
}

// limitTyped is a limit as the portal reads it: 0, or nothing said, is none.
func limitTyped(limit int) string {
	if limit == 0 {
		return ""
	}
	return strconv.Itoa(limit)
}

func (a *API) createCoupon(ctx context.Context, actor app.Actor, in *couponInput) (*one[coupon], error) {
	b := in.Body
	c, err := a.portal.CreateCoupon(ctx, actor, portal.CouponRequest{Code: b.Code, Kind: b.Kind, Off: b.Off, Currency: b.Currency, Periods: strconv.Itoa(b.Periods),
		From: b.From, Until: b.Until, Total: limitTyped(b.Total), Each: limitTyped(b.Each), Only: b.Only})
	if err != nil {
		return nil, err
	}
	return &one[coupon]{couponOf(c)}, nil
}

func (a *API) endCoupon(ctx context.Context, actor app.Actor, in *actInput) (*struct{}, error) {
	id, err := in.id()
	if err != nil {
		return nil, err
	}
	return nil, a.portal.EndCoupon(ctx, actor, id)
}

func couponOf(c portal.Coupon) coupon {
	out := coupon{ID: c.ID, Code: c.Code, Periods: c.Periods, From: c.From.String(), Until: c.Until.String(), Total: c.Total, Each: c.PerCustomer,
		Only: append([]string{}, c.Only...), Used: c.Used, CreatedAt: stamp(c.CreatedAt), EndedAt: moment(c.EndedAt)}
	if c.Amount.IsZero() {
		out.Percent = c.Percent.String()
	} else {
		out.Amount = &c.Amount
	}
	return out
}
