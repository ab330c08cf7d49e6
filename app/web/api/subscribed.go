package api

import (
	"context"

	"allotment/app"
	"allotment/app/portal"
	"allotment/billing"
	"allotment/billing/invoice"
	"allotment/views/words"
)

// subscribed is all about what a service costs.
type subscribed struct {
	Service  app.ID           `json:"service" format:"uuid"`
	Plan     string           `json:"plan" doc:"The size that it has, or is getting."`
	Price    billing.Money    `json:"price" doc:"For each interval, without tax."`
	Interval billing.Interval `json:"interval" enum:"month,quarter,year"`
	Charged  string           `json:"charged_from,omitempty" format:"date" doc:"The first day that is charged, after a trial; absent before the service was first active."`
	Next     string           `json:"next_invoice_on,omitempty" format:"date" doc:"Absent where nothing comes any more."`
	Minimum  int              `json:"minimum_months" doc:"How long it runs at least."`
	Notice   int              `json:"notice_days" doc:"How long ahead it is given up."`
	Earliest string           `json:"earliest_end,omitempty" format:"date" doc:"The first day that would no longer be charged, if it were cancelled today."`
	Bound    bool             `json:"bound" doc:"Whether an end now would be charged until earliest_end all the same."`
	End      string           `json:"end,omitempty" format:"date" doc:"The first day that is no longer served, where it was cancelled."`
	Kept     string           `json:"kept_until,omitempty" format:"date" doc:"The first day on which its data is gone, where it was cancelled."`
	Later    *laterPlan       `json:"later,omitempty" doc:"Another size that was chosen for a later day."`
	Holds    []hold           `json:"holds" nullable:"false" doc:"What keeps it stopped."`
	Choices  []planChoice     `json:"choices" nullable:"false" doc:"The sizes that it could have, the smallest first."`
}

type laterPlan struct {
	Plan  string        `json:"plan"`
	Name  string        `json:"name" doc:"As it stands on invoices."`
	Price billing.Money `json:"price" doc:"For each interval, without tax."`
	On    string        `json:"on" format:"date"`
}

type hold struct {
	Kind   app.HoldKind `json:"kind" example:"dunning"`
	Reason string       `json:"reason"`
}

type planChoice struct {
	Plan       plan          `json:"plan"`
	Current    bool          `json:"current" doc:"Whether it has this size."`
	Difference billing.Money `json:"difference" doc:"From what is paid now, for an interval, without tax."`
	Restart    bool          `json:"restart" doc:"Whether the server is away for a minute or two while it changes."`
	Problem    string        `json:"problem,omitempty" doc:"Why it cannot have this size."`
}

// PlanChange is what another size does.
type PlanChange struct {
	Service   app.ID        `json:"service" format:"uuid"`
	Plan      plan          `json:"plan" doc:"The new size."`
	Before    billing.Money `json:"before" doc:"What was paid until now, for an interval, without tax."`
	When      portal.When   `json:"when" enum:"now,period_end"`
	On        string        `json:"on" format:"date" doc:"From when on the new size is served and charged."`
	Restart   bool          `json:"restart" doc:"Whether the server is away for a minute or two while it changes."`
	Documents []document    `json:"documents" nullable:"false" doc:"What is credited and charged at once."`
}

type planPreview struct {
	PlanChange
	Next *nextInvoice `json:"next_invoice,omitempty" doc:"The exact invoice that follows; absent where none does."`
}

type planChanged struct {
	PlanChange
	Operation *operation `json:"operation,omitempty" doc:"That changes the server; absent for a later day."`
}

// End is what the end of a service does.
type End struct {
	Service   app.ID      `json:"service" format:"uuid"`
	When      portal.When `json:"when" enum:"now,period_end"`
	End       string      `json:"end" format:"date" doc:"The first day that is no longer charged."`
	Kept      string      `json:"kept_until" format:"date" doc:"The first day on which its data is gone."`
	Bound     bool        `json:"bound" doc:"Whether a minimum term or notice is charged, although it ends now."`
	Documents []document  `json:"documents" nullable:"false" doc:"What is credited at once."`
}

