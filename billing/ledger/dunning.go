package ledger

import (
	"fmt"

	"allotment/billing"
)

// Stage is how far a customer's dunning has come.
type Stage string

// The stages, in their order.
const (
	Clear    Stage = "clear"
	Reminded Stage = "reminded"
	Warned   Stage = "warned"
	Held     Stage = "held"  // the services are suspended
	Grace    Stage = "grace" // the last word before the end
	Ended    Stage = "ended" // the services are terminated, or wait for a hand to do it
)

// Event is what moves a customer on.
type Event string

// The events. Overdue is the timer's; Terminate is a person's or, when the policy says so, the timer's.
const (
	Overdue   Event = "overdue"
	Settled   Event = "settled"
	Terminate Event = "terminate"
)

// Action is what the caller must do, in the transaction that stores the new stage.
type Action string

// The actions.
const (
	Nothing  Action = ""
	Remind   Action = "send the reminder"
	Warn     Action = "send the warning"
	Hold     Action = "put the billing hold on the services"
	LastCall Action = "send the last call"
	End      Action = "terminate the services"
	Resume   Action = "take the billing hold off the services"
)

// Move is one row of the table: where an event leads, and what is to be done.
type Move struct {
	To Stage
	Do Action
}

// table is the whole of dunning: what is not in it does not happen. Payment takes the hold off from wherever it was put on. Services that have
// ended stay so; a customer who pays after that begins anew with what it orders next.
var table = map[Stage]map[Event]Move{
	Clear:    {Overdue: {Reminded, Remind}},
	Reminded: {Overdue: {Warned, Warn}, Settled: {Clear, Nothing}},
	Warned:   {Overdue: {Held, Hold}, Settled: {Clear, Nothing}},
	Held:     {Overdue: {Grace, LastCall}, Settled: {Clear, Resume}},
	Grace:    {Terminate: {Ended, End}, Settled: {Clear, Resume}},
	Ended:    {Settled: {Clear, Nothing}},
}

// State is what is stored of a customer's dunning: the stage and the day it was reached.
type State struct {
	Stage Stage        `json:"stage"`
	Since billing.Date `json:"since"`
}

// Policy is how many days each stage waits for the next: First after the due date, the others after the stage before. Delete lets the
// timer terminate; without it only a person does.
type Policy struct {
	First  int  `json:"first"`
	Warn   int  `json:"warn"`
	Hold   int  `json:"hold"`
	Grace  int  `json:"grace"`
	End    int  `json:"end"`
	Delete bool `json:"delete"`
}

// Facts is what is true of a customer today.
type Facts struct {
	Oldest     billing.Date // due date of the oldest open claim; none when nothing is open
	Processing bool         // a payment is on its way: nobody is reminded meanwhile
}

// Apply moves a customer on by an event of the table; an event that the stage does not have is an error.
func Apply(s State, event Event, today billing.Date) (State, Action, error) {
	move, known := table[s.Stage][event]
	if !known {
		return s, Nothing, fmt.Errorf("a customer whose dunning is %q cannot be %q", s.Stage, event)
	}
	return State{move.To, today}, move.Do, nil
}

// Next returns the event that is due today, and false when there is none. It is one step at most: after a pause of the program nobody is
// reminded, warned and held on one day.
func (p Policy) Next(s State, facts Facts, today billing.Date) (Event, bool) {
	if facts.Oldest.IsZero() || !facts.Oldest.Before(today) {
		_, settles := table[s.Stage][Settled]
		return Settled, settles
	}
	if facts.Processing {
		return "", false
	}
	event, from, wait := Overdue, s.Since, 0
	switch s.Stage {
	case Clear:
		from, wait = facts.Oldest, p.First
	case Reminded:
		wait = p.Warn
	case Warned:
		wait = p.Hold
	case Held:
		wait = p.Grace
	case Grace:
		event, wait = Terminate, p.End
		if !p.Delete {
			return "", false
		}
	default:
		return "", false
	}
	return event, !today.Before(from.AddDays(max(wait, 1)))
}
