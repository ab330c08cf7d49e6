package stripe

import "strings"

// fate is what becomes of payments by a way to pay.
type fate struct {
	decline string // the decline code; "" for none
	code    string // the error's code, "card_declined" if ""
	ask     bool   // the bank asks the person each time
	dispute bool   // it succeeds, and is contested at once
}

// fates are the cards and accounts of https://docs.stripe.com/testing that do not just succeed.
var fates = map[string]fate{
	"4000000000000002":     {decline: "generic_decline"},
	"4000000000000341":     {decline: "generic_decline"},
	"4000000000009995":     {decline: "insufficient_funds"},
	"4000000000009987":     {decline: "lost_card"},
	"4000000000000069":     {decline: "expired_card", code: "expired_card"},
	"4000002760003184":     {ask: true},
	"4000000000000259":     {dispute: true},
	"AT861904300235473202": {decline: "debit_not_authorized", code: "debit_not_authorized"},
	"AT591904300235473203": {dispute: true},
	notConfirmed:           {decline: "payment_intent_authentication_failure", code: "payment_intent_authentication_failure"},
}

// notConfirmed stands for an account whose holder did not agree at the bank.
const notConfirmed = "0001"

// Good are a card and an account that just succeed.
const (
	GoodCard = "4242424242424242"
	GoodIBAN = "AT611904300234573201"
)

// savesFine reports whether it can be saved, although charges may fail later.
func savesFine(number string) bool {
	return number == "4000000000000341" || number[0] > '9' || fates[number].decline == ""
}

// method makes a way to pay from a number, attached to a customer; kind "ideal" and "bancontact" make what is single-use.
func (c *request) method(customer, kind, number string) object {
	o := object{"id": c.id("pm"), "object": "payment_method", "created": c.now.Unix(), "livemode": false, "metadata": object{}, "type": kind, "_number": number}
	if customer != "" {
		o["customer"] = customer
	} else {
		o["customer"] = nil
	}
	last4 := number[len(number)-4:]
	switch kind {
	case "card":
		o["card"] = object{"brand": brand(number), "last4": last4, "exp_month": 12, "exp_year": c.now.Year() + 2, "country": "NL", "funding": "credit"}
	case "sepa_debit":
		o["sepa_debit"] = object{"bank_code": number[4:9], "last4": last4, "country": number[:2]}
	case "ideal":
		o[kind] = object{"bank": "ing", "bic": "INGBNL2A"}
	case "bancontact":
		o[kind] = object{"bank_code": "KRED", "bic": "KREDBEBB", "iban_last4": "3201"}
	}
	return c.books.put(o)
}

func brand(number string) string {
	if strings.HasPrefix(number, "5") {
		return "mastercard"
	}
	return "visa"
}

// Save gives a customer of an account a way to pay, as if a person had saved it: a card's number, or an IBAN. It returns the ID.
func (s *Server) Save(account, customer, number string) string {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	c := s.inside(account)
	kind := "card"
	if number[0] > '9' {
		kind = "sepa_debit"
	}
	return c.method(customer, kind, number)["id"].(string)
}

// inside is a request that nobody sent.
func (s *Server) inside(account string) *request {
	return &request{s: s, books: s.accounts[account], form: map[string][]string{}, now: s.clock()}
}
