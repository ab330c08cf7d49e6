package api

import (
	"allotment/app/portal"
	"allotment/billing"
	"allotment/billing/invoice"
)

// planPrice is what a size costs when it is paid for one interval.
type planPrice struct {
	Interval billing.Interval `json:"interval" enum:"month,quarter,year"`
	Price    billing.Money    `json:"price" doc:"For each interval, without tax."`
	Setup    billing.Money    `json:"setup" doc:"Once, without tax."`
	Trial    int              `json:"trial_days" doc:"Days at the beginning that are free."`
	Minimum  int              `json:"minimum_months" doc:"How long it runs at least."`
	Notice   int              `json:"notice_days" doc:"How long ahead it is given up."`
}

func pricesOf(p portal.PlanOffer) []planPrice {
	all := []planPrice{}
	for _, each := range p.Intervals {
		all = append(all, planPrice{each.Interval, each.Price, each.Setup, each.Trial, each.Term.Minimum, each.Term.Notice})
	}
	return all
}

// usagePrice is what one unit costs of something that is measured while a size is used.
type usagePrice struct {
	Meter      string         `json:"meter" enum:"guest_hours,disk_gib_hours,traffic_gib" doc:"What is measured: hours that its server runs, GiB of its disk times those hours, GiB that leave the network."`
	Price      string         `json:"price" doc:"Of one unit, without tax, in the currency's main unit." example:"0.012"`
	Currency   string         `json:"currency" example:"EUR"`
	WholeMonth *billing.Money `json:"whole_month,omitempty" doc:"What it comes to in a month of 31 days in which the service runs all the time, without tax; no ceiling. Left out where nobody can say."`
}

func usageOf(p portal.PlanOffer) []usagePrice {
	all := []usagePrice{}
	for _, u := range p.Usage {
		one := usagePrice{Meter: string(u.Meter), Price: u.Price.String(), Currency: u.Currency}
		if month, err := p.WholeMonth(u); err == nil && !month.IsZero() {
			one.WholeMonth = &month
		}
		all = append(all, one)
	}
	return all
}

// firstInvoice is the invoice that comes first.
type firstInvoice struct {
	Taxed  bool          `json:"taxed" doc:"Whether VAT is known: without your billing details it is not, and the sums are without it."`
	Lines  []invoiceLine `json:"lines" nullable:"false"`
	Net    billing.Money `json:"net"`
	VAT    billing.Money `json:"vat"`
	Gross  billing.Money `json:"gross"`
	Issued string        `json:"issued" doc:"Its date; \"\" where nothing is invoiced."`
	Due    string        `json:"due"`
	Next   string        `json:"next" doc:"When the next invoice comes."`
	Ends   string        `json:"earliest_end" doc:"The first day that is no longer served, when it is given up at once."`
}

type invoiceLine struct {
	Name  string        `json:"name"`
	Start string        `json:"start" doc:"The first day that it pays for; \"\" for a fee."`
	End   string        `json:"end" doc:"The first day that it no longer pays for."`
	Net   billing.Money `json:"net" doc:"After discounts."`
}

func firstOf(p portal.Preview) firstInvoice {
	d := p.First.Document
	return firstInvoice{
		Taxed: p.First.Taxed, Lines: invoiceLines(d), Net: d.Net, VAT: d.VAT, Gross: d.Gross, Issued: d.Issued.String(), Due: d.Due.String(),
		Next: p.First.Next.String(), Ends: p.First.Ends.String(),
	}
}

func invoiceLines(d invoice.Document) []invoiceLine {
	all := []invoiceLine{}
	for _, line := range d.Lines {
		all = append(all, invoiceLine{line.Name, line.Period.Start.String(), line.Period.End.String(), line.Net})
	}
	return all
}
