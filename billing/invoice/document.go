// Package invoice computes invoices and credit notes by the rules of EN 16931: each line is rounded to the currency's decimals, lines
// are grouped by VAT category and rate, VAT is rounded once per group, and totals are exact sums. It is pure: numbers and dates are
// given by who issues.
package invoice

import (
	"allotment/billing"
	"allotment/billing/tax"
)

// Kind is what a document is.
type Kind string

// The kinds. A proforma is no tax document.
const (
	Invoice    Kind = "invoice"
	CreditNote Kind = "credit note"
	Proforma   Kind = "proforma"
)

// Party is a seller or a buyer as the document froze it.
type Party struct {
	ID       string `json:"id"` // of the organization
	Name     string `json:"name"`
	Contact  string `json:"contact"`
	Street   string `json:"street"`
	PostCode string `json:"post_code"`
	City     string `json:"city"`
	Country  string `json:"country"` // ISO 3166
	Email    string `json:"email"`
	Phone    string `json:"phone"`

	VATID     tax.ID `json:"vat_id"`
	TaxNumber string `json:"tax_number"` // the seller's number at its tax office, where it has no VAT ID
	// LegalID is the number in the trade register (KvK, Handelsregister, KBO); LegalScheme its list in ISO 6523, such as 0106.
	LegalID     string `json:"legal_id"`
	LegalScheme string `json:"legal_scheme"`
	// Endpoint is the address on the Peppol network, EndpointScheme its list; both are empty for who is not on it.
	Endpoint       string `json:"endpoint"`
	EndpointScheme string `json:"endpoint_scheme"`
}

// Payment is how a document is paid.
type Payment struct {
	IBAN      string `json:"iban"`
	BIC       string `json:"bic"`
	Holder    string `json:"holder"`
	Reference string `json:"reference"` // structured, such as RF18...
	Mandate   string `json:"mandate"`   // of a SEPA direct debit; Creditor is the seller's identifier, Debited the customer's IBAN
	Creditor  string `json:"creditor"`
	Debited   string `json:"debited"`
	Terms     string `json:"terms"` // in words, in the document's language
}

// Reference names an issued document.
type Reference struct {
	Number string       `json:"number"`
	Issued billing.Date `json:"issued"`
}

// Discount is an amount, not negative, that is taken off a line.
type Discount struct {
	Reason string        `json:"reason"`
	Amount billing.Money `json:"amount"`
}

// Line is one thing sold or, on a credit note, taken back. Amounts are positive on both.
type Line struct {
	ID          string          `json:"id"`     // unique within the document
	Source      string          `json:"source"` // the subscription or event that it charges, for the books
	Name        string          `json:"name"`
	Description string          `json:"description"`
	Unit        string          `json:"unit"` // UN/ECE Recommendation 20: C62 one, MON month, ANN year, HUR hour
	Quantity    billing.Decimal `json:"quantity"`
	Price       billing.Decimal `json:"price"` // of one unit, net
	// Period is what the line pays for; Whole the full period that its price is for, the denominator of every proration.
	Period    billing.Period `json:"period"`
	Whole     billing.Period `json:"whole"`
	Discounts []Discount     `json:"discounts"`
	Tax       tax.Decision   `json:"tax"`
	Original  string         `json:"original"` // on a credit note, the ID of the line that it takes back

	Gross billing.Money `json:"gross"` // computed: quantity x price
	Net   billing.Money `json:"net"`   // computed: gross less discounts
}

// Group is the VAT of all lines with one category and rate.
type Group struct {
	Tax  tax.Decision  `json:"tax"`
	Base billing.Money `json:"base"`
	VAT  billing.Money `json:"vat"`
	// Rounding is by how many minor units (-1, 0 or 1) VAT differs from base x rate on a credit note that is not the first of its
	// invoice, so that all of them together take back exactly what was charged.
	Rounding int64 `json:"rounding"`
}

// Document is an invoice, a credit note or a proforma. What is marked as computed is set by Calculate; once issued, all is frozen.
type Document struct {
	Kind     Kind         `json:"kind"`
	Number   string       `json:"number"`
	Issued   billing.Date `json:"issued"`
	Due      billing.Date `json:"due"`
	TaxPoint billing.Date `json:"tax_point"`
	Currency string       `json:"currency"`
	Language string       `json:"language"`
	Seller   Party        `json:"seller"`
	Buyer    Party        `json:"buyer"`

	BuyerReference string     `json:"buyer_reference"`
	Order          string     `json:"order"`
	Note           string     `json:"note"`
	Corrects       *Reference `json:"corrects"`   // of a credit note
	CreditsOf      []Group    `json:"credits_of"` // of a credit note: what earlier ones took back of the same invoice
	Payment        Payment    `json:"payment"`
	Lines          []Line     `json:"lines"`

	Prepaid billing.Money `json:"prepaid"`
	Groups  []Group       `json:"groups"`  // computed, in the order of the lines
	Net     billing.Money `json:"net"`     // computed
	VAT     billing.Money `json:"vat"`     // computed
	Gross   billing.Money `json:"gross"`   // computed
	Payable billing.Money `json:"payable"` // computed: gross less what was paid before
	Stated  *Stated       `json:"stated,omitempty"`
}
