// Package export writes documents and books in the forms that bookkeepers import: CSV, DATEV, XAF and Invoice Ninja.
package export

import (
	"encoding/csv"
	"io"
	"iter"
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

// All gives the rows of a list one after the other, with an error in the place of the last where reading them failed. It may be asked for more
// than once.
type All[T any] = iter.Seq2[T, error]

// Of gives the rows of a list that is at hand.
func Of[T any](list []T) All[T] {
	return func(yield func(T, error) bool) {
		for _, one := range list {
			if !yield(one, nil) {
				return
			}
		}
	}
}

// table writes a heading and rows of as many cells, by RFC 4180, as they come: what it holds does not grow with them.
func table[T any](w io.Writer, heading []string, all All[T], rows func(T) ([][]string, error)) error {
	out := csv.NewWriter(w)
	out.UseCRLF = true
	if err := out.Write(heading); err != nil {
		return err
	}
	for one, err := range all {
		if err != nil {
			return err
		}
		cells, err := rows(one)
		if err != nil {
			return err
		}
		for _, row := range cells {
			if err := out.Write(row); err != nil {
				return err
			}
		}
	}
	out.Flush()
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
func Invoices(w io.Writer, documents All[invoice.Document]) error {
	return table(w, []string{"kind", "number", "date", "due", "tax point", "corrects", "seller", "customer id", "customer", "country", "vat id",
		"currency", "net", "vat", "gross", "payable", "reference", "stated_vat", "stated_currency", "stated_rate", "stated_day"}, documents, func(d invoice.Document) ([][]string, error) {
		corrects := ""
		if d.Corrects != nil {
			corrects = d.Corrects.Number
		}
		return [][]string{append([]string{string(d.Kind), Safe(d.Number), d.Issued.String(), d.Due.String(), d.TaxPoint.String(), Safe(corrects),
			Safe(d.Seller.Name), Safe(d.Buyer.ID), Safe(d.Buyer.Name), Safe(d.Buyer.Country), Safe(string(d.Buyer.VATID)), d.Currency,
			signed(d, d.Net), signed(d, d.VAT), signed(d, d.Gross), signed(d, d.Payable), Safe(d.Payment.Reference)}, stated(d)...)}, nil
	})
}

// stated are the cells of what a document says of its VAT in the currency of the seller's state; they are empty where it says nothing.
func stated(d invoice.Document) []string {
	if d.Stated == nil {
		return []string{"", "", "", ""}
	}
	return []string{signed(d, d.Stated.VAT), Safe(d.Stated.VAT.Currency), d.Stated.Rate.String(), d.Stated.Day.String()}
}

// Lines writes one row for each line of the documents.
func Lines(w io.Writer, documents All[invoice.Document]) error {
	return table(w, []string{"number", "line", "source", "name", "description", "first day", "last day", "quantity", "unit", "price", "currency",
		"gross", "net", "vat category", "vat rate", "vat country"}, documents, func(d invoice.Document) (rows [][]string, _ error) {
		for _, l := range d.Lines {
			first, last := "", ""
			if !l.Period.IsZero() {
				first, last = l.Period.Start.String(), l.Period.Last().String()
			}
			rows = append(rows, []string{Safe(d.Number), Safe(l.ID), Safe(l.Source), Safe(l.Name), Safe(l.Description), first, last, l.Quantity.String(),
				Safe(l.Unit), l.Price.String(), d.Currency, signed(d, l.Gross), signed(d, l.Net), string(l.Tax.Category), l.Tax.Rate.String(), l.Tax.Country})
		}
		return rows, nil
	})
}

// Ledger writes one row for each posting.
func Ledger(w io.Writer, entries All[ledger.Entry]) error {
	return table(w, []string{"date", "kind", "source", "books of", "account", "party", "currency", "amount", "note"}, entries,
		func(e ledger.Entry) (rows [][]string, _ error) {
			for _, p := range e.Postings {
				rows = append(rows, []string{e.Date.String(), string(e.Kind), Safe(e.Source), Safe(p.Account.Owner), string(p.Account.Kind),
					Safe(p.Account.Party), p.Amount.Currency, p.Amount.Amount(), Safe(e.Note)})
			}
			return rows, nil
		})
}

// Payment is one row of the payments.
type Payment struct {
	ledger.Payment
	Kind         string // receipt, refund or chargeback
	Reference    string // the provider's or bank's ID of it
	SellerName   string
	CustomerName string
	Note         string
}

// Payments writes one row for each payment; what was paid back or taken back is negative.
func Payments(w io.Writer, payments All[Payment]) error {
	return table(w, []string{"date", "payment", "kind", "seller", "customer id", "customer", "through", "reference", "currency", "amount", "note"}, payments,
		func(p Payment) ([][]string, error) {
			return [][]string{{p.Date.String(), Safe(p.ID), Safe(p.Kind), Safe(p.SellerName), Safe(p.Customer), Safe(p.CustomerName), Safe(p.Through), Safe(p.Reference),
				p.Amount.Currency, p.Amount.Amount(), Safe(p.Note)}}, nil
		})
}

// InvoiceNinja writes lines under the column names that Invoice Ninja 5 matches by itself in its import of invoices. A credit note has
// negative quantities.
func InvoiceNinja(w io.Writer, documents All[invoice.Document]) error {
	return table(w, []string{"Client Name", "Client Email", "Invoice Number", "Invoice Date", "Due Date", "PO Number", "Currency",
		"Item Product", "Item Notes", "Item Cost", "Item Quantity", "Item Tax Name 1", "Item Tax Rate 1"}, documents,
		func(d invoice.Document) (rows [][]string, _ error) {
			quantity := "1"
			if d.Kind == invoice.CreditNote {
				quantity = "-1"
			}
			for _, l := range d.Lines {
				price, err := l.Net.Decimal()
				if err != nil {
					return nil, err
				}
				rows = append(rows, []string{Safe(d.Buyer.Name), Safe(d.Buyer.Email), Safe(d.Number), d.Issued.String(), d.Due.String(), Safe(d.Order), d.Currency,
					Safe(l.Name), Safe(l.Description), price.String(), quantity, string(l.Tax.Category) + " " + l.Tax.Country, l.Tax.Rate.String()})
			}
			return rows, nil
		})
}

// VAT writes the rows of a VAT report; those of the one-stop shop are its quarterly return.
func VAT(w io.Writer, totals []tax.Total) error {
	return table(w, []string{"scheme", "category", "country", "rate", "currency", "net", "vat"}, Of(totals), func(t tax.Total) ([][]string, error) {
		return [][]string{{string(t.Scheme), string(t.Category), Safe(t.Country), t.Rate.String(), t.Net.Currency, t.Net.Amount(), t.VAT.Amount()}}, nil
	})
}
