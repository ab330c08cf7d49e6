// Package export writes documents and books in the forms that bookkeepers import: CSV, DATEV, XAF and Invoice Ninja.
package export

import (
	"encoding/csv"
	"io"
	"strings"
	"unicode/utf8"

	"allotment/billing"
	"allotment/billing/invoice"
	"allotment/billing/ledger"
	"allotment/billing/tax"
)

// Safe returns a cell of text that no spreadsheet takes for a formula (OWASP, "CSV Injection"): what starts like one gets an apostrophe.
// Numbers and dates of our own are not passed through it: a negative amount starts with a sign rightly.
func Safe(text string) string {
	first, _ := utf8.DecodeRuneInString(strings.TrimLeft(text, " \t\r\n\u00a0\ufeff"))
	if strings.ContainsRune("=+-@|%＝＋－＠", first) || strings.HasPrefix(text, "\t") || strings.HasPrefix(text, "\r") || strings.HasPrefix(text, "\n") {
		return "'" + text
	}
	return text
}

// table writes a heading and rows of as many cells, by RFC 4180.
func table(w io.Writer, heading []string, rows [][]string) error {
	out := csv.NewWriter(w)
	out.UseCRLF = true
	if err := out.Write(heading); err != nil {
		return err
	}
	if err := out.WriteAll(rows); err != nil {
		return err
	}
	return out.Error()
}

// signed is an amount of a document as the books count it: a credit note's is negative.
func signed(d invoice.Document, m billing.Money) string {
	if d.Kind == invoice.CreditNote {
		m.Minor = -m.Minor
	}
	return m.Amount()
}

// Invoices writes one row for each document.
func Invoices(w io.Writer, documents []invoice.Document) error {
	var rows [][]string
	for _, d := range documents {
		corrects := ""
		if d.Corrects != nil {
			corrects = d.Corrects.Number
		}
		rows = append(rows, []string{string(d.Kind), Safe(d.Number), d.Issued.String(), d.Due.String(), d.TaxPoint.String(), Safe(corrects),
			Safe(d.Seller.Name), Safe(d.Buyer.ID), Safe(d.Buyer.Name), Safe(d.Buyer.Country), Safe(string(d.Buyer.VATID)), d.Currency,
			signed(d, d.Net), signed(d, d.VAT), signed(d, d.Gross), signed(d, d.Payable), Safe(d.Payment.Reference)})
	}
	return table(w, []string{"kind", "number", "date", "due", "tax point", "corrects", "seller", "customer id", "customer", "country", "vat id",
		"currency", "net", "vat", "gross", "payable", "reference"}, rows)
}

// Lines writes one row for each line of the documents.
func Lines(w io.Writer, documents []invoice.Document) error {
	var rows [][]string
	for _, d := range documents {
		for _, l := range d.Lines {
			first, last := "", ""
			if !l.Period.IsZero() {
				first, last = l.Period.Start.String(), l.Period.Last().String()
			}
			rows = append(rows, []string{Safe(d.Number), Safe(l.ID), Safe(l.Source), Safe(l.Name), Safe(l.Description), first, last, l.Quantity.String(),
				Safe(l.Unit), l.Price.String(), d.Currency, signed(d, l.Gross), signed(d, l.Net), string(l.Tax.Category), l.Tax.Rate.String(), l.Tax.Country})
		}
	}
	return table(w, []string{"number", "line", "source", "name", "description", "first day", "last day", "quantity", "unit", "price", "currency",
		"gross", "net", "vat category", "vat rate", "vat country"}, rows)
}

// Ledger writes one row for each posting.
func Ledger(w io.Writer, entries []ledger.Entry) error {
	var rows [][]string
	for _, e := range entries {
		for _, p := range e.Postings {
			rows = append(rows, []string{e.Date.String(), string(e.Kind), Safe(e.Source), Safe(p.Account.Owner), string(p.Account.Kind),
				Safe(p.Account.Party), p.Amount.Currency, p.Amount.Amount(), Safe(e.Note)})
		}
	}
	return table(w, []string{"date", "kind", "source", "books of", "account", "party", "currency", "amount", "note"}, rows)
}

// Payment is one row of the payments.
type Payment struct {
	ledger.Payment
	Invoices string // that it was allocated to
}

// Payments writes one row for each payment; a refund is negative.
func Payments(w io.Writer, payments []Payment) error {
	var rows [][]string
	for _, p := range payments {
		fee := ""
		if p.Fee.Currency != "" {
			fee = p.Fee.Amount()
		}
		rows = append(rows, []string{p.Date.String(), Safe(p.ID), Safe(p.Customer), Safe(p.Through), p.Amount.Currency, p.Amount.Amount(), fee, Safe(p.Invoices)})
	}
	return table(w, []string{"date", "payment", "customer id", "through", "currency", "amount", "fee", "invoices"}, rows)
}

// InvoiceNinja writes lines under the column names that Invoice Ninja 5 matches by itself in its import of invoices. A credit note has
// negative quantities.
func InvoiceNinja(w io.Writer, documents []invoice.Document) error {
	var rows [][]string
	for _, d := range documents {
		for _, l := range d.Lines {
			price, err := l.Net.Decimal()
			if err != nil {
				return err
			}
			quantity := "1"
			if d.Kind == invoice.CreditNote {
				quantity = "-1"
			}
			rows = append(rows, []string{Safe(d.Buyer.Name), Safe(d.Buyer.Email), Safe(d.Number), d.Issued.String(), d.Due.String(), Safe(d.Order), d.Currency,
				Safe(l.Name), Safe(l.Description), price.String(), quantity, string(l.Tax.Category) + " " + l.Tax.Country, l.Tax.Rate.String()})
		}
	}
	return table(w, []string{"Client Name", "Client Email", "Invoice Number", "Invoice Date", "Due Date", "PO Number", "Currency",
		"Item Product", "Item Notes", "Item Cost", "Item Quantity", "Item Tax Name 1", "Item Tax Rate 1"}, rows)
}

// VAT writes the rows of a VAT report; those of the one-stop shop are its quarterly return.
func VAT(w io.Writer, totals []tax.Total) error {
	var rows [][]string
	for _, t := range totals {
		rows = append(rows, []string{string(t.Scheme), string(t.Category), Safe(t.Country), t.Rate.String(), t.Net.Currency, t.Net.Amount(), t.VAT.Amount()})
	}
	return table(w, []string{"scheme", "category", "country", "rate", "currency", "net", "vat"}, rows)
}
