package app

import (
	"time"

	"allotment/billing"
)

// Service is the delivered thing: one tenant's Redmine.
type Service struct {
	ID               ID
	Organization     ID
	OrganizationName string // for the seller's view
	App              string // catalog ID
	AppName          string // the app's own name, where a list is shown
	Plan             string
	Name             string // what the tenant calls it
	Host             string // its DNS name, without the trailing dot
	URL              string // its public address, once it has one
	Language         string // of whoever ordered it: en, nl or de
	State            ServiceState
	Failure          string // why it could not be made, for the tenant; "" otherwise
	Answers          map[string]string
	CreatedAt        time.Time
	ActiveAt         time.Time // zero until the first health check passed
	TerminatedAt     time.Time // zero while it lives
}

// Subscription is the commercial agreement behind a service. It starts when the service is first active.
type Subscription struct {
	ID       ID
	Service  ID
	Name     string // as it stands on invoices: "Redmine, small"
	Price    billing.Money
	Setup    billing.Money
	Interval billing.Interval
	StartsAt time.Time // zero until the service is active
	EndsAt   time.Time // zero while it runs
}

// Order is one request to buy, with the price as it was shown.
type Order struct {
	ID           ID
	Organization ID
	PlacedBy     ID
	Service      ID
	Operation    ID
	App          string
	Plan         string
	Price        billing.Money
	Setup        billing.Money
	Interval     billing.Interval
	CreatedAt    time.Time
}

// Secret is a value that was made for a service. Value is empty unless it is being revealed.
type Secret struct {
	Name       string
	Label      string
	Value      string
	RevealedAt time.Time // zero until it was shown; it is shown once
}

// Event is one line of a service's activity.
type Event struct {
	ID        ID
	Service   ID
	Operation ID
	Step      ID
	At        time.Time
	Actor     string // a person's name, or Allotment for the engine
	Kind      string // "ordered", "step", "progress", "active", "failed", ...
	Message   string // for the tenant
}
