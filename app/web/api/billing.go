package api

import (
	"context"
	"time"

	"allotment/app"
	"allotment/app/portal"
	"allotment/billing"
)

// billingDetails is who an organization is as a buyer.
type billingDetails struct {
	Business    bool       `json:"business" doc:"Or a private person."`
	Name        string     `json:"name"`
	Contact     string     `json:"contact,omitempty"`
	Street      string     `json:"street"`
	PostCode    string     `json:"post_code"`
	City        string     `json:"city"`
	Country     string     `json:"country" doc:"ISO 3166."`
	Email       string     `json:"email,omitempty" doc:"Where invoices go; absent for the people who may see bills."`
	Phone       string     `json:"phone,omitempty"`
	Language    string     `json:"language" enum:"en,nl,de" doc:"Of invoices."`
	VATID       string     `json:"vat_id,omitempty"`
	VATCheck    string     `json:"vat_check" enum:"valid,invalid,unchecked" doc:"What VIES said. No answer is unchecked, never invalid."`
	VATChecked  *time.Time `json:"vat_checked_at,omitempty"`
	LegalID     string     `json:"legal_id,omitempty" doc:"In the trade register."`
	Endpoint    string     `json:"endpoint,omitempty" doc:"On the Peppol network, as 0106:12345678."`
	Reference   string     `json:"reference,omitempty" doc:"It stands on each invoice."`
	OutsideArea bool       `json:"outside_area" doc:"In a part of its country without EU VAT."`
	Complete    bool       `json:"complete" doc:"Whether an invoice can be made out to it."`
}

type billingDetailsInput struct {
	Body struct {
		Business    bool   `json:"business" doc:"Or a private person."`
		Name        string `json:"name" maxLength:"200" example:"Demo Customer"`
		Contact     string `json:"contact,omitempty" maxLength:"200"`
		Street      string `json:"street" maxLength:"200" example:"Example Street 1"`
		PostCode    string `json:"post_code" maxLength:"40" example:"1234 AB"`
		City        string `json:"city" maxLength:"200" example:"Demo City"`
		Country     string `json:"country" maxLength:"2" doc:"ISO 3166." example:"NL"`
		Email       string `json:"email,omitempty" maxLength:"300"`
		Phone       string `json:"phone,omitempty" maxLength:"40" doc:"With the country's code."`
		Language    string `json:"language" enum:"en,nl,de"`
		VATID       string `json:"vat_id,omitempty" maxLength:"40"`
		LegalID     string `json:"legal_id,omitempty" maxLength:"80"`
		Endpoint    string `json:"endpoint,omitempty" maxLength:"80"`
		Reference   string `json:"reference,omitempty" maxLength:"200"`
		OutsideArea bool   `json:"outside_area,omitempty"`
	}
}

// billingOverview is what an organization pays.
type billingOverview struct {
	Monthly []billing.Money  `json:"monthly" nullable:"false" doc:"What running services cost in a month, net, for each currency."`
	Owed    []billing.Money  `json:"owed" nullable:"false" doc:"What is open."`
	Overdue []billing.Money  `json:"overdue" nullable:"false" doc:"Of that, what is past its day."`
	Credit  []billing.Money  `json:"credit" nullable:"false"`
	Next    []billingComing  `json:"next" nullable:"false" doc:"The next invoice of each account, the soonest first."`
	Open    []billingOpen    `json:"open" nullable:"false" doc:"The ten open invoices that are due first."`
	Running []billingRunning `json:"running" nullable:"false" doc:"What is paid for."`
	Missing string           `json:"missing,omitempty" enum:"details,terms" doc:"What keeps it from being invoiced: its own details, or its seller's terms."`
}

type billingComing struct {
	On      billing.Date   `json:"on" format:"date"`
	Total   *billing.Money `json:"total,omitempty" doc:"With VAT, exactly as it will be issued."`
	Problem string         `json:"problem,omitempty" doc:"Why it waits."`
}

type billingOpen struct {
	ID     app.ID        `json:"id" format:"uuid"`
	Number string        `json:"number"`
	Due    billing.Date  `json:"due" format:"date"`
	Left   billing.Money `json:"left"`
}

type billingRunning struct {
	Service  app.ID           `json:"service" format:"uuid"`
	Name     string           `json:"name"`
	Price    billing.Money    `json:"price" doc:"Net, for each interval."`
	Interval billing.Interval `json:"interval" enum:"month,quarter,year"`
	Next     *billing.Date    `json:"next,omitempty" format:"date"`
	Ends     *billing.Date    `json:"ends,omitempty" format:"date"`
}