type cancelPreview struct {
	End
	Next *nextInvoice `json:"next_invoice,omitempty" doc:"The exact invoice that follows; absent where none does."`
}

type cancelled struct {
	End
	Operation *operation `json:"operation,omitempty" doc:"That removes it; absent for a later day."`
}

type reactivatePreview struct {
	Next *nextInvoice `json:"next_invoice,omitempty" doc:"The exact invoice that follows; absent where none does."`
}

// document is an invoice or a credit note, issued or foreseen.
type document struct {
	Kind   invoice.Kind  `json:"kind" enum:"invoice,credit note"`
	Number string        `json:"number,omitempty" doc:"Absent in a preview."`
	Issued string        `json:"issued" format:"date"`
	Due    string        `json:"due" format:"date"`
	Lines  []invoiceLine `json:"lines" nullable:"false" doc:"Amounts are positive, on credit notes too."`
	Net    billing.Money `json:"net"`
	VAT    billing.Money `json:"vat"`
	Gross  billing.Money `json:"gross"`
}

type nextInvoice struct {
	Document *document `json:"document,omitempty"`
	Trouble  string    `json:"trouble,omitempty" doc:"Why it cannot be invoiced yet."`
}

func subscribedOf(ctx context.Context, s portal.Subscribed) subscribed {
	a := s.Agreement
	out := subscribed{
		Service: s.Service.ID, Plan: s.Service.Plan, Price: s.Subscription.Price, Interval: s.Subscription.Interval, Charged: a.Anchor.String(),
		Next: a.NextOn.String(), Minimum: a.Term.Minimum, Notice: a.Term.Notice, Earliest: s.Earliest.String(), Bound: s.Bound, End: a.End.String(),
		Kept: s.KeptUntil.String(), Holds: []hold{}, Choices: []planChoice{},
	}
	if a.Later != nil {
		out.Later = &laterPlan{a.Later.Plan, a.Later.Name, a.Later.Price, a.Later.On.String()}
	}
	for _, h := range s.Holds {
		out.Holds = append(out.Holds, hold{h.Kind, said(ctx, h.Reason)})
	}
	for _, c := range s.Choices {
		choice := planChoice{Plan: planOf(c.PlanOffer, words.Locale(ctx)), Current: c.Current, Difference: c.Difference, Restart: c.Restart}
		if c.Problem != nil {
			choice.Problem = words.Error(ctx, c.Problem)
		}
		out.Choices = append(out.Choices, choice)
	}
	return out
}

func planChangeOf(ctx context.Context, c portal.PlanChanged) PlanChange {
	return PlanChange{c.Service.ID, planOf(c.After, words.Locale(ctx)), c.Before, c.When, c.On.String(), c.Resizing.Restart, documentsOf(c.Documents)}
}

func endOf(c portal.Cancelled) End {
	return End{c.Service.ID, c.When, c.End.String(), c.KeptUntil.String(), c.Bound, documentsOf(c.Documents)}
}

func documentsOf(documents []invoice.Document) []document {
	all := []document{}
	for _, d := range documents {
		all = append(all, documentOf(d))
	}
	return all
}

func documentOf(d invoice.Document) document {
	return document{d.Kind, d.Number, d.Issued.String(), d.Due.String(), invoiceLines(d), d.Net, d.VAT, d.Gross}
}

func nextOf(ctx context.Context, n *portal.NextInvoice) *nextInvoice {
	if n == nil {
		return nil
	}
	if n.Trouble != nil {
		return &nextInvoice{Trouble: words.Error(ctx, n.Trouble)}
	}
	d := documentOf(n.Document)
	return &nextInvoice{Document: &d}
}

// following is where to see what goes on with a service, and the operation that does it: none where it happens on a later day.
func following(ctx context.Context, service app.ID, o app.Operation) (string, *operation) {
	if o.ID == (app.ID{}) {
		return at("services", service.String(), "subscription"), nil
	}
	out := operationOf(ctx, o)
	return at("operations", o.ID.String()), &out
}
