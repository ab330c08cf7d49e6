package ubl_test

import (
	"bytes"
	"encoding/xml"
	"fmt"
	"math/big"
	"os"
	"os/exec"
	"path/filepath"
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
		for i, c := range billingtest.Cases() {
			d := billingtest.Invoice(t, dice, c, round*100+i)
			if dice.IntN(3) == 0 {
				d.Payment = invoice.Payment{Mandate: "M-1", Creditor: "NL00ZZZ123456780000", Debited: "NL02ABNA0123456789", Reference: "R"}
			}
			if dice.IntN(3) == 0 {
				d.Prepaid = billingtest.Euro(1)
			}
			d, err := invoice.Calculate(d)
			if err != nil {
				t.Fatal(err)
			}
			documents = append(documents, d)
			var notes []invoice.Document
			if first := d.Lines[0]; first.Net.Minor > 1 {
				ask := invoice.Ask{Line: first.ID, Net: billingtest.Euro(1 + dice.Int64N(first.Net.Minor-1))}
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
	VAT     string   `xml:"TaxTotal>TaxAmount"`
	Net     string   `xml:"LegalMonetaryTotal>TaxExclusiveAmount"`
	Gross   string   `xml:"LegalMonetaryTotal>TaxInclusiveAmount"`
	Prepaid string   `xml:"LegalMonetaryTotal>PrepaidAmount"`
	Payable string   `xml:"LegalMonetaryTotal>PayableAmount"`
	Rates   []string `xml:"TaxTotal>TaxSubtotal>TaxCategory>Percent"`
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
		if len(x.Lines)+len(x.Credits) != len(d.Lines) || net.Cmp(sum(t, x.Net)) != 0 || net.Cmp(sum(t, x.Bases...)) != 0 || vat.Cmp(sum(t, x.VAT)) != 0 ||
			gross.Cmp(sum(t, x.Gross)) != 0 || payable.Cmp(sum(t, x.Payable)) != 0 || x.Gross != d.Gross.Amount() {
			t.Fatalf("%+v does not add up", x)
		}
		for i, rate := range x.Rates {
			exact := new(big.Rat).Mul(sum(t, x.Bases[i]), new(big.Rat).Quo(sum(t, rate), big.NewRat(100, 1)))
			off := exact.Sub(exact, sum(t, x.VATs[i])).Abs(exact)
			limit := big.NewRat(1, 200)
			if d.Kind == invoice.CreditNote {
				limit = big.NewRat(3, 200)
			}
			if off.Cmp(limit) > 0 {
				t.Fatalf("VAT %s of %s at %s%% is off by %s", x.VATs[i], x.Bases[i], rate, off.FloatString(4))
			}
		}
	}
}

func TestWriteRefuses(t *testing.T) {
	t.Parallel()
	good := billingtest.Invoice(t, billingtest.Dice(t), billingtest.Cases()[0], 1)
	for name, spoil := range map[string]func(*invoice.Document){
		"a proforma":          func(d *invoice.Document) { d.Kind = invoice.Proforma },
		"no number":           func(d *invoice.Document) { d.Number = "" },
		"a customer nowhere":  func(d *invoice.Document) { d.Buyer.City = "" },
		"a wrong total":       func(d *invoice.Document) { d.Gross = billingtest.Euro(1 << 40) },
		"three decimals":      func(d *invoice.Document) { d.Currency = "KWD" },
		"an unknown currency": func(d *invoice.Document) { d.Currency = "XXX" },
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
