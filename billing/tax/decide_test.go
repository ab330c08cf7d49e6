package tax_test

import (
	"strings"
	"testing"

	"allotment/billing/billingtest"
	"allotment/billing/tax"
)

var (
	dutch    = tax.Seller{Country: "NL"}
	shop     = tax.Seller{Country: "NL", OSS: true}
	small    = tax.Seller{Country: "DE", SmallBusiness: true}
	below    = tax.Seller{Country: "NL", BelowLimit: true}
	local    = tax.Seller{Country: "NL", Registered: []string{"DE"}}
	exporter = tax.Seller{Country: "BE", ExportAs: tax.FreeExport}
)

func consumer(country string) tax.Buyer { return tax.Buyer{Country: country} }

func company(country string, id tax.ID, check tax.Check) tax.Buyer {
	return tax.Buyer{Country: country, Business: true, ID: id, Check: check}
}

// TestDecide has one row for each branch that the law knows.
func TestDecide(t *testing.T) {
	t.Parallel()
	hold, one := tax.Policy{HoldUnchecked: true}, tax.Policy{OneProof: true}
	proofs := func(countries ...string) (list []tax.Evidence) {
		for i, country := range countries {
			list = append(list, tax.Evidence{Kind: []string{"address", "ip", "card"}[i], Country: country})
		}
		return list
	}
	cases := []struct {
		name     string
		seller   tax.Seller
		buyer    tax.Buyer
		evidence []tax.Evidence
		policy   tax.Policy
		want     string // category rate country scheme, with " hold" when it must wait
	}{
		{"consumer at home", dutch, consumer("NL"), nil, hold, "S 21 NL domestic"},
		{"company at home", dutch, company("NL", "NL123456789B01", tax.Valid), nil, hold, "S 21 NL domestic"},
		{"small business at home", small, consumer("DE"), nil, hold, "E 0  small business"},
		{"small business to a company abroad", small, company("NL", "NL123456789B01", tax.Valid), nil, hold, "AE 0  reverse charge"},
		{"small business to a consumer abroad", small, consumer("NL"), nil, hold, "E 0  small business"},
		{"small business out of the EU", small, consumer("CH"), nil, hold, "O 0  outside the EU"},
		{"company abroad", dutch, company("DE", "DE123456789", tax.Valid), nil, hold, "AE 0  reverse charge"},
		{"company abroad with an ID of a third state", dutch, company("DE", "FR12345678901", tax.Valid), nil, hold, "AE 0  reverse charge"},
		{"company abroad with an ID of the seller's state", dutch, company("DE", "NL123456789B01", tax.Valid), nil, hold, "S 21 NL domestic"},
		{"VIES cannot answer, hold", shop, company("DE", "DE123456789", tax.Unchecked), proofs("DE", "DE"), hold, "S 19 DE one-stop shop hold"},
		{"VIES cannot answer, charge", shop, company("DE", "DE123456789", tax.Unchecked), proofs("DE", "DE"), tax.Policy{}, "S 19 DE one-stop shop"},
		{"invalid ID", shop, company("DE", "DE123456789", tax.Invalid), proofs("DE", "DE"), hold, "S 19 DE one-stop shop"},
		{"company without an ID", shop, company("DE", "", tax.Unchecked), proofs("DE", "DE"), hold, "S 19 DE one-stop shop"},
		{"a person with an ID is a consumer", shop, tax.Buyer{Country: "DE", ID: "DE123456789", Check: tax.Valid}, proofs("DE", "DE"), hold, "S 19 DE one-stop shop"},
		{"OSS", shop, consumer("FI"), proofs("FI", "FI"), hold, "S 25.5 FI one-stop shop"},
		{"OSS with one proof", shop, consumer("FI"), proofs("FI", "SE"), hold, "S 25.5 FI one-stop shop hold"},
		{"OSS, one proof is enough", shop, consumer("FI"), proofs("FI", "SE"), one, "S 25.5 FI one-stop shop"},
		{"OSS, two of three", shop, consumer("FI"), proofs("FI", "SE", "FI"), hold, "S 25.5 FI one-stop shop"},
		{"OSS, the same kind twice", shop, consumer("FI"), append(proofs("FI"), proofs("FI")...), hold, "S 25.5 FI one-stop shop hold"},
		{"OSS without proof", shop, consumer("FI"), nil, one, "S 25.5 FI one-stop shop hold"},
		{"below the threshold", below, consumer("HU"), nil, hold, "S 21 NL home rate below the threshold"},
		{"registered there", local, consumer("DE"), proofs("DE", "DE"), hold, "S 19 DE registered in the customer's country"},
		{"outside the EU, company", dutch, company("US", "", tax.Unchecked), nil, hold, "O 0  outside the EU"},
		{"outside the EU, consumer", dutch, consumer("GB"), nil, hold, "O 0  outside the EU"},
		{"outside the EU, as export", exporter, consumer("CH"), nil, hold, "G 0  outside the EU"},
		{"a territory without EU VAT", dutch, tax.Buyer{Country: "ES", OutsideArea: true}, nil, hold, "O 0  outside the EU"},
		{"not registered", dutch, consumer("DE"), nil, hold, "error"},
		{"registered elsewhere", local, consumer("FR"), nil, hold, "error"},
		{"no country", dutch, consumer(""), nil, hold, "error"},
		{"a seller outside the EU", tax.Seller{Country: "US"}, consumer("DE"), nil, hold, "error"},
		{"a wrong category", tax.Seller{Country: "NL", ExportAs: "S"}, consumer("US"), nil, hold, "error"},
	}
	for _, c := range cases {
		d, err := tax.Decide(tax.Sale{Seller: c.seller, Buyer: c.buyer, Evidence: c.evidence, Policy: c.policy,
			Point: billingtest.Day(t, "2026-11-20"), Rates: tax.Seed()})
		got := strings.Join([]string{string(d.Category), d.Rate.String(), d.Country, string(d.Scheme)}, " ")
		if d.Hold != "" {
			got += " hold"
		}
		if err != nil {
			got = "error"
		}
		if got != c.want {
			t.Errorf("%s: %q (%v), want %q", c.name, got, err, c.want)
		}
	}
}

