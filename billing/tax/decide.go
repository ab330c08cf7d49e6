package tax

import (
	"fmt"
	"slices"
)

// Decide returns the VAT of a sale. It fails when the parties' countries are not known, when no rate is known for the day, or when
// the seller has no way to report the VAT that is due.
func Decide(s Sale) (Decision, error) {
	if !Member(s.Seller.Country) {
		return Decision{}, fmt.Errorf("the seller's country %q is not a member state of the EU", s.Seller.Country)
	}
	if len(s.Buyer.Country) != 2 {
		return Decision{}, fmt.Errorf("the customer has no country; VAT cannot be decided without one")
	}
	switch {
	case !Member(s.Buyer.Country) || s.Buyer.OutsideArea:
		return s.outside()
	case s.Buyer.Country == s.Seller.Country || s.Buyer.homeID(s.Seller):
		return s.atHome(Domestic)
	case s.Buyer.Business && s.Buyer.ID != "" && s.Buyer.Check != Invalid:
		return s.business()
	default:
		return s.consumer()
	}
}

// homeID reports whether a foreign business buys with a VAT ID of the seller's own state, for an establishment there.
func (b Buyer) homeID(seller Seller) bool {
	return b.Business && b.Check == Valid && b.ID.Country() == seller.Country
}

// outside: services to buyers outside the EU are supplied where the buyer is (articles 44 and 59).
func (s Sale) outside() (Decision, error) {
	d := Decision{Category: OutOfScope, Scheme: Outside, Reason: "VATEX-EU-O"}
	switch s.Seller.ExportAs {
	case "", OutOfScope:
		return d, nil
	case FreeExport:
		d.Category, d.Reason = FreeExport, "VATEX-EU-G"
		return d, nil
	}
	return Decision{}, fmt.Errorf("sales outside the EU have the category G or O, not %q", s.Seller.ExportAs)
}

// business: the buyer owes the VAT (articles 44 and 196). That holds for a seller under the small-business scheme, too.
func (s Sale) business() (Decision, error) {
	if s.Buyer.Check == Valid {
		return Decision{Category: Reverse, Scheme: ReverseCharge, Reason: "VATEX-EU-AE"}, nil
	}
	d, err := s.consumer()
	if err == nil && s.Policy.HoldUnchecked {
		d.Hold = "The VAT ID could not be checked yet."
	}
	return d, err
}

// consumer: a buyer of another state without a valid VAT ID (articles 58 and 59c).
func (s Sale) consumer() (Decision, error) {
	if s.Seller.OSS {
		return s.abroad(OSS)
	}
	if slices.Contains(s.Seller.Registered, s.Buyer.Country) {
		return s.abroad(Local)
	}
	if s.Seller.BelowLimit || s.Seller.SmallBusiness {
		return s.atHome(Threshold)
	}
	return Decision{}, fmt.Errorf("VAT of %s is due, but the seller is not registered for the one-stop shop or in that state", s.Buyer.Country)
}

// atHome is the VAT of the seller's state, or none under the small-business scheme.
func (s Sale) atHome(scheme Scheme) (Decision, error) {
	if s.Seller.SmallBusiness {
		return Decision{Category: Exempt, Scheme: Small}, nil
	}
	return s.standard(s.Seller.Country, scheme)
}

// abroad is the VAT of the buyer's state, once it is proven that the buyer lives there.
func (s Sale) abroad(scheme Scheme) (Decision, error) {
	d, err := s.standard(s.Buyer.Country, scheme)
	if err == nil && !s.proven() {
		d.Hold = "There are not enough proofs of the customer's country."
	}
	return d, err
}

func (s Sale) standard(country string, scheme Scheme) (Decision, error) {
	rate, err := s.Rates.On(country, s.Point)
	if err != nil {
		return Decision{}, err
	}
	return Decision{Category: Standard, Rate: rate.Percent, Country: country, Scheme: scheme}, nil
}

// proven reports whether two proofs of different kinds name the buyer's country, or one where that is enough.
func (s Sale) proven() bool {
	kinds := map[string]bool{}
	for _, e := range s.Evidence {
		if e.Country == s.Buyer.Country && e.Kind != "" {
			kinds[e.Kind] = true
		}
	}
	return len(kinds) >= 2 || (s.Policy.OneProof && len(kinds) == 1)
}
