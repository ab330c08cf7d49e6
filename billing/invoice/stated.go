package invoice

import (
	"errors"
	"fmt"
	"math/big"

	"allotment/billing"
)

// Stated is the VAT of a document once more, in the currency of the seller's state, which the document itself is not in. Directive 2006/112/EC
// wants it there (article 230), at the rate of the day when the tax becomes chargeable, such as the European Central Bank's (article 91); EN 16931
// has BT-6 and BT-111 for it.
type Stated struct {
	Rate billing.Decimal `json:"rate"` // units of the document's currency for one of the other; more than nothing
	Day  billing.Date    `json:"day"`  // the rate's
	VAT  billing.Money   `json:"vat"`  // computed, in the other currency
}

// State returns a calculated document that states its VAT in another currency too; one without VAT comes back as it is. The rate is units of the
// document's currency for one of the other, and day is the rate's. A credit note takes over what its invoice stated, so it cannot be given a
// rate of its own.
func (d Document) State(currency string, rate billing.Decimal, day billing.Date) (Document, error) {
	if d.VAT.Currency != d.Currency || d.Currency == "" {
		return Document{}, errors.New("only a calculated document can state its VAT")
	}
	if d.Kind == CreditNote {
		return Document{}, errors.New("a credit note states its VAT at the rate of its invoice")
	}
	d.Stated = &Stated{Rate: rate, Day: day, VAT: billing.Zero(currency)}
	if err := stateVAT(&d); err != nil {
		return Document{}, err
	}
	return d, nil
}

// stateVAT computes what is stated. A credit note counts on from the VAT that earlier ones took back, as vat does: together, notes never state a
// cent more, or less, than the invoice.
func stateVAT(d *Document) error {
	if d.Stated == nil {
		return nil
	}
	if d.VAT.IsZero() {
		d.Stated = nil
		return nil
	}
	stated := *d.Stated
	if err := stated.check(d.Currency); err != nil {
		return err
	}
	before := billing.Zero(d.Currency)
	var err error
	for _, group := range d.CreditsOf {
		if before, err = before.Add(group.VAT); err != nil {
			return err
		}
	}
	if stated.VAT, err = stated.between(before, d.VAT); err != nil {
		return err
	}
	d.Stated = &stated
	return nil
}

func (s Stated) check(currency string) error {
	if _, err := billing.Decimals(s.VAT.Currency); err != nil {
		return err
	}
	if s.VAT.Currency == currency {
		return fmt.Errorf("the document is in %s already", currency)
	}
	if s.Rate.Sign() <= 0 || s.Day.IsZero() {
		return fmt.Errorf("the rate of %s must be more than nothing, and of a day", s.VAT.Currency)
	}
	return nil
}

func (s Stated) between(before, vat billing.Money) (billing.Money, error) {
	after, err := before.Add(vat)
	if err != nil {
		return billing.Money{}, err
	}
	if after, err = after.Exchange(s.Rate, s.VAT.Currency); err != nil {
		return billing.Money{}, err
	}
	if before, err = before.Exchange(s.Rate, s.VAT.Currency); err != nil {
		return billing.Money{}, err
	}
	return after.Sub(before)
}

// verifyStated proves what is stated, as Verify does everything else.
func (d Document) verifyStated() error {
	s := d.Stated
	if s == nil {
		return nil
	}
	if err := s.check(d.Currency); err != nil {
		return err
	}
	places, err := billing.Decimals(s.VAT.Currency)
	if err != nil {
		return err
	}
	unit := new(big.Rat).SetFrac(big.NewInt(1), new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(places)), nil))
	before, rate := new(big.Rat), rat(s.Rate.String())
	for _, group := range d.CreditsOf {
		before.Add(before, rat(group.VAT.Amount()))
	}
	after := new(big.Rat).Add(before, rat(d.VAT.Amount()))
	want := nearest(after.Quo(after, rate), unit)
	want.Sub(want, nearest(before.Quo(before, rate), unit))
	if d.VAT.IsZero() || want.Cmp(rat(s.VAT.Amount())) != 0 {
		return fmt.Errorf("the VAT of %s is stated as %s, not %s", d.VAT, s.VAT, want.FloatString(places))
	}
	return nil
}
