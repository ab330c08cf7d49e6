package billingtest

import (
	"fmt"
	"math/rand/v2"
	"strconv"
	"testing"

	"allotment/billing"
	"allotment/billing/invoice"
	"allotment/billing/tax"
)

// Case is one way in which a sale is taxed: who sells to whom.
type Case struct {
	Name          string
	Seller, Buyer invoice.Party
	SellerTax     tax.Seller
	BuyerTax      tax.Buyer
}

// party is a plain demo party in a country.
func party(country, role string) invoice.Party {
	p := invoice.Party{ID: "org-" + role, Name: "Demo " + role + " " + country, Contact: "Desk", Street: "Example Street 1", PostCode: "1234 AB",
		City: "Exampletown", Country: country, Email: role + "@example.org", Phone: "+31 20 0000000"}
	switch country {
	case "NL":
		p.VATID, p.LegalID, p.LegalScheme = "NL123456789B01", "12345678", "0106"
		p.Endpoint, p.EndpointScheme = "12345678", "0106"
	case "DE":
		p.VATID, p.LegalID, p.PostCode = "DE123456789", "HRB 12345", "12345"
		p.Endpoint, p.EndpointScheme = "DE123456789", "9930"
	case "BE":
		p.VATID, p.LegalID, p.LegalScheme, p.PostCode = "BE0202239951", "0202239951", "0208", "1000"
		p.Endpoint, p.EndpointScheme = "0202239951", "0208"
	}
	return p
}

// person is a party without any number of a company.
func person(country string) invoice.Party {
	p := party(country, "customer")
	p.VATID, p.LegalID, p.LegalScheme, p.Endpoint, p.EndpointScheme = "", "", "", "", ""
	return p
}

// Cases returns every tax case for sellers in the Netherlands, Germany and Belgium.
func Cases() []Case {
	var cases []Case
	for i, home := range []string{"NL", "DE", "BE"} {
		abroad := []string{"DE", "BE", "NL"}[i]
		seller, away := party(home, "seller"), party(abroad, "customer")
		company := tax.Buyer{Country: abroad, Business: true, ID: away.VATID, Check: tax.Valid}
		small := seller
		small.VATID, small.TaxNumber = "", "123/456/78901"
		cases = append(cases,
			Case{home + " domestic company", seller, party(home, "customer"), tax.Seller{Country: home}, tax.Buyer{Country: home, Business: true}},
			Case{home + " domestic consumer", seller, person(home), tax.Seller{Country: home}, tax.Buyer{Country: home}},
			Case{home + " reverse charge", seller, away, tax.Seller{Country: home}, company},
			Case{home + " one-stop shop", seller, person("FI"), tax.Seller{Country: home, OSS: true}, tax.Buyer{Country: "FI"}},
			Case{home + " below the threshold", seller, person("HU"), tax.Seller{Country: home, BelowLimit: true}, tax.Buyer{Country: "HU"}},
			Case{home + " small business", small, person(home), tax.Seller{Country: home, SmallBusiness: true}, tax.Buyer{Country: home}},
			Case{home + " outside, out of scope", seller, person("CH"), tax.Seller{Country: home}, tax.Buyer{Country: "CH"}},
			Case{home + " outside, export", seller, person("US"), tax.Seller{Country: home, ExportAs: tax.FreeExport}, tax.Buyer{Country: "US"}},
		)
	}
	return cases
}

// Invoice returns an issued invoice of a tax case with any lines, discounts, usage and dates.
func Invoice(t *testing.T, dice *rand.Rand, c Case, number int) invoice.Document {
	t.Helper()
	issued := Day(t, "2026-01-01").AddDays(dice.IntN(1000))
	sale := tax.Sale{Seller: c.SellerTax, Buyer: c.BuyerTax, Point: issued, Rates: tax.Seed(),
		Evidence: []tax.Evidence{{Kind: "address", Country: c.BuyerTax.Country}, {Kind: "card", Country: c.BuyerTax.Country}}}
	decision, err := tax.Decide(sale)
	if err != nil {
		t.Fatalf("%s: %v", c.Name, err)
	}
	d := invoice.Document{Kind: invoice.Invoice, Number: fmt.Sprintf("2026-%05d", number), Issued: issued, Due: issued.AddDays(14),
		TaxPoint: issued, Currency: "EUR", Language: []string{"en", "nl", "de"}[dice.IntN(3)], Seller: c.Seller, Buyer: c.Buyer,
		BuyerReference: "Desk 7", Payment: invoice.Payment{IBAN: "NL02ABNA0123456789", Holder: c.Seller.Name, Reference: "RF18539007547034"}}
	for i := range 1 + dice.IntN(8) {
		d.Lines = append(d.Lines, line(t, dice, strconv.Itoa(i+1), issued, decision))
	}
	if dice.IntN(3) == 0 {
		coupon := invoice.Coupon{Code: "DEMO", Amount: Euro(1 + dice.Int64N(3000))}
		if dice.IntN(2) == 0 {
			coupon = invoice.Coupon{Code: "DEMO", Percent: billing.Int(1 + dice.Int64N(99))}
		}
		if d.Lines, err = coupon.Apply(d.Lines, "EUR", "Coupon DEMO"); err != nil {
			t.Fatal(err)
		}
	}
	if d, err = invoice.Calculate(d); err != nil {
		t.Fatalf("%s: %v", c.Name, err)
	}
	return d
}

// line returns a period, a fee or usage.
func line(t *testing.T, dice *rand.Rand, id string, start billing.Date, decision tax.Decision) invoice.Line {
	t.Helper()
	item := invoice.Item{Source: "subscription-" + id, Name: "Nextcloud M & <more>", Description: "cloud.example.org; = 20 users", Tax: decision}
	whole := billing.PeriodAt(start, billing.Intervals()[dice.IntN(3)], 0)
	var line invoice.Line
	var err error
	switch dice.IntN(3) {
	case 0:
		part := whole.From(start.AddDays(dice.IntN(28)))
		line, err = invoice.PeriodLine(id, item, Euro(1+dice.Int64N(50000)), part, whole)
	case 1:
		line, err = invoice.SetupLine(id, item, Euro(dice.Int64N(10000)))
	default:
		price, priceErr := billing.NewDecimal(dice.Int64N(1000000), 5)
		quantity, quantityErr := billing.NewDecimal(1+dice.Int64N(1000000), 3)
		if priceErr != nil || quantityErr != nil {
			t.Fatal(priceErr, quantityErr)
		}
		line = invoice.UsageLine(id, item, "HUR", quantity, price, whole)
	}
	if err != nil {
		t.Fatal(err)
	}
	return line
}
