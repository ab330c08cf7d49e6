package api

import (
	"context"
	"net/http"
	"strconv"

	"allotment/app"
	"allotment/app/portal"
	"allotment/billing"
)

// listedPrice is one price of a seller's list.
type listedPrice struct {
	App         string           `json:"app"`
	Plan        string           `json:"plan"`
	Interval    billing.Interval `json:"interval" enum:"month,quarter,year"`
	Audience    portal.Audience  `json:"audience" enum:"everybody,resellers"`
	Currency    string           `json:"currency" doc:"Of all its amounts." example:"EUR"`
	Asked       *billing.Money   `json:"asked,omitempty" doc:"What the seller pays itself; absent for the operator, and where nobody above sells it."`
	Floor       *billing.Money   `json:"floor,omitempty" doc:"The least that may be asked."`
	Retail      *billing.Money   `json:"retail,omitempty" doc:"What its customers are asked today; absent where it is not sold."`
	Kept        billing.Money    `json:"kept" doc:"Of the retail price."`
	Percent     string           `json:"percent" doc:"That, of the retail price."`
	Today       *priceVersion    `json:"today,omitempty" doc:"What the list says today; absent where it says nothing."`
	Coming      []priceVersion   `json:"coming" nullable:"false" doc:"Those that begin later."`
	Subscribers int              `json:"subscribers" doc:"Who pays by this list now."`
}

// priceVersion is one version of a price. It is never changed.
type priceVersion struct {
	ID        app.ID        `json:"id" format:"uuid"`
	Version   int           `json:"version"`
	Amount    billing.Money `json:"amount" doc:"For each interval, without tax."`
	Setup     billing.Money `json:"setup" doc:"Once, without tax."`
	From      string        `json:"from" doc:"Its first day."`
	Trial     int           `json:"trial_days"`
	Minimum   int           `json:"minimum_months"`
	Notice    int           `json:"notice_days"`
	Withdrawn bool          `json:"withdrawn" doc:"From that day on the list has no such price."`
}

type priceListInput struct {
	Currency string `query:"currency" maxLength:"3" doc:"The list in this one; the installation's own where it is absent." example:"EUR"`
	Text     string `query:"q" maxLength:"100" doc:"Part of an app's name or ID."`
	After    string `query:"after" maxLength:"100" doc:"The next of the page before."`
}

type priceInput struct {
	Body struct {
		App      string `json:"app" maxLength:"60" example:"redmine"`
		Plan     string `json:"plan" maxLength:"60" example:"small"`
		Interval string `json:"interval" enum:"month,quarter,year"`
		Currency string `json:"currency,omitempty" maxLength:"3" doc:"The installation's own where it is absent." example:"EUR"`
		Audience string `json:"audience,omitempty" enum:"everybody,resellers" doc:"For whom it holds; everybody where it is absent."`
		Way      string `json:"way" enum:"amount,percent,added,withdraw" doc:"amount: its own. percent, added: what the seller pays itself and a percentage or an amount. withdraw: none."`
		Amount   string `json:"amount,omitempty" maxLength:"30" doc:"Without tax, for the way amount." example:"12.50"`
		Margin   string `json:"margin,omitempty" maxLength:"30" doc:"For the ways percent and added." example:"25"`
		Setup    string `json:"setup,omitempty" maxLength:"30" doc:"Once, without tax." example:"15.00"`
		Trial    int    `json:"trial,omitempty" minimum:"0" doc:"Days that are free."`
		Minimum  int    `json:"minimum,omitempty" minimum:"0" doc:"Months that it runs at least."`
		Notice   int    `json:"notice,omitempty" minimum:"0" doc:"Days ahead that it is given up."`
		From     string `json:"from,omitempty" maxLength:"10" doc:"Its first day; today where it is absent." example:"2026-03-01"`
	}
}

// priceChange is what a new price does.
type priceChange struct {
	Price       priceVersion   `json:"price"`
	Before      *priceVersion  `json:"before,omitempty" doc:"What holds today."`
	Asked       *billing.Money `json:"asked,omitempty"`
	Floor       *billing.Money `json:"floor,omitempty"`
	Kept        billing.Money  `json:"kept"`
	Percent     string         `json:"percent"`
	Subscribers int            `json:"subscribers" doc:"Who pays by this list now."`
	Ahead       int            `json:"ahead" doc:"Days that they are told ahead."`
	Earliest    string         `json:"earliest" doc:"No period of theirs that begins before is charged at it."`
}

