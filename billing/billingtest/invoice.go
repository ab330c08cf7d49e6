package billingtest

import (
	"cmp"
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
	// Currency is the document's, EUR where it is "". Stated is the one in which its VAT is stated too, where there is any.
	Currency, Stated string
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
	case "CZ":
		p.VATID, p.LegalID, p.PostCode = "CZ12345678", "12345678", "110 00"
		p.Endpoint, p.EndpointScheme = "CZ12345678", "9929"
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
			taxed(home+" domestic company", seller, party(home, "customer"), tax.Seller{Country: home}, tax.Buyer{Country: home, Business: true}),
			taxed(home+" domestic consumer", seller, person(home), tax.Seller{Country: home}, tax.Buyer{Country: home}),
			taxed(home+" reverse charge", seller, away, tax.Seller{Country: home}, company),
			taxed(home+" one-stop shop", seller, person("FI"), tax.Seller{Country: home, OSS: true}, tax.Buyer{Country: "FI"}),
			taxed(home+" below the threshold", seller, person("HU"), tax.Seller{Country: home, BelowLimit: true}, tax.Buyer{Country: "HU"}),
			taxed(home+" small business", small, person(home), tax.Seller{Country: home, SmallBusiness: true}, tax.Buyer{Country: home}),
			taxed(home+" outside, out of scope", seller, person("CH"), tax.Seller{Country: home}, tax.Buyer{Country: "CH"}),
			taxed(home+" outside, export", seller, person("US"), tax.Seller{Country: home, ExportAs: tax.FreeExport}, tax.Buyer{Country: "US"}),
		)
	}
	return cases
}

func taxed(name string, seller, buyer invoice.Party, sellerTax tax.Seller, buyerTax tax.Buyer) Case {
	return Case{Name: name, Seller: seller, Buyer: buyer, SellerTax: sellerTax, BuyerTax: buyerTax}
}

// StatedCases returns sales in another currency than that of the seller's state, whose VAT is stated in both; the last has no VAT to state.
func StatedCases() []Case {
	var cases []Case
	for _, c := range []struct{ home, away, currency string }{
		{"NL", "NL", "CHF"}, {"DE", "DE", "USD"}, {"BE", "BE", "JPY"}, {"NL", "FI", "HUF"}, {"CZ", "CZ", "EUR"}, {"NL", "BE", "GBP"},
	} {
		buyer := party(c.away, "customer")
		buys := tax.Buyer{Country: c.away, Business: c.home != "BE" && c.away != "FI", ID: buyer.VATID, Check: tax.Valid}
		taxed := taxed(fmt.Sprintf("%s to %s in %s", c.home, c.away, c.currency), party(c.home, "seller"), buyer, tax.Seller{Country: c.home, OSS: true}, buys)
		taxed.Currency, taxed.Stated = c.currency, tax.NationalCurrency(c.home)
		cases = append(cases, taxed)
	}
	return cases
}

// Invoice returns an issued invoice of a tax case with any lines, discounts, usage and dates.
func Invoice(t testing.TB, dice *rand.Rand, c Case, number int) invoice.Document {
	t.Helper()
	issued := Day(t, "2026-01-01").AddDays(dice.IntN(1000))
	sale := tax.Sale{Seller: c.SellerTax, Buyer: c.BuyerTax, Point: issued, Rates: tax.Seed(),
		Evidence: []tax.Evidence{{Kind: "address", Country: c.BuyerTax.Country}, {Kind: "card", Country: c.BuyerTax.Country}}}
	decision, err := tax.Decide(sale)
	if err != nil {
		t.Fatalf("%s: %v", c.Name, err)
	}
	currency := cmp.Or(c.Currency, "EUR")
	d := invoice.Document{Kind: invoice.Invoice, Number: fmt.Sprintf("2026-%05d", number), Issued: issued, Due: issued.AddDays(14),
		TaxPoint: issued, Currency: currency, Language: []string{"en", "nl", "de"}[dice.IntN(3)], Seller: c.Seller, Buyer: c.Buyer,
		BuyerReference: "Desk 7", Payment: invoice.Payment{IBAN: "NL02ABNA0123456789", Holder: c.Seller.Name, Reference: "RF18539007547034"}}
	for i := range 1 + dice.IntN(8) {
		d.Lines = append(d.Lines, line(t, dice, strconv.Itoa(i+1), issued, decision, currency))
	}
	if dice.IntN(3) == 0 {
		coupon := invoice.Coupon{Code: "DEMO", Amount: billing.Money{Minor: 1 + dice.Int64N(3000), Currency: currency}}
		if dice.IntN(2) == 0 {
			coupon = invoice.Coupon{Code: "DEMO", Percent: billing.Int(1 + dice.Int64N(99))}
		}
		if d.Lines, err = coupon.Apply(d.Lines, currency, "Coupon DEMO"); err != nil {
			t.Fatal(err)
		}
	}
	if d, err = invoice.Calculate(d); err != nil {
		t.Fatalf("%s: %v", c.Name, err)
	}
	if c.Stated == "" {
		return d
	}
	if d, err = d.State(c.Stated, Rate(t, dice), issued.AddDays(-dice.IntN(4))); err != nil {
		t.Fatalf("%s: %v", c.Name, err)
	}
	return d
}

// Rate returns any price of one unit of a currency in another, from 0.0001 to 1,000.
func Rate(t testing.TB, dice *rand.Rand) billing.Decimal {
	t.Helper()
	rate, err := billing.NewDecimal(1+dice.Int64N([]int64{10, 10_000, 10_000_000}[dice.IntN(3)]), 4)
	if err != nil {
		t.Fatal(err)
	}
	return rate
}

// line returns a period, a fee or usage.
func line(t testing.TB, dice *rand.Rand, id string, start billing.Date, decision tax.Decision, currency string) invoice.Line {
	t.Helper()
	item := invoice.Item{Source: "subscription-" + id, Name: "Nextcloud M & <more>", Description: "cloud.example.org; = 20 users", Tax: decision}
	whole := billing.PeriodAt(start, billing.Intervals()[dice.IntN(3)], 0)
	var line invoice.Line
	var err error
	switch dice.IntN(3) {
	case 0:
		part := whole.From(start.AddDays(dice.IntN(28)))
		line, err = invoice.PeriodLine(id, item, billing.Money{Minor: 1 + dice.Int64N(50000), Currency: currency}, part, whole)
	case 1:
		line, err = invoice.SetupLine(id, item, billing.Money{Minor: dice.Int64N(10000), Currency: currency})
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
