package api

import (
	"context"
	"slices"
	"strings"

	"allotment/app"
	"allotment/app/portal"
	"allotment/billing"
	"allotment/catalog"
	"allotment/views/words"
)

// Offer is an app with what it costs.
type Offer struct {
	ID       string `json:"id" doc:"Its ID in the catalog." example:"redmine"`
	Name     string `json:"name" example:"Redmine"`
	Summary  string `json:"summary" doc:"One line."`
	Category string `json:"category" example:"projects"`
	Version  string `json:"version" doc:"The version that is installed."`
	Licence  string `json:"licence" doc:"An SPDX expression." example:"GPL-2.0-or-later"`
	Plans    []plan `json:"plans" nullable:"false" doc:"Its sizes, the smallest first."`
}

type plan struct {
	ID        string           `json:"id" example:"small"`
	Name      string           `json:"name"`
	VCPU      int              `json:"vcpu" doc:"Processors."`
	MemoryMiB int              `json:"memory_mib"`
	DiskGiB   int              `json:"disk_gib"`
	Users     int              `json:"users" doc:"For how many people it is made; advice, not a limit."`
	Price     billing.Money    `json:"price" doc:"For each interval, without tax, in the currency's smallest unit."`
	Setup     billing.Money    `json:"setup" doc:"Once, with the first invoice."`
	Interval  billing.Interval `json:"interval" enum:"month,quarter,year"`
	Prices    []planPrice      `json:"prices" nullable:"false" doc:"For each interval that is offered, the shortest first."`
	Usage     []usagePrice     `json:"usage" nullable:"false" doc:"What is measured and costs by the unit beside the price, charged after each month; empty for most."`
}

type offerDetail struct {
	Offer
	Description string     `json:"description"`
	Website     string     `json:"website"`
	Questions   []question `json:"questions" nullable:"false" doc:"What an order must answer."`
}

type question struct {
	ID        string   `json:"id" doc:"The name of the answer."`
	Label     string   `json:"label"`
	Help      string   `json:"help,omitempty"`
	Type      string   `json:"type" enum:"text,domain,email,choice,number,bool"`
	Required  bool     `json:"required"`
	Default   string   `json:"default,omitempty"`
	Pattern   string   `json:"pattern,omitempty" doc:"A regular expression (RE2) for the whole answer."`
	MinLength int      `json:"min_length,omitempty"`
	MaxLength int      `json:"max_length,omitempty"`
	Min       *int64   `json:"min,omitempty"`
	Max       *int64   `json:"max,omitempty"`
	Choices   []choice `json:"choices,omitempty" nullable:"false"`
}

type choice struct {
	Value string `json:"value"`
	Label string `json:"label"`
}

// ByApp is the app in a path.
type ByApp struct {
	App string `path:"app" maxLength:"60" doc:"An app's ID." example:"redmine"`
}

func (a *API) addCatalog() {
	add(a, line{id: "listApps", method: get, path: "/apps", tag: "Catalog", permission: app.SeeCatalog, summary: "Apps that can be ordered"}, a.apps)
	add(a, line{id: "getApp", method: get, path: "/apps/{app}", tag: "Catalog", permission: app.SeeCatalog, summary: "One app, with what an order must answer"}, a.app)
}

func (a *API) apps(ctx context.Context, actor app.Actor, in *Paging) (*list[Offer], error) {
	offers, err := a.portal.Offers(ctx, actor)
	if err != nil {
		return nil, err
	}
	slices.SortFunc(offers, func(x, y portal.Offer) int { return strings.Compare(x.App.ID, y.App.ID) })
	offers = slices.DeleteFunc(offers, func(o portal.Offer) bool { return o.App.ID <= in.After })
	next := ""
	if len(offers) > in.Limit {
		offers = offers[:in.Limit]
		next = offers[in.Limit-1].App.ID
	}
	locale := words.Locale(ctx)
	return listOf(ctx, offers, next, func(o portal.Offer) Offer { return offerOf(o, locale) }), nil
}

func (a *API) app(ctx context.Context, actor app.Actor, in *ByApp) (*one[offerDetail], error) {
	o, err := a.portal.Offer(ctx, actor, in.App)
	if err != nil {
		return nil, err
	}
	locale := words.Locale(ctx)
	detail := offerDetail{Offer: offerOf(o, locale), Description: o.App.Description.In(locale), Website: o.App.Upstream.Website, Questions: []question{}}
	for _, q := range o.App.Questions {
		detail.Questions = append(detail.Questions, questionOf(q, locale))
	}
	return &one[offerDetail]{detail}, nil
}

func offerOf(o portal.Offer, locale string) Offer {
	out := Offer{
		ID: o.App.ID, Name: o.App.Name, Summary: o.App.Summary.In(locale), Category: string(o.App.Category), Version: o.App.Upstream.Version,
		Licence: o.App.Upstream.Licence, Plans: []plan{},
	}
	for _, p := range o.Plans {
		out.Plans = append(out.Plans, planOf(p, locale))
	}
	return out
}

func planOf(p portal.PlanOffer, locale string) plan {
	return plan{
		ID: p.Plan.ID, Name: p.Plan.Name.In(locale), VCPU: p.Plan.VCPU, MemoryMiB: p.Plan.MemoryMiB, DiskGiB: p.Plan.DiskGiB, Users: p.Plan.Users,
		Price: p.Price, Setup: p.Setup, Interval: p.Interval, Prices: pricesOf(p), Usage: usageOf(p),
	}
}

func questionOf(q catalog.Question, locale string) question {
	out := question{
		ID: q.ID, Label: q.Label.In(locale), Help: q.Help.In(locale), Type: string(q.Type), Required: q.Required, Default: q.Default, Pattern: q.Pattern,
		MinLength: q.MinLength, MaxLength: q.MaxLength, Min: q.Min, Max: q.Max,
	}
	for _, c := range q.Choices {
		out.Choices = append(out.Choices, choice{c.Value, c.Label.In(locale)})
	}
	return out
}
