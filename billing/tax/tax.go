// Package tax decides which VAT a sale of electronic services (web hosting is one) carries, by the rules of the EU
// (Directive 2006/112/EC, articles 44, 58, 59c, 196 and 284). It is pure: who asks passes the tax point and what VIES said.
package tax

import "allotment/billing"

// Category is a VAT category of EN 16931 (code list UNCL 5305).
type Category string

// The categories that occur.
const (
	Standard   Category = "S"
	Reverse    Category = "AE"
	Exempt     Category = "E"
	FreeExport Category = "G"
	OutOfScope Category = "O"
)

// Scheme is the rule that a decision rests on.
type Scheme string

// The schemes.
const (
	Domestic      Scheme = "domestic"
	Local         Scheme = "registered in the customer's country"
	OSS           Scheme = "one-stop shop"
	Threshold     Scheme = "home rate below the threshold"
	ReverseCharge Scheme = "reverse charge"
	Small         Scheme = "small business"
	Outside       Scheme = "outside the EU"
)

// Check is what is known of a buyer's VAT ID. An answer that VIES could not give (MS_UNAVAILABLE, TIMEOUT, *_MAX_CONCURRENT_REQ) is
// Unchecked, never Invalid.
type Check string

// The results of a check.
const (
	Unchecked Check = ""
	Valid     Check = "valid"
	Invalid   Check = "invalid"
)

// Seller is what counts of the seller, which is established in a member state.
type Seller struct {
	Country       string   `json:"country"`
	SmallBusiness bool     `json:"small_business"` // exempt at home (article 284)
	OSS           bool     `json:"oss"`            // reports other states' VAT through the one-stop shop
	BelowLimit    bool     `json:"below_limit"`    // sells under 10,000 EUR a year to consumers of other states (article 59c)
	Registered    []string `json:"registered"`     // other states in which it reports VAT itself
	ExportAs      Category `json:"export_as"`      // G or O for buyers outside the EU; none means O
}

// Buyer is what counts of the buyer.
type Buyer struct {
	Country  string `json:"country"`
	Business bool   `json:"business"`
	ID       ID     `json:"vat_id"`
	Check    Check  `json:"check"`
	// OutsideArea says that the address lies in a member state's territory without EU VAT: the Canaries, Åland, Büsingen, ...
	OutsideArea bool `json:"outside_area"`
}

// Evidence is one proof of where a consumer lives (Implementing Regulation 282/2011, article 24f).
type Evidence struct {
	Kind    string `json:"kind"` // address, bank, card, ip, phone, other
	Country string `json:"country"`
}

// Policy is what the seller chose where the law lets it choose.
type Policy struct {
	// HoldUnchecked holds a draft until VIES has answered; without it, the sale carries VAT meanwhile.
	HoldUnchecked bool `json:"hold_unchecked"`
	// OneProof is enough for sellers under 100,000 EUR a year of such sales (article 24b, third paragraph).
	OneProof bool `json:"one_proof"`
	// RecheckDays is after how many days VIES is asked again about a VAT ID that it knew; 0 means 365.
	RecheckDays int `json:"recheck_days,omitempty"`
}

// Recheck is after how many days VIES is asked again about a VAT ID that it knew.
func (p Policy) Recheck() int {
	if p.RecheckDays <= 0 {
		return 365
	}
	return p.RecheckDays
}

// RecheckGrace is for how many days after that an answer still counts, while VIES cannot be reached.
const RecheckGrace = 30

// Fresh returns what is known of a VAT ID today when VIES said check on a day: an answer that is too old is none.
func (p Policy) Fresh(check Check, on, today billing.Date) Check {
	if check == Valid && !on.IsZero() && on.AddDays(p.Recheck()+RecheckGrace).Before(today) {
		return Unchecked
	}
	return check
}

// Sale is the question: everything a decision depends on.
type Sale struct {
	Seller   Seller
	Buyer    Buyer
	Evidence []Evidence
	Point    billing.Date // the tax point
	Policy   Policy
	Rates    Table
}

// Decision is the answer, to be frozen in the invoice.
type Decision struct {
	Category Category        `json:"category"`
	Rate     billing.Decimal `json:"rate"`
	Country  string          `json:"country"` // whose VAT it is; "" when there is none
	Scheme   Scheme          `json:"scheme"`
	Reason   string          `json:"reason"` // code of the exemption (list VATEX), "" where none exists
	// Hold says in plain words why the draft must not be issued yet; "" when it may.
	Hold string `json:"hold"`
}
