package api

import (
	"context"
	"time"

	"allotment/app"
	"allotment/app/portal"
	"allotment/billing"
)

// revenueReport is what a seller sold, by month.
type revenueReport struct {
	Months     []billing.Date    `json:"months" nullable:"false" format:"date" doc:"The first day of each month, the oldest first. Every list of amounts has one for each."`
	Currencies []revenueCurrency `json:"currencies" nullable:"false"`
}

type revenueCurrency struct {
	Currency  string       `json:"currency" example:"EUR"`
	Revenue   []int64      `json:"revenue" nullable:"false" doc:"Net, in minor units, wholesale included."`
	Cost      []int64      `json:"cost" nullable:"false" doc:"What of it a reseller pays its own provider."`
	Received  []int64      `json:"received" nullable:"false" doc:"Money that came in, less what went out."`
	Open      []int64      `json:"open" nullable:"false" doc:"What customers owed at each month's end."`
	Apps      []revenueApp `json:"apps" nullable:"false" doc:"The revenue by app, who sold most first."`
	Credit    int64        `json:"credit" doc:"What is owed to customers now."`
	Recurring int64        `json:"recurring" doc:"What running subscriptions bring in a month, net."`
}

type revenueApp struct {
	App     string  `json:"app" doc:"Its ID; * for all others, wholesale for what resellers pay, empty for what belongs to no app."`
	Revenue []int64 `json:"revenue" nullable:"false"`
}

// debtor is a customer that owes something.
type debtor struct {
	Customer app.ID        `json:"customer" format:"uuid"`
	Name     string        `json:"name" doc:"Empty for a former customer."`
	Invoices int           `json:"invoices" doc:"How many are open."`
	NotDue   billing.Money `json:"not_due"`
	Days30   billing.Money `json:"days_30" doc:"1 to 30 days late."`
	Days60   billing.Money `json:"days_60" doc:"31 to 60 days late."`
	Days90   billing.Money `json:"days_90" doc:"61 to 90 days late."`
	Older    billing.Money `json:"older"`
}

type vatReport struct {
	From  billing.Date `json:"from" format:"date"`
	Until billing.Date `json:"until" format:"date" doc:"The last day."`
	Rows  []vatRow     `json:"rows" nullable:"false" doc:"Those of the one-stop shop are the rows of its return."`
	Books []vatBooks   `json:"books" nullable:"false" doc:"The VAT of each state by the documents, and by the ledger."`
}

type vatRow struct {
	Scheme   string        `json:"scheme" doc:"The rule that it rests on: domestic, one-stop shop, reverse charge, …"`
	Category string        `json:"category" doc:"Of EN 16931: S, AE, E, G, O."`
	Country  string        `json:"country" doc:"Whose VAT it is; the buyer's country where there is none."`
	Rate     string        `json:"rate" doc:"Per cent." example:"21"`
	Net      billing.Money `json:"net"`
	VAT      billing.Money `json:"vat"`
}

type vatBooks struct {
	Country   string        `json:"country"`
	Documents billing.Money `json:"documents"`
	Ledger    billing.Money `json:"ledger"`
	Off       bool          `json:"off" doc:"They differ: do not file this before it is mended."`
}

type revenueInput struct {
	Months int `query:"months" minimum:"12" maximum:"24" multipleOf:"12" default:"12" doc:"How many, the present one included: 12 or 24."`
}

type ageingInput struct {
	Limit    int    `query:"limit" minimum:"1" maximum:"200" default:"50" doc:"How many rows at most."`
	After    string `query:"after" maxLength:"100" doc:"The next of the page before."`
	Currency string `query:"currency" maxLength:"3" doc:"Of the invoices; otherwise the installation's own."`
	Query    string `query:"q" maxLength:"100" doc:"A part of the customer's name."`
}

type vatInput struct {
	From  string `query:"from" format:"date" doc:"The first day of a month; otherwise of the present quarter." example:"2026-01-01"`
	Until string `query:"until" format:"date" doc:"The last day of a month, within a year; otherwise of the quarter in which from is." example:"2026-03-31"`
}

