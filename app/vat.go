package app

import (
	"time"

	"allotment/billing"
)

// VATResult is what came of a question to VIES.
type VATResult string

// The results. Unanswered is never a no: the system, or a state's part of it, did not answer.
const (
	VATValid      VATResult = "valid"
	VATInvalid    VATResult = "invalid"
	VATUnanswered VATResult = "unanswered"
)

// VATQuestion asks whether a VAT ID was given out. Both IDs begin with the two letters of their state (EL for Greece).
type VATQuestion struct {
	ID        string
	Requester string // of who asks; with it, VIES returns a consultation number. "" for none
}

// VATCheck is a question to VIES with its answer: the evidence for a sale without VAT.
type VATCheck struct {
	ID           string
	Requester    string
	Result       VATResult
	Fault        string // why there was no answer, in VIES's word: MS_UNAVAILABLE; "" where there was one
	Name         string // as the state knows the ID's holder; "" where it does not tell
	Address      string
	Consultation string       // VIES's number of the question; "" where it gave none
	AnsweredOn   billing.Date // the day that VIES names
	Request      string       // what was sent
	Answer       string       // what came back
	AskedAt      time.Time
}
