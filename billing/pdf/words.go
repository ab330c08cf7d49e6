package pdf

import (
	"fmt"

	"allotment/billing"
	"allotment/billing/tax"
)

// word is a word of the form.
type word int

const (
	invoiceTitle word = iota
	creditTitle
	proformaTitle
	draftTitle
	number
	issued
	due
	supplied
	corrects
	yourVAT
	yourReference
	description
	quantity
	price
	vat
	amount
	discount
	subtotal
	vatOf
	vatIn
	statedAt
	total
	paid
	payable
	credited
	payTo
	payReference
	collected
	pageOf
	vatID
	taxNumber
	register
	carriedOver
	broughtOver
	scanToPay
	noTaxDocument
)

var english = map[word]string{
	invoiceTitle: "Invoice", creditTitle: "Credit note", proformaTitle: "Proforma (no tax document)", draftTitle: "Draft (no tax document)",
	number: "Number", issued: "Date", due: "Due", supplied: "Tax point", corrects: "Corrects", yourVAT: "Your VAT ID", yourReference: "Your reference",
	description: "Description", quantity: "Quantity", price: "Price", vat: "VAT", amount: "Amount", discount: "Discount",
	subtotal: "Total without VAT", vatOf: "VAT %s%% of %s", total: "Total", paid: "Paid already", payable: "To pay", credited: "Credited to you",
	vatIn: "VAT in %s", statedAt: "1 %s = %s %s, European Central Bank, %s",
	payTo: "Please pay to %s, %s, by %s.", payReference: "Payment reference: %s", collected: "We collect this amount from %s by direct debit, mandate %s.",
	pageOf: "Page %d of {pages}", vatID: "VAT ID", taxNumber: "Tax number", register: "Register",
	carriedOver: "Carried forward", broughtOver: "Brought forward", scanToPay: "Pay with your banking app",
	noTaxDocument: "This is no invoice: it asks for nothing, has no number of the books, and VAT cannot be deducted with it.",
}

var dutch = map[word]string{
	invoiceTitle: "Factuur", creditTitle: "Creditnota", proformaTitle: "Proforma (geen factuur)", draftTitle: "Concept (geen factuur)",
	number: "Nummer", issued: "Datum", due: "Vervaldatum", supplied: "Leverdatum", corrects: "Corrigeert", yourVAT: "Uw btw-nummer", yourReference: "Uw referentie",
	description: "Omschrijving", quantity: "Aantal", price: "Prijs", vat: "Btw", amount: "Bedrag", discount: "Korting",
	subtotal: "Totaal exclusief btw", vatOf: "Btw %s%% over %s", total: "Totaal", paid: "Al betaald", payable: "Te betalen", credited: "U gecrediteerd",
	vatIn: "Btw in %s", statedAt: "1 %s = %s %s, Europese Centrale Bank, %s",
	payTo: "Gelieve te betalen op %s, %s, uiterlijk %s.", payReference: "Betalingskenmerk: %s", collected: "Wij schrijven dit bedrag af van %s, machtiging %s.",
	pageOf: "Pagina %d van {pages}", vatID: "Btw-nummer", taxNumber: "Fiscaal nummer", register: "KvK",
	carriedOver: "Transporteren", broughtOver: "Transport", scanToPay: "Betaal met uw bankapp",
	noTaxDocument: "Dit is geen factuur: er hoeft niets te worden betaald, er hoort geen factuurnummer bij en er kan geen btw mee worden afgetrokken.",
}

var german = map[word]string{
	invoiceTitle: "Rechnung", creditTitle: "Rechnungskorrektur", proformaTitle: "Proforma (keine Rechnung)", draftTitle: "Entwurf (keine Rechnung)",
	number: "Nummer", issued: "Datum", due: "Fällig am", supplied: "Leistungsdatum", corrects: "Korrigiert", yourVAT: "Ihre USt-IdNr.", yourReference: "Ihr Zeichen",
	description: "Beschreibung", quantity: "Menge", price: "Preis", vat: "USt.", amount: "Betrag", discount: "Rabatt",
	subtotal: "Summe netto", vatOf: "USt. %s %% auf %s", total: "Gesamtbetrag", paid: "Bereits bezahlt", payable: "Zu zahlen", credited: "Gutgeschrieben",
	vatIn: "USt. in %s", statedAt: "1 %s = %s %s, Europäische Zentralbank, %s",
	payTo: "Bitte zahlen Sie an %s, %s, bis zum %s.", payReference: "Verwendungszweck: %s", collected: "Wir ziehen den Betrag von %s ein, Mandat %s.",
	pageOf: "Seite %d von {pages}", vatID: "USt-IdNr.", taxNumber: "Steuernummer", register: "Register",
	carriedOver: "Übertrag", broughtOver: "Übertrag", scanToPay: "Mit der Banking-App zahlen",
	noTaxDocument: "Dies ist keine Rechnung: Es ist nichts zu zahlen, sie hat keine Rechnungsnummer und berechtigt nicht zum Vorsteuerabzug.",
}

func wordsIn(locale string) map[word]string {
	return map[string]map[word]string{"en": english, "nl": dutch, "de": german}[tax.Language(locale)]
}

// date writes a day as its readers do; no day is "".
func (p *page) date(d billing.Date) string {
	if d.IsZero() {
		return ""
	}
	switch tax.Language(p.Language) {
	case "nl":
		return fmt.Sprintf("%02d-%02d-%04d", d.Day, d.Month, d.Year)
	case "de":
		return fmt.Sprintf("%02d.%02d.%04d", d.Day, d.Month, d.Year)
	}
	return fmt.Sprintf("%d %s %d", d.Day, d.Month, d.Year)
}

// period writes the first and the last day.
func (p *page) period(period billing.Period) string {
	return p.date(period.Start) + " – " + p.date(period.Last())
}