// TestNoVATAlwaysHasItsReason: whoever buys, a sale without VAT says why in each language, and one with VAT says nothing.
func TestNoVATAlwaysHasItsReason(t *testing.T) {
	t.Parallel()
	dice := billingtest.Dice(t)
	countries := strings.Fields("NL DE BE FR EE GR US GB CH")
	sellers := []tax.Seller{dutch, shop, small, below, local, exporter}
	for range 5000 {
		sale := tax.Sale{Seller: sellers[dice.IntN(len(sellers))], Rates: tax.Seed(), Point: billingtest.Date(dice),
			Buyer: company(countries[dice.IntN(len(countries))], tax.ID([]string{"", "DE123456789", "NL123456789B01"}[dice.IntN(3)]),
				[]tax.Check{tax.Unchecked, tax.Valid, tax.Invalid}[dice.IntN(3)])}
		sale.Buyer.Business = dice.IntN(2) == 0
		d, err := tax.Decide(sale)
		if err != nil {
			continue
		}
		taxed := d.Category == tax.Standard
		if taxed != (d.Rate.Sign() > 0) || taxed != (d.Country != "") {
			t.Fatalf("%+v: %+v", sale.Buyer, d)
		}
		if d.Category == tax.Reverse && (!sale.Buyer.Business || sale.Buyer.Check != tax.Valid || sale.Buyer.Country == sale.Seller.Country) {
			t.Fatalf("reverse charge for %+v", sale.Buyer)
		}
		for _, language := range []string{"en", "nl", "de-AT", "fr"} {
			if text := d.Wording(sale.Seller.Country, language); (text == "") != taxed {
				t.Fatalf("%+v in %s says %q", d, language, text)
			}
		}
	}
}

func TestWordingNamesTheLaw(t *testing.T) {
	t.Parallel()
	cases := []struct{ scheme, country, locale, want string }{
		{"reverse charge", "NL", "nl", "Btw verlegd"},
		{"reverse charge", "NL", "de", "Steuerschuldnerschaft des Leistungsempfängers"},
		{"small business", "DE", "de", "§ 19 UStG"},
		{"small business", "NL", "nl-NL", "artikel 25 Wet OB 1968"},
		{"small business", "FR", "en", "article 284"},
		{"outside the EU", "NL", "en", "Not subject to VAT"},
	}
	for _, c := range cases {
		if got := (tax.Decision{Scheme: tax.Scheme(c.scheme)}).Wording(c.country, c.locale); !strings.Contains(got, c.want) {
			t.Errorf("%s of %s in %s: %q", c.scheme, c.country, c.locale, got)
		}
	}
}

// TestReportAddsUp: the rows hold what the lines hold, whatever their order.
func TestReportAddsUp(t *testing.T) {
	t.Parallel()
	dice := billingtest.Dice(t)
	var lines []tax.Line
	var net, vat int64
	for range 500 {
		d := tax.Decision{Category: tax.Reverse, Scheme: tax.ReverseCharge}
		line := tax.Line{Decision: d, Buyer: []string{"DE", "FR"}[dice.IntN(2)], Net: billingtest.Euro(dice.Int64N(1000) - 200), VAT: billingtest.Euro(0)}
		if dice.IntN(2) == 0 {
			rate, err := tax.Seed().On([]string{"FI", "HU"}[dice.IntN(2)], billingtest.Day(t, "2026-01-01"))
			if err != nil {
				t.Fatal(err)
			}
			line.Decision = tax.Decision{Category: tax.Standard, Scheme: tax.OSS, Country: rate.Country, Rate: rate.Percent}
			line.VAT = billingtest.Euro(dice.Int64N(100))
		}
		net, vat, lines = net+line.Net.Minor, vat+line.VAT.Minor, append(lines, line)
	}
	rows, err := tax.Report(lines)
	if err != nil || len(rows) != 4 || rows[0].Country != "FI" || rows[3].Country != "FR" {
		t.Fatalf("%+v, %v", rows, err)
	}
	for _, row := range rows {
		net, vat = net-row.Net.Minor, vat-row.VAT.Minor
	}
	if net != 0 || vat != 0 {
		t.Errorf("%d net and %d VAT were lost", net, vat)
	}
}
