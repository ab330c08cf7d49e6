package invoice_test

import (
	"math"
	"reflect"
	"strings"
	"testing"

	"allotment/billing"
	"allotment/billing/billingtest"
	"allotment/billing/invoice"
	"allotment/billing/tax"
)

var dutchVAT = tax.Decision{Category: tax.Standard, Rate: billing.Int(21), Country: "NL", Scheme: tax.Domestic}

func usage(id, quantity, price string) invoice.Line {
	return invoice.UsageLine(id, invoice.Item{Name: "Usage", Tax: dutchVAT}, "HUR", billing.MustDecimal(quantity), billing.MustDecimal(price), billing.Period{})
}

func draft(currency string, lines ...invoice.Line) invoice.Document {
	return invoice.Document{Kind: invoice.Invoice, Number: "1", Currency: currency, Lines: lines}
}

// TestVATOncePerGroup: three lines of 0.33 have 0.07 VAT each by themselves, which is 0.21; the law's way on 0.99 is 0.21, and on
// three lines of 0.31 it is 0.20 and not 0.21.
func TestVATOncePerGroup(t *testing.T) {
	t.Parallel()
	d, err := invoice.Calculate(draft("EUR", usage("1", "1", "0.31"), usage("2", "1", "0.31"), usage("3", "1", "0.31")))
	if err != nil || d.Net.Minor != 93 || d.VAT.Minor != 20 || d.Gross.Minor != 113 || len(d.Groups) != 1 {
		t.Errorf("%v + %v = %v in %d groups, %v", d.Net, d.VAT, d.Gross, len(d.Groups), err)
	}
	other := usage("2", "1", "0.31")
	other.Tax.Rate = billing.Int(9)
	d, err = invoice.Calculate(draft("EUR", usage("1", "1", "0.31"), other, usage("3", "1", "0.31")))
	if err != nil || len(d.Groups) != 2 || d.Groups[0].Base.Minor != 62 || d.Groups[0].VAT.Minor != 13 || d.Groups[1].VAT.Minor != 3 {
		t.Errorf("%+v, %v", d.Groups, err)
	}
}

func TestAmountsAtTheirEdges(t *testing.T) {
	t.Parallel()
	cases := []struct {
		name, currency, quantity, price string
		net, vat                        int64
	}{
		{"half a cent", "EUR", "1", "0.005", 1, 0},
		{"over 32 bits", "EUR", "1", "99999999.99", 9999999999, 2100000000},
		{"no decimals", "JPY", "3", "1500", 4500, 945},
		{"three decimals", "KWD", "1", "1.005", 1005, 211},
		{"a price of nothing", "EUR", "1", "0", 0, 0},
	}
	for _, c := range cases {
		d, err := invoice.Calculate(draft(c.currency, usage("1", c.quantity, c.price)))
		if err != nil || d.Net.Minor != c.net || d.VAT.Minor != c.vat {
			t.Errorf("%s: %v and %v, %v", c.name, d.Net, d.VAT, err)
		}
		if err := invoice.Verify(d); err != nil {
			t.Errorf("%s: %v", c.name, err)
		}
	}
}

func TestCalculateRefuses(t *testing.T) {
	t.Parallel()
	undecided, foreign, outside, rated := usage("2", "1", "1"), usage("2", "1", "1"), usage("2", "1", "1"), usage("2", "1", "1")
	undecided.Tax = tax.Decision{}
	foreign.Tax.Country = "DE"
	outside.Tax = tax.Decision{Category: tax.OutOfScope}
	rated.Tax.Category = tax.Reverse
	off := usage("2", "1", "1")
	off.Discounts = []invoice.Discount{{Reason: "much", Amount: billingtest.Euro(101)}}
	nameless := usage("2", "1", "1")
	nameless.Name = ""
	cases := map[string]invoice.Document{
		"no lines":                   draft("EUR"),
		"a negative quantity":        draft("EUR", usage("1", "-1", "1")),
		"a quantity of nothing":      draft("EUR", usage("1", "0", "1")),
		"a negative price":           draft("EUR", usage("1", "1", "-1")),
		"an unknown currency":        draft("XXX", usage("1", "1", "1")),
		"an ID twice":                draft("EUR", usage("1", "1", "1"), usage("1", "1", "1")),
		"no ID":                      draft("EUR", usage("", "1", "1")),
		"undecided VAT":              draft("EUR", usage("1", "1", "1"), undecided),
		"two countries":              draft("EUR", usage("1", "1", "1"), foreign),
		"out of scope beside others": draft("EUR", usage("1", "1", "1"), outside),
		"reverse charge with a rate": draft("EUR", rated),
		"a discount over the price":  draft("EUR", off),
		"no name":                    draft("EUR", nameless),
		"more than 64 bits":          draft("EUR", usage("1", "9223372036854775807", "1")),
		"a sum over 64 bits":         draft("EUR", usage("1", "1", "92233720368547758.07"), usage("2", "1", "1")),
		"VAT over 64 bits":           draft("EUR", usage("1", "1", "92233720368547758.07")),
	}
	for name, d := range cases {
		if got, err := invoice.Calculate(d); err == nil {
			t.Errorf("%s was calculated: %v", name, got.Gross)
		}
	}
}

