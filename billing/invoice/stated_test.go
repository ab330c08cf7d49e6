package invoice_test

import (
	"encoding/json"
	"errors"
	"math/rand/v2"
	"reflect"
	"strings"
	"testing"

	"allotment/billing"
	"allotment/billing/billingtest"
	"allotment/billing/invoice"
)

// in returns an amount in a currency.
func in(currency string, minor int64) billing.Money {
	return billing.Money{Minor: minor, Currency: currency}
}

// TestVATIsStatedInAnotherCurrency: divided by the rate and rounded once, half up, between currencies of no, two and three decimals.
func TestVATIsStatedInAnotherCurrency(t *testing.T) {
	t.Parallel()
	day := billingtest.Day(t, "2026-03-03")
	for _, c := range []struct {
		net, currency, rate, want string
	}{
		{"100", "CHF", "0.9345", "22.47 EUR"}, // 21.00 / 0.9345 = 22.4719
		{"100", "JPY", "171.33", "0.12 EUR"},  // 21 / 171.33 = 0.1226
		{"10000", "EUR", "0.00585", "358974 JPY"},
		{"1.00", "EUR", "84", "0.003 KWD"},  // 0.21 / 84 = 0.0025
		{"0.50", "KWD", "42", "0.00 EUR"},   // 0.105 / 42 = 0.0025
		{"1.00", "KWD", "42", "0.01 EUR"},   // 0.210 / 42 = 0.005
		{"100.00", "USD", "1", "21.00 EUR"}, // equal units
	} {
		d, err := invoice.Calculate(draft(c.currency, usage("1", "1", c.net)))
		if err != nil {
			t.Fatal(err)
		}
		stated, err := d.State(strings.Fields(c.want)[1], billing.MustDecimal(c.rate), day)
		if err != nil || stated.Stated.VAT.String() != c.want || stated.Stated.Day != day || stated.Stated.Rate.String() != c.rate {
			t.Errorf("%s at %s: %+v, %v; want %s", d.VAT, c.rate, stated.Stated, err, c.want)
		}
		if d.Stated != nil || invoice.Verify(stated) != nil {
			t.Errorf("the argument was changed, or %v", invoice.Verify(stated))
		}
		if stated.Stated = nil; !reflect.DeepEqual(stated, d) {
			t.Errorf("more was changed than what is stated")
		}
	}
}

// TestCreditsStateWhatTheInvoiceStated takes invoices in any currencies back in random pieces: every note is proven, is read back from its
// snapshot, and all together state what the invoice did, to the smallest unit.
func TestCreditsStateWhatTheInvoiceStated(t *testing.T) {
	t.Parallel()
	dice := billingtest.Dice(t)
	for round := range 40 {
		for i, c := range billingtest.StatedCases() {
			all := []string{"JPY", "EUR", "KWD", "CHF", "HUF"}
			from := dice.IntN(len(all))
			c.Currency, c.Stated = all[from], all[(from+1+dice.IntN(len(all)-1))%len(all)]
			original := billingtest.Invoice(t, dice, c, round*100+i)
			if (original.Stated == nil) != original.VAT.IsZero() || original.Ready() != nil {
				t.Fatalf("%s of VAT, stated %+v, %v", original.VAT, original.Stated, original.Ready())
			}
			notes := creditInPieces(t, dice, original)
			vat, stated := int64(0), int64(0)
			for _, note := range notes {
				vat += note.VAT.Minor
				if note.Stated == nil {
					continue
				}
				if note.Stated.Rate != original.Stated.Rate || note.Stated.Day != original.Stated.Day || note.Stated.VAT.Minor < 0 {
					t.Fatalf("a note states %+v of %+v", note.Stated, original.Stated)
				}
				stated += note.Stated.VAT.Minor
			}
			if vat != original.VAT.Minor || (original.Stated != nil && stated != original.Stated.VAT.Minor) {
				t.Fatalf("%d notes take back %d of %s, and state %d of %+v", len(notes), vat, original.VAT, stated, original.Stated)
			}
		}
	}
}

// creditInPieces takes back random parts of random lines, and at last all that is left.
func creditInPieces(t *testing.T, dice *rand.Rand, original invoice.Document) (notes []invoice.Document) {
	t.Helper()
	for net := int64(0); net < original.Net.Minor; {
		var asks []invoice.Ask
		for _, line := range original.Lines {
			left, err := invoice.Left(original, notes, line.ID)
			if err != nil {
				t.Fatal(err)
			}
			if left.Minor > 0 && (len(asks) == 0 || dice.IntN(2) == 0) {
				asks = append(asks, invoice.Ask{Line: line.ID, Net: in(original.Currency, 1+dice.Int64N(left.Minor))})
			}
		}
		note, err := invoice.Credit(original, notes, asks, "a demo reason")
		if len(notes) > 6 {
			note, err = invoice.CreditAll(original, notes, "the rest")
		}
		if err != nil {
			t.Fatal(err)
		}
		note.Number, note.Issued, note.TaxPoint = "C", original.Due, original.Due
		if err := note.Ready(); err != nil {
			t.Fatal(err)
		}
		text, err := json.Marshal(note)
		if err != nil {
			t.Fatal(err)
		}
		var back invoice.Document
		if err := json.Unmarshal(text, &back); err != nil || !reflect.DeepEqual(back, note) {
			t.Fatalf("%s was read back as %+v, %v", text, back, err)
		}
		if again, err := invoice.Calculate(back); err != nil || !reflect.DeepEqual(again, note) {
			t.Fatalf("calculated again, it differs: %+v, %v", again.Stated, err)
		}
		net, notes = net+note.Net.Minor, append(notes, back)
	}
	return notes
}

