package bank

import "fmt"

// Reason is why a bank's file cannot be used.
type Reason string

// The reasons.
const (
	NotStatement   Reason = "not a statement"     // it is another file, or broken off
	NoBalance      Reason = "no balance"          // nothing proves that it is complete
	DoesNotAddUp   Reason = "does not add up"     // Where: the statement
	PartsApart     Reason = "parts do not add up" // Where: the booking
	WrongAmount    Reason = "an amount"           // Where: as it is written
	WrongCurrency  Reason = "a currency"          // Where: as it is written; or several in one statement
	WrongDirection Reason = "no direction"        // Where: the booking
	WrongDay       Reason = "a day"               // Where: the booking
)

// Problem is a reason with its place in the file.
type Problem struct {
	Reason Reason
	Where  string
	Err    error // for those who look closer; it may be nil
}

// Error is for the log: people read a sentence of their language by the Reason.
func (p *Problem) Error() string {
	text := "the bank's file: " + string(p.Reason)
	if p.Where != "" {
		text += fmt.Sprintf(" (%s)", p.Where)
	}
	if p.Err != nil {
		text += ": " + p.Err.Error()
	}
	return text
}

// Unwrap returns the cause.
func (p *Problem) Unwrap() error { return p.Err }
