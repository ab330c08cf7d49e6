package cycle

import (
	"fmt"
	"strconv"

	"allotment/billing"
	"allotment/billing/invoice"
	"allotment/billing/tax"
)

// Agreement is all that an invoice of a seller to a customer depends on beside the charges.
type Agreement struct {
	Seller    invoice.Party
	Buyer     invoice.Party
	SellerTax tax.Seller
	BuyerTax  tax.Buyer
	Evidence  []tax.Evidence
	Policy    tax.Policy
	Rates     tax.Table
	Payment   invoice.Payment
	DueDays   int // after its date
	Currency  string
	Language  string // en, nl or de
	Reference string // what the buyer wants to read on its invoices
}

// Draft returns the calculated invoice for charges on day, without its number. A period in which the VAT rate changes becomes a line for
// each rate, whose amounts add up to the price.
//
// It fails in words for the seller's staff when the VAT cannot be decided or a charge is in another currency. A draft that must wait for an
// answer says so in its lines' Tax.Hold.
func Draft(a Agreement, charges []Charge, day billing.Date) (invoice.Document, error) {
	d := invoice.Document{
		Kind: invoice.Invoice, Issued: day, Due: day.AddDays(a.DueDays), TaxPoint: day, Currency: a.Currency, Language: a.Language,
		Seller: a.Seller, Buyer: a.Buyer, Payment: a.Payment, BuyerReference: a.Reference,
	}
	for _, c := range charges {
		if c.Price.Currency != a.Currency {
			return invoice.Document{}, fmt.Errorf("the price of %s is in %s, and the customer's invoices are in %s", c.Name, c.Price.Currency, a.Currency)
		}
		lines, err := a.lines(c, len(d.Lines))
		if err == nil && c.Coupon != nil {
			lines, err = c.Coupon.Apply(lines, a.Currency, couponName(a.Language, c.Coupon.Code))
		}
		if err != nil {
			return invoice.Document{}, err
		}
		d.Lines = append(d.Lines, lines...)
	}
	return invoice.Calculate(d)
}

// lines returns the lines of one charge; count is how many lines stand before them.
func (a Agreement) lines(c Charge, count int) ([]invoice.Line, error) {
	if c.Kind.IsUsage() {
		return a.usageLines(c, count)
	}
	decision, err := a.decide(c.Period.Start)
	if err != nil {
		return nil, err
	}
	item := invoice.Item{Source: c.Subscription, Name: c.Name, Description: c.Description, Tax: decision}
	id := func(i int) string { return strconv.Itoa(count + i + 1) }
	if c.Kind == Setup {
		item.Name = setupName(a.Language, c.Name)
		line, err := invoice.SetupLine(id(0), item, c.Price)
		return []invoice.Line{line}, err
	}
	parts := a.Rates.Cut(decision.Country, c.Period)
	if decision.Country == "" || len(parts) < 2 {
		line, err := invoice.PeriodLine(id(0), item, c.Price, c.Period, c.Whole)
		return []invoice.Line{line}, err
	}
	amount, err := billing.Prorate(c.Price, c.Period, c.Whole)
	if err != nil {
		return nil, err
	}
	weights := make([]int64, len(parts))
	for i, part := range parts {
		weights[i] = int64(part.Days())
	}
	shares, err := amount.Split(weights)
	if err != nil {
		return nil, err
	}
	lines := make([]invoice.Line, len(parts))
	for i, part := range parts {
		if item.Tax, err = a.decide(part.Start); err != nil {
			return nil, err
		}
		if lines[i], err = invoice.SetupLine(id(i), item, shares[i]); err != nil {
			return nil, err
		}
		lines[i].Period, lines[i].Whole = part, part
	}
	return lines, nil
}

func (a Agreement) decide(point billing.Date) (tax.Decision, error) {
	return tax.Decide(tax.Sale{Seller: a.SellerTax, Buyer: a.BuyerTax, Evidence: a.Evidence, Policy: a.Policy, Rates: a.Rates, Point: point})
}

// setupName is how a setup fee is called on an invoice.
func setupName(language, name string) string {
	switch tax.Language(language) {
	case "nl":
		return name + ": inrichting"
	case "de":
		return name + ": Einrichtung"
	}
	return name + ": set-up"
}

// couponName is how a coupon is called on an invoice.
func couponName(language, code string) string {
	switch tax.Language(language) {
	case "nl":
		return "Kortingscode " + code
	case "de":
		return "Gutschein " + code
	}
	return "Coupon " + code
}