func TestStateRefuses(t *testing.T) {
	t.Parallel()
	day := billingtest.Day(t, "2026-03-03")
	good, err := invoice.Calculate(draft("CHF", usage("1", "1", "10")))
	if err != nil {
		t.Fatal(err)
	}
	stated, err := good.State("EUR", billing.MustDecimal("0.9345"), day)
	if err != nil {
		t.Fatal(err)
	}
	note, err := invoice.CreditAll(stated, nil, "all")
	if err != nil || note.Stated == nil || *note.Stated != *stated.Stated {
		t.Fatalf("%+v, %v", note.Stated, err)
	}
	for name, c := range map[string]struct {
		d              invoice.Document
		currency, rate string
		day            billing.Date
	}{
		"no rate":               {good, "EUR", "0", day},
		"a negative rate":       {good, "EUR", "-0.9", day},
		"an unknown currency":   {good, "XXX", "1", day},
		"no currency":           {good, "", "1", day},
		"its own currency":      {good, "CHF", "1", day},
		"no day":                {good, "EUR", "1", billing.Date{}},
		"what is not computed":  {draft("CHF", usage("1", "1", "10")), "EUR", "1", day},
		"a rate of its own":     {note, "EUR", "1", day},
		"more than can be said": {vast(t), "EUR", "0.000000000001", day},
	} {
		if got, err := c.d.State(c.currency, billing.MustDecimal(c.rate), c.day); err == nil {
			t.Errorf("%s was stated: %+v", name, got.Stated)
		}
	}
	free := usage("1", "1", "10")
	free.Tax.Rate, free.Tax.Category = billing.Int(0), "Z"
	none, err := invoice.Calculate(draft("CHF", free))
	if err != nil {
		t.Fatal(err)
	}
	if same, err := none.State("EUR", billing.MustDecimal("0.9345"), day); err != nil || !reflect.DeepEqual(same, none) {
		t.Errorf("no VAT was stated as %+v, %v", same.Stated, err)
	}
}

// vast is an invoice whose VAT at a tiny rate is more than 64 bits hold.
func vast(t *testing.T) invoice.Document {
	t.Helper()
	d, err := invoice.Calculate(draft("CHF", usage("1", "1000000", "1000000")))
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// TestVerifySeesAWrongStatement: nothing of what is stated can be changed without Verify seeing it.
func TestVerifySeesAWrongStatement(t *testing.T) {
	t.Parallel()
	d, err := invoice.Calculate(draft("CHF", usage("1", "1", "10")))
	if err != nil {
		t.Fatal(err)
	}
	if d, err = d.State("EUR", billing.MustDecimal("0.9345"), billingtest.Day(t, "2026-03-03")); err != nil {
		t.Fatal(err)
	}
	for name, spoil := range map[string]func(*invoice.Document){
		"a cent more":         func(d *invoice.Document) { d.Stated.VAT.Minor++ },
		"a cent less":         func(d *invoice.Document) { d.Stated.VAT.Minor-- },
		"another rate":        func(d *invoice.Document) { d.Stated.Rate = billing.MustDecimal("0.92") },
		"no rate":             func(d *invoice.Document) { d.Stated.Rate = billing.Decimal{} },
		"no day":              func(d *invoice.Document) { d.Stated.Day = billing.Date{} },
		"its own currency":    func(d *invoice.Document) { d.Stated.VAT.Currency = "CHF" },
		"an unknown currency": func(d *invoice.Document) { d.Stated.VAT.Currency = "XXX" },
		"credits before it": func(d *invoice.Document) { // 2.18 and 0.08 are 2.33 and 0.09 euro: 2.24 between them, and not 2.25
			d.CreditsOf = []invoice.Group{{VAT: in("CHF", 3)}, {VAT: in("CHF", 5)}}
		},
	} {
		spoiled, copied := d, *d.Stated
		spoiled.Stated = &copied
		spoil(&spoiled)
		if invoice.Verify(spoiled) == nil {
			t.Errorf("%s passed", name)
		}
	}
	if err := invoice.Verify(d); err != nil {
		t.Error(err)
	}
}

// TestNoRateOfALaterDay: the rate is one that was known when VAT fell due.
func TestNoRateOfALaterDay(t *testing.T) {
	t.Parallel()
	dice := billingtest.Dice(t)
	d := billingtest.Invoice(t, dice, billingtest.Cases()[0], 1)
	for d.VAT.IsZero() { // a discount took all
		d = billingtest.Invoice(t, dice, billingtest.Cases()[0], 1)
	}
	for late, ready := range map[int]bool{-3: true, 0: true, 1: false} {
		stated, err := d.State("USD", billing.MustDecimal("1.08"), d.TaxPoint.AddDays(late))
		if err != nil || stated.Stated == nil || (stated.Ready() == nil) != ready {
			t.Errorf("%d days after VAT fell due: %+v, %v", late, stated.Stated, errors.Join(err, stated.Ready()))
		}
	}
}

// TestWhatStatesNothingIsStoredAsBefore: a document in its seller's currency has no word of it in its snapshot.
func TestWhatStatesNothingIsStoredAsBefore(t *testing.T) {
	t.Parallel()
	text, err := json.Marshal(billingtest.Invoice(t, billingtest.Dice(t), billingtest.Cases()[0], 1))
	if err != nil || strings.Contains(string(text), "stated") {
		t.Errorf("%s, %v", text, err)
	}
}
