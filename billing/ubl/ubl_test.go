package ubl_test

import (
	"bytes"
	"encoding/xml"
	"fmt"
	"math/big"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"allotment/billing"
	"allotment/billing/billingtest"
	"allotment/billing/invoice"
	"allotment/billing/ubl"
)

// validator is the official rules of EN 16931 and the XSD; see its own notes. It is not part of the project.
const validator = "../../../shared/einvoice/validate.sh"

// issued returns an invoice of every tax case and the credit notes that take it back, in two pieces.
func issued(t *testing.T, rounds int) []invoice.Document {
	t.Helper()
	dice := billingtest.Dice(t)
	var documents []invoice.Document
	for round := range rounds {
		for i, c := range slices.Concat(billingtest.Cases(), billingtest.StatedCases()) {
			d := billingtest.Invoice(t, dice, c, round*100+i)
			if dice.IntN(3) == 0 {
				d.Payment = invoice.Payment{Mandate: "M-1", Creditor: "NL00ZZZ123456780000", Debited: "NL02ABNA0123456789", Reference: "R"}
			}
			if dice.IntN(3) == 0 {
				d.Prepaid = billing.Money{Minor: 1, Currency: d.Currency}
			}
			d, err := invoice.Calculate(d)
			if err != nil {
				t.Fatal(err)
			}
			documents = append(documents, d)
			var notes []invoice.Document
			if first := d.Lines[0]; first.Net.Minor > 1 {
				ask := invoice.Ask{Line: first.ID, Net: billing.Money{Minor: 1 + dice.Int64N(first.Net.Minor-1), Currency: d.Currency}}
				notes = append(notes, numbered(t, d, notes, func() (invoice.Document, error) { return invoice.Credit(d, notes, []invoice.Ask{ask}, "a part") }))
			}
			if d.Net.Minor > 1 {
				notes = append(notes, numbered(t, d, notes, func() (invoice.Document, error) { return invoice.CreditAll(d, notes, "the rest") }))
			}
			documents = append(documents, notes...)
		}
	}
	return documents
}

func numbered(t *testing.T, d invoice.Document, earlier []invoice.Document, credit func() (invoice.Document, error)) invoice.Document {
	t.Helper()
	note, err := credit()
	if err != nil {
		t.Fatal(err)
	}
	note.Number, note.Issued, note.TaxPoint = fmt.Sprintf("C%s-%d", d.Number, len(earlier)), d.Due, d.Due
	return note
}

// TestUBLIsValid sends every document through the XSD and the official rules.
func TestUBLIsValid(t *testing.T) {
	t.Parallel()
	if _, err := os.Stat(validator); err != nil {
		t.Skip("the official rules of EN 16931 are not on this machine:", err)
	}
	if _, err := os.Stat("/usr/share/java/Saxon-HE.jar"); err != nil {
		t.Skip("the official rules need Debian's libsaxonhe-java and a JDK:", err)
	}
	folder, args := t.TempDir(), []string{}
	for i, d := range issued(t, 4) {
		var b bytes.Buffer
		if err := ubl.Write(&b, d); err != nil {
			t.Fatalf("%s: %v", d.Number, err)
		}
		name := filepath.Join(folder, fmt.Sprintf("%03d-%s.xml", i, d.Number))
		if err := os.WriteFile(name, b.Bytes(), 0o600); err != nil {
			t.Fatal(err)
		}
		args = append(args, name)
	}
	script, err := filepath.Abs(validator)
	if err != nil {
		t.Fatal(err)
	}
	out, err := exec.CommandContext(t.Context(), script, args...).CombinedOutput()
	if err != nil || strings.Count(string(out), "VALID   ") != len(args) || strings.Contains(string(out), "INVALID") {
		t.Fatalf("%d documents: %v\n%s", len(args), err, out)
	}
}

// document reads back what matters for the arithmetic.
type document struct {
	Lines   []string `xml:"InvoiceLine>LineExtensionAmount"`
	Credits []string `xml:"CreditNoteLine>LineExtensionAmount"`
	Bases   []string `xml:"TaxTotal>TaxSubtotal>TaxableAmount"`
	VATs    []string `xml:"TaxTotal>TaxSubtotal>TaxAmount"`
	VAT     []string `xml:"TaxTotal>TaxAmount"` // in the document's currency, and after it in that of the seller's state
	Net     string   `xml:"LegalMonetaryTotal>TaxExclusiveAmount"`
	Gross   string   `xml:"LegalMonetaryTotal>TaxInclusiveAmount"`
	Prepaid string   `xml:"LegalMonetaryTotal>PrepaidAmount"`
	Payable string   `xml:"LegalMonetaryTotal>PayableAmount"`
	Rates   []string `xml:"TaxTotal>TaxSubtotal>TaxCategory>Percent"`
}

// half is by how much a rounded amount of a document may be off: half of the smallest unit, and one more on a credit note that follows others.
func half(t *testing.T, d invoice.Document) *big.Rat {
	t.Helper()
	places, err := billing.Decimals(d.Currency)
	if err != nil {
		t.Fatal(err)
	}
	halves := map[invoice.Kind]int64{invoice.Invoice: 1, invoice.CreditNote: 3}[d.Kind]
	return new(big.Rat).SetFrac(big.NewInt(halves), new(big.Int).Mul(big.NewInt(2), new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(places)), nil)))
}

func sum(t *testing.T, texts ...string) *big.Rat {
	t.Helper()
	total := new(big.Rat)
	for _, text := range texts {
		if text == "" {
			continue
		}
		r, ok := new(big.Rat).SetString(text)
		if !ok {
			t.Fatalf("%q is not a number", text)
		}
		total.Add(total, r)
	}
	return total
}