func (a *API) addBilling() {
	const tag = "Bills"
	add(a, line{id: "getBillingOverview", method: get, path: "/billing", tag: tag, permission: app.SeeBilling, summary: "What the organization pays",
		description: "The next invoices, what is open, and credit."}, a.billingOverview)
	add(a, line{id: "getBillingDetails", method: get, path: "/billing/details", tag: tag, permission: app.SeeBilling, summary: "Who the organization is as a buyer"}, a.billingDetails)
	add(a, line{id: "setBillingDetails", method: put, path: "/billing/details", tag: tag, permission: app.ManageBilling, summary: "Say who the organization is as a buyer",
		description: "Documents that were issued stay as they are. A new VAT ID is looked up at once; when nobody answers, it stays unchecked and is asked about again."}, a.setBillingDetails)
}

func (a *API) billingDetails(ctx context.Context, actor app.Actor, _ *struct{}) (*one[billingDetails], error) {
	d, err := a.portal.BillingDetails(ctx, actor, app.ID{})
	if err != nil {
		return nil, err
	}
	return &one[billingDetails]{billingDetailsOf(d)}, nil
}

func (a *API) setBillingDetails(ctx context.Context, actor app.Actor, in *billingDetailsInput) (*one[billingDetails], error) {
	b := in.Body
	err := a.portal.SaveBillingDetails(ctx, actor, portal.DetailsRequest{
		Business: b.Business, Name: b.Name, Contact: b.Contact, Street: b.Street, PostCode: b.PostCode, City: b.City, Country: b.Country, Email: b.Email,
		Phone: b.Phone, Language: b.Language, VATID: b.VATID, LegalID: b.LegalID, Endpoint: b.Endpoint, Reference: b.Reference, OutsideArea: b.OutsideArea,
	})
	if err != nil {
		return nil, err
	}
	d, err := a.portal.BillingDetails(ctx, actor, app.ID{})
	if err != nil {
		return nil, err
	}
	if d.Profile.Buyer.ID != "" && d.Profile.Buyer.Check == "" {
		if _, err := a.portal.CheckVATID(ctx, actor, app.ID{}); err != nil {
			return nil, err
		}
	}
	return a.billingDetails(ctx, actor, nil)
}

func billingDetailsOf(d portal.BillingDetails) billingDetails {
	p := d.Profile.Party
	out := billingDetails{
		Business: d.Profile.Buyer.Business, Name: p.Name, Contact: p.Contact, Street: p.Street, PostCode: p.PostCode, City: p.City, Country: p.Country, Email: p.Email,
		Phone: p.Phone, Language: d.Profile.Language, VATID: string(p.VATID), VATCheck: string(d.Profile.Buyer.Check), LegalID: p.LegalID,
		Reference: d.Profile.Reference, OutsideArea: d.Profile.Buyer.OutsideArea, Complete: d.Complete,
	}
	if out.VATCheck == "" {
		out.VATCheck = "unchecked"
	}
	if out.Language == "" {
		out.Language = "en"
	}
	if p.Endpoint != "" {
		out.Endpoint = p.EndpointScheme + ":" + p.Endpoint
	}
	if at := d.Profile.CheckedAt; !at.IsZero() {
		at = stamp(at)
		out.VATChecked = &at
	}
	return out
}

func (a *API) billingOverview(ctx context.Context, actor app.Actor, _ *struct{}) (*one[billingOverview], error) {
	o, err := a.portal.BillingOverview(ctx, actor)
	if err != nil {
		return nil, err
	}
	list := func(m []billing.Money) []billing.Money { return append([]billing.Money{}, m...) }
	out := billingOverview{Monthly: list(o.Monthly), Owed: list(o.Owed), Overdue: list(o.Overdue), Credit: list(o.Credit), Missing: string(o.Gap),
		Next: []billingComing{}, Open: []billingOpen{}, Running: []billingRunning{}}
	for _, n := range o.Next {
		next := billingComing{On: n.On, Problem: n.Problem}
		if len(n.Document.Lines) > 0 {
			next.Total = &n.Document.Gross
		}
		out.Next = append(out.Next, next)
	}
	for _, d := range o.Open {
		out.Open = append(out.Open, billingOpen{d.ID, d.Number, d.Due, d.Left})
	}
	day := func(d billing.Date) *billing.Date {
		if d.IsZero() {
			return nil
		}
		return &d
	}
	for _, r := range o.Running {
		out.Running = append(out.Running, billingRunning{r.Service, r.Name, r.Price, r.Interval, day(r.Next), day(r.Ends)})
	}
	return &one[billingOverview]{out}, nil
}
