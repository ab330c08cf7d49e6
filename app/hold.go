package app

import "time"

// HoldKind is who stopped a service, or why.
type HoldKind string

// The kinds of hold. A service has one of a kind at most.
const (
	HoldBilling HoldKind = "billing" // invoices are not paid
	HoldAbuse   HoldKind = "abuse"
	HoldManual  HoldKind = "manual"
	HoldEnded   HoldKind = "ended" // the subscription is over; the data is kept for a while
)

// Hold is a reason why a service is stopped. Several may coexist; it runs again when none is left.
type Hold struct {
	ID         ID
	Service    ID
	Kind       HoldKind
	Reason     string // for the tenant
	PutBy      string
	PutAt      time.Time
	ReleasedBy string
	ReleasedAt time.Time // zero while it holds
}
