package invoice

import (
	"errors"
	"fmt"
	"slices"
	"strconv"

	"allotment/billing"
)

// Ask is how much of a line, net, is to be taken back.
type Ask struct {
	Line string        `json:"line"` // its ID on the invoice
	Net  billing.Money `json:"net"`
	// Period is the days that are taken back; none means those of the line.
	Period billing.Period `json:"period"`
}

// Credit returns the credit note, calculated but without number and dates, that takes asks back from an issued invoice. Earlier are all
// credit notes that were issued for it: together they never exceed it, in any line, in VAT, or in total.
func Credit(original Document, earlier []Document, asks []Ask, reason string) (Document, error) {
	if original.Kind != Invoice {
		return Document{}, fmt.Errorf("only an invoice can be credited, not a %s", original.Kind)
	}
	note := original
	note.Kind, note.Number, note.Note = CreditNote, "", reason
	note.Issued, note.Due, note.TaxPoint = billing.Date{}, billing.Date{}, billing.Date{}
	note.Corrects = &Reference{original.Number, original.Issued}
	note.Prepaid, note.Lines = billing.Zero(original.Currency), nil
	var err error
	if note.CreditsOf, err = credited(original, earlier); err != nil {
		return Document{}, err
	}
	for i, ask := range asks {
		line, err := creditLine(original, earlier, ask)
		if err != nil {
			return Document{}, err
		}
		if slices.ContainsFunc(note.Lines, func(l Line) bool { return l.Original == ask.Line }) {
			return Document{}, fmt.Errorf("line %s is to be credited twice", ask.Line)
		}
		line.ID = strconv.Itoa(i + 1)
		note.Lines = append(note.Lines, line)
	}
	return Calculate(note)
}

// CreditAll takes back everything that is left of an invoice.
func CreditAll(original Document, earlier []Document, reason string) (Document, error) {
	var asks []Ask
	for _, line := range original.Lines {
		left, err := Left(original, earlier, line.ID)
		if err != nil {
			return Document{}, err
		}
		if left.Minor > 0 {
			asks = append(asks, Ask{Line: line.ID, Net: left})
		}
	}
	if len(asks) == 0 {
		return Document{}, errors.New("nothing is left of this invoice to credit")
	}
	return Credit(original, earlier, asks, reason)
}

// Left returns what earlier credit notes left of a line of an invoice, net.
func Left(original Document, earlier []Document, id string) (billing.Money, error) {
	i := slices.IndexFunc(original.Lines, func(l Line) bool { return l.ID == id })
	if i < 0 {
		return billing.Money{}, fmt.Errorf("the invoice has no line %q", id)
	}
	left := original.Lines[i].Net
	for _, note := range earlier {
		if note.Corrects == nil || note.Corrects.Number != original.Number {
			return billing.Money{}, fmt.Errorf("%s does not correct %s", note.Number, original.Number)
		}
		for _, line := range note.Lines {
			if line.Original != id {
				continue
			}
			var err error
			if left, err = left.Sub(line.Net); err != nil {
				return billing.Money{}, err
			}
		}
	}
	return left, nil
}

// creditLine takes a part of a line back, with the VAT that the invoice charged.
func creditLine(original Document, earlier []Document, ask Ask) (Line, error) {
	left, err := Left(original, earlier, ask.Line)
	if err != nil {
		return Line{}, err
	}
	if ask.Net.Currency != left.Currency || ask.Net.Minor <= 0 || ask.Net.Minor > left.Minor {
		return Line{}, fmt.Errorf("%s cannot be credited of line %s, of which %s is left", ask.Net, ask.Line, left)
	}
	i := slices.IndexFunc(original.Lines, func(l Line) bool { return l.ID == ask.Line })
	line := original.Lines[i]
	line.Original, line.Quantity, line.Unit, line.Discounts = ask.Line, billing.Int(1), "C62", nil
	if !ask.Period.IsZero() {
		line.Period = ask.Period
	}
	line.Price, err = ask.Net.Decimal()
	return line, err
}

// credited adds up, by group, what earlier credit notes took back.
func credited(original Document, earlier []Document) ([]Group, error) {
	var sums []Group
	for _, group := range original.Groups {
		sum := Group{Tax: group.Tax, Base: billing.Zero(original.Currency), VAT: billing.Zero(original.Currency)}
		for _, note := range earlier {
			for _, g := range note.Groups {
				if !sameGroup(g.Tax, group.Tax) {
					continue
				}
				var err error
				if sum.Base, err = sum.Base.Add(g.Base); err != nil {
					return nil, err
				}
				if sum.VAT, err = sum.VAT.Add(g.VAT); err != nil {
					return nil, err
				}
			}
		}
		sums = append(sums, sum)
	}
	return sums, nil
}