type aheadInput struct {
	Body struct {
		Ahead int `json:"ahead" minimum:"0" maximum:"366" doc:"Days."`
	}
}

// announced is how many days ahead subscribers are told of a price.
type announced struct {
	Ahead int `json:"ahead"`
}

func (a *API) addSelling() {
	const tag = "Prices and coupons"
	add(a, line{id: "listPrices", method: get, path: "/prices", tag: tag, permission: app.SeeCustomers, summary: "The price list",
		description: "What the organization asks its buyers, beside what it pays itself: a page holds the sizes of a few apps."}, a.priceList)
	add(a, line{id: "previewPrice", method: post, path: "/prices/preview", tag: tag, permission: app.ManageBilling, summary: "What a price would do",
		description: "Nothing is changed."}, a.previewPrice)
	add(a, line{id: "setPrice", method: post, path: "/prices", tag: tag, permission: app.ManageBilling, status: http.StatusCreated, summary: "Set a price",
		description: "A new version comes onto the list. Those who have subscribed are told ahead."}, a.setPrice)
	add(a, line{id: "setPriceNotice", method: post, path: "/prices/announce", tag: tag, permission: app.ManageBilling,
		summary: "Set how many days ahead subscribers are told of a price"}, a.setAhead)
	a.addCoupons(tag)
}

func (a *API) priceList(ctx context.Context, actor app.Actor, in *priceListInput) (*list[listedPrice], error) {
	page, err := a.portal.PriceList(ctx, actor, portal.PriceFilter{Currency: in.Currency, Text: in.Text, After: in.After})
	if err != nil {
		return nil, err
	}
	return listOf(ctx, page.Rows, page.Next, listedOf), nil
}

func (in *priceInput) request() portal.PriceRequest {
	b := in.Body
	return portal.PriceRequest{App: b.App, Plan: b.Plan, Interval: billing.Interval(b.Interval), Currency: b.Currency, Audience: portal.Audience(b.Audience),
		Way: portal.PriceWay(b.Way), Amount: b.Amount, Margin: b.Margin, Setup: b.Setup, Trial: strconv.Itoa(b.Trial), Minimum: strconv.Itoa(b.Minimum), Notice: strconv.Itoa(b.Notice), From: b.From}
}

func (a *API) previewPrice(ctx context.Context, actor app.Actor, in *priceInput) (*one[priceChange], error) {
	change, err := a.portal.PreviewPrice(ctx, actor, in.request())
	if err != nil {
		return nil, err
	}
	return &one[priceChange]{priceChangeOf(change)}, nil
}

func (a *API) setPrice(ctx context.Context, actor app.Actor, in *priceInput) (*one[priceChange], error) {
	change, err := a.portal.SetPrice(ctx, actor, in.request())
	if err != nil {
		return nil, err
	}
	return &one[priceChange]{priceChangeOf(change)}, nil
}

func (a *API) setAhead(ctx context.Context, actor app.Actor, in *aheadInput) (*one[announced], error) {
	if err := a.portal.SetAnnounceDays(ctx, actor, strconv.Itoa(in.Body.Ahead)); err != nil {
		return nil, err
	}
	return &one[announced]{announced{in.Body.Ahead}}, nil
}

func listedOf(r portal.PriceRow) listedPrice {
	p := listedPrice{App: r.Key.App, Plan: r.Key.Plan, Interval: r.Key.Interval, Audience: r.Key.Audience, Currency: r.Key.Currency, Asked: r.Asked, Floor: r.Floor, Retail: r.Retail,
		Kept: r.Kept, Percent: r.Percent.String(), Coming: []priceVersion{}, Subscribers: r.Subscribers}
	if r.Own != nil {
		today := versionOf(*r.Own)
		p.Today = &today
	}
	for _, version := range r.Coming {
		p.Coming = append(p.Coming, versionOf(version))
	}
	return p
}

func versionOf(p portal.ListedPrice) priceVersion {
	return priceVersion{p.ID, p.Version, p.Amount, p.Setup, p.ValidFrom.String(), p.Trial, p.Term.Minimum, p.Term.Notice, p.Withdrawn}
}

func priceChangeOf(c portal.PriceChange) priceChange {
	out := priceChange{Price: versionOf(c.Price), Asked: c.Asked, Floor: c.Floor, Kept: c.Kept, Percent: c.Percent.String(), Subscribers: c.Subscribers,
		Ahead: c.Ahead, Earliest: c.Earliest.String()}
	if c.Before != nil {
		before := versionOf(*c.Before)
		out.Before = &before
	}
	return out
}
