// Package ubl writes invoices and credit notes as UBL 2.1 by EN 16931 and, when both parties are on the network, Peppol BIS Billing 3.
package ubl

import (
	"cmp"
	"errors"
	"io"

	"allotment/billing"
	"allotment/billing/invoice"
	"allotment/billing/markup"
	"allotment/billing/tax"
)

// The specifications that a document claims to follow (https://docs.peppol.eu/poacc/billing/3.0/).
const (
	core          = "urn:cen.eu:en16931:2017"
	peppol        = core + "#compliant#urn:fdc:peppol.eu:2017:poacc:billing:3.0"
	peppolProfile = "urn:fdc:peppol.eu:2017:poacc:billing:01:1.0"
	namespace     = "urn:oasis:names:specification:ubl:schema:xsd:"
)

// Write writes an issued document. It refuses one that is not ready, a proforma, and a currency with more than two decimals, which
// EN 16931 cannot express.
func Write(w io.Writer, d invoice.Document) error {
	if d.Kind == invoice.Proforma {
		return errors.New("a proforma is no tax document and has no e-invoice")
	}
	for _, currency := range []string{d.Currency, cmp.Or(writer{d}.taxCurrency(), d.Currency)} {
		if places, err := billing.Decimals(currency); err != nil || places > 2 {
			return errors.New("an e-invoice cannot be in " + currency)
		}
	}
	if err := d.Ready(); err != nil {
		return err
	}
	root := writer{d}.root()
	return markup.Write(w, root)
}

// writer writes the parts of one document.
type writer struct{ invoice.Document }

func (d writer) root() markup.Element {
	credit := d.Kind == invoice.CreditNote
	name, line, code, typeName := "Invoice", "Invoice", "380", "cbc:InvoiceTypeCode"
	if credit {
		name, line, code, typeName = "CreditNote", "CreditNote", "381", "cbc:CreditNoteTypeCode"
	}
	specification, profile := core, ""
	if d.onPeppol() {
		specification, profile = peppol, peppolProfile
	}
	point := markup.Text("cbc:TaxPointDate", d.TaxPoint.String())
	return markup.Group(name,
		markup.Text("cbc:CustomizationID", specification),
		markup.Text("cbc:ProfileID", profile),
		markup.Text("cbc:ID", d.Number),
		markup.Text("cbc:IssueDate", d.Issued.String()),
		markup.Maybe(!credit, markup.Text("cbc:DueDate", d.Due.String())),
		markup.Maybe(credit, point),
		markup.Text(typeName, code),
		markup.Text("cbc:Note", d.Note),
		markup.Maybe(!credit, point),
		markup.Text("cbc:DocumentCurrencyCode", d.Currency),
		markup.Text("cbc:TaxCurrencyCode", d.taxCurrency()),
		markup.Text("cbc:BuyerReference", d.BuyerReference),
		markup.Group("cac:OrderReference", markup.Text("cbc:ID", d.Order)),
		d.corrects(),
		markup.Group("cac:AccountingSupplierParty", d.party(d.Seller, true)),
		markup.Group("cac:AccountingCustomerParty", d.party(d.Buyer, false)),
		d.paymentMeans(),
		markup.Group("cac:PaymentTerms", markup.Text("cbc:Note", d.terms())),
		d.taxTotal(),
		d.statedTotal(),
		markup.Group("cac:LegalMonetaryTotal",
			d.amount("cbc:LineExtensionAmount", d.Net),
			d.amount("cbc:TaxExclusiveAmount", d.Net),
			d.amount("cbc:TaxInclusiveAmount", d.Gross),
			markup.Maybe(!d.Prepaid.IsZero(), d.amount("cbc:PrepaidAmount", d.Prepaid)),
			d.amount("cbc:PayableAmount", d.Payable)),
		markup.Each(d.Lines, func(l invoice.Line) markup.Element { return d.line(line, l) }),
	).With("xmlns", namespace+name+"-2", "xmlns:cac", namespace+"CommonAggregateComponents-2", "xmlns:cbc", namespace+"CommonBasicComponents-2")
}

// onPeppol reports whether the document can travel the network: both ends have an address, and it carries a reference of the buyer.
func (d writer) onPeppol() bool {
	return d.Seller.Endpoint != "" && d.Buyer.Endpoint != "" && (d.BuyerReference != "" || d.Order != "")
}

func (d writer) amount(name string, m billing.Money) markup.Element {
	return markup.Text(name, m.Amount(), "currencyID", m.Currency)
}

func (d writer) corrects() markup.Element {
	if d.Corrects == nil {
		return markup.Element{}
	}
	return markup.Group("cac:BillingReference", markup.Group("cac:InvoiceDocumentReference",
		markup.Text("cbc:ID", d.Corrects.Number), markup.Text("cbc:IssueDate", d.Corrects.Issued.String())))
}

// terms says how the document is settled. A credit note has no due date, so it always needs the words (BR-CO-25).
func (d writer) terms() string {
	if d.Payment.Terms != "" || d.Kind != invoice.CreditNote {
		return d.Payment.Terms
	}
	return map[string]string{"en": "The amount is credited to you.", "nl": "Het bedrag wordt u gecrediteerd.",
		"de": "Der Betrag wird Ihnen gutgeschrieben."}[tax.Language(d.Language)]
}

// paymentMeans: 59 is a SEPA direct debit, 58 a SEPA credit transfer (UNCL 4461; NL-R-008 knows both).
func (d writer) paymentMeans() markup.Element {
	p := d.Payment
	switch {
	case d.Kind == invoice.CreditNote || (p.Mandate == "" && p.IBAN == ""):
		return markup.Element{}
	case p.Mandate != "":
		return markup.Group("cac:PaymentMeans", markup.Text("cbc:PaymentMeansCode", "59"), markup.Text("cbc:PaymentID", p.Reference),
			markup.Group("cac:PaymentMandate", markup.Text("cbc:ID", p.Mandate),
				markup.Group("cac:PayerFinancialAccount", markup.Text("cbc:ID", p.Debited))))
	default:
		return markup.Group("cac:PaymentMeans", markup.Text("cbc:PaymentMeansCode", "58"), markup.Text("cbc:PaymentID", p.Reference),
			markup.Group("cac:PayeeFinancialAccount", markup.Text("cbc:ID", p.IBAN), markup.Text("cbc:Name", p.Holder),
				markup.Group("cac:FinancialInstitutionBranch", markup.Text("cbc:ID", p.BIC))))
	}
}
