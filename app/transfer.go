package app

import "time"

// TransferState is how far a customer's move to another seller is.
type TransferState string

// The states of a move.
const (
	TransferOpen      TransferState = "open" // somebody has not agreed yet
	TransferDone      TransferState = "done"
	TransferDeclined  TransferState = "declined"
	TransferWithdrawn TransferState = "withdrawn"
	TransferExpired   TransferState = "expired"
)

// TransferSide is one of the three whom a move concerns. All of them must agree.
type TransferSide string

// The sides of a move.
const (
	TransferGiver    TransferSide = "giver"    // the seller that the customer has
	TransferCustomer TransferSide = "customer" // its owner
	TransferReceiver TransferSide = "receiver" // the seller that it is to have
)

// Transfer is the move of a customer to another seller. The names are those of the day it was begun.
type Transfer struct {
	ID           ID
	Customer     ID
	Giver        ID
	Receiver     ID
	CustomerName string
	GiverName    string
	ReceiverName string
	StartedBy    TransferSide // giver or customer: whoever began has agreed
	Message      string       // why, for the others
	State        TransferState
	Agreed       map[TransferSide]time.Time // who has agreed, and when
	EndedBy      string                     // the person who declined it, took it back, or agreed last
	CreatedAt    time.Time
	ExpiresAt    time.Time
	EndedAt      time.Time
}

// At is the state at a moment: what was not agreed in time has expired.
func (t Transfer) At(now time.Time) TransferState {
	if t.State == TransferOpen && !now.Before(t.ExpiresAt) {
		return TransferExpired
	}
	return t.State
}

// Side is the side on which an actor stands, "" for none. Those above the customer stand on its seller's side.
func (t Transfer) Side(a Actor) TransferSide {
	switch a.Organization {
	case t.Customer:
		return TransferCustomer
	case t.Receiver:
		return TransferReceiver
	}
	return TransferGiver
}

// Permission is what an actor on a side needs to answer for it: a customer's owner, or a seller who looks after customers.
func (s TransferSide) Permission() Permission {
	if s == TransferCustomer {
		return ManageOrganization
	}
	return ManageCustomers
}
