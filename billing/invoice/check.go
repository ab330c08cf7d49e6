package invoice

import (
	"errors"
	"fmt"

	"allotment/billing"
	"allotment/billing/tax"
)

// checkLines refuses what no document may contain.
func checkLines(d *Document) error {
	if _, err := billing.Decimals(d.Currency); err != nil {
		return err
	}
	if len(d.Lines) == 0 {
		return errors.New("a document needs a line at least")
	}
	ids, country := map[string]bool{}, ""
	for _, line := range d.Lines {
		if err := line.check(d.Currency); err != nil {
			return err
		}
		if line.ID == "" || ids[line.ID] {
			return fmt.Errorf("the line ID %q is empty or comes twice", line.ID)
		}
		ids[line.ID] = true
		if country != "" && line.Tax.Country != "" && line.Tax.Country != country {
			return fmt.Errorf("VAT of %s and of %s cannot stand on one document", country, line.Tax.Country)
		}
		if line.Tax.Country != "" {
			country = line.Tax.Country
		}
		if (line.Tax.Category == tax.OutOfScope) != (d.Lines[0].Tax.Category == tax.OutOfScope) {
			return errors.New("lines out of the scope of VAT need a document of their own")
		}
	}
	return nil
}

func (l Line) check(currency string) error {
	if l.Quantity.Sign() <= 0 {
		return fmt.Errorf("the quantity of line %s is %s; it must be more than nothing, and a credit is a credit note", l.ID, l.Quantity)
	}
	if l.Price.Sign() < 0 {
		return fmt.Errorf("the price of line %s is negative", l.ID)
	}
	if l.Name == "" {
		return fmt.Errorf("line %s has no name", l.ID)
	}
	if l.Tax.Category == "" || (l.Tax.Category != tax.Standard && !l.Tax.Rate.IsZero()) || l.Tax.Rate.Sign() < 0 {
		return fmt.Errorf("the VAT of line %s was not decided", l.ID)
	}
	for _, discount := range l.Discounts {
		if discount.Amount.Minor < 0 || discount.Amount.Currency != currency || discount.Reason == "" {
			return fmt.Errorf("a discount of line %s is negative, in another currency, or without a reason", l.ID)
		}
	}
	return nil
}

// Ready returns why the document must not be issued: something that the law requires on it is missing (Directive 2006/112/EC, article
// 226), or its VAT waits for an answer. It expects a calculated document with its number and dates.
func (d Document) Ready() error {
	for _, line := range d.Lines {
		if line.Tax.Hold != "" {
			return errors.New(line.Tax.Hold)
		}
	}
	required := []struct {
		what    string
		present bool
	}{
		{"a number", d.Number != ""},
		{"a date", !d.Issued.IsZero()},
		{"a due date that is not before its date", d.Kind == CreditNote || !d.Due.Before(d.Issued)},
		{"the date on which VAT falls due", !d.TaxPoint.IsZero()},
		{"the seller's name and address", d.Seller.Addressed()},
		{"the customer's name and address", d.Buyer.Addressed()},
		{"the seller's VAT ID or tax number", d.Seller.VATID != "" || d.Seller.TaxNumber != ""},
		{"the seller's VAT ID for reverse charge", !d.has(tax.Reverse) || d.Seller.VATID != ""},
		{"the customer's VAT ID for reverse charge", !d.has(tax.Reverse) || d.Buyer.VATID != ""},
		{"the seller's number in the trade register when the VAT ID may not be shown", !d.has(tax.OutOfScope) || d.Seller.LegalID != ""},
		{"a rate of the day on which VAT fell due, or of one before it", d.Stated == nil || !d.TaxPoint.Before(d.Stated.Day)},
		{"the invoice that it corrects", d.Kind != CreditNote || (d.Corrects != nil && d.Corrects.Number != "")},
	}
	for _, r := range required {
		if !r.present {
			return fmt.Errorf("the %s lacks %s", d.Kind, r.what)
		}
	}
	return Verify(d)
}

// Addressed reports whether the party has the name and full address that an invoice must carry.
func (p Party) Addressed() bool {
	return p.Name != "" && p.Street != "" && p.City != "" && p.PostCode != "" && len(p.Country) == 2
}

// has reports whether a line has the category.
func (d Document) has(category tax.Category) bool {
	for _, line := range d.Lines {
		if line.Tax.Category == category {
			return true
		}
	}
	return false
}
