package pdf

import (
	"strings"
	"testing"

	"allotment/billing"
	"allotment/billing/billingtest"
	"allotment/billing/invoice"
)

// TestPaymentCode: what banking apps read is what the document says, and nothing is to be scanned where nothing is to be transferred.
func TestPaymentCode(t *testing.T) {
	t.Parallel()
	base := billingtest.Invoice(t, billingtest.Dice(t), billingtest.Cases()[0], 7)
	base.Payable = billing.Money{Minor: 123405, Currency: "EUR"}
	want := "BCD\n002\n1\nSCT\n\nDemo seller NL\nNL02ABNA0123456789\nEUR1234.05\n\nRF18539007547034\n"
	p := &page{Document: base}
	if got := p.paymentText(); got != want {
		t.Errorf("the code says %q, want %q", got, want)
	}
	if code := p.paymentCode(); code == nil || code.Bounds().Dx() > 69 { // version 13 is the largest that EPC069-12 allows
		t.Errorf("the code: %v", code)
	}
	p.Payment.Reference, p.Payment.Holder = "free words", "Änne "+strings.Repeat("ö", 80)
	lines := strings.Split(p.paymentText(), "\n")
	if lines[9] != "" || lines[10] != base.Number || len([]rune(lines[5])) != 70 {
		t.Errorf("without a structured reference: %q", lines)
	}
	for name, spoil := range map[string]func(*invoice.Document){
		"a credit note":    func(d *invoice.Document) { d.Kind = invoice.CreditNote },
		"a proforma":       func(d *invoice.Document) { d.Kind = invoice.Proforma },
		"a draft":          func(d *invoice.Document) { d.Number = "" },
		"a direct debit":   func(d *invoice.Document) { d.Payment.Mandate = "M-1" },
		"no account":       func(d *invoice.Document) { d.Payment.IBAN = "" },
		"another currency": func(d *invoice.Document) { d.Currency = "CHF" },
		"nothing to pay":   func(d *invoice.Document) { d.Payable.Minor = 0 },
		"too much":         func(d *invoice.Document) { d.Payable.Minor = mostInCode + 1 },
	} {
		d := base
		spoil(&d)
		if text := (&page{Document: d}).paymentText(); text != "" {
			t.Errorf("%s has a code: %q", name, text)
		}
	}
}