// TestEveryInvoiceIsExact: whatever the lines, the other arithmetic agrees, the document is fit to be issued, its preview is equal to
// it, and a cent more or less anywhere is found.
func TestEveryInvoiceIsExact(t *testing.T) {
	t.Parallel()
	dice := billingtest.Dice(t)
	for round := range 40 {
		for i, c := range billingtest.Cases() {
			d := billingtest.Invoice(t, dice, c, round*100+i)
			if err := d.Ready(); err != nil {
				t.Fatalf("%s: %v", c.Name, err)
			}
			again, err := invoice.Calculate(d)
			if err != nil || !reflect.DeepEqual(again, d) {
				t.Fatalf("%s: calculated again, it differs (%v)", c.Name, err)
			}
			for _, amount := range []func(*invoice.Document) *int64{
				func(d *invoice.Document) *int64 { return &d.Lines[0].Net.Minor },
				func(d *invoice.Document) *int64 { return &d.Groups[0].Base.Minor },
				func(d *invoice.Document) *int64 { return &d.Groups[0].VAT.Minor },
				func(d *invoice.Document) *int64 { return &d.Groups[0].Rounding },
				func(d *invoice.Document) *int64 { return &d.Net.Minor },
				func(d *invoice.Document) *int64 { return &d.Gross.Minor },
				func(d *invoice.Document) *int64 { return &d.Payable.Minor },
			} {
				wrong := again
				wrong.Lines, wrong.Groups = append([]invoice.Line(nil), d.Lines...), append([]invoice.Group(nil), d.Groups...)
				*amount(&wrong)++
				if invoice.Verify(wrong) == nil {
					t.Fatalf("%s: a cent too much was not found", c.Name)
				}
			}
		}
	}
}

func TestReadySaysWhatIsMissing(t *testing.T) {
	t.Parallel()
	dice := billingtest.Dice(t)
	cases := map[string]struct {
		at    int
		spoil func(*invoice.Document)
	}{
		"number":         {0, func(d *invoice.Document) { d.Number = "" }},
		"due date":       {0, func(d *invoice.Document) { d.Due = d.Issued.AddDays(-1) }},
		"VAT falls due":  {0, func(d *invoice.Document) { d.TaxPoint = billing.Date{} }},
		"customer's":     {0, func(d *invoice.Document) { d.Buyer.Street = "" }},
		"tax number":     {0, func(d *invoice.Document) { d.Seller.VATID = "" }},
		"reverse charge": {2, func(d *invoice.Document) { d.Buyer.VATID = "" }},
		"trade register": {6, func(d *invoice.Document) { d.Seller.LegalID = "" }},
		"corrects":       {0, func(d *invoice.Document) { d.Kind = invoice.CreditNote }},
		"VAT ID could":   {0, func(d *invoice.Document) { d.Lines[0].Tax.Hold = "The VAT ID could not be checked yet." }},
		"not the sum":    {0, func(d *invoice.Document) { d.Payable.Minor = math.MaxInt64 }},
	}
	for want, c := range cases {
		d := billingtest.Invoice(t, dice, billingtest.Cases()[c.at], 1)
		c.spoil(&d)
		if err := d.Ready(); err == nil || !strings.Contains(err.Error(), strings.TrimPrefix(want, "not ")) && !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", want, err)
		}
	}
}