// TestWhatIsWrittenAddsUp does the sums again with what stands in the file, to the cent: the official rules allow 0.99.
func TestWhatIsWrittenAddsUp(t *testing.T) {
	t.Parallel()
	for _, d := range issued(t, 20) {
		var b bytes.Buffer
		if err := ubl.Write(&b, d); err != nil {
			t.Fatal(err)
		}
		var x document
		if err := xml.Unmarshal(b.Bytes(), &x); err != nil {
			t.Fatal(err)
		}
		net, vat := sum(t, append(x.Lines, x.Credits...)...), sum(t, x.VATs...)
		gross := new(big.Rat).Add(net, vat)
		payable := new(big.Rat).Sub(gross, sum(t, x.Prepaid))
		if len(x.Lines)+len(x.Credits) != len(d.Lines) || net.Cmp(sum(t, x.Net)) != 0 || net.Cmp(sum(t, x.Bases...)) != 0 || vat.Cmp(sum(t, x.VAT[0])) != 0 ||
			gross.Cmp(sum(t, x.Gross)) != 0 || payable.Cmp(sum(t, x.Payable)) != 0 || x.Gross != d.Gross.Amount() {
			t.Fatalf("%+v does not add up", x)
		}
		for i, rate := range x.Rates {
			exact := new(big.Rat).Mul(sum(t, x.Bases[i]), new(big.Rat).Quo(sum(t, rate), big.NewRat(100, 1)))
			off := exact.Sub(exact, sum(t, x.VATs[i])).Abs(exact)
			limit := half(t, d)
			if off.Cmp(limit) > 0 {
				t.Fatalf("VAT %s of %s at %s%% is off by %s", x.VATs[i], x.Bases[i], rate, off.FloatString(4))
			}
		}
	}
}

// stated returns d with its VAT in another currency too.
func stated(t *testing.T, d invoice.Document, currency string) invoice.Document {
	t.Helper()
	d, err := d.State(currency, billing.MustDecimal("0.9"), d.TaxPoint)
	if err != nil || d.Stated == nil {
		t.Fatalf("%s of VAT is stated as %+v, %v", d.VAT, d.Stated, err)
	}
	return d
}

// TestVATIsStatedAfterThatOfTheDocument: the second total says the currency and the amount, and nothing else; a document that states nothing has
// one total, and no currency of VAT.
func TestVATIsStatedAfterThatOfTheDocument(t *testing.T) {
	t.Parallel()
	written := 0
	for _, d := range issued(t, 5) {
		var b bytes.Buffer
		if err := ubl.Write(&b, d); err != nil {
			t.Fatal(err)
		}
		var x struct {
			Currency string `xml:"TaxCurrencyCode"`
			Totals   []struct {
				VAT struct {
					Amount   string `xml:",chardata"`
					Currency string `xml:"currencyID,attr"`
				} `xml:"TaxAmount"`
				Parts []struct{} `xml:"TaxSubtotal"`
			} `xml:"TaxTotal"`
		}
		if err := xml.Unmarshal(b.Bytes(), &x); err != nil {
			t.Fatal(err)
		}
		if first := x.Totals[0]; first.VAT.Amount != d.VAT.Amount() || first.VAT.Currency != d.Currency || len(first.Parts) != len(d.Groups) {
			t.Fatalf("%s: the first total is %+v", d.Number, first)
		}
		if d.Stated == nil {
			if x.Currency != "" || len(x.Totals) != 1 {
				t.Fatalf("%s states VAT in %q, in %d totals", d.Number, x.Currency, len(x.Totals))
			}
			continue
		}
		want := d.Stated.VAT
		if second := x.Totals[1]; len(x.Totals) != 2 || x.Currency != want.Currency || second.VAT.Amount != want.Amount() || second.VAT.Currency != want.Currency || len(second.Parts) != 0 {
			t.Fatalf("%s: %q and %+v, want %s", d.Number, x.Currency, second, want)
		}
		written++
	}
	if written < 10 {
		t.Errorf("%d documents stated their VAT", written)
	}
}

func TestWriteRefuses(t *testing.T) {
	t.Parallel()
	dice := billingtest.Dice(t)
	good := billingtest.Invoice(t, dice, billingtest.Cases()[0], 1)
	for good.VAT.IsZero() { // a discount took all
		good = billingtest.Invoice(t, dice, billingtest.Cases()[0], 1)
	}
	for name, spoil := range map[string]func(*invoice.Document){
		"a proforma":          func(d *invoice.Document) { d.Kind = invoice.Proforma },
		"no number":           func(d *invoice.Document) { d.Number = "" },
		"a customer nowhere":  func(d *invoice.Document) { d.Buyer.City = "" },
		"a wrong total":       func(d *invoice.Document) { d.Gross = billingtest.Euro(1 << 40) },
		"three decimals":      func(d *invoice.Document) { d.Currency = "KWD" },
		"an unknown currency": func(d *invoice.Document) { d.Currency = "XXX" },
		"VAT in three":        func(d *invoice.Document) { *d = stated(t, *d, "KWD") },
		"VAT that is wrong":   func(d *invoice.Document) { *d = stated(t, *d, "CHF"); d.Stated.VAT.Minor++ },
		"no due date":         func(d *invoice.Document) { d.Due = billing.Date{} },
	} {
		d := good
		spoil(&d)
		var b bytes.Buffer
		if err := ubl.Write(&b, d); err == nil || b.Len() > 0 {
			t.Errorf("%s was written: %v", name, err)
		}
	}
}