func (a *API) addReports() {
	const tag = "Reports"
	add(a, line{id: "revenueReport", method: get, path: "/reports/revenue", tag: tag, permission: app.SeeBilling, summary: "What was sold, by month",
		description: "For those who sell. Amounts are in minor units."}, a.revenue)
	add(a, line{id: "ageingReport", method: get, path: "/reports/ageing", tag: tag, permission: app.SeeBilling, summary: "Who owes what, by how long it has been due",
		description: "For those who sell. Who is the most late comes first."}, a.ageing)
	add(a, line{id: "vatReport", method: get, path: "/reports/vat", tag: tag, permission: app.SeeBilling, summary: "VAT of a period of whole months, by scheme, country and rate",
		description: "For those who sell."}, a.vat)
}

func (a *API) revenue(ctx context.Context, actor app.Actor, in *revenueInput) (*one[revenueReport], error) {
	r, err := a.portal.SalesReport(ctx, actor, in.Months)
	if err != nil {
		return nil, err
	}
	out := &one[revenueReport]{Body: revenueReport{Months: r.Months, Currencies: []revenueCurrency{}}}
	for _, f := range r.Currencies {
		c := revenueCurrency{Currency: f.Currency, Revenue: f.Revenue, Cost: f.Cost, Received: f.Received, Open: f.Open, Apps: []revenueApp{}, Credit: f.Credit, Recurring: f.Recurring}
		for _, s := range f.Apps {
			c.Apps = append(c.Apps, revenueApp{App: s.App, Revenue: s.Minor})
		}
		out.Body.Currencies = append(out.Body.Currencies, c)
	}
	return out, nil
}

func (a *API) ageing(ctx context.Context, actor app.Actor, in *ageingInput) (*list[debtor], error) {
	page, err := a.portal.Ageing(ctx, actor, portal.AgeingFilter{Currency: in.Currency, Text: in.Query, After: in.After, Limit: in.Limit})
	if err != nil {
		return nil, err
	}
	return listOf(ctx, page.Debtors, page.Next, func(d portal.Debtor) debtor {
		return debtor{Customer: d.Customer, Name: d.Name, Invoices: d.Invoices, NotDue: d.Ages[0], Days30: d.Ages[1], Days60: d.Ages[2], Days90: d.Ages[3], Older: d.Ages[4]}
	}), nil
}

func (a *API) vat(ctx context.Context, actor app.Actor, in *vatInput) (*one[vatReport], error) {
	period, err := a.vatPeriod(in)
	if err != nil {
		return nil, err
	}
	r, err := a.portal.VATReport(ctx, actor, period)
	if err != nil {
		return nil, err
	}
	out := &one[vatReport]{Body: vatReport{From: period.Start, Until: period.Last(), Rows: []vatRow{}, Books: []vatBooks{}}}
	for _, row := range r.Rows {
		out.Body.Rows = append(out.Body.Rows, vatRow{Scheme: string(row.Scheme), Category: string(row.Category), Country: row.Country, Rate: row.Rate.String(), Net: row.Net, VAT: row.VAT})
	}
	for _, c := range r.Books {
		out.Body.Books = append(out.Body.Books, vatBooks{Country: c.Country, Documents: c.Documents, Ledger: c.Books, Off: c.Off()})
	}
	return out, nil
}

// vatPeriod is what was asked for, or the quarter in which from or today is.
func (a *API) vatPeriod(in *vatInput) (billing.Period, error) {
	from := billing.DateIn(a.now(), time.UTC)
	var err error
	if in.From != "" {
		if from, err = billing.ParseDate(in.From); err != nil {
			return billing.Period{}, app.Because(app.Invalid, err, "A report is about whole months, a year at most.")
		}
	}
	quarter := billing.Date{Year: from.Year, Month: (from.Month-1)/3*3 + 1, Day: 1}
	period := billing.Period{Start: from, End: quarter.AddMonths(3)}
	if in.From == "" {
		period.Start = quarter
	}
	if in.Until != "" {
		until, err := billing.ParseDate(in.Until)
		if err != nil {
			return billing.Period{}, app.Because(app.Invalid, err, "A report is about whole months, a year at most.")
		}
		period.End = until.AddDays(1)
	}
	return period, nil
}
